"""The rules of an event by itself: who may give it to whom, what it may become. Seats are registrations/' concern."""

from datetime import datetime
from typing import TypedDict

from rest_framework.exceptions import ValidationError

from accounts.models import User
from accounts.permissions import require
from events.models import MAY_BECOME, Event, EventStatus


class EventValues(TypedDict, total=False):
    """What people may set of an event. Times are UTC."""

    title: str
    description: str
    date_time: datetime
    end_time: datetime | None
    location: str
    organizer: User
    max_capacity: int
    waitlist: bool
    status: str
    registration_opens: datetime | None
    registration_closes: datetime | None
    uid: str


def find_organizer(*, user_id: int | None, by: User, owner_id: int) -> User | None:
    """The organizer that `by` names by id, or None for no change from `owner_id`.

    Forbidden where naming another is not theirs to do; a 400 for someone who is neither organizer nor admin.
    """
    if user_id is None or user_id == owner_id:
        return None
    require(by, "event", "assign")
    organizer = User.objects.select_related("profile").filter(pk=user_id).first()
    if organizer is None or not organizer.is_organizer:
        raise ValidationError({"organizer_id": ["This user is not an organizer."]})
    return organizer


def create_event(*, organizer: User, values: EventValues) -> Event:
    """A new event. A 400 where times are out of order."""
    event = Event(**{"organizer": organizer, **values})
    event.clean()
    event.save()
    return event


def apply_values(event: Event, values: EventValues) -> list[str]:
    """Sets `values` on the event, unsaved, and returns the names of the fields that differ now.

    A 400 for a status that cannot follow the present one, and for times out of order.
    """
    status = values.get("status", event.status)
    if status != event.status and status not in MAY_BECOME[event.status]:
        was, becomes = EventStatus(event.status).label.lower(), EventStatus(status).label.lower()
        raise ValidationError({"status": [f"An event that is {was} cannot become {becomes}."]})
    changed = [name for name, value in values.items() if getattr(event, name) != value]
    for name in changed:
        setattr(event, name, values[name])  # type: ignore[literal-required]
    event.clean()
    return changed
