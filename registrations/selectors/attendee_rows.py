"""Registrations as a table, without accounts, which organizers must not learn."""

import re
from collections.abc import Iterator
from contextlib import suppress

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.email_addresses import normalize_email
from eventhub.db.batches import by_key
from eventhub.spreadsheets.cells import in_zone, to_the_second
from eventhub.spreadsheets.exports import Row
from registrations.models import Registration, RegistrationQuerySet

READ = ("event__title", "event__date_time", "name", "contact_details", "phone", "status", "registration_date")
_BETWEEN_ADDRESSES = re.compile(r"[\s,;:<>()]+")


def header() -> list[str]:
    return [
        "Attendee ID",
        "Event ID",
        "Event",
        in_zone("Event begins"),
        "Name",
        "Email",
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
        _address(registration.contact_details),
        registration.contact_details,
        registration.phone,
        registration.get_status_display(),
        to_the_second(registration.registration_date),
    ]


def _address(details: str) -> str:
    """Return the first address in the contact details, with which an import finds the person again."""
    for part in _BETWEEN_ADDRESSES.split(details):
        with suppress(ValidationError):
            validate_email(normalize_email(part))
            return part
    return ""
