"""Events as a table; `manage.py import_events` reads it again."""

from collections.abc import Iterator

from eventhub.db.batches import by_key
from eventhub.spreadsheets.cells import in_zone
from eventhub.spreadsheets.exports import Row
from events.imports.spreadsheet import label
from events.models import Event, EventQuerySet


def header() -> list[str]:
    return [
        "Event ID",
        label("title"),
        label("status"),
        label("date_time"),
        label("end_time"),
        label("location"),
        "Organizer",
        label("max_capacity"),
        "Seats taken",
        "Waiting",
        "Queue",
        label("registration_opens"),
        label("registration_closes"),
        in_zone("Created"),
        label("description"),
    ]


def rows(events: EventQuerySet) -> Iterator[Row]:
    """The events of a queryset that is the caller's to scope, in the order of their ids. One query for each batch."""
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
