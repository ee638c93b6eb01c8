"""Changes of an event that concern its seats: its capacity, its state, its end."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from eventhub.errors import HasAttendees
from eventhub.transactions import retried
from events.models import Event, EventStatus
from events.planning import EventValues, apply_values
from registrations import seats


@retried
def edit_event(*, event_id: int, values: EventValues, now: datetime | None = None) -> Event:
    """Changes an event and serves its queue, in one transaction: seats that were added, or that a closed queue was
    waiting beside, are given at once.

    A 400 for values that do not fit each other or a status that cannot follow, CapacityBelowTaken, HasAttendees for
    a draft with live registrations, EventNotFound. What is already so is not written.
    """
    with transaction.atomic():
        event = seats.lock_event(event_id)
        was = event.status
        changed = apply_values(event, values)
        if event.status == EventStatus.DRAFT != was and event.seats_taken + event.waitlisted:
            raise HasAttendees()
        if changed:
            seats.save_event(event, changed)
            seats.serve_queue(event, now=now or timezone.now())
        return event


@retried
def delete_event(*, event_id: int) -> None:
    """Deletes an event and its registrations. Deleting one that is gone already is no error."""
    with transaction.atomic():
        # Stronger than the lock for seats: who registers now waits, and then finds no event.
        Event.objects.select_for_update().filter(pk=event_id).first()
        Event.objects.filter(pk=event_id).delete()
