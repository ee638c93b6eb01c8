"""Changes of an event that concern its seats: its capacity, its status, its end."""

from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from eventhub.api.etags import UNCONDITIONAL, Precondition
from eventhub.db.batches import AT_ONCE
from eventhub.db.retry import retried
from eventhub.exceptions import HasAttendees, PreconditionFailed
from events.models import Event, EventStatus
from events.services.events import (
    EventValues,
    apply_beside_fields,
    apply_values,
    require_fields,
    resolve_step,
    values_to_close,
    values_to_open,
)
from events.services.series import note_overrides
from events.services.team import leave_as_organizer
from registrations.services import seats
from registrations.services.registration_sql import delete_some
from registrations.services.removals import note_actor
from registrations.services.status_changes import StatusChange, announce


class EventEdit(NamedTuple):
    """The changed event, the names of its changed fields, and how many were promoted from its queue."""

    event: Event
    changed: list[str]
    promoted: int


@retried
def edit_event(
    *,
    event_id: int,
    values: EventValues,
    by: User | None = None,
    condition: Precondition = UNCONDITIONAL,
    in_series: bool = False,
    now: datetime | None = None,
) -> EventEdit:
    """Change an event and serve its queue, in one transaction. Values that are already set change nothing.

    `in_series`: as a date of its series, which else leaves alone what is changed here.

    Raise EventNotFound, PreconditionFailed, Forbidden for what `by` may not change, CapacityBelowTaken, HasAttendees
    for a draft with live registrations, and a 400 for values that do not fit each other or a status that cannot follow.
    """
    with transaction.atomic():
        event = seats.lock_event(event_id)
        condition.require(event)
        was = event.status
        changed = apply_beside_fields(event, values, apply_values(event, values))
        if by is not None:
            require_fields(event, values.keys() & changed, by)
        if event.status == EventStatus.DRAFT != was and event.seats_taken + event.waitlisted:
            raise HasAttendees()
        if not changed:
            return EventEdit(event, [], 0)
        seats.save_event(event, [name for name in changed if name != "tags"])
        if "organizer" in changed:
            leave_as_organizer(event)
        if event.series_id is not None and not in_series:
            note_overrides(event, changed)
        return EventEdit(event, changed, seats.serve_queue(event, now=now or timezone.now()))


@retried
def apply_step(*, event_id: int, step: str, now: datetime | None = None) -> EventEdit:
    """Change an event's status by a step of events.services.events.STEPS, as `edit_event` does.

    A step that has been taken changes nothing. Raise a 400 where the event's status does not allow it.
    """
    with transaction.atomic():
        status = resolve_step(seats.lock_event(event_id), step)
        return edit_event(event_id=event_id, values={"status": status}, now=now)


@retried
def open_registration(*, event_id: int, now: datetime | None = None) -> EventEdit:
    """Open registration now. Raise a 400 where the event is not announced, or over."""
    now = now or timezone.now()
    with transaction.atomic():
        return edit_event(event_id=event_id, values=values_to_open(seats.lock_event(event_id), now), now=now)


@retried
def close_registration(*, event_id: int, now: datetime | None = None) -> EventEdit:
    """Close registration now, if it is open."""
    now = now or timezone.now()
    with transaction.atomic():
        return edit_event(event_id=event_id, values=values_to_close(seats.lock_event(event_id), now), now=now)


@retried
def delete_event(*, event_id: int, condition: Precondition = UNCONDITIONAL) -> None:
    """Delete an event and its registrations, if it exists. Raise PreconditionFailed."""
    with transaction.atomic():
        # Stronger than `lock_event`: who registers now waits, and then finds no event.
        event: Event | None = Event.objects.select_for_update().filter(pk=event_id).first()
        if event is not None:
            condition.require(event)
        elif condition.match is not None:
            raise PreconditionFailed()
        is_full_batch = True
        while is_full_batch:
            deleted = delete_some(event_id, AT_ONCE)
            note_actor(pk for pk, _ in deleted)
            announce(StatusChange(pk, event_id, status, None) for pk, status in deleted)
            is_full_batch = len(deleted) == AT_ONCE
        Event.objects.filter(pk=event_id).delete()
