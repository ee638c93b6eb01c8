"""The messages of an event on its page."""

from datetime import tzinfo
from typing import NamedTuple

from django.urls import reverse

from accounts.models import User
from eventhub.admin.field_values import begins_at
from events.models import Event
from notifications.models import Message, MessageState
from notifications.selectors.messages import count_by_state

SHOWN = 5
COLOURS = {MessageState.QUEUED: "", MessageState.SENDING: "info", MessageState.DONE: "success"}


class EventMessageRow(NamedTuple):
    message: Message
    colour: str
    progress: str
    can_stop: bool
    stop: str


def rows(event: Event, user: User) -> list[EventMessageRow]:
    """Return the newest messages of an event."""
    newest = list(Message.objects.filter(event=event).order_by("-created_at", "-pk")[:SHOWN])
    numbers = count_by_state(event.pk, [message.pk for message in newest], reader=user)
    return [
        EventMessageRow(
            message=message,
            colour=COLOURS.get(MessageState(message.state), "warning"),
            progress=_progress(message, numbers[message.pk], event.zone),
            can_stop=message.state in (MessageState.QUEUED, MessageState.SENDING),
            stop=reverse("admin:registrations_registration_stop_message", args=[event.pk, message.pk]),
        )
        for message in newest
    ]


def _progress(message: Message, numbers: dict[str, int], zone: tzinfo) -> str:
    if message.state == MessageState.QUEUED and message.send_at:
        return f"To be sent on {begins_at(message.send_at, zone)}"
    parts = [f"{numbers['sent']:,} of {message.recipients:,} sent"]
    parts += [
        f"{numbers[name]:,} {label}" for name, label in (("failed", "failed"), ("skipped", "not sent")) if numbers[name]
    ]
    return ", ".join(parts)
