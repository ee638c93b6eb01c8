"""Registrations as a table, without accounts, which organizers must not learn."""

from collections.abc import Iterator

from eventhub.db.batches import by_key
from eventhub.spreadsheets.cells import in_zone, to_the_second
from eventhub.spreadsheets.exports import Row
from registrations.models import Registration, RegistrationQuerySet

READ = ("event__title", "event__date_time", "name", "contact_details", "phone", "status", "registration_date")


def header() -> list[str]:
    return [
        "Attendee ID",
        "Event ID",
        "Event",
        in_zone("Event begins"),
        "Name",
        "Contact details",
        "Phone",
        "Status",
        in_zone("Registered"),
    ]


def rows(registrations: RegistrationQuerySet) -> Iterator[Row]:
    return (_row(registration) for registration in by_key(registrations.with_event().only(*READ)))


def _row(registration: Registration) -> Row:
    event = registration.event
    return [
        registration.pk,
        event.pk,
        event.title,
        event.date_time,
        registration.name,
        registration.contact_details,
        registration.phone,
        registration.get_status_display(),
        to_the_second(registration.registration_date),
    ]
