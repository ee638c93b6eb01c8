"""Events from iCalendar (RFC 5545), one for each VEVENT. If several share a UID, the latest wins (RFC 5546, 2.1.5)."""

from datetime import date, datetime, timedelta
from quopri import decodestring
from typing import Any, NamedTuple

from eventhub import datetimes
from eventhub.api.fields import DECIMAL
from eventhub.text_fields import strip_unseen
from events.calendar_entry import event_id_of, is_partial
from events.imports.calendar_times import Duration, Zones, later, read_duration, read_moment
from events.imports.components import Component, Property, read_components
from events.imports.row_validation import EventFile, ImportedEvent, validate_row
from events.imports.series import FOLLOWING, range_of, read_recurrence, read_series
from events.models import EventStatus

TEXT_PROPERTIES = {"title": "SUMMARY", "description": "DESCRIPTION", "location": "LOCATION", "uid": "UID"}
OF_ONE_LINE = {"title": " ", "location": ", ", "uid": ""}
MAX_LABEL = 60
OWN_UID = (
    "VEVENT {} has the same UID and the same SEQUENCE, and begins at another time. Give each event a UID of its own."
)


class CalendarEvent(NamedTuple):
    number: int
    component: Component
    zones: Zones
    method: str

    @property
    def is_cancelled(self) -> bool:
        return self.method == "CANCEL" or self.component.first("STATUS").upper() == "CANCELLED"

    @property
    def is_cancellation(self) -> bool:
        """Return whether this only calls off an event: that needs no more than the UID (RFC 5546, 3.2.5)."""
        return self.method == "CANCEL" or (self.is_cancelled and "DTSTART" not in self.component.properties)


def read_calendar(content: bytes) -> EventFile:
    """Return the events of a calendar. Raise FileError where there is none.

    A missing description or end is empty; other fields that are missing or empty are not among the values. Only
    `STATUS:CANCELLED` and `METHOD:CANCEL` set a status.
    """
    root = read_components(content)
    calendars = [*root.walk("VCALENDAR"), root]
    numbered = enumerate(((calendar, event) for calendar in calendars for event in calendar.events), start=1)
    zones = {id(calendar): Zones(calendar) for calendar in calendars}
    events = [
        CalendarEvent(number, event, zones[id(calendar)], calendar.first("METHOD").upper())
        for number, (calendar, event) in numbered
    ]
    rows, notes = [], []
    latest = _latest(events)
    for event in events:
        row, other = _row(event), latest[_identity(event)]
        if other is event:
            rows.append(row)
        elif _is_revision_of(event, other):
            why = "is newer" if _revision(other.component) > _revision(event.component) else "comes later"
            notes.append(f"{row.place} is left out: VEVENT {other.number} has the same UID and {why}.")
        else:
            rows.append(ImportedEvent(row.place, {}, OWN_UID.format(other.number)))
    rows += [ImportedEvent("The calendar", {}, " ".join(found.problems)) for found in calendars if found.problems]
    return EventFile(rows, notes)


def _row(event: CalendarEvent) -> ImportedEvent:
    values, problems = _values(event)
    event_id = event_id_of(values.get("uid", ""))
    sequence = _sequence(event.component) if "uid" in values and event_id is None else None
    place = f"VEVENT {event.number}"
    if "title" not in values and "uid" in values:
        place = f"{place} (UID {values['uid'][:MAX_LABEL]})"
    if event_id is not None:  # of an entry of ours: the event has no UID of its own, or that of another calendar
        del values["uid"]
        if is_partial(values.get("description", "")):
            del values["description"]
    series, recurrence = None, None
    if not problems:
        try:
            recurrence = read_recurrence(event.component, event.zones)
            series = read_series(event.component, event.zones) if recurrence is None else None
        except (ValueError, OverflowError) as problem:
            problems["series"] = str(problem)
    row = validate_row(place, values, problems)
    row = row._replace(event_id=event_id, sequence=sequence, is_cancellation=event.is_cancellation)
    changes_following = recurrence is not None and range_of(event.component) == FOLLOWING
    return row._replace(series=series, recurrence=recurrence, changes_following=changes_following)


def _latest(events: list[CalendarEvent]) -> dict[str, CalendarEvent]:
    """Return the event of each UID: the highest SEQUENCE, then the latest DTSTAMP, then the last."""
    latest: dict[str, CalendarEvent] = {}
    for event in events:
        key = _identity(event)
        if key not in latest or _revision(event.component) >= _revision(latest[key].component):
            latest[key] = event
    return latest


def _is_revision_of(event: CalendarEvent, latest: CalendarEvent) -> bool:
    """Return whether two of one UID can be one event: a new start needs a new SEQUENCE (RFC 5546, 2.1.4)."""
    starts = {event.component.first("DTSTART"), latest.component.first("DTSTART")} - {""}
    return len(starts) < 2 or _sequence(event.component) != _sequence(latest.component)


def _identity(event: CalendarEvent) -> str:
    uid = event.component.first("UID")
    if not uid:
        return f"number {event.number}"
    return f"uid {uid} {event.component.first('RECURRENCE-ID')} {range_of(event.component)}"


