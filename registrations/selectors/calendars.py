"""Registrations as calendar entries."""

from events.calendar_entry import Method, Standing, calendar_entry, last_modified
from registrations.models import Registration, RegistrationStatus

STANDINGS = {
    RegistrationStatus.WAITLISTED: Standing.WAITING,
    RegistrationStatus.CANCELLED: Standing.CANCELLED,
}


def registration_entry(registration: Registration) -> bytes:
    """Return the file of a registration, read with its event and organizer. It names no person."""
    event, since = registration.event, registration.status_since
    return calendar_entry(
        event,
        method=Method.PUBLISH,
        stamp=last_modified(event, since),
        status_since=since,
        standing=standing_of(registration.status),
    )


def standing_of(status: str) -> Standing:
    return STANDINGS.get(RegistrationStatus(status), Standing.CONFIRMED)
