"""The emails of the demo: one event whose people were told and written to. None of them is ever sent."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from eventhub.audit import Channel
from events.models import Event
from notifications.models import FanOut, Kind, Message, MessageState, Notice, State
from notifications.services.notices import kind_of, priority_of
from notifications.services.reminders import key_of
from registrations.models import LIVE, Registration, Transition

SECONDS_LATER = timedelta(seconds=3)
SENT_AGO, SENT_BEFORE = timedelta(hours=20), timedelta(days=3)
HOW_TO_GET_THERE = (
    "How to get there",
    "Hello {name},\n\nparking is scarce around {place}. Please come by bus or by bicycle, and half an hour before"
    " {event} begins.\n\nWe look forward to seeing you.\n\n{organizer}",
)
SEE_YOU = (
    "See you soon",
    "Hello {name},\n\n{event} is only a few days away.\n\nWhen: {date}\nWhere: {place}\n\nIf you cannot come, please"
    " give your seat to somebody on the waiting list:\n\n{link}\n\n{organizer}",
)


@transaction.atomic
def write(event: Event, events: Iterable[Event], *, now: datetime | None = None) -> None:
    """Write the emails of `event`, and let no reminder of `events` be sent."""
    now = now or timezone.now()
    User.objects.filter(pk=event.organizer_id).update(is_trusted_to_write=True)
    _write_notices(event)
    _write_sent_message(event, now - SENT_AGO)
    # Without a fan-out, from which its emails would be made.
    _message(event, SEE_YOU, MessageState.QUEUED, created_at=now, send_at=_before(event, now))
    _mark_reminders(events, now)


def _write_notices(event: Event) -> None:
    """Write a notice for each line in the log of the event's registrations: all sent but the last."""
    log = Transition.objects.filter(registration__event=event).select_related("registration").order_by("pk")
    notices = [
        Notice(transition=line, **_sent(kind, line.registration, line.at))
        for line in log
        if line.registration.user_id is not None and (kind := kind_of(line.was, line.becomes))
    ]
    notices[-1].state, notices[-1].why, notices[-1].attempts = State.FAILED, "SMTPRecipientsRefused 550", 1
    Notice.objects.bulk_create(notices)


def _write_sent_message(event: Event, at: datetime) -> None:
    message = _message(event, HOW_TO_GET_THERE, MessageState.DONE, created_at=at)
    fan_out = FanOut.objects.create(
        key=f"{Kind.MESSAGE}:{message.pk}",
        kind=Kind.MESSAGE,
        event=event,
        message=message,
        not_before=at,
        created_at=at,
        done_at=at,
    )
    people = Registration.objects.filter(event=event, status__in=LIVE, status_since__lt=at).exclude(user=None)
    Notice.objects.bulk_create(Notice(fan_out=fan_out, **_sent(Kind.MESSAGE, person, at)) for person in people)
    message.recipients = len(people)
    message.save(update_fields=["recipients"])


def _message(
    event: Event, words: tuple[str, str], state: str, *, created_at: datetime, send_at: datetime | None = None
) -> Message:
    subject, body = words
    people = Registration.objects.filter(event=event, status__in=LIVE).exclude(user=None)
    return Message.objects.create(
        event=event,
        by_id=event.organizer_id,
        through=Channel.ADMIN,
        subject=subject,
        body=body,
        recipients=people.count(),
        state=state,
        send_at=send_at,
        created_at=created_at,
    )


def _before(event: Event, now: datetime) -> datetime:
    """Return three days before the event, or half of the time that is left."""
    return max(event.date_time - SENT_BEFORE, now + (event.date_time - now) / 2)


def _sent(kind: str, registration: Registration, at: datetime) -> dict[str, object]:
    return {
        "kind": kind,
        "priority": priority_of(kind),
        "user_id": registration.user_id,
        "event_id": registration.event_id,
        "registration": registration,
        "state": State.SENT,
        "attempts": 1,
        "created_at": at,
        "not_before": at,
        "done_at": at + SECONDS_LATER,
    }


def _mark_reminders(events: Iterable[Event], now: datetime) -> None:
    """Note each reminder as done."""
    FanOut.objects.bulk_create(
        FanOut(
            key=key_of(event.pk, event.date_time, before),
            kind=Kind.REMINDER,
            event=event,
            begins=event.date_time,
            not_before=now,
            done_at=now,
        )
        for event in events
        if event.date_time > now
        for before in event.remind_hours
    )
