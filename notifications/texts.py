"""The words of the mails. `{name}` stands for a value; there is no other syntax, and a value is never read again."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from django.utils.text import Truncator

from notifications.models import Kind


class Wording(NamedTuple):
    subject: str
    body: str


PLACEHOLDER = re.compile(r"\{([^{}\s]*)\}")
# A whole pair of braces, or a single one.
BRACES = re.compile(r"\{[^{}]*\}|[{}]")
# Of one text, so that long values do not make mails of megabytes; and what an error names of unknown ones.
MAX_PLACEHOLDERS, MAX_NAMED, MAX_SHOWN = 50, 5, 60
COMMON = ("name", "event", "date", "place", "organizer", "link")
PLACEHOLDERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(Kind.values, COMMON),
    Kind.QUEUED: (*COMMON, "position"),
    Kind.EVENT_CHANGED: (*COMMON, "changes"),
    Kind.CANCELLED: (*COMMON, "by"),
}
_FACTS = "When: {date}\nWhere: {place}"
_PAGE = "You can see your registration, add it to your calendar or cancel it here:\n\n{link}"

DEFAULTS: dict[str, Wording] = {
    Kind.REGISTERED: Wording(
        "You are registered: {event}",
        f"Hello {{name}},\n\nYou have a seat at {{event}}.\n\n{_FACTS}\n\n{_PAGE}\n\n{{organizer}}",
    ),
    Kind.QUEUED: Wording(
        "You are on the waiting list: {event}",
        "Hello {name},\n\n{event} is full. You are number {position} on the waiting list. When it is your turn, you"
        f" get a seat at once, and we will write to you.\n\n{_FACTS}\n\n{_PAGE}\n\n{{organizer}}",
    ),
    Kind.SEATED: Wording(
        "You have a seat: {event}",
        "Hello {name},\n\nA seat has become free, and it is yours. You are no longer on the waiting list: you are"
        f" registered for {{event}}.\n\n{_FACTS}\n\nIf you cannot come, please cancel, so that somebody else can have"
        f" your seat:\n\n{{link}}\n\n{{organizer}}",
    ),
    Kind.CANCELLED: Wording(
        "Your registration is cancelled: {event}",
        f"Hello {{name}},\n\n{{by}} cancelled your registration for {{event}}.\n\n{_FACTS}\n\n{{organizer}}",
    ),
    Kind.EVENT_CHANGED: Wording(
        "Changed: {event}",
        f"Hello {{name}},\n\nPlease note what has changed about {{event}}.\n\n{{changes}}\n\nIt now takes place as"
        f" follows.\n\n{_FACTS}\n\nYour registration is unchanged. {_PAGE}\n\n{{organizer}}",
    ),
    Kind.EVENT_CANCELLED: Wording(
        "Cancelled: {event}",
        f"Hello {{name}},\n\n{{event}} will not take place. It has been cancelled.\n\n{_FACTS}\n\n{{organizer}}",
    ),
    Kind.EVENT_REOPENED: Wording(
        "Takes place after all: {event}",
        "Hello {name},\n\n{event} had been cancelled, but takes place after all. Your registration is as it was."
        f"\n\n{_FACTS}\n\n{_PAGE}\n\n{{organizer}}",
    ),
    Kind.REMINDER: Wording(
        "Reminder: {event}",
        f"Hello {{name}},\n\n{{event}} begins soon.\n\n{_FACTS}\n\nIf you cannot come, please cancel, so that somebody"
        " else can have your seat:\n\n{link}\n\n{organizer}",
    ),
}


class DigestWording(NamedTuple):
    """The words of summaries for organizers. `numbers` are those of one event."""

    subject: str
    hello: str
    intro: str
    numbers: tuple[str, ...]
    others: str
    why: str
    stop: str


DIGEST = DigestWording(
    subject="Your events: {new} new, {cancelled} cancelled",
    hello="Hello {name},",
    intro="This is what happened at your events from {begins} to {ends}.",
    numbers=("New: {new}", "Cancelled: {cancelled}", "Waiting: {waiting}", "Seats taken: {taken} of {seats}"),
    others="And {number} more",
    why="You are receiving this summary because you chose it at {site}.",
    stop="Stop these summaries",
)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the values in; a name that is not among them stays as it is."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def find_problem(text: str, kind: str) -> str | None:
    """Return what is wrong with the placeholders of a text, as a sentence for people."""
    known = [f"{{{name}}}" for name in PLACEHOLDERS[kind]]
    pieces = BRACES.findall(text)
    unknown = [piece for piece in dict.fromkeys(pieces) if piece not in known and piece[0] + piece[-1] == "{}"]
    if unknown:
        named = ", ".join(Truncator(piece).chars(MAX_SHOWN) for piece in unknown[:MAX_NAMED])
        return f"{named} {'is' if len(unknown) == 1 else 'are'} not known here. Known: {', '.join(known)}."
    if not set(pieces) <= {*known}:
        return f"Use {{ and }} only around a placeholder. Known: {', '.join(known)}."
    if len(pieces) > MAX_PLACEHOLDERS:
        return f"Use at most {MAX_PLACEHOLDERS} placeholders."
    return None
