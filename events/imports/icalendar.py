"""Events from iCalendar (RFC 5545): one for each VEVENT."""

import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from icalendar import Calendar, GloballyUniqueTZIDGuessed
from icalendar import Event as VEvent

from eventhub import datetimes
from eventhub.spreadsheets.sheets import FileError
from events.imports.row_validation import ImportedEvent, validate_row
from events.models import EventStatus

TEXT_PROPERTIES = {"title": "SUMMARY", "description": "DESCRIPTION", "location": "LOCATION", "uid": "UID"}
TIME_PROPERTIES = ("DTSTART", "DTEND", "DURATION")
READ_PROPERTIES = (*TEXT_PROPERTIES.values(), *TIME_PROPERTIES, "STATUS")
SERIES_PROPERTIES = ("RRULE", "RDATE", "RECURRENCE-ID")


def is_calendar(text: str) -> bool:
    return text.lstrip()[:15].upper() == "BEGIN:VCALENDAR"


def read_calendar(text: str) -> Iterator[ImportedEvent]:
    """Yield the events of a calendar. Raise FileError where it is malformed.

    A missing description or end is empty; only `STATUS:CANCELLED` sets a status.
    """
    for number, vevent in enumerate(_vevents(text), start=1):
        values, problems = _values(vevent)
        yield validate_row(f"VEVENT {number}", values, problems)


def _vevents(text: str) -> list[VEvent]:
    if _count(text, "BEGIN") != _count(text, "END"):
        # The library ignores an unfinished calendar.
        raise FileError("The calendar is incomplete: a BEGIN has no END.")
    try:
        with warnings.catch_warnings():
            # A time zone with a vendor prefix is the one that the library guesses.
            warnings.simplefilter("ignore", GloballyUniqueTZIDGuessed)
            calendars = Calendar.from_ical(text, multiple=True)
        vevents = [part for calendar in calendars for part in calendar.walk() if isinstance(part, VEvent)]
    except Exception as problem:  # the parser raises many types
        raise FileError(f"The calendar is malformed: {problem}") from problem
    if not any(calendar.name == "VCALENDAR" for calendar in calendars):
        raise FileError("The file contains no calendar.")
    return vevents


def _count(text: str, keyword: str) -> int:
    return len(re.findall(rf"^{keyword}:", text, re.MULTILINE | re.IGNORECASE))


def _values(vevent: VEvent) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {}
    # Properties that are not read may be broken, but a broken line without a name may belong to one that is.
    problems = {name or "VEVENT": problem for name, problem in vevent.errors if name is None or name in READ_PROPERTIES}
    if series := [name for name in SERIES_PROPERTIES if name in vevent]:
        problems[series[0]] = "Recurring events are not supported. Give each occurrence its own VEVENT."
    for field, name in TEXT_PROPERTIES.items():
        try:
            values[field] = _text(vevent, name)
        except ValueError as problem:
            problems[name] = str(problem)
    if not values.get("uid"):
        values.pop("uid", None)
    if not problems.keys() & set(TIME_PROPERTIES):
        try:
            values["date_time"], values["end_time"] = _moments(vevent)
        except (ValueError, OverflowError) as problem:
            problems["DTSTART"] = str(problem)
    if str(vevent.get("STATUS", "")).upper() == "CANCELLED":
        values["status"] = EventStatus.CANCELLED
    return values, problems


def _text(vevent: VEvent, name: str) -> str:
    value = vevent.get(name, "")
    if not isinstance(value, str):  # a list for a repeated property, or VALUE=BINARY
        raise ValueError("This must be given once, as text.")
    return str(value).strip()


def _moments(vevent: VEvent) -> tuple[datetime, datetime | None]:
    if "DURATION" in vevent and not isinstance(getattr(vevent["DURATION"], "dt", None), timedelta):
        raise ValueError("DURATION must be a length of time.")  # the library accepts a date here
    start: date | datetime = vevent.start
    for name in ("DTSTART", "DTEND"):
        _require_known_zone(vevent, name)
    if not isinstance(start, datetime):
        last_day = vevent.end - timedelta(days=1)  # DTEND is the first day after it
        return datetimes.parse(str(start)), datetimes.parse(str(last_day), end_of_day=True)
    if vevent.DURATION is not None:
        return datetimes.to_utc(start), _later(start, vevent.DURATION)
    return datetimes.to_utc(start), datetimes.to_utc(vevent.DTEND) if vevent.DTEND else None


def _later(start: datetime, duration: timedelta) -> datetime:
    """Add days by the local clock and the rest exactly (RFC 5545, 3.3.6)."""
    to_the_day = datetimes.to_utc(start + timedelta(days=duration.days))
    return datetimes.to_utc(to_the_day + timedelta(seconds=duration.seconds))


def _require_known_zone(vevent: VEvent, name: str) -> None:
    """Raise ValueError for an unknown time zone, which the library ignores."""
    value = vevent.get(name)
    zone = value and value.params.get("TZID")
    if zone and isinstance(value.dt, datetime) and value.dt.tzinfo is None:
        raise ValueError(f"The time zone {zone} is unknown.")
