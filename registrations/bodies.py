"""The body of a registration, written out from a row: a crowd at the door reads it."""

from datetime import datetime
from typing import Any, NamedTuple, Self

from registrations.models import Registration
from registrations.services.eligibility import Eligibility


class AttendeeRow(NamedTuple):
    """What the body says, under the names that a queryset knows it by."""

    pk: int
    event_id: int
    user_id: int | None
    registration_date: datetime
    status: str
    name: str
    contact_details: str
    updated_at: datetime
    event__title: str
    event__date_time: datetime
    event__location: str
    event__status: str

    @classmethod
    def of(cls, registration: Registration) -> Self:
        """The row of a registration that is at hand, with its event."""
        event = registration.event
        own = (getattr(registration, name) for name in cls._fields[:8])
        return cls._make((*own, event.title, event.date_time, event.location, event.status))

    def body(self, waitlist_position: int | None = None) -> dict[str, Any]:
        """The contract's object; times are datetimes in UTC. The position costs a count, so lists leave it out."""
        # Taken apart at once, as in events/bodies.py.
        (pk, event_id, user_id, registration_date, status, name, contact_details, updated_at, *of_event) = self
        title, date_time, location, event_status = of_event
        return {
            "attendee_id": pk,
            "event_id": event_id,
            "event": {
                "event_id": event_id,
                "title": title,
                "date_time": date_time,
                "location": location,
                "status": event_status,
            },
            "user_id": user_id,
            "registration_date": registration_date,
            "status": status,
            "name": name,
            "contact_details": contact_details,
            "waitlist_position": waitlist_position,
            "updated_at": updated_at,
        }


def attendee_body(registration: Registration) -> dict[str, Any]:
    """The body of a single registration, with its place in the queue."""
    return AttendeeRow.of(registration).body(registration.waitlist_position())


def prospect_body(prospect: Eligibility) -> dict[str, Any]:
    """What somebody is told who asks before registering: with a refusal, what its answer would say."""
    event = prospect.event
    return {
        "allowed": prospect.refusal is None,
        "code": None,
        "msg": None,
        "can_wait": False,
        "seats_left": event.seats_left,
        "attendee_id": None,
        **(prospect.refusal.body if prospect.refusal else {}),
    }
