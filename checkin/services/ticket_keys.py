"""The keys that ticket codes are made with: one for the installation, in versions.

One key for all events, not one for each: no device ever holds it, and an invented code is refused without a look at the
database. It is not derived from SECRET_KEY, since a new SECRET_KEY must not void printed tickets.

Processes keep the keys for a minute, so that a code costs no statement. The first key is made with the first ticket.
"""

import secrets
import time
from collections.abc import Mapping
from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS, connection

from checkin.models import KEY_BYTES, TicketKey

KEPT_SECONDS = 60
# How often codes that name an unknown version may have the keys read again: it may have been made a moment ago.
RETRY_SECONDS = 5


class _Kept(NamedTuple):
    keys: Mapping[int, bytes]
    at: float


_NOTHING = _Kept({}, float("-inf"))
_kept = _NOTHING


def signing_key() -> tuple[int, bytes]:
    """Return the newest version and its key. Make the first where there is none."""
    keys = _keys(KEPT_SECONDS) or _make_first()
    version = max(keys)
    return version, keys[version]


def find_key(version: int) -> bytes | None:
    keys = _keys(KEPT_SECONDS)
    return (keys if version in keys else _keys(RETRY_SECONDS)).get(version)


def rotate() -> TicketKey:
    """Make a new key, which signs from now on. Tickets of the old ones stay good.

    Processes that run take it up within KEPT_SECONDS.
    """
    version = max(_read(), default=0) + 1
    key = TicketKey.objects.create(version=version, key=secrets.token_bytes(KEY_BYTES))
    forget()
    return key


def signed_with() -> list[TicketKey]:
    """Return all keys, oldest first. Make the first where there is none."""
    signing_key()
    return list(TicketKey.objects.using(DEFAULT_DB_ALIAS).order_by("version"))


def forget() -> None:
    global _kept
    _kept = _NOTHING


def _keys(seconds: float) -> Mapping[int, bytes]:
    """Return the keys as they were at most `seconds` ago."""
    global _kept
    now = time.monotonic()
    if now - _kept.at < seconds:
        return _kept.keys
    keys = _read()
    # Not in a transaction: it may have made a key, and be rolled back.
    if not connection.in_atomic_block:
        _kept = _Kept(keys, now)
    return keys


def _make_first() -> Mapping[int, bytes]:
    """Make the first key, unless another process is quicker."""
    key = TicketKey(version=1, key=secrets.token_bytes(KEY_BYTES))
    TicketKey.objects.bulk_create([key], ignore_conflicts=True)
    forget()
    return _keys(KEPT_SECONDS)


def _read() -> dict[int, bytes]:
    rows = TicketKey.objects.using(DEFAULT_DB_ALIAS).values_list("version", "key")
    return {version: bytes(key) for version, key in rows}
