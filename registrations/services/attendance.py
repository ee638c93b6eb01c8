"""Check-ins of people who have a seat. It stays taken, so nothing here locks the event."""

from copy import copy
from datetime import datetime

from django.db import connection, transaction

from accounts.models import User
from accounts.permissions import require
from eventhub.db.retry import retried
from registrations.models import SEATED, Registration, RegistrationStatus
from registrations.services.registration_sql import write_changes, write_if_unchanged
from registrations.services.status_changes import StatusChange, announce, follow_check_in


def mark_attended(registration: Registration, *, now: datetime) -> None:
    """Check in a locked registration that has a seat."""
    _write(registration, RegistrationStatus.ATTENDED, now)


def unmark_attended(registration: Registration, *, now: datetime) -> None:
    """Undo the check-in of a locked registration."""
    _write(registration, RegistrationStatus.REGISTERED, now)


@retried
def move_seated(registration: Registration, to: str | None, by: User, now: datetime) -> Registration | None:
    """Check in, or undo it, without a lock; return None where the row may have changed since it was read.

    Raise Forbidden.
    In a caller's transaction the lock of the row would stay, and the event's could follow it: the wrong order.
    """
    was = registration.status
    if {was, to} != set(SEATED) or connection.in_atomic_block:
        return None
    require(by, "attendee", "check_in", registration)
    moved = copy(registration)
    moved.status = str(to)
    with transaction.atomic():
        if not write_if_unchanged(moved, ["status", *moved.stamp(now), *moved.end_hold()], was=was):
            return None
        follow_check_in(moved, was, by, now)
        announce([StatusChange(moved.pk, moved.event_id, was, moved.status)])
    return moved


def _write(registration: Registration, to: RegistrationStatus, now: datetime) -> None:
    was, registration.status = registration.status, to
    write_changes(registration, ["status", *registration.stamp(now), *registration.end_hold()])
    announce([StatusChange(registration.pk, registration.event_id, was, to)])
