from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError

from accounts.email_addresses import normalize_email
from accounts.models import User
from eventhub.spreadsheets.entries import Table, TableRow, entries_at, load_table
from eventhub.spreadsheets.sheets import FileError
from eventhub.text_fields import LineField
from registrations.models import Registration
from registrations.services.answer_columns import AnswerColumns
from registrations.services.attendee_answers import comes, is_alone, is_cancelled, is_one
from registrations.services.attendee_columns import Columns, find_columns

MAX_ROWS = 1_000_000
NO_COLUMNS = AnswerColumns()
LABEL_LENGTH = 60

_EMAIL = User._meta.get_field("email")
_NAME = Registration._meta.get_field("name")
_CONTACT_DETAILS = Registration._meta.get_field("contact_details")
_PHONE = Registration._meta.get_field("phone")


class Guest(NamedTuple):
    """A row; `typed` is the address, else the name, as given.

    `problem` is empty if it is valid; `left_out` says why the person is not registered.
    """

    line: int
    typed: str
    email: str = ""
    name: str = ""
    contact_details: str = ""
    phone: str = ""
    problem: str = ""
    left_out: str = ""
    answers: dict[str, Any] | None = None

    @property
    def place(self) -> str:
        return f"line {self.line} ({self.typed[:LABEL_LENGTH]!r})" if self.typed else f"line {self.line}"


def read_guests(table: Table, columns: Columns, questions: AnswerColumns = NO_COLUMNS) -> list[Guest]:
    """Return valid and invalid rows, in their order, with answers to questions.

    Defaults come from the address, never from accounts, so that nobody learns who has one.
    """
    entries = entries_at(table.records, columns.positions, width=len(table.header))
    return [build_guest(entry, questions) for entry in entries]


def read_attendees(content: bytes, *, columns: Mapping[str, str], max_rows: int = MAX_ROWS) -> list[Guest]:
    """Read a file whose columns have known headers or those in `columns`. Raise FileError."""
    table = load_table(content, max_rows=max_rows)
    return read_guests(table, require_columns(table, columns))


def require_columns(table: Table, chosen: Mapping[str, str], questions: AnswerColumns = NO_COLUMNS) -> Columns:
    """Find the columns of a table. Raise FileError where a person would have to choose."""
    columns = find_columns(table.header, chosen, questions.labels)
    if columns.problem:
        raise FileError(f"{columns.problem} Say so with --map FIELD=COLUMN, or FIELD= for none.")
    return columns


def build_guest(entry: TableRow, questions: AnswerColumns = NO_COLUMNS) -> Guest:
    texts = entry.texts
    if entry.problem and not any(texts.values()):
        return Guest(entry.line, "", problem=entry.problem)
    typed = texts["email"]
    name = texts.get("name") or " ".join(filter(None, (texts.get("first_name"), texts.get("last_name"))))
    guest = Guest(
        entry.line,
        typed or name,
        normalize_email(typed),
        _tidy(_NAME, name) or typed.rpartition("@")[0],
        _contact(typed, _tidy(_CONTACT_DETAILS, texts.get("contact_details", ""))),
        _tidy(_PHONE, texts.get("phone", "")),
    )
    for status in _all(texts, "status"):
        if comes(status) is False:
            return guest._replace(left_out=f"Their status is “{status}”.")
    for text in _all(texts, "cancelled"):
        if is_cancelled(text):
            return guest._replace(left_out=f"A column says that they do not come: “{text}”.")
    answers, problems = questions.read(texts) if questions.questions else (None, [])
    return guest._replace(problem=" ".join([*_problems(guest, entry), *problems]), answers=answers)


def _tidy(field: LineField, text: str) -> str:
    """Return the text as it would be kept, or as it is where `_problems` will refuse it."""
    try:
        return field.tidy(text)
    except ValidationError:
        return text


def _contact(address: str, details: str) -> str:
    """Return the details with the address, which an organizer sees nowhere else."""
    return details if address.casefold() in details.casefold() else ", ".join(filter(None, (address, details)))


def _problems(guest: Guest, entry: TableRow) -> Iterator[str]:
    if entry.problem:
        yield f"columns: {entry.problem}"
    for field, text in (
        (_EMAIL, guest.email),
        (_NAME, guest.name),
        (_PHONE, guest.phone),
        (_CONTACT_DETAILS, guest.contact_details),
    ):
        try:
            field.clean(text, None)
        except ValidationError as invalid:
            yield f"{field.name}: {' '.join(invalid.messages)}"
    yield from _answers(entry.texts)


def _answers(texts: Mapping[str, str]) -> Iterator[str]:
    for status in _all(texts, "status"):
        if comes(status) is None:
            yield f"status: “{status}” is not known to mean that the person comes or does not. Write “yes” or “no”."
    for text in _all(texts, "cancelled"):
        if is_cancelled(text) is None:
            yield f"cancelled: “{text}” is neither “yes” nor “no”."
    for quantity in _all(texts, "quantity"):
        if not is_one(quantity):
            yield f"quantity: “{quantity}” must be 1. Give each person a row with an address of their own."
    for guests in _all(texts, "guests"):
        if not is_alone(guests):
            yield f"guests: “{guests}” must be 0. Give each guest a row with an address of their own."


def _all(texts: Mapping[str, str], field: str) -> list[str]:
    """Return the texts of all columns of a field: "status", "status 2" and so on."""
    return [text for key, text in texts.items() if key.split()[0] == field]
