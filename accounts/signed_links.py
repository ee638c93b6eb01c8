"""Tokens for links in mails: signed, not stored, and bound to the state that their use changes."""

from collections.abc import Callable
from typing import NamedTuple

from django.core.signing import BadSignature, TimestampSigner
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User


class Purpose(NamedTuple):
    name: str
    seconds: int
    state: Callable[[User], str]


RESET = Purpose(
    "accounts.signed_links.reset", 60 * 60, lambda account: f"{account.get_session_auth_hash()} {account.email}"
)
VERIFICATION = Purpose("accounts.signed_links.verification", 3 * 24 * 60 * 60, lambda account: account.email)


def make_token(account: User, purpose: Purpose) -> str:
    return _signer(purpose).sign_object([account.pk, _digest(account, purpose)])


def read_account_id(token: object, purpose: Purpose) -> int | None:
    named = _read(token, purpose)
    return named and named[0]


def check_token(token: object, account: User, purpose: Purpose) -> bool:
    named = _read(token, purpose)
    return named is not None and named[0] == account.pk and constant_time_compare(named[1], _digest(account, purpose))


def fingerprint(text: str) -> str:
    return salted_hmac("accounts.signed_links", text, algorithm="sha256").hexdigest()[:32]


def _signer(purpose: Purpose) -> TimestampSigner:
    return TimestampSigner(salt=purpose.name, sep=".")


def _digest(account: User, purpose: Purpose) -> str:
    return salted_hmac(purpose.name, purpose.state(account), algorithm="sha256").hexdigest()[:32]


def _read(token: object, purpose: Purpose) -> tuple[int, str] | None:
    try:
        account_id, digest = _signer(purpose).unsign_object(str(token), max_age=purpose.seconds)
    except (BadSignature, ValueError):  # ValueError: characters that no token contains
        return None
    return int(account_id), str(digest)
