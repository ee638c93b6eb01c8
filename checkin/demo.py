"""A ticket of the demo, to look at."""

from checkin.services.tickets import Ticket, ticket_of
from registrations.models import Registration, RegistrationStatus


def first_ticket() -> Ticket | None:
    """Return the ticket of the first person with a seat at the next event."""
    seated = Registration.objects.with_event().filter(status=RegistrationStatus.REGISTERED, event__status="upcoming")
    registration = seated.order_by("event__date_time", "event_id", "name", "pk").first()
    return registration and ticket_of(registration)
