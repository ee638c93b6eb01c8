"""Name lists: their columns, and the people under each letter."""

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import NamedTuple

from checkin.selectors.people import Person, letter_of
from registrations.admin.status import LABELS
from registrations.models import RegistrationStatus

CONTACT, PHONE, STATUS = "contact", "phone", "status"
COLUMNS = {CONTACT: "Contact details", PHONE: "Phone", STATUS: "Status"}


class Line(NamedTuple):
    name: str
    cells: Sequence[str]  # of the columns beside the name
    is_there: bool  # their box is ticked


def labels_of(columns: Collection[str]) -> list[str]:
    return [label for column, label in COLUMNS.items() if column in columns]


def lines_by_letter(people: Sequence[Person], columns: Collection[str]) -> list[tuple[str, list[Line]]]:
    groups = groupby(people, key=lambda person: letter_of(person.name))
    return [(letter, [_line(person, columns) for person in found]) for letter, found in groups]


def _line(person: Person, columns: Collection[str]) -> Line:
    status = RegistrationStatus(person.status)
    cells = {CONTACT: person.contact_details, PHONE: person.phone, STATUS: LABELS[status]}
    shown = [cells[column] for column in COLUMNS if column in columns]
    return Line(person.name, shown, status == RegistrationStatus.ATTENDED)
