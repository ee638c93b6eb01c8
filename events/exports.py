"""Events as a table, which `manage.py import_events` can read."""

from collections.abc import Iterator

from eventhub.db.batches import by_key
from eventhub.spreadsheets.cells import in_zone
from eventhub.spreadsheets.exports import Row
from events.imports.spreadsheet import column_label
from events.models import Event, EventQuerySet


def header() -> list[str]:
    return [
        "Event ID",
        column_label("title"),
        column_label("status"),
        column_label("date_time"),
        column_label("end_time"),
        column_label("location"),
        "Organizer",
        column_label("max_capacity"),
        "Seats taken",
        "Waiting",
        "Queue",
        column_label("registration_opens"),
        column_label("registration_closes"),
        in_zone("Created"),
        column_label("description"),
    ]


def rows(events: EventQuerySet) -> Iterator[Row]:
    """Yield the events by id, one query a batch. The caller restricts what may be seen."""
    return (_row(event) for event in by_key(events.with_organizer()))


def _row(event: Event) -> Row:
    return [
        event.pk,
        event.title,
        event.get_status_display(),
        event.date_time,
        event.end_time,
        event.location,
        event.organizer.public_profile.public_name,
        event.max_capacity,
        event.seats_taken,
        event.waitlisted,
        "on" if event.waitlist else "off",
        event.registration_opens,
        event.registration_closes,
        event.created_at,
        event.description,
    ]
