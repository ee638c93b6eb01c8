from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from accounts.models import User
from accounts.permissions import allowed
from eventhub.audit import Channel
from registrations.models import SEATED, AnswerChange, Registration, Transition
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


def entries(registration: Registration, *, reader: User) -> list[HistoryEntry]:
    found = [*_moves(registration, reader)]
    if allowed(reader, "attendee", "answers", registration):
        found += _answers(registration, reader)
    return sorted(found, key=attrgetter("at"))


def _answers(registration: Registration, reader: User) -> Iterator[HistoryEntry]:
    changes = AnswerChange.objects.filter(registration=registration.pk).select_related("by", "question")
    for each in changes if registration.event.asks_questions else ():
        what = f"{each.question.text}: {each.was or 'no answer'} → {each.becomes or 'no answer'}"
        by = name_of_actor(each.by_id, each.by, registration, reader)
        yield HistoryEntry(each.at, what, by, _through(each.through), "")


def _moves(registration: Registration, reader: User) -> Iterator[HistoryEntry]:
    lines = list(Transition.objects.filter(registration=registration.pk).select_related("by"))
    kept = [line.pk for line in lines if line.was == line.becomes and line.becomes in SEATED]
    # Each but the first issue of a ticket has a line. One more says that a guest confirmed the seat.
    confirmed = kept[0] if len(kept) > registration.issue else None
    for transition in lines:
        sentence = SENTENCES.get((transition.was, transition.becomes), "Cancelled")
        yield HistoryEntry(
            transition.at,
            "Confirmed" if transition.pk == confirmed else sentence,
            _name_of(transition, registration, reader),
            _through(transition.through),
            transition.reason,
        )


def _through(channel: str) -> str:
    return CHANNELS.get(Channel(channel), "") if channel else ""


def name_of_actor(by_id: int | None, account: User | None, registration: Registration, reader: User) -> str:
    """Name who did something, as far as the reader may know it. `account` is None once it is deleted."""
    if by_id is None:
        return ""
    if by_id == reader.pk:
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
    return "someone else"


def _name_of(transition: Transition, registration: Registration, reader: User) -> str:
    name = name_of_actor(transition.by_id, transition.by, registration, reader)
    freed = (transition.was, transition.becomes) == SEATED_FROM_QUEUE
    return f"{name}, who gave up a seat" if freed and name == "someone else" else name
