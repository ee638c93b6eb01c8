"""Changes of an event that concern its seats: its capacity, its state, its end."""

from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from eventhub.api.etags import UNCONDITIONAL, Precondition
from eventhub.db.batches import AT_ONCE
from eventhub.db.retry import retried
from eventhub.exceptions import HasAttendees, PreconditionFailed
from events.models import Event, EventStatus
from events.services.events import EventValues, apply_values, closing, opening, status_after
from registrations.models import Registration
from registrations.services import seats


class Edited(NamedTuple):
    """What became of an edit: the event, the names of the fields that differ now, and how many of its queue got in."""

    event: Event
    changed: list[str]
    seated: int


@retried
def edit_event(
    *,
    event_id: int,
    values: EventValues,
    condition: Precondition = UNCONDITIONAL,
    now: datetime | None = None,
) -> Edited:
    """Changes an event and serves its queue, in one transaction: seats that were added, or that a closed queue was
    waiting beside, are given at once.

    PreconditionFailed where the event is not as `condition` says; a 400 for values that do not fit each other or a
    status that cannot follow, CapacityBelowTaken, HasAttendees for a draft with live registrations, EventNotFound. What
    is already so is not written.
    """
    with transaction.atomic():
        event = seats.lock_event(event_id)
        condition.require(event)
        was = event.status
        changed = apply_values(event, values)
        if event.status == EventStatus.DRAFT != was and event.seats_taken + event.waitlisted:
            raise HasAttendees()
        if not changed:
            return Edited(event, [], 0)
        seats.save_event(event, changed)
        return Edited(event, changed, seats.serve_queue(event, now=now or timezone.now()))


@retried
def take_step(*, event_id: int, step: str, now: datetime | None = None) -> Edited:
    """Changes an event's status as the step of that name in events.services.events.STEPS says, by the rules of
    `edit_event`.

    A 400 where the step is not for an event in its state. One that was taken already changes nothing.
    """
    with transaction.atomic():
        status = status_after(seats.lock_event(event_id), step)
        return edit_event(event_id=event_id, values={"status": status}, now=now)


@retried
def open_registration(*, event_id: int, now: datetime | None = None) -> Edited:
    """Lets people register from now on. A 400 where the event is not announced, or over."""
    now = now or timezone.now()
    with transaction.atomic():
        return edit_event(event_id=event_id, values=opening(seats.lock_event(event_id), now), now=now)


@retried
def close_registration(*, event_id: int, now: datetime | None = None) -> Edited:
    """Lets nobody register from now on. Where registration is not running, nothing changes."""
    now = now or timezone.now()
    with transaction.atomic():
        return edit_event(event_id=event_id, values=closing(seats.lock_event(event_id), now), now=now)


@retried
def delete_event(*, event_id: int, condition: Precondition = UNCONDITIONAL) -> None:
    """Deletes an event and its registrations. Deleting one that is gone already is no error, unless `condition` says
    how it should be: PreconditionFailed."""
    with transaction.atomic():
        # Stronger than the lock for seats: who registers now waits, and then finds no event.
        event: Event | None = Event.objects.select_for_update().filter(pk=event_id).first()
        if event is not None:
            condition.require(event)
        elif condition.match is not None:
            raise PreconditionFailed()
        entered = Registration.objects.order_by().filter(event=event_id).values("pk")
        while Registration.objects.filter(pk__in=entered[:AT_ONCE]).delete()[0] == AT_ONCE:
            pass
        Event.objects.filter(pk=event_id).delete()
