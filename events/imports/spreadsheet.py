from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from eventhub import datetimes
from eventhub.api.fields import could_be_id
from eventhub.languages import Language
from eventhub.spreadsheets.cells import in_zone
from eventhub.spreadsheets.entries import Table, read_entries
from eventhub.text_fields import strip_unseen
from events.imports.row_validation import ImportedEvent, validate_row
from events.models import Event, Telling
from events.reminder_hours import ENTER_HOURS, parse_hours

REQUIRED = ("title", "date_time", "location")
OPTIONAL = ("description", "end_time", "max_capacity", "status", "registration_opens", "registration_closes", "uid")
# Columns of an export that are not called as their field is.
LABELS = {"event_id": "Event ID", "waitlist": "Queue", "notifications": "Emails to attendees"}
FIELDS = (*REQUIRED, *OPTIONAL, "waitlist", "language", "notifications", "remind_hours", "event_id")
# Whether a bare date means the end of that day.
MEANS_END_OF_DAY = {"date_time": False, "end_time": True, "registration_opens": False, "registration_closes": True}
# An empty cell keeps the event's value or the default here; in other columns it clears the value.
IGNORED_IF_EMPTY = ("title", "location", "max_capacity", "status", "uid", "waitlist", "notifications", "remind_hours")
YES, NO = ("on", "yes", "true", "1"), ("off", "no", "false", "0")
NO_REMINDERS = "none"


def read_table(table: Table, columns: Mapping[str, str], defaults: Collection[str] = ()) -> Iterator[ImportedEvent]:
    """Yield the events of a table. Raise FileError for missing or repeated columns.

    Columns have the name of their field, their name in an export, or the one in `columns`. A field among `defaults`
    needs none.
    """
    required = [field for field in REQUIRED if field not in defaults]
    names = {field: (_label(field), column_label(field)) for field in FIELDS}
    for line, texts, problem in read_entries(table, fields=names, required=required, columns=columns):
        if problem and not any(texts.values()):
            yield ImportedEvent(f"line {line}", {}, problem)
            continue
        values, problems = _values(texts)
        if problem:
            problems["columns"] = problem
        event = validate_row(f"line {line}", values, problems)
        yield event._replace(event_id=_number(texts.get("event_id", "")))


def column_label(field: str) -> str:
    return in_zone(_label(field)) if field in MEANS_END_OF_DAY else _label(field)


def _label(field: str) -> str:
    if field in LABELS:
        return LABELS[field]
    return next(str(known.verbose_name).capitalize() for known in Event._meta.fields if known.name == field)


def _values(texts: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for field, text in texts.items():
        text = strip_unseen(text)
        if field == "event_id" or (not text and field in IGNORED_IF_EMPTY):
            continue
        try:
            values[field] = READERS[field](text) if field in READERS else text
        except ValueError as problem:
            problems[field] = str(problem)
    return values, problems


def _moment(field: str, text: str) -> datetime | None:
    is_cleared = not text and field not in REQUIRED
    return None if is_cleared else datetimes.parse(text, end_of_day=MEANS_END_OF_DAY[field])


def _yes_or_no(text: str) -> bool:
    if text.lower() not in (*YES, *NO):
        raise ValueError("Enter on or off.")
    return text.lower() in YES


def _language(text: str) -> str:
    if text and text.lower() not in Language.values:
        raise ValueError(f"Enter {' or '.join(Language.values)}, or nothing for that of the site.")
    return text.lower()


def _telling(text: str) -> str:
    if text.lower() not in Telling.values:
        raise ValueError("Enter usual, all or none.")
    return text.lower()


def _reminders(text: str) -> list[int]:
    if text.lower() == NO_REMINDERS:
        return []
    try:
        return parse_hours(text)
    except ValueError:
        raise ValueError(f"{ENTER_HOURS}, or “{NO_REMINDERS}”.") from None


READERS: Mapping[str, Callable[[str], Any]] = {
    **{field: partial(_moment, field) for field in MEANS_END_OF_DAY},
    "status": str.lower,
    "waitlist": _yes_or_no,
    "language": _language,
    "notifications": _telling,
    "remind_hours": _reminders,
}


def _number(text: str) -> int | None:
    """Other programs have numbers of their own, which mean nothing here."""
    return int(text) if could_be_id(text) else None
