"""The people of an event for name lists and badges, in the order of their names."""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from eventhub.api.etags import edition_of
from eventhub.db.text_search import fold
from eventhub.exceptions import Invalid, TooManyForAFile
from events.models import Event
from registrations.models import SEATED, Registration

# One heading for all names that begin with a Chinese character: few share theirs.
HAN = "漢字"
NO_LETTER = "#"
MOST_IN_A_FILE = 500


class Person(NamedTuple):
    pk: int
    name: str
    contact_details: str
    phone: str
    status: str
    issue: int
    printed: str | None  # the edition of the badge when it was last printed

    @property
    def has_ticket(self) -> bool:
        return self.status in SEATED

    @property
    def edition(self) -> str:
        """Return what changes when a badge must be printed again: its name, or its code."""
        return edition_of((self.name, self.issue))


class Part(NamedTuple):
    """Some people of a longer list: at most so many, by the number of the part from 1."""

    people: Sequence[Person]
    number: int
    parts: int
    total: int


def people_of(event: Event, *, statuses: Collection[str], since: datetime | None = None) -> list[Person]:
    """Return the people with one of the statuses, as in a telephone book.

    With `since`, only those who registered, or whose registration was changed, from then on.
    """
    rows = Registration.objects.filter(event=event, status__in=statuses)
    if since is not None:
        rows = rows.filter(updated_at__gte=since)
    columns = (*Person._fields[:-1], "printed__edition")
    # The order of names in a database depends on its locale.
    return sorted((Person(*row) for row in rows.order_by().values_list(*columns)), key=_place)


def without_current_badge(people: Iterable[Person]) -> list[Person]:
    """Keep people whose badge was not printed yet, or not with their present name and code."""
    return [person for person in people if person.printed != person.edition]


def part_of(people: Sequence[Person], *, number: int, most: int) -> Part:
    """Return one part of the people. A number that is too high means the last part."""
    parts = max(1, -(-len(people) // most))
    number = min(number, parts)
    return Part(people[(number - 1) * most : number * most], number, parts, len(people))


def part_for_a_file(people: Sequence[Person], *, number: int | None) -> Part:
    """Return the people of one file: all, or those of a part. Raise TooManyForAFile if no part is named."""
    part = part_of(people, number=number or 1, most=MOST_IN_A_FILE)
    if number is None and part.parts > 1:
        raise TooManyForAFile(people=part.total, parts=part.parts)
    if number is not None and number > part.parts:
        raise Invalid({"part": [f"The last part is {part.parts}."]})
    return part


def letter_of(name: str) -> str:
    """Return the heading that a name stands under: its first letter, without marks."""
    first = (fold(name) or "")[:1]
    if "CJK UNIFIED IDEOGRAPH" in unicodedata.name(first or " ", ""):
        return HAN
    return first.upper() if first.isalpha() else NO_LETTER


def _place(person: Person) -> tuple[Any, ...]:
    letter = letter_of(person.name)
    return letter == HAN, letter.replace(NO_LETTER, ""), fold(person.name), person.pk
