import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django.core.exceptions import ValidationError

from accounts.models import User, normalize_email
from eventhub.spreadsheets.entries import TableRow, read_entries, read_records
from registrations.models import Registration

# The fields, and other names of their columns.
FIELDS = {
    "email": ("e-mail", "email address", "e-mail address", "mail", "mail address"),
    "name": ("full name", "attendee", "attendee name", "guest"),
    "contact_details": ("contact", "phone", "phone number", "telephone", "mobile"),
}
REQUIRED = ("email",)
MAX_ROWS = 1_000_000
LABEL_LENGTH = 60

_EMAIL = User._meta.get_field("email")
_NAME = Registration._meta.get_field("name")
_CONTACT_DETAILS = Registration._meta.get_field("contact_details")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class Guest(NamedTuple):
    """A row; `typed` is the address, else the name, as given; `problem` is empty if it is valid."""

    line: int
    typed: str
    email: str = ""
    name: str = ""
    contact_details: str = ""
    problem: str = ""

    @property
    def place(self) -> str:
        return f"line {self.line} ({self.typed[:LABEL_LENGTH]!r})" if self.typed else f"line {self.line}"


def read_attendees(content: bytes, *, columns: Mapping[str, str], max_rows: int = MAX_ROWS) -> list[Guest]:
    """Read valid and invalid rows of a CSV file or an XLSX workbook; `columns` adds column names.

    Defaults come from the address, never from accounts, so that nobody learns who has one. Raise FileError.
    """
    records = read_records(content, max_rows=max_rows)
    return [build_guest(entry) for entry in read_entries(records, fields=FIELDS, required=REQUIRED, columns=columns)]


def build_guest(entry: TableRow) -> Guest:
    typed, name = entry.texts["email"], entry.texts.get("name", "")
    guest = Guest(
        entry.line,
        typed or name,
        normalize_email(typed),
        name or typed.rpartition("@")[0],
        entry.texts.get("contact_details") or typed,
    )
    return guest._replace(problem="; ".join(_problems(guest, entry)))


def _problems(guest: Guest, entry: TableRow) -> Iterator[str]:
    if entry.problem:
        yield f"columns: {entry.problem}"
    for field, text, forbidden in (
        (_EMAIL, guest.email, _CONTROL),
        (_NAME, guest.name, _CONTROL),
        (_CONTACT_DETAILS, guest.contact_details, _CONTROL_BUT_LINES),
    ):
        try:
            field.clean(text, None)
        except ValidationError as invalid:
            yield f"{field.name}: {' '.join(invalid.messages)}"
        else:
            if forbidden.search(text):
                yield f"{field.name}: Control characters are not allowed."
