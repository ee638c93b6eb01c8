"""Events as a table, which `manage.py import_events` can read."""

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

from eventhub.db.batches import by_key
from eventhub.spreadsheets.cells import end_of_days, in_zone, local, to_the_second
from eventhub.spreadsheets.exports import Row
from events.imports.spreadsheet import FIELDS, NO_REMINDERS, column_label
from events.models import Event, EventQuerySet
from events.models.tag_list import in_order
from events.reminder_hours import write_hours

# A field that can be imported has its own label. The online link is in no file.
_COLUMNS: dict[str, Callable[[Event], Any]] = {
    "event_id": attrgetter("pk"),
    "title": attrgetter("title"),
    "status": Event.get_status_display,
    "date_time": attrgetter("date_time"),
    "end_time": lambda event: end_of_days(event.end_time),
    "location": attrgetter("location"),
    "Organizer": attrgetter("organizer.public_profile.public_name"),
    "max_capacity": attrgetter("max_capacity"),
    "Seats taken": attrgetter("seats_taken"),
    "Waiting": attrgetter("waitlisted"),
    "waitlist": lambda event: "on" if event.waitlist else "off",
    "hides_seats": lambda event: "on" if event.hides_seats else "off",
    "registration_opens": attrgetter("registration_opens"),
    "registration_closes": lambda event: end_of_days(event.registration_closes),
    "language": attrgetter("language"),
    "notifications": attrgetter("notifications"),
    "remind_hours": lambda event: write_hours(event.remind_hours) or NO_REMINDERS,
    "guests": attrgetter("guests"),
    "visibility": attrgetter("visibility"),
    "Slug": attrgetter("slug"),
    "tags": lambda event: ", ".join(tag["name"] for tag in in_order(event.tag_list)),
    "Created": lambda event: to_the_second(event.created_at),
    "description": attrgetter("description"),
    "time_zone": attrgetter("time_zone"),
    "Local begin": lambda event: local(event.date_time, event.zone),
    "Local end": lambda event: event.end_time and local(event.end_time, event.zone),
    "attendance": attrgetter("attendance"),
    "venue": attrgetter("venue"),
    "address": attrgetter("address"),
    "latitude": lambda event: _degrees(event.latitude),
    "longitude": lambda event: _degrees(event.longitude),
    "online_from": attrgetter("online_from"),
    "cancel_until": lambda event: end_of_days(event.cancel_until),
    "edit_until": lambda event: end_of_days(event.edit_until),
    "transfer_until": lambda event: end_of_days(event.transfer_until),
}


def _degrees(degrees: float | None) -> str:
    return "" if degrees is None else f"{degrees:.10f}".rstrip("0").rstrip(".")


def header() -> list[str]:
    labels = {"Created": in_zone("Created"), **{field: column_label(field) for field in FIELDS}}
    return [labels.get(name, name) for name in _COLUMNS]


def rows(events: EventQuerySet) -> Iterator[Row]:
    return (row(event) for event in by_key(events.with_organizer().with_tags()))


def row(event: Event) -> Row:
    return [value(event) for value in _COLUMNS.values()]
