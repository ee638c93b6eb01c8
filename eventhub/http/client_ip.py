"""Client IP behind trusted proxies, and the throttle key derived from it."""

import functools
import ipaddress
import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings

logger = logging.getLogger("eventhub.proxies")

UNKNOWN = "unknown"


def drop_forged_headers(environ: dict[str, Any]) -> None:
    """Remove the headers about the client's address and scheme if the peer is not in TRUSTED_PROXIES."""
    if settings.NUM_PROXIES and not _is_proxy(environ.get("REMOTE_ADDR", ""), tuple(settings.TRUSTED_PROXIES)):
        for name in ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO"):
            environ.pop(name, None)


@functools.lru_cache(8192)
def _is_proxy(peer: str, networks: tuple[Any, ...]) -> bool:
    if peer == "":  # a socket in the file system
        return True
    found = parsed(peer)
    if found is not None and any(found in network for network in networks):
        return True
    logger.warning("X-Forwarded-* of a peer outside TRUSTED_PROXIES is ignored")
    return False


def throttle_key(meta: Mapping[str, Any]) -> str:
    """Return the IPv4 address, or the /64 that an IPv6 customer gets; one key for everything else."""
    return _key(address(meta))


def address(meta: Mapping[str, Any]) -> str:
    """Return the address that the outermost of NUM_PROXIES saw, or without proxies the peer's.

    Clients may write anything into X-Forwarded-For: only what our own proxies have added counts. `eventhub.wsgi` has
    dropped the header of a peer that is no proxy of ours.
    """
    proxies = settings.NUM_PROXIES
    if proxies and (forwarded := meta.get("HTTP_X_FORWARDED_FOR")):
        added: list[str] = forwarded.rsplit(",", proxies)[-proxies:]
        return added[0].strip()
    return str(meta.get("REMOTE_ADDR", ""))


def parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Parse an address, with or without a port; IPv4-mapped IPv6 becomes IPv4."""
    if text.startswith("["):  # [2001:db8::1]:50000
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:  # 192.0.2.1:50000
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


@functools.lru_cache(8192)
def _key(text: str) -> str:
    found = parsed(text)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((found, 64), strict=False))
    return UNKNOWN if found is None else str(found)
