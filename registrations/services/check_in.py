"""What an organizer does with one registration, told whom it concerned: each is a rule of seats.py, asked for what can
follow from the status that the organizer saw."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from accounts.permissions import require
from eventhub.db.retry import retried
from registrations.models import Registration
from registrations.services import seats
from registrations.services.seats import ATTENDED, CANCELLED, REGISTERED

# Of those whom the queue seats, so many are named.
NAMED = 10


class Outcome(NamedTuple):
    """Whether it changed anything, and who got a seat from the queue by it, at most NAMED."""

    changed: bool
    seated: list[Registration]


Rule = Callable[..., Outcome]


def check_in(*, registration: Registration, by: User, now: datetime | None = None) -> Outcome:
    """Marks who has come, also a walk-in who had cancelled, or waits, where a seat is free. EventFull."""
    return _changing(registration, by, ATTENDED, None, now)


def undo_check_in(*, registration: Registration, by: User, now: datetime | None = None) -> Outcome:
    """As it was before `check_in`: registered. A 400 for who is neither."""
    return _changing(registration, by, REGISTERED, ATTENDED, now)


def reinstate(*, registration: Registration, by: User, now: datetime | None = None) -> Outcome:
    """Takes a cancelled one up again, where a seat is free. A 400 for who waits or has come; EventFull and the rest."""
    return _changing(registration, by, REGISTERED, CANCELLED, now)


def cancel(*, registration: Registration, by: User, now: datetime | None = None) -> Outcome:
    """Gives the seat, or the place in the queue, to the next."""
    now = now or timezone.now()

    def act() -> bool:
        return _moved(seats.cancel(registration=registration, by=by, now=now), now)

    return _telling(registration, by, now, act)


def requeue(*, registration: Registration, by: User, now: datetime | None = None) -> Outcome:
    """Moves who waits to the end of the queue. A 400 for who does not."""
    now = now or timezone.now()

    def act() -> bool:
        return seats.requeue(registration=registration, by=by, now=now)

    return _telling(registration, by, now, act)


def remove(*, registration: Registration, by: User, now: datetime | None = None) -> Outcome:
    """Cancels and forgets. AttendeeNotFound where it is gone already."""
    now = now or timezone.now()

    def act() -> bool:
        seats.remove(registration=registration, by=by, now=now)
        return True

    return _telling(registration, by, now, act)


def _changing(registration: Registration, by: User, to: str, only_from: str | None, now: datetime | None) -> Outcome:
    require(by, "attendee", "check_in", registration)
    now = now or timezone.now()
    changed = seats.update(registration=registration, by=by, status=to, only_from=only_from, now=now)
    return Outcome(_moved(changed, now), [])


@retried
def _telling(registration: Registration, by: User, now: datetime, act: Callable[[], bool]) -> Outcome:
    """Does it under the event's lock, so that those who wait beforehand are those whom it may seat."""
    require(by, "attendee", "check_in", registration)
    with transaction.atomic():
        event = seats.lock_registration(registration).event
        first = list(_queue(event.pk)) if event.waitlisted else []
        changed = act()
        seated = Registration.objects.filter(pk__in=first, status=REGISTERED, status_since=now)
        return Outcome(changed, list(seated) if changed and first else [])


def _queue(event_id: int) -> Any:
    waiting = Registration.objects.waiting().filter(event=event_id)
    return waiting.order_by(F("queue_number").asc(nulls_last=True), "pk").values_list("pk", flat=True)[:NAMED]


def _moved(registration: Registration, now: datetime) -> bool:
    return registration.status_since == now
