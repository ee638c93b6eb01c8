"""From where a request comes, as far as that can be known, and whom a throttle takes to stand behind an address."""

import functools
import ipaddress
from collections.abc import Mapping
from typing import Any

from django.conf import settings

UNKNOWN = "unknown"


def neighbourhood(meta: Mapping[str, Any]) -> str:
    """Whom to count for a request: an address of IPv4, or the /64 of IPv6, which is what one customer gets.

    Whatever is no address counts as one and the same, so that inventing new ones gains nothing.
    """
    return _neighbourhood(address(meta))


def address(meta: Mapping[str, Any]) -> str:
    """The address that the outermost of our NUM_PROXIES saw, as it wrote it; without proxies, who is connected.

    Whoever asks may write anything into X-Forwarded-For: of that, only what our own proxies have added counts.
    """
    proxies = settings.NUM_PROXIES
    if proxies and (forwarded := meta.get("HTTP_X_FORWARDED_FOR")):
        added: list[str] = forwarded.rsplit(",", proxies)[-proxies:]
        return added[0].strip()
    return str(meta.get("REMOTE_ADDR", ""))


def parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """What is written there, IPv4 also where it is dressed as IPv6; None for what is no address."""
    # Some proxies write the port, too: 192.0.2.1:50000, [2001:db8::1]:50000.
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


@functools.lru_cache(8192)
def _neighbourhood(text: str) -> str:
    found = parsed(text)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((found, 64), strict=False))
    return UNKNOWN if found is None else str(found)
