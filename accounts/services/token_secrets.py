"""The text of tokens: a prefix, 30 random letters and digits (178 bits) and a checksum.

Secret scanners recognize the prefix, and a mistyped token costs no query. The secret is random, so an unsalted SHA-256
is enough.
"""

import hashlib
import secrets
import string
import zlib

RANDOM_CHARACTERS, CHECKSUM_CHARACTERS = 30, 6
_ALPHABET = string.digits + string.ascii_letters


def new_secret(prefix: str) -> str:
    characters = "".join(secrets.choice(_ALPHABET) for _ in range(RANDOM_CHARACTERS))
    return f"{prefix}{characters}{_checksum(characters)}"


def is_well_formed(secret: str, prefix: str) -> bool:
    body = secret.removeprefix(prefix)
    return (
        secret.startswith(prefix)
        and len(body) == RANDOM_CHARACTERS + CHECKSUM_CHARACTERS
        and body.isascii()
        and body.isalnum()
        and body[RANDOM_CHARACTERS:] == _checksum(body[:RANDOM_CHARACTERS])
    )


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _checksum(characters: str) -> str:
    """Return the CRC-32 in letters and digits."""
    number, text = zlib.crc32(characters.encode()), ""
    for _ in range(CHECKSUM_CHARACTERS):
        number, digit = divmod(number, len(_ALPHABET))
        text = _ALPHABET[digit] + text
    return text
