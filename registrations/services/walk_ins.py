"""Seats for people who come to the door without a registration."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import require
from eventhub.db.retry import retried
from eventhub.exceptions import EventFull
from eventhub.observability.metrics import counting_refusals
from registrations.models import Registration, RegistrationStatus
from registrations.services import seats
from registrations.services.eligibility import require_entry
from registrations.services.registration_sql import write_changes
from registrations.services.status_changes import StatusChange, announce


@counting_refusals
@retried
def register_walk_in(
    *, event_id: int, name: str, by: User, came_at: datetime | None = None, now: datetime | None = None
) -> Registration:
    """Give a seat to somebody who is at the door and has no account, and check them in.

    `came_at` is earlier where a device had no network: registration may have closed since, but a seat must be free now.
    Raise EventNotFound, Forbidden, RegistrationClosed or EventFull.
    """
    now = now or timezone.now()
    came_at = came_at or now
    with transaction.atomic():
        event = seats.lock_event(event_id)
        require(by, "event", "walk_in", event)
        require_entry(event, user_id=None, live=None, by=by, now=came_at if event.is_open(came_at) else now)
        if event.free_for_newcomers(now) <= 0:
            raise EventFull(can_wait=event.takes_queue(now))
        registration = Registration(
            event=event, user=None, name=name, status=RegistrationStatus.ATTENDED, status_since=came_at
        )
        registration.save(force_insert=True)
        seats.count_change(event, None, RegistrationStatus.ATTENDED)
        announce([StatusChange(registration.pk, event.pk, None, RegistrationStatus.ATTENDED)])
        return registration


def withdraw_walk_in(registration: Registration, *, now: datetime) -> None:
    """Cancel a walk-in whose event is locked, and pass the seat on."""
    registration.status = RegistrationStatus.CANCELLED
    write_changes(registration, ["status", *registration.stamp(now)])
    seats.count_change(registration.event, RegistrationStatus.ATTENDED, registration.status)
    announce([StatusChange(registration.pk, registration.event_id, RegistrationStatus.ATTENDED, registration.status)])
    seats.serve_queue(registration.event, now=now)
