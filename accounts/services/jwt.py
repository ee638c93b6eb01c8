"""JWT sign-in: a short-lived access token, and a refresh token that works once.

All tokens of a sign-in carry `auth_time`, when the password was given (OpenID Connect Core 1.0, section 2); a digest
of the password's hash, which a new password changes; and the sign-in generation, which can end all of them.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypedDict

from django.contrib.auth import authenticate
from django.db import IntegrityError, transaction
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken, Token, UntypedToken
from rest_framework_simplejwt.utils import datetime_from_epoch, get_md5_hash_password

from accounts.models import User
from eventhub.api.fields import could_be_id
from eventhub.audit import Channel
from eventhub.db import routers
from eventhub.db.batches import READ, batches
from eventhub.db.compiled_queries import CompiledQuery
from eventhub.db.retry import retried
from eventhub.exceptions import InvalidCredentials, TokenNotValid
from eventhub.observability.security_log import Occasion, note

FRESH_SECONDS = 15 * 60
# A token that expires right now may be in use.
GRACE = timedelta(minutes=1)
GENERATION_CLAIM = "generation"
_ACCOUNT = CompiledQuery(lambda user_id: routers.with_position(User.objects.filter(pk=user_id)))


class TokenPair(TypedDict):
    token: str
    refresh: str


def sign_in(*, username: str, password: str) -> TokenPair:
    """Return tokens. Raise InvalidCredentials, after the same time for unknown names."""
    user = authenticate(username=username, password=password)
    if not isinstance(user, User):
        log_failed_sign_in(username, through=Channel.API)
        raise InvalidCredentials()
    return issue_tokens(user, auth_time=int(time.time()))


def log_failed_sign_in(username: str, *, through: Channel) -> None:
    account = User.objects.find_by_login(username)
    note(Occasion.LOGIN_FAILED, user_id=account.pk if account else None, through=through.value)


@retried
def refresh(raw: str) -> TokenPair:
    """Exchange a refresh token. Raise TokenNotValid where it is invalid or was used.

    Of two concurrent requests with one token, one wins: blacklisting it is a unique INSERT.
    """
    with transaction.atomic():
        token = _verified(raw)
        user = get_account(token)
        _use_up(token)
        return issue_tokens(user, auth_time=token.get("auth_time", 0))


@retried
def sign_out(raw: str, *, user: User) -> None:
    """Blacklist the user's refresh token. Raise TokenNotValid for another's or a used one."""
    with transaction.atomic():
        token = _verified(raw)
        if get_account(token) != user:
            raise TokenNotValid()
        _use_up(token)


def delete_expired(*, now: datetime, dry_run: bool) -> int:
    expired = OutstandingToken.objects.filter(expires_at__lte=now - GRACE).order_by("pk").values_list("pk", flat=True)
    if dry_run:
        return expired.count()
    tokens = list(expired)
    for some in batches(tokens, READ):
        _forget(some)
    return len(tokens)


def is_fresh(token: Token | None) -> bool:
    return token is not None and is_recent(token.get("auth_time", 0))


def is_recent(auth_time: float) -> bool:
    """Return whether `auth_time` (Unix seconds) is under 15 minutes ago."""
    return time.time() - auth_time < FRESH_SECONDS


def get_account(token: Token) -> User:
    """Return the active account of a token. Raise TokenNotValid, also after a new password."""
    user_id = str(token.get(api_settings.USER_ID_CLAIM))
    user: User | None = _ACCOUNT.first(int(user_id)) if could_be_id(user_id) else None
    if routers.IS_CONFIGURED:
        routers.is_read_beside(user)
    if user is None or not user.is_active:
        raise TokenNotValid()
    if token.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(user.password):
        raise TokenNotValid()
    if token.get(GENERATION_CLAIM, 0) != user.sign_in_generation:  # its sign-ins have been ended since
        raise TokenNotValid()
    return user


def read_account_id(raw: object) -> str | None:
    """Return the user id in an unexpired token of ours, used or not, else None."""
    try:
        return str(UntypedToken(raw)[api_settings.USER_ID_CLAIM])  # type: ignore[arg-type]
    except (TokenError, KeyError):
        return None


def issue_tokens(user: User, *, auth_time: int) -> TokenPair:
    refresh = RefreshToken.for_user(user)
    refresh["auth_time"] = auth_time
    refresh[GENERATION_CLAIM] = user.sign_in_generation
    return {"token": str(refresh.access_token), "refresh": str(refresh)}


def _verified(raw: str) -> RefreshToken:
    try:
        return RefreshToken(raw)  # type: ignore[arg-type]
    except TokenError:
        raise TokenNotValid() from None


@retried
def _forget(token_ids: Sequence[int]) -> None:
    OutstandingToken.objects.filter(pk__in=token_ids).delete()


def _use_up(token: RefreshToken) -> None:
    outstanding, _ = OutstandingToken.objects.get_or_create(
        jti=token[api_settings.JTI_CLAIM], defaults={"expires_at": datetime_from_epoch(token["exp"]), "token": ""}
    )
    try:
        BlacklistedToken.objects.create(token=outstanding)
    except IntegrityError:
        raise TokenNotValid() from None
