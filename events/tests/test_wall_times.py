"""An event keeps its wall time in body, mail, calendar, export and import: in every zone, at both changes of 2027."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import OrganizerProfile, User
from eventhub.datetimes import readings, written, zone_names
from eventhub.spreadsheets.exports import csv_lines
from events import exports
from events.calendar_entry import Method, calendar_entry
from events.imports.files import read_rows
from events.models import Event
from events.serializers import EventInput, local_times

pytestmark = [pytest.mark.once, pytest.mark.slow]

HOUR = timedelta(hours=1)
# Where no clock changes: that of Berlin.
USUAL = [datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 10, 31, 1, tzinfo=UTC)]


def changes(zone: ZoneInfo) -> list[datetime]:
    """Return the hours at which the offset is another than before, found day by day."""
    days = (datetime(2027, 1, 1, tzinfo=UTC) + number * 24 * HOUR for number in range(364))
    hours = (day + number * HOUR for day in days if is_changed(day, 24 * HOUR, zone) for number in range(24))
    return [hour + HOUR for hour in hours if is_changed(hour, HOUR, zone)] or USUAL


def is_changed(moment: datetime, later: timedelta, zone: ZoneInfo) -> bool:
    return moment.astimezone(zone).utcoffset() != (moment + later).astimezone(zone).utcoffset()


def walls(zone: ZoneInfo) -> Iterator[datetime]:
    """Yield clock times around each change that exist once, and one that clocks show twice or never."""
    for change in changes(zone):
        local = change.astimezone(zone).replace(tzinfo=None, fold=0)
        yield from (local - 5 * HOUR / 2, local - HOUR / 2, local + 5 * HOUR)


def an_event(key: str, number: int, begins: datetime) -> Event:
    organizer = User(pk=7, username="olga")
    organizer.profile = OrganizerProfile(user=organizer)
    times = {"created_at": begins, "updated_at": begins}
    place = {"title": f"{key} {number}", "location": "Hall", "max_capacity": 9}
    event = Event(pk=number, organizer=organizer, date_time=begins, time_zone=key, **place, **times)
    event.tag_list = []  # else a query
    return event


def shown(wall: datetime) -> str:
    return f"{wall:%A}, {wall.day} {wall:%B} {wall:%Y}, {wall:%H:%M} ("


@pytest.mark.parametrize("initial", "AEIPU")
def test_an_event_in_every_zone_keeps_its_wall_time_at_both_changes_of_2027(initial):
    keys = sorted(key for key in zone_names() if (key[0] if key[0] in "AEIP" else "U") == initial)
    assert keys
    events: list[tuple[Event, datetime]] = []
    for key in keys:
        zone = ZoneInfo(key)
        for wall in walls(zone):
            body = EventInput(
                data={"date_time": wall.isoformat(), "time_zone": key, "title": "x", "location": "y", "max_capacity": 1}
            )
            assert body.is_valid(), (key, wall, body.errors)
            begins = body.validated_data["date_time"]
            first, *others = readings(wall, zone)
            assert begins == first.astimezone(UTC)
            stays = begins.astimezone(zone).replace(tzinfo=None, fold=0)
            assert stays == wall or others, (key, wall)
            assert local_times(begins, None, zone)["begins"].startswith(stays.isoformat())
            assert shown(stays) in written(begins, None, zone)
            events.append((an_event(key, len(events) + 1, begins), stays))
    in_calendars(events[::4])
    in_files(events)


def in_calendars(events):
    for event, wall in events:
        text = calendar_entry(event, method=Method.PUBLISH, stamp=event.date_time)
        (row,) = read_rows(text, name="event.ics", columns={}).rows
        assert (row.problem, row.values["date_time"], row.event_id) == ("", event.date_time, event.pk)
        if row.values.get("time_zone"):
            assert row.values["time_zone"] == event.time_zone
            assert f"DTSTART;TZID={event.time_zone}:{wall:%Y%m%dT%H%M%S}\r\n".encode() in text


def in_files(events):
    file = io.BytesIO(b"".join(csv_lines(exports.header(), [exports.row(event) for event, _ in events])))
    rows = read_rows(file.getvalue(), name="events.csv", columns={}).rows
    column = exports.header().index("Local begin")
    for row, (event, wall) in zip(rows, events, strict=True):
        local = exports.row(event)[column]
        assert (row.values["date_time"], row.values["time_zone"]) == (event.date_time, event.time_zone)
        assert str(local).startswith(f"{wall:%Y-%m-%d %H:%M:%S}")
