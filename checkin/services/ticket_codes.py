"""Codes of tickets: computed from a registration and a key, so that registering writes nothing for them.

A code is "EH" and 32 characters: version of the key (1 byte), id of the registration (5), number of the issue (2) and
12 bytes of HMAC-SHA256 over these. That fills a QR code of 25 modules (version 2-M), and leaves no bits over, so that
there is one spelling of each code. The issue number has two bytes and not one, for both reasons.

The characters are Crockford's base 32, which has no I, L, O and U: who types one of the first three means 1 or 0.
Name, address and date are not in the code, so correcting them voids no ticket.
"""

import base64
import hmac
import re
import unicodedata
from typing import NamedTuple

from checkin.services.ticket_keys import find_key, signing_key
from eventhub.text_fields import without_invisible

PREFIX = "EH"
MAC_BYTES = 12
CHARACTERS = 32
# Of anything typed or scanned; a code with a separator after each character is shorter.
MAX_TEXT = 100
SEPARATORS = re.compile("[\\s\u2010-\u2015-]+")
_RFC = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TO_CROCKFORD = str.maketrans(_RFC, _CROCKFORD)
_FROM_CROCKFORD = str.maketrans(f"{_CROCKFORD}OIL", f"{_RFC}{_RFC[0]}{_RFC[1]}{_RFC[1]}")
_BODY = re.compile(f"[{_CROCKFORD}OIL]{{{CHARACTERS}}}")


class Contents(NamedTuple):
    """What a code says, once the key has confirmed it."""

    registration_id: int
    issue: int


def make_code(registration_id: int, issue: int) -> str:
    version, key = signing_key()
    return sign(version, key, registration_id, issue)


def sign(version: int, key: bytes, registration_id: int, issue: int) -> str:
    said = version.to_bytes(1) + registration_id.to_bytes(5) + issue.to_bytes(2)
    return PREFIX + base64.b32encode(said + _mac(key, said)).decode().translate(_TO_CROCKFORD)


def read(text: str) -> Contents | None:
    """Return what a code says that we have made, however it is typed, or None. Reads no row but keys."""
    body = _body(text)
    if body is None:
        return None
    data = base64.b32decode(body.translate(_FROM_CROCKFORD))
    said, mac = data[:-MAC_BYTES], data[-MAC_BYTES:]
    key = find_key(said[0])
    if key is None or not hmac.compare_digest(mac, _mac(key, said)):
        return None
    return Contents(registration_id=int.from_bytes(said[1:6]), issue=int.from_bytes(said[6:]))


def looks_like_code(text: str) -> bool:
    """Return whether a text has the form of a code, ours or not."""
    return _body(text) is not None


def _body(text: str) -> str | None:
    if len(text) > MAX_TEXT:
        return None
    typed = SEPARATORS.sub("", without_invisible(unicodedata.normalize("NFKC", text))).upper()
    body = typed.removeprefix(PREFIX)
    return body if body != typed and _BODY.fullmatch(body) else None


def spelled(code: str) -> str:
    """Write a code in groups, for people who read or type it: "EH 0400 0000 ..."."""
    groups = [code[place : place + 4] for place in range(len(PREFIX), len(code), 4)]
    return " ".join([PREFIX, *groups])


def _mac(key: bytes, said: bytes) -> bytes:
    return hmac.digest(key, said, "sha256")[:MAC_BYTES]