def _revision(component: Component) -> tuple[int, str]:
    return _sequence(component) or 0, component.first("DTSTAMP")


def _sequence(component: Component) -> int | None:
    sequence = component.first("SEQUENCE")
    is_number = sequence.isascii() and sequence.isdigit() and len(sequence) < 19
    return int(sequence) if is_number else None


def _values(event: CalendarEvent) -> tuple[dict[str, Any], dict[str, str]]:
    component = event.component
    values: dict[str, Any] = {}
    problems = {"VEVENT": " ".join(component.problems)} if component.problems else {}
    for field, name in TEXT_PROPERTIES.items():
        try:
            values[field] = _text(component, name, OF_ONE_LINE.get(field))
        except ValueError as problem:
            problems[name] = str(problem)
        if field in OF_ONE_LINE and not values.get(field):
            values.pop(field, None)
    if event.is_cancelled:
        values["status"] = EventStatus.CANCELLED
    if event.is_cancellation and "uid" in values and "DTSTART" not in component.properties:
        return {"uid": values["uid"], "status": values["status"]}, problems
    try:
        values["date_time"], values["end_time"] = _moments(component, event.zones)
        if zone := event.zones.name_of(component):
            values["time_zone"] = zone
        values |= _coordinates(component)
        if event.method == "CANCEL":  # says no more than it needs to
            values = {name: value for name, value in values.items() if value}
    except OverflowError:
        problems["DTSTART"] = datetimes.OUT_OF_RANGE
    except ValueError as problem:
        problems["DTSTART"] = str(problem)
    return values, problems


def _text(component: Component, name: str, separator: str | None) -> str:
    """Return a text; its lines joined by `separator` where the field has one line."""
    given = component.only(name)
    if given is None:
        return ""
    text = _decoded(given)
    if "\0" in text:
        raise ValueError("There is a NUL character in this text.")
    if separator is None:
        return strip_unseen(text)
    lines = [" ".join(line.split()).strip(" ,") for line in text.splitlines()]
    return strip_unseen(separator.join(line for line in lines if line))


def _decoded(given: Property) -> str:
    """Return the text of a property, also one of vCalendar 1.0 in quoted-printable."""
    encoding = str(given.params.get("ENCODING", "8BIT")).upper()
    try:
        plain = given.value.encode()
        if encoding == "QUOTED-PRINTABLE" and not given.value.rstrip().endswith("="):  # else it goes on in another line
            return decodestring(plain).decode(str(given.params.get("CHARSET", "UTF-8")))
    except (UnicodeError, LookupError):
        raise ValueError("This is not UTF-8. Save the calendar in UTF-8.") from None
    if encoding not in ("7BIT", "8BIT"):
        raise ValueError("This must be a plain text. Save the calendar as iCalendar 2.0.")
    return given.value


def _moments(component: Component, zones: Zones) -> tuple[datetime, datetime | None]:
    """Return start and end. If they are equal there is no end, or for a whole day the end of that day."""
    start = read_moment(component, "DTSTART", zones)
    if start is None:
        raise ValueError("There is no DTSTART.")
    end = read_moment(component, "DTEND", zones)
    duration = read_duration(component)
    if end is not None and duration is not None:
        raise ValueError("There are DTEND and DURATION; only one of them may be given.")
    if not isinstance(start, datetime):
        return _whole_days(start, end, duration, zones)
    if end is not None and not isinstance(end, datetime):
        raise ValueError("DTSTART is a time and DTEND a date; both must be times, or both dates.")
    if duration is not None:
        end = later(start, duration)
    begins, ends = datetimes.to_utc(start), datetimes.to_utc(end) if end else None
    return begins, None if ends == begins else ends


def _coordinates(component: Component) -> dict[str, float]:
    """Return GEO (RFC 5545, 3.8.1.6), if there is one. The event's rules know its bounds."""
    given = component.only("GEO")
    if given is None or not given.value.strip():
        return {}
    parts = [part.strip() for part in given.value.split(";")]
    if len(parts) != 2 or not all(DECIMAL.fullmatch(part) for part in parts):
        raise ValueError(f"GEO “{given.value[:30]}” is not a pair of degrees like 52.516275;13.377704.")
    return {"latitude": float(parts[0]), "longitude": float(parts[1])}


def _whole_days(
    start: date, end: date | datetime | None, duration: Duration | None, zones: Zones
) -> tuple[datetime, datetime]:
    """Return the bounds of whole days: DTEND is the first day after them."""
    if isinstance(end, datetime):
        raise ValueError("DTSTART is a date and DTEND a time; both must be times, or both dates.")
    if duration is not None:
        length = duration.nominal + duration.exact
        if length % timedelta(days=1):
            raise ValueError("DTSTART is a date; its DURATION must be in days or weeks.")
        end = start + length
    days = (end - start).days if end is not None else 1
    if days < 0:
        raise ValueError("The end must be after the beginning.")
    last = date.fromordinal(start.toordinal() + max(days, 1) - 1)
    return (
        datetimes.day_bound(start, zone=zones.floating),
        datetimes.day_bound(last, end_of_day=True, zone=zones.floating),
    )
