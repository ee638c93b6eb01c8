"""Send the notices that are due, the most important first.

A process claims a few, commits, and then talks to the mail server. One that is killed in between leaves them claimed;
they are sent later with the same Message-ID, so that a mail server can tell a repeated mail. That is as much as SMTP
allows: each mail at least once.
"""

import logging
import smtplib
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, transaction
from django.utils import timezone

from eventhub.mail import MailFailure, describe_failure
from eventhub.tasks import PAUSES
from notifications.digest_mail import compose_digest
from notifications.mails import compose
from notifications.models import Kind, Notice, State
from notifications.services.notices import former_event
from notifications.services.truth import ABOUT_THE_ACCOUNT, HAD_THEIR_TURN, reason_to_skip

logger = logging.getLogger(__name__)

AT_ONCE = 50
# A batch ends after this many seconds, and its rest waits: LOST_AFTER must be longer, or it would be sent twice.
BATCH_SECONDS = 300
LOST_AFTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
# What one person gets in an hour of each priority, so that nobody fills a mailbox: a person by registering and
# cancelling, an organizer by cancelling and reopening.
MOST_AN_HOUR = 30


class ServerUnreachable(Exception):
    """The mail server takes no connection; the notices wait."""


def send_next(*, should_stop: Callable[[], bool] = lambda: False, now: datetime | None = None) -> int:
    """Send, fail, skip or put off the next notices that are due; return how many. Raise ServerUnreachable."""
    claimed = _claim(now or timezone.now())
    if not claimed:
        return 0
    started, done = time.monotonic(), 0
    connection = get_connection()
    try:
        for notice in _with_facts(claimed):
            if should_stop() or time.monotonic() - started > BATCH_SECONDS:
                break
            _send(notice, connection)
            done += 1
    finally:
        connection.close()
        # Whatever was not reached waits as before.
        Notice.objects.filter(pk__in=claimed, state=State.SENDING).update(state=State.QUEUED, claimed_at=None)
    return done


def take_up_lost(*, now: datetime | None = None) -> int:
    """Queue the notices again whose sender was killed; return how many."""
    lost = Notice.objects.filter(state=State.SENDING, claimed_at__lt=(now or timezone.now()) - LOST_AFTER)
    if not lost.exists():  # which takes no lock
        return 0
    return lost.update(state=State.QUEUED, claimed_at=None)


def _claim(now: datetime) -> list[int]:
    due = Notice.objects.filter(state=State.QUEUED, not_before__lte=now).order_by("priority", "not_before", "pk")
    if not due.exists():  # which takes no lock
        return []
    limit = min(AT_ONCE, settings.MAIL_RATE or AT_ONCE)
    with transaction.atomic():
        ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
        Notice.objects.filter(pk__in=ids).update(state=State.SENDING, claimed_at=now)
    return ids


def _with_facts(ids: list[int]) -> list[Notice]:
    """Read the notices with all that their mails say.

    Those of deleted accounts are deleted, and those of deleted events that do not tell of the deletion.
    """
    rows = Notice.objects.select_related(
        *("user", "event__organizer__profile", "registration", "transition", "removal"),
        *("fan_out__change", "fan_out__message__by"),
    )
    found = {notice.pk: notice for notice in rows.filter(pk__in=ids)}
    for notice in found.values():
        if notice.removal and notice.event is None:
            notice.event = former_event(notice.removal.event_id)
        if notice.registration:
            notice.registration.event = notice.event
    found = {pk: notice for pk, notice in found.items() if notice.event or notice.kind == Kind.DIGEST}
    Notice.objects.filter(pk__in=set(ids) - found.keys()).delete()
    return [found[pk] for pk in ids if pk in found]


def _put_off(notice: Notice) -> bool:
    """Let a notice wait whose person got too many as urgent within the last hour."""
    now = timezone.now()
    got = Notice.objects.filter(user=notice.user_id, done_at__gt=now - HOUR, priority=notice.priority)
    if got.filter(HAD_THEIR_TURN).count() < MOST_AN_HOUR:
        return False
    Notice.objects.filter(pk=notice.pk).update(state=State.QUEUED, claimed_at=None, not_before=now + HOUR)
    return True


def _send(notice: Notice, connection: BaseEmailBackend) -> None:
    """Send one mail, put it off, or write why not. Raise ServerUnreachable where the server takes no connection."""
    why = reason_to_skip(notice, now=timezone.now())
    if why and why not in ABOUT_THE_ACCOUNT:
        notice.end(State.SKIPPED, at=timezone.now(), why=why)
        return
    if _put_off(notice):
        return
    try:
        connection.open()
    except (smtplib.SMTPException, OSError) as error:
        raise ServerUnreachable(describe_failure(error).reason) from None
    if why:  # not before a mail would be sent: organizers see it as sent
        notice.end(State.SKIPPED, at=timezone.now(), why=why)
        return
    try:
        message = compose_digest(notice) if notice.kind == Kind.DIGEST else compose(notice)
        if not message.recipients():  # no error for Django: it sends nothing
            raise ValueError("no address")
        connection.send_messages([message])
    except DatabaseError:
        raise
    except Exception as error:  # one that cannot be made fails alone, or it would keep all others from being sent
        if not isinstance(error, (smtplib.SMTPException, OSError, ValueError)):
            logger.exception("notice %s could not be made", notice.pk)
        connection.close()  # it may be in the middle of a mail
        _note_failure(notice, describe_failure(error))
        return
    notice.end(State.SENT, at=timezone.now())
    if settings.MAIL_RATE:
        time.sleep(60 / settings.MAIL_RATE)


def _note_failure(notice: Notice, failure: MailFailure) -> None:
    """Fail for good, or wait for the next attempt, later each time."""
    now = timezone.now()
    notice.attempts += 1
    if failure.is_permanent or notice.attempts > len(PAUSES):
        notice.end(State.FAILED, at=now, why=failure.reason)
        logger.warning("notice %s failed: %s", notice.pk, failure.reason)
        return
    not_before = now + timedelta(seconds=PAUSES[notice.attempts - 1])
    waiting = {"state": State.QUEUED, "claimed_at": None, "not_before": not_before}
    Notice.objects.filter(pk=notice.pk).update(**waiting, why=failure.reason, attempts=notice.attempts)
