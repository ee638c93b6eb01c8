"""Changes of one registration in the back office, restricted to the statuses of their buttons.

All raise Forbidden, AttendeeNotFound, and a 400 where the status no longer fits.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from accounts.permissions import allowed, require
from eventhub.db.retry import retried
from events.models import EventStatus
from registrations.exceptions import NotOffered
from registrations.models import SEATED, Registration
from registrations.services import cancellation_reasons, holds, seats
from registrations.services.seats import ATTENDED, CANCELLED, REGISTERED, WAITLISTED

MAX_NAMED = 10
NOT_BY_HELPERS = "Has no seat"


class CheckInResult(NamedTuple):
    """Whether anything changed, and at most MAX_NAMED promoted registrations."""

    changed: bool
    promoted: list[Registration]


Rule = Callable[..., CheckInResult]


def check_in(*, registration: Registration, by: User, now: datetime | None = None) -> CheckInResult:
    """Mark as attended. People who wait or have cancelled need a free seat, and a manager. Raise EventFull."""
    return _set_status(registration, by, ATTENDED, None, now)


def seat_obstacle(registration: Registration, by: User, now: datetime) -> str:
    """Return why `by` can give it no seat now, or an empty text. Read it `with_successors`."""
    event = registration.event
    if registration.status not in SEATED and not allowed(by, "attendee", "manage", registration):
        return NOT_BY_HELPERS
    if registration.status == CANCELLED:
        if event.status == EventStatus.CANCELLED:
            return "Event is cancelled"
        if registration.has_successor:  # type: ignore[attr-defined]
            return "Registered again"
        return "" if event.free_for_newcomers(now) > 0 else "Event is full"
    return "Event is full" if registration.status == WAITLISTED and event.seats_left <= 0 else ""


def confirm(*, registration: Registration, by: User, now: datetime | None = None) -> CheckInResult:
    """Confirm a seat that is held for a guest; where none is held, nothing changes."""
    try:
        holds.confirm(registration=registration, by=by, now=now)
    except NotOffered:
        return CheckInResult(False, [])
    return CheckInResult(True, [])


def undo_check_in(*, registration: Registration, by: User, now: datetime | None = None) -> CheckInResult:
    return _set_status(registration, by, REGISTERED, ATTENDED, now)


def reinstate(*, registration: Registration, by: User, now: datetime | None = None) -> CheckInResult:
    require(by, "attendee", "manage", registration)
    return _set_status(registration, by, REGISTERED, CANCELLED, now)


def cancel(*, registration: Registration, by: User, reason: str = "", now: datetime | None = None) -> CheckInResult:
    now = now or timezone.now()

    def act() -> bool:
        done = cancellation_reasons.update(registration=registration, by=by, status=CANCELLED, reason=reason, now=now)
        return done.status_since == now

    return _with_promoted(registration, by, now, act)


def requeue(*, registration: Registration, by: User, now: datetime | None = None) -> CheckInResult:
    now = now or timezone.now()
    return _with_promoted(registration, by, now, lambda: seats.requeue(registration=registration, by=by, now=now))


def remove(*, registration: Registration, by: User, now: datetime | None = None) -> CheckInResult:
    now = now or timezone.now()

    def act() -> bool:
        seats.remove(registration=registration, by=by, now=now)
        return True

    return _with_promoted(registration, by, now, act)


def _set_status(
    registration: Registration, by: User, to: str, only_from: str | None, now: datetime | None
) -> CheckInResult:
    require(by, "attendee", "check_in", registration)
    now = now or timezone.now()
    changed = seats.update(registration=registration, by=by, status=to, only_from=only_from, now=now)
    return CheckInResult(changed.status_since == now, [])


@retried
def _with_promoted(registration: Registration, by: User, now: datetime, act: Callable[[], bool]) -> CheckInResult:
    """Act under the lock of the event, and find who was promoted from the queue."""
    require(by, "attendee", "manage", registration)
    with transaction.atomic():
        event = seats.lock_registration(registration).event
        head = list(_head_of_queue(event.pk)) if event.waitlisted else []
        changed = act()
        promoted = Registration.objects.filter(pk__in=head, status=REGISTERED, status_since=now)
        return CheckInResult(changed, list(promoted) if changed and head else [])


def _head_of_queue(event_id: int) -> Any:
    waiting = Registration.objects.waiting().filter(event=event_id)
    return waiting.order_by(F("queue_number").asc(nulls_last=True), "pk").values_list("pk", flat=True)[:MAX_NAMED]
