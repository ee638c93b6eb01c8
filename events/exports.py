"""Events as a table, which `manage.py import_events` can read."""

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

from eventhub.db.batches import by_key
from eventhub.spreadsheets.cells import in_zone
from eventhub.spreadsheets.exports import Row
from events.imports.spreadsheet import FIELDS, column_label
from events.models import Event, EventQuerySet

# A field that can be imported has its own label.
_COLUMNS: dict[str, Callable[[Event], Any]] = {
    "Event ID": attrgetter("pk"),
    "title": attrgetter("title"),
    "status": Event.get_status_display,
    "date_time": attrgetter("date_time"),
    "end_time": attrgetter("end_time"),
    "location": attrgetter("location"),
    "Organizer": attrgetter("organizer.public_profile.public_name"),
    "max_capacity": attrgetter("max_capacity"),
    "Seats taken": attrgetter("seats_taken"),
    "Waiting": attrgetter("waitlisted"),
    "Queue": lambda event: "on" if event.waitlist else "off",
    "registration_opens": attrgetter("registration_opens"),
    "registration_closes": attrgetter("registration_closes"),
    "Created": attrgetter("created_at"),
    "description": attrgetter("description"),
}


def header() -> list[str]:
    labels = {"Created": in_zone("Created"), **{field: column_label(field) for field in FIELDS}}
    return [labels.get(name, name) for name in _COLUMNS]


def rows(events: EventQuerySet) -> Iterator[Row]:
    return ([value(event) for value in _COLUMNS.values()] for event in by_key(events.with_organizer()))
