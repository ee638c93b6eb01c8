"""The body of an event, written out from a row: it is read more than anything else."""

from datetime import datetime
from typing import Any, NamedTuple, Self

from accounts.models import User
from eventhub.api.etags import edition_of
from eventhub.db.compiled_queries import Statement
from eventhub.exceptions import EventNotFound
from events.models import Event, edited, is_visible


class EventRow(NamedTuple):
    """What the body says, under the names that a queryset knows it by."""

    pk: int
    title: str
    description: str
    date_time: datetime
    end_time: datetime | None
    location: str
    organizer_id: int
    max_capacity: int
    seats_taken: int
    waitlist: bool
    waitlisted: int
    status: str
    registration_opens: datetime | None
    registration_closes: datetime | None
    created_at: datetime
    updated_at: datetime
    organizer__username: str
    organizer__profile__name: str | None
    organizer__profile__contact: str | None

    @classmethod
    def of(cls, event: Event) -> Self:
        """The row of an event that is at hand, with its organizer."""
        organizer, profile = event.organizer, event.organizer.public_profile
        own = (getattr(event, name) for name in cls._fields[:-3])
        return cls._make((*own, organizer.username, profile.name, profile.contact))

    @property
    def edition(self) -> str:
        """As `Event.edition`."""
        return edition_of(edited(self))

    def body(self) -> dict[str, Any]:
        """The contract's object; times are datetimes in UTC."""
        # Taken apart at once: fifty rows of a page, a name at a time, would take twice as long.
        (pk, title, description, date_time, end_time, location, organizer_id, max_capacity, *rest) = self
        seats_taken, waitlist, waitlisted, status, opens, closes, created_at, updated_at, username, name, contact = rest
        return {
            "event_id": pk,
            "title": title,
            "description": description,
            "date_time": date_time,
            "end_time": end_time,
            "location": location,
            "organizer_id": organizer_id,
            "organizer": {"user_id": organizer_id, "name": name or username, "contact": contact or ""},
            "max_capacity": max_capacity,
            "seats_taken": seats_taken,
            "seats_left": self.max_capacity - self.seats_taken,
            "waitlist": waitlist,
            "waitlisted": waitlisted,
            "status": status,
            "registration_opens": opens,
            "registration_closes": closes,
            "created_at": created_at,
            "updated_at": updated_at,
        }


_BY_ID = Statement(lambda event_id: Event.objects.order_by().filter(pk=event_id).values_list(*EventRow._fields))


def event_row(event_id: int, user: User) -> EventRow:
    """The event of that id as `user` may know of it; EventNotFound as for `EventManager.find`."""
    for row in map(EventRow._make, _BY_ID.rows(event_id)):
        if is_visible(row.status, row.organizer_id, user):
            return row
    raise EventNotFound()
