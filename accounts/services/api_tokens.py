"""Service tokens for integrations, limited to their scopes and their owner's rights."""

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import Error, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import ServiceToken, User
from accounts.permissions import require
from accounts.services import token_secrets
from accounts.services.accounts import lock_account
from eventhub.db import routers
from eventhub.db.retry import one_statement, retried
from eventhub.exceptions import Invalid, TokenNotValid, TooManyTokens
from eventhub.observability.security_log import Occasion, note

logger = logging.getLogger(__name__)

PREFIX = "evh_"
MAX_TOKENS = 20  # of an account
LIFETIME = timedelta(days=90)
MAX_LIFETIME = timedelta(days=365)
EXPIRED_RETENTION = timedelta(days=30)  # in the list, where its owner sees why an integration stopped
USE_RESOLUTION = timedelta(minutes=1)  # of `last_used_at`


@dataclass(frozen=True)
class NewToken:
    token: ServiceToken
    secret: str = field(repr=False)


@retried
def create_token(
    *, owner: User, name: str, scopes: Collection[str], expires_at: datetime | None = None, now: datetime | None = None
) -> NewToken:
    """Create a token. Call `accounts.require_fresh_sign_in` first.

    Raise TooManyTokens, a 400 for an invalid expiry, and TokenNotValid for an owner whose sign-ins have ended.
    """
    now = now or timezone.now()
    expires_at = expires_at or now + LIFETIME
    if not now < expires_at <= now + MAX_LIFETIME:
        raise Invalid({"expires_at": [f"Choose a time within the next {MAX_LIFETIME.days} days."]})
    secret = token_secrets.new_secret(PREFIX)
    with transaction.atomic():
        account = lock_account(owner.pk)
        bond = account.get_session_auth_hash()
        if owner.get_session_auth_hash() != bond:
            raise TokenNotValid()
        held = ServiceToken.objects.filter(user=account)
        held.exclude(bond=bond, expires_at__gt=now).delete()
        if held.count() >= MAX_TOKENS:
            raise TooManyTokens()
        token = ServiceToken.objects.create(
            user=account,
            name=name,
            digest=token_secrets.digest_of(secret),
            scopes=sorted(set(scopes)),
            bond=bond,
            created_at=now,
            expires_at=expires_at,
        )
    note(Occasion.TOKEN_MADE, user_id=owner.pk, by=owner.pk, token_id=token.pk, scopes=" ".join(token.scopes))
    return NewToken(token, secret)


def list_tokens(owner: User) -> QuerySet[ServiceToken]:
    return ServiceToken.objects.filter(user=owner, bond=owner.get_session_auth_hash())


def revoke_token(*, token: ServiceToken, by: User) -> None:
    require(by, "token", "destroy", token)
    token_id, owner_id = token.pk, token.user_id
    token.delete()
    note(Occasion.TOKEN_REVOKED, user_id=owner_id, by=by.pk, token_id=token_id)


def authenticate_token(secret: str, *, now: datetime | None = None) -> ServiceToken:
    """Return the token with its owner, in one query.

    Raise TokenNotValid for an unknown or expired token, or when its owner's sign-ins have ended.
    """
    if not token_secrets.is_well_formed(secret, PREFIX):
        raise TokenNotValid()
    tokens = ServiceToken.objects.filter(digest=token_secrets.digest_of(secret)).select_related("user")
    token: ServiceToken | None = routers.with_position(tokens).order_by().first()
    if routers.IS_CONFIGURED:
        routers.is_read_beside(token)
    if token is None or token.expires_at <= (now or timezone.now()) or not token.user.is_active:
        raise TokenNotValid()
    if token.bond != token.user.get_session_auth_hash():
        raise TokenNotValid()
    return token


def record_use(token: ServiceToken, *, now: datetime | None = None) -> None:
    now = now or timezone.now()
    if token.last_used_at is not None and now - token.last_used_at < USE_RESOLUTION:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_RESOLUTION)
    try:
        with one_statement():
            ServiceToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    except Error as problem:
        logger.info("Could not record the use of a service token (%s)", type(problem).__name__)


def delete_expired(*, now: datetime, dry_run: bool) -> int:
    expired = ServiceToken.objects.filter(expires_at__lte=now - EXPIRED_RETENTION)
    return expired.count() if dry_run else expired.delete()[0]
