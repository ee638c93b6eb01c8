"""Events as a table, which `manage.py import_events` can read."""

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

from eventhub.db.batches import by_key
from eventhub.spreadsheets.cells import end_of_days, in_zone, to_the_second
from eventhub.spreadsheets.exports import Row
from events.imports.spreadsheet import FIELDS, NO_REMINDERS, column_label
from events.models import Event, EventQuerySet
from events.reminder_hours import write_hours

# A field that can be imported has its own label.
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
    "registration_opens": attrgetter("registration_opens"),
    "registration_closes": lambda event: end_of_days(event.registration_closes),
    "language": attrgetter("language"),
    "notifications": attrgetter("notifications"),
    "remind_hours": lambda event: write_hours(event.remind_hours) or NO_REMINDERS,
    "Created": lambda event: to_the_second(event.created_at),
    "description": attrgetter("description"),
}


def header() -> list[str]:
    labels = {"Created": in_zone("Created"), **{field: column_label(field) for field in FIELDS}}
    return [labels.get(name, name) for name in _COLUMNS]


def rows(events: EventQuerySet) -> Iterator[Row]:
    return (row(event) for event in by_key(events.with_organizer()))


def row(event: Event) -> Row:
    return [value(event) for value in _COLUMNS.values()]
