"""Sending a mail once more: a confirmation that somebody asks for again, and what has failed."""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.permissions import require, require_verified
from eventhub import tasks
from eventhub.api import credential_limit
from eventhub.exceptions import MailsPaused, NothingToSend
from notifications.models import Kind, Notice, State
from notifications.services.truth import reason_in_facts
from registrations.models import Registration

CONFIRMATIONS = (Kind.REGISTERED, Kind.SEATED, Kind.QUEUED)
# Of a person about all their registrations, and of organizers and admins about one.
MOST_A_DAY = 5
DAY = timedelta(days=1)


def confirmation_to_send(registration: Registration, *, now: datetime) -> Notice | None:
    """Return the newest confirmation if it is still true.

    Only the facts decide: organizers must not learn whether the account would prevent it.
    """
    notices = Notice.objects.filter(registration=registration, kind__in=CONFIRMATIONS)
    notice = notices.select_related("event", "registration", "transition").order_by("-pk").first()
    return None if notice is None or reason_in_facts(notice, now=now) else notice


def send_again(*, registration: Registration, by: User, now: datetime | None = None) -> Notice:
    """Queue the newest confirmation again, as a mail of its own.

    Raise Forbidden, EmailNotVerified, NothingToSend, or MailsPaused after MOST_A_DAY.
    """
    require(by, "attendee", "resend", registration)
    is_own = registration.user_id == by.pk
    if is_own:
        require_verified(by)
    now = now or timezone.now()
    notice = confirmation_to_send(registration, now=now)
    if notice is None:
        raise NothingToSend()
    whose = f"person:{by.pk}" if is_own else f"registration:{registration.pk}"
    attempts = credential_limit.count(f"mail:again:{whose}", seconds=int(DAY.total_seconds()))
    if attempts.so_far > MOST_A_DAY:
        raise MailsPaused(wait=attempts.wait)
    # Another Message-ID: a mail program would take it for the first one and drop it. What is being sent stays.
    _queue(Notice.objects.filter(pk=notice.pk).exclude(state=State.SENDING), now, uid=uuid.uuid4())
    return notice


def try_again(notices: QuerySet[Notice], *, by: User, now: datetime | None = None) -> int:
    """Queue those of the notices again that have failed, and return how many."""
    require(by, "notification", "try_again")
    # The first attempt stays counted, since organizers see a tried email as sent (selectors/notices.py).
    return _queue(notices.filter(state=State.FAILED), now or timezone.now(), attempts=1)


def _queue(notices: QuerySet[Notice], now: datetime, **values: object) -> int:
    waiting = {"state": State.QUEUED, "not_before": now, "attempts": 0, "why": "", "claimed_at": None, "done_at": None}
    queued: int = notices.order_by().update(**{**waiting, **values})
    transaction.on_commit(tasks.work_waits.set)
    return queued
