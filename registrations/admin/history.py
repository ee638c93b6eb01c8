"""The log of a registration in people's words."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from accounts.models import User
from eventhub.audit import Channel
from registrations.models import Registration, Transition
from registrations.services.seats import ATTENDED, CANCELLED, REGISTERED, WAITLISTED

NEW = ""
SEATED_FROM_QUEUE = (WAITLISTED, REGISTERED)
WHAT: dict[tuple[str, str], str] = {
    (NEW, REGISTERED): "Registered",
    (NEW, WAITLISTED): "Joined the queue",
    (NEW, ATTENDED): "Written down as attended",
    (NEW, CANCELLED): "Written down as cancelled",
    (REGISTERED, ATTENDED): "Marked attended",
    SEATED_FROM_QUEUE: "Got a seat from the queue",
    (WAITLISTED, ATTENDED): "Marked attended, from the queue",
    (WAITLISTED, WAITLISTED): "Moved to the end of the queue",
    (ATTENDED, REGISTERED): "“Attended” undone",
    (CANCELLED, REGISTERED): "Reinstated",
    (CANCELLED, WAITLISTED): "Joined the queue again",
    (CANCELLED, ATTENDED): "Let in after having cancelled",
    (REGISTERED, WAITLISTED): "Put back into the queue",
    (ATTENDED, WAITLISTED): "Put back into the queue",
}
THROUGH = {
    Channel.API: "through the API",
    Channel.ADMIN: "here in the back office",
    Channel.COMMAND: "by a command on the server",
    Channel.IMPORT: "by an import",
    Channel.DATABASE: "in the database itself",
}


class HistoryEntry(NamedTuple):
    at: datetime
    what: str
    by: str
    through: str


def entries(registration: Registration, *, reader: User) -> Iterator[HistoryEntry]:
    """What happened to it, from the beginning. One query."""
    for transition in Transition.objects.filter(registration=registration.pk).select_related("by"):
        yield HistoryEntry(
            transition.at,
            WHAT.get((transition.was, transition.becomes), "Cancelled"),
            by_whom(transition, registration, reader),
            THROUGH.get(Channel(transition.through), "") if transition.through else "",
        )


def by_whom(transition: Transition, registration: Registration, reader: User) -> str:
    """A username for admins. An organizer learns nothing of accounts but their own: whoever gives a seat away is
    another attendee."""
    account = transition.by
    if transition.by_id is None:
        return ""
    if transition.by_id == reader.pk:
        return "you"
    if account is None:
        return "a deleted account"
    if reader.is_admin:
        return account.username
    if account.pk == registration.user_id:
        return "the person themself"
    if account.is_admin:
        return "an admin"
    freed = (transition.was, transition.becomes) == SEATED_FROM_QUEUE
    return "somebody else, whose place got free" if freed else "somebody else"
