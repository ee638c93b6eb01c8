import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any

from eventhub import datetimes
from eventhub.api.fields import DECIMAL, could_be_id
from eventhub.exceptions import Invalid
from eventhub.languages import Language
from eventhub.spreadsheets.cells import in_zone, restored
from eventhub.spreadsheets.entries import Table, column_positions, entries_at
from eventhub.text_fields import strip_unseen
from events.imports.row_validation import ImportedEvent, validate_row
from events.models import Attendance, Event, Guests, Telling
from events.reminder_hours import ENTER_HOURS, parse_hours
from events.services.tags import names_by_slug

REQUIRED = ("title", "date_time", "location")
OPTIONAL = ("description", "end_time", "max_capacity", "status", "registration_opens", "registration_closes", "uid")
# Columns of an export that are not called as their field is.
LABELS = {
    "event_id": "Event ID",
    "waitlist": "Queue",
    "notifications": "Emails to attendees",
    "guests": "Guests",
    "tags": "Tags",
}
PLACE = ("time_zone", "attendance", "venue", "address", "latitude", "longitude", "online_url")
LATEST = ("online_from", "cancel_until", "edit_until", "transfer_until")
FIELDS = (
    *(*REQUIRED, *OPTIONAL, "waitlist", "hides_seats", "language", "notifications", "remind_hours", "guests"),
    *("visibility", "tags", "event_id", *PLACE, *LATEST),
)
# Whether a bare date means the end of that day.
MEANS_END_OF_DAY = {
    **{"date_time": False, "end_time": True, "registration_opens": False, "registration_closes": True},
    **{"online_from": False, "cancel_until": True, "edit_until": True, "transfer_until": True},
}
# "Begins (Europe/Berlin)" is in that zone, whatever that of the row is.
_ZONE_OF_COLUMN = re.compile(r".*\(([^()]+)\)\s*", re.DOTALL)
# An empty cell keeps the event's value or the default here; in other columns it clears the value.
IGNORED_IF_EMPTY = (
    *("title", "location", "max_capacity", "status", "uid"),
    *("waitlist", "hides_seats", "notifications", "remind_hours", "guests", "attendance", "visibility"),
)
YES, NO = ("on", "yes", "true", "1"), ("off", "no", "false", "0")
NO_REMINDERS = "none"


def read_table(table: Table, columns: Mapping[str, str], defaults: Collection[str] = ()) -> Iterator[ImportedEvent]:
    """Yield the events of a table. Raise FileError for missing or repeated columns.

    Columns have the name of their field, their name in an export, or the one in `columns`. A field among `defaults`
    needs none.
    """
    required = [field for field in REQUIRED if field not in defaults]
    names = {field: (_label(field), column_label(field)) for field in FIELDS}
    positions = column_positions(table.header, names, required, columns)
    zones = {field: _zone_of(table.header[positions[field]]) for field in MEANS_END_OF_DAY if field in positions}
    for line, texts, problem in entries_at(table.records, positions, width=len(table.header)):
        if problem and not any(texts.values()):
            yield ImportedEvent(f"line {line}", {}, problem)
            continue
        values, problems = _values(texts, zones)
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


def _zone_of(header: str) -> tzinfo | None:
    """Return the zone that the header of a column names, if it does."""
    named = _ZONE_OF_COLUMN.fullmatch(restored(header))
    return datetimes.zone_named(named[1]) if named and named[1] in datetimes.zone_names() else None


def _values(texts: dict[str, str], zones: Mapping[str, tzinfo | None]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return values and problems. `zones`: of columns that name theirs; other times are in the zone of the row."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    zone_of_row = datetimes.zone_named(strip_unseen(texts.get("time_zone", "")))
    for field, text in texts.items():
        text = strip_unseen(text)
        if field == "event_id" or (not text and field in IGNORED_IF_EMPTY):
            continue
        try:
            if field in MEANS_END_OF_DAY:
                values[field] = _moment(field, text, zones.get(field) or zone_of_row)
            else:
                values[field] = READERS[field](text) if field in READERS else text
        except ValueError as problem:
            problems[field] = str(problem)
    return values, problems


def _moment(field: str, text: str, zone: tzinfo) -> datetime | None:
    is_cleared = not text and field not in REQUIRED
    return None if is_cleared else datetimes.parse(text, end_of_day=MEANS_END_OF_DAY[field], zone=zone)


def _attendance(text: str) -> str:
    if text.lower() not in Attendance.values:
        raise ValueError(f"Enter {', '.join(Attendance.values[:-1])} or {Attendance.values[-1]}.")
    return text.lower()


def _degrees(text: str) -> float | None:
    if text and not DECIMAL.fullmatch(text):
        raise ValueError("Enter degrees, such as 52.516275.")
    return float(text) if text else None


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


def _guests(text: str) -> str:
    if text.lower() not in Guests.values:
        raise ValueError(f"Enter {', '.join(Guests.values[:-1])} or {Guests.values[-1]}.")
    return text.lower()


def _reminders(text: str) -> list[int]:
    if text.lower() == NO_REMINDERS:
        return []
    try:
        return parse_hours(text)
    except ValueError:
        raise ValueError(f"{ENTER_HOURS}, or “{NO_REMINDERS}”.") from None


def _tags(text: str) -> list[str]:
    names = [name for part in text.split(",") if (name := part.strip())]
    try:
        return [*names_by_slug(names).values()]
    except Invalid as refusal:
        raise ValueError(" ".join(refusal.errors["tags"])) from None


READERS: Mapping[str, Callable[[str], Any]] = {
    "time_zone": datetimes.clean_zone,
    "attendance": _attendance,
    "latitude": _degrees,
    "longitude": _degrees,
    "status": str.lower,
    "waitlist": _yes_or_no,
    "hides_seats": _yes_or_no,
    "language": _language,
    "notifications": _telling,
    "remind_hours": _reminders,
    "visibility": str.lower,
    "tags": _tags,
    "guests": _guests,
}


def _number(text: str) -> int | None:
    """Other programs have numbers of their own, which mean nothing here."""
    return int(text) if could_be_id(text) else None
