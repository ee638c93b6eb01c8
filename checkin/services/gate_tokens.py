"""Gate tokens: a helper's key to the door of one event, without an account.

A token acts as the event's organizer, and only where the operations of the door accept it (checkin/views/gates.py). It
ends when it is revoked, when it expires, a day after the event, and while its maker may not run the event. A
new password of the organizer does not end it, so that no door stands still; the list shows what to revoke.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.permissions import require
from accounts.services import token_secrets
from checkin.models import AFTER_EVENT, Checkpoint, GateToken, Scan
from checkin.services.checkpoints import entrance_of
from eventhub.db.compiled_queries import CompiledQuery
from eventhub.db.retry import one_statement, retried
from eventhub.exceptions import EventOver, Invalid, TokenNotValid, TooManyGateTokens
from eventhub.observability.security_log import Occasion, note
from events.models import Event
from registrations.services.seats import lock_event

logger = logging.getLogger(__name__)

PREFIX = "evg_"
MAX_TOKENS = 50  # of an event, that have not ended
USE_RESOLUTION = timedelta(minutes=1)  # of `last_used_at`
RIGHTS = ("search", "force")
_BY_DIGEST = CompiledQuery(
    lambda digest: (
        GateToken.objects.select_related("event__organizer", "checkpoint", "created_by")
        .order_by()
        .filter(digest=digest)
    )
)


@dataclass(frozen=True)
class NewGateToken:
    token: GateToken
    secret: str = field(repr=False)

    @property
    def url(self) -> str:
        """Return the link to the scan page. Browsers send nothing that is behind the `#`."""
        return f"{settings.PUBLIC_URL}/scan/#{self.secret}"


@dataclass(frozen=True)
class Gate:
    """A token as its own device sees it."""

    token: GateToken
    checkpoints: list[Checkpoint]  # where it may scan
    server_time: datetime


@retried
def create_token(
    *,
    event: Event,
    by: User,
    name: str,
    may: Collection[str] = (),
    checkpoint: Checkpoint | None = None,
    expires_at: datetime | None = None,
    now: datetime | None = None,
) -> NewGateToken:
    """Create a token. Raise EventOver, TooManyGateTokens, and a 400 for an expiry outside of its life."""
    require(by, "event", "create_gate_token", event)
    now = now or timezone.now()
    secret = token_secrets.new_secret(PREFIX)
    with transaction.atomic():
        event = lock_event(event.pk)  # so that two at once do not exceed MAX_TOKENS
        last = event.ends + AFTER_EVENT
        if last <= now:
            raise EventOver()
        if expires_at is not None and not now < expires_at <= last:
            raise Invalid({"expires_at": ["Choose a time from now until 24 hours after the event."]})
        live = Q(expires_at=None) | Q(expires_at__gt=now)
        if GateToken.objects.filter(live, event=event, revoked_at=None, created_by__isnull=False).count() >= MAX_TOKENS:
            raise TooManyGateTokens()
        token = GateToken.objects.create(
            event=event,
            checkpoint=checkpoint,
            name=name,
            digest=token_secrets.digest_of(secret),
            may_search="search" in may,
            may_force="force" in may,
            created_by=by,
            created_at=now,
            expires_at=expires_at,
        )
    note(Occasion.GATE_TOKEN_MADE, by=by.pk, event_id=event.pk, gate_token_id=token.pk, may=" ".join(token.may))
    return NewGateToken(token, secret)


def list_tokens(event: Event) -> QuerySet[GateToken]:
    return GateToken.objects.filter(event=event)


def count_scans(event: Event) -> dict[int, int]:
    """Return the number of scans by token."""
    scans = Scan.objects.filter(event=event, gate__isnull=False).order_by().values_list("gate")
    return dict(scans.annotate(number=Count("pk")))


def describe(token: GateToken, *, now: datetime | None = None) -> Gate:
    if token.checkpoint is not None:
        return Gate(token, [token.checkpoint], now or timezone.now())
    entrance_of(token.event_id)
    return Gate(token, list(Checkpoint.objects.filter(event=token.event_id)), now or timezone.now())


def revoke_token(*, token: GateToken, by: User, now: datetime | None = None) -> None:
    """End a token. It stays in the list: the log of scans names it."""
    require(by, "gate_token", "destroy", token)
    if GateToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now or timezone.now()):
        note(Occasion.GATE_TOKEN_REVOKED, by=by.pk, event_id=token.event_id, gate_token_id=token.pk)


def authenticate_token(secret: str, *, now: datetime | None = None) -> GateToken:
    """Return the token with its event, organizer and checkpoint, in one query. Raise TokenNotValid."""
    if not token_secrets.is_well_formed(secret, PREFIX):
        raise TokenNotValid()
    token: GateToken | None = _BY_DIGEST.first(token_secrets.digest_of(secret))
    if token is None or not token.is_live(now or timezone.now()):
        raise TokenNotValid()
    organizer = token.event.organizer
    if not (organizer.is_active and organizer.is_organizer):
        raise TokenNotValid()
    return token


def record_use(token: GateToken, *, now: datetime | None = None) -> None:
    now = now or timezone.now()
    if token.last_used_at is not None and now - token.last_used_at < USE_RESOLUTION:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_RESOLUTION)
    try:
        with one_statement():
            GateToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    except Error as problem:
        logger.info("Could not record the use of a gate token (%s)", type(problem).__name__)
