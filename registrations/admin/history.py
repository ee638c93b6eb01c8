from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from accounts.models import User
from eventhub.audit import Channel
from registrations.models import Registration, Transition
from registrations.services.seats import ATTENDED, CANCELLED, REGISTERED, WAITLISTED

NEW = ""
SEATED_FROM_QUEUE = (WAITLISTED, REGISTERED)
SENTENCES: dict[tuple[str, str], str] = {
    (NEW, REGISTERED): "Registered",
    (NEW, WAITLISTED): "Joined the waiting list",
    (NEW, ATTENDED): "Added as checked in",
    (NEW, CANCELLED): "Added as cancelled",
    (REGISTERED, ATTENDED): "Checked in",
    SEATED_FROM_QUEUE: "Got a seat from the waiting list",
    (WAITLISTED, ATTENDED): "Checked in from the waiting list",
    (WAITLISTED, WAITLISTED): "Moved to the end of the waiting list",
    (ATTENDED, REGISTERED): "Check-in undone",
    (REGISTERED, REGISTERED): "Ticket reissued",
    (ATTENDED, ATTENDED): "Ticket reissued",
    (CANCELLED, REGISTERED): "Reinstated",
    (CANCELLED, WAITLISTED): "Rejoined the waiting list",
    (CANCELLED, ATTENDED): "Checked in after cancelling",
    (REGISTERED, WAITLISTED): "Moved back to the waiting list",
    (ATTENDED, WAITLISTED): "Moved back to the waiting list",
}
CHANNELS = {
    Channel.API: "through the API",
    Channel.ADMIN: "in the back office",
    Channel.COMMAND: "by a command on the server",
    Channel.IMPORT: "by an import",
    Channel.DATABASE: "directly in the database",
}


class HistoryEntry(NamedTuple):
    at: datetime
    what: str
    by: str
    through: str
    reason: str


def entries(registration: Registration, *, reader: User) -> Iterator[HistoryEntry]:
    for transition in Transition.objects.filter(registration=registration.pk).select_related("by"):
        yield HistoryEntry(
            transition.at,
            SENTENCES.get((transition.was, transition.becomes), "Cancelled"),
            name_of_actor(transition, registration, reader),
            CHANNELS.get(Channel(transition.through), "") if transition.through else "",
            transition.reason,
        )


def name_of_actor(transition: Transition, registration: Registration, reader: User) -> str:
    account = transition.by
    if transition.by_id is None:
        return ""
    if transition.by_id == reader.pk:
        return "you"
    if account is None:
        return "a deleted account"
    if reader.is_admin:
        return account.username
    # A person who was added by address acts like anybody else: only those with an account can come to the site.
    if not registration.added_by_address:
        if account.pk == registration.user_id:
            return "the attendee"
        if account.is_admin:
            return "an admin"
    freed = (transition.was, transition.becomes) == SEATED_FROM_QUEUE
    return "someone else, who gave up a seat" if freed else "someone else"
