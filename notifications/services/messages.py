"""Organizers write to the attendees of an event.

A message makes one fan-out, which becomes a notice for each person piece by piece, after everything else that waits.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import User
from accounts.permissions import allowed, require
from eventhub import tasks
from eventhub.db.retry import retried
from eventhub.exceptions import Invalid, MessagesNotAllowed, TooManyMessages
from events.models import Event, EventStatus
from notifications.models import FanOut, Kind, Message, MessageState, Notice, State
from notifications.services import audience
from notifications.services.audience import Audience
from notifications.texts import find_problem
from registrations.services.seats import lock_event

MOST_A_DAY = 3
DAY = timedelta(days=1)
MOST_AHEAD = timedelta(days=366)
STOPPED = "the message was stopped"
WAITING = (State.QUEUED, State.SENDING)


def may_write(user: User | None, event: Event) -> bool:
    """Return whether somebody may write to the attendees of an event, by the permission table and BULK_MAIL."""
    if user is None or not user.is_active or not allowed(user, "message", "create", event):
        return False
    return settings.BULK_MAIL == "organizers" or (settings.BULK_MAIL == "trusted" and audience.is_trusted(user))


def require_may_write(user: User, event: Event) -> None:
    """Raise Forbidden or MessagesNotAllowed unless somebody may write to the attendees."""
    require(user, "message", "create", event)
    if not may_write(user, event):
        raise MessagesNotAllowed()


def compose_message(
    *, event: Event, by: User, subject: str, body: str, wanted: Audience, send_at: datetime | None = None
) -> Message:
    """Return a message that is not stored yet, with the number of its recipients.

    Raise Forbidden, MessagesNotAllowed, or a 400 for unknown placeholders and times.
    """
    require_may_write(by, event)
    errors = {
        "subject": find_problem(subject, Kind.MESSAGE),
        "body": find_problem(body, Kind.MESSAGE),
        "send_at": _impossible(send_at),
    }
    if found := {name: [problem] for name, problem in errors.items() if problem}:
        raise Invalid(found)
    message = Message(event=event, by=by, subject=subject, body=body, audience=wanted, send_at=send_at)
    message.recipients = audience.count_recipients(message)
    return message


def count_people(*, event: Event, by: User, wanted: Audience) -> int:
    """Return how many people a message would reach."""
    return audience.count_recipients(Message(event=event, by=by, audience=wanted))


@retried
def send(message: Message, *, now: datetime | None = None) -> Message:
    """Store a message and let it be sent. Raise TooManyMessages."""
    now = now or timezone.now()
    with transaction.atomic():
        lock_event(message.event_id)  # or two at once would both be the last of the day
        if Message.objects.filter(event=message.event_id, created_at__gt=now - DAY).count() >= MOST_A_DAY:
            raise TooManyMessages()
        message.save(force_insert=True)
        FanOut.objects.create(
            key=f"{Kind.MESSAGE}:{message.pk}",
            kind=Kind.MESSAGE,
            event_id=message.event_id,
            message=message,
            not_before=message.send_at or now,
        )
        transaction.on_commit(tasks.work_waits.set)
    return message


@retried
def stop(*, message: Message, by: User, now: datetime | None = None) -> Message:
    """Stop a message: what has not been sent yet stays unsent. One that has ended stays as it is."""
    require(by, "message", "stop", message.event)
    now = now or timezone.now()
    with transaction.atomic():
        # In this order, as when a fan-out expands: it cannot make more notices after this.
        list(FanOut.objects.select_for_update().filter(message=message))
        message = Message.objects.select_for_update(of=("self",)).select_related("event").get(pk=message.pk)
        if message.state not in (MessageState.QUEUED, MessageState.SENDING):
            return message
        message.state = MessageState.STOPPED
        message.save(update_fields=["state"])
        FanOut.objects.filter(message=message, done_at=None).update(done_at=now)
        waiting = Notice.objects.filter(fan_out__message=message, state=State.QUEUED)
        waiting.update(state=State.SKIPPED, done_at=now, why=STOPPED)
    return message


def may_be_sent(message: Message, event: Event) -> bool:
    """Return whether the rest of a message may still go out: nobody stopped it, and its author still may write."""
    if event.status == EventStatus.DRAFT or not may_write(message.by, event):
        return False
    return not Message.objects.filter(pk=message.pk, state=MessageState.STOPPED).exists()


def note_expansion(message: Message, *, is_due: bool) -> None:
    """Note that the sending begins, or that the message must not be sent any more."""
    state = MessageState.SENDING if is_due else MessageState.STOPPED
    Message.objects.filter(pk=message.pk, state__in=(MessageState.QUEUED, MessageState.SENDING)).update(state=state)


def note_ends() -> None:
    """Note which messages have nothing left to be sent."""
    under_way = FanOut.objects.filter(message=OuterRef("pk"), done_at=None)
    waiting = Notice.objects.filter(fan_out__message=OuterRef("pk"), state__in=WAITING)
    ended = Message.objects.filter(~Exists(under_way), ~Exists(waiting), state=MessageState.SENDING)
    ended.update(state=MessageState.DONE)


def _impossible(send_at: datetime | None) -> str:
    now = timezone.now()
    if send_at is None or now - timedelta(minutes=1) < send_at < now + MOST_AHEAD:
        return ""
    return "Give a time within the next year." if send_at > now else "This time is past."
