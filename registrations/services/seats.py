"""Who gets a seat: the rules for one registration, and the queue that every path serves through `serve_queue`.

A plain registration is one INSERT, which the database refuses (registrations/triggers) when the last seat has just
gone. Everything that reads before it writes locks the event first (`lock_event`). A freed seat goes to the queue in
the same transaction. `by` is the user who acts; `now` is UTC.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from copy import copy
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from accounts.permissions import require
from eventhub import tasks
from eventhub.api.etags import UNCONDITIONAL, Precondition
from eventhub.db.batches import AT_ONCE
from eventhub.db.compiled_queries import CompiledQuery
from eventhub.db.retry import ATTEMPTS, one_statement, retried, violated
from eventhub.exceptions import (
    AlreadyRegistered,
    AttendeeNotFound,
    CapacityBelowTaken,
    EventFull,
    EventNotFound,
    Invalid,
    Unavailable,
)
from eventhub.observability.metrics import counting_refusals
from events.models import Event
from registrations.models import LIVE, SEATED, Registration, RegistrationStatus, Transition
from registrations.services.eligibility import (
    decide_status,
    find_double,
    find_live_registration,
    get_event_for_registration,
    require_entry,
    require_seat,
)
from registrations.services.registration_sql import (
    insert_if_unchanged,
    promote_first,
    write_changes,
    write_if_unchanged,
)
from registrations.services.removals import note_actor
from registrations.services.status_changes import StatusChange, announce

REGISTERED, WAITLISTED, ATTENDED, CANCELLED = (
    RegistrationStatus.REGISTERED,
    RegistrationStatus.WAITLISTED,
    RegistrationStatus.ATTENDED,
    RegistrationStatus.CANCELLED,
)
_IN_WORDS: dict[str, str] = {
    REGISTERED: "registered",
    WAITLISTED: "on the waiting list",
    ATTENDED: "checked in",
    CANCELLED: "cancelled",
}

_LOCK = CompiledQuery(lambda event_id: Event.objects.order_by().select_for_update(no_key=True).filter(pk=event_id))
# The rows are locked in the order of `of`. "self" is locked too, because PostgreSQL reads a locked row again after a
# wait, but not the rows that are joined to it.
_LOCK_WITH_EVENT = CompiledQuery(
    lambda pk: (
        Registration.objects.with_event().order_by().select_for_update(of=("event", "self"), no_key=True).filter(pk=pk)
    )
)


def lock_event(event_id: int) -> Event:
    """Lock the event, and so its seats, until the transaction ends. Raise EventNotFound."""
    event: Event | None = _LOCK.first(event_id)
    if event is None:
        raise EventNotFound()
    return event


def lock_registration(registration: Registration) -> Registration:
    """Lock the event, then the registration; read both again. Raise AttendeeNotFound."""
    current: Registration | None = _LOCK_WITH_EVENT.first(registration.pk)
    if current is None:
        raise AttendeeNotFound()
    return current


@counting_refusals
@retried
def register(
    *,
    event: Event,
    user: User,
    by: User,
    name: str | None = None,
    contact_details: str | None = None,
    phone: str | None = None,
    by_address: bool = False,
    now: datetime | None = None,
) -> Registration:
    """Give `user` a seat, in one statement. `event` comes from `get_event_for_registration`.

    `by_address` says that `by` named the person by the address, and is not to learn of the account.
    Raise EmailNotVerified, AlreadyRegistered, RegistrationClosed or EventFull, in this order.
    """
    now = now or timezone.now()
    for _ in range(ATTEMPTS):
        live: int | None = event.live_attendee_id  # type: ignore[attr-defined]
        require_seat(event, user_id=user.pk, live=live, by=by, by_address=by_address, now=now)
        registration = _build(event, user, by, name, contact_details, phone)
        registration.added_by_address = by_address
        registration.registration_date = registration.updated_at = registration.status_since = now
        with _translate_refusals(registration, event, by, now):
            pk = insert_if_unchanged(registration, queue_matters=event.serves_queue(now))
        if pk is not None:
            registration.pk = pk
            announce([StatusChange(pk, event.pk, None, REGISTERED)])
            return registration
        event = get_event_for_registration(event_id=event.pk, user_id=user.pk, by=by)
    raise Unavailable()


@counting_refusals
@retried
def join_queue(
    *,
    event: Event,
    user: User,
    by: User,
    name: str | None = None,
    contact_details: str | None = None,
    phone: str | None = None,
    by_address: bool = False,
    now: datetime | None = None,
) -> Registration:
    """Give a seat if one is free for newcomers, else a place in the queue. Raise what `register` raises."""
    now = now or timezone.now()
    with transaction.atomic():
        event = lock_event(event.pk)
        live = find_live_registration(event, user.pk)
        require_entry(event, user_id=user.pk, live=live, by=by, by_address=by_address, now=now)
        registration = _build(event, user, by, name, contact_details, phone)
        registration.added_by_address = by_address
        registration.status, registration.status_since = decide_status(event, now), now
        with _translate_refusals(registration, event, by, now):
            registration.save(force_insert=True)
        _record_change(registration, None, registration.status)
        _pass_on_seats(registration, now)
        return registration


@retried
def update(
    *,
    registration: Registration,
    by: User,
    status: str | None = None,
    name: str | None = None,
    contact_details: str | None = None,
    phone: str | None = None,
    only_from: str | None = None,
    condition: Precondition = UNCONDITIONAL,
    now: datetime | None = None,
) -> Registration:
    """Change details and status of a registration, and return it as it is now.

    Raise PreconditionFailed; a 400 for an unknown transition or, with `only_from`, from another status; Forbidden for
    an organizer's transition; and what `register` raises when a cancelled one is reinstated.
    """
    now = now or timezone.now()
    details_stay = (name, contact_details, phone) == (None, None, None)
    if details_stay and only_from in (None, registration.status) and condition == UNCONDITIONAL:
        moved = _move_seated(registration, status, by, now)
        if moved is not None:
            return moved
    with transaction.atomic():
        registration = lock_registration(registration)
        condition.require(registration)
        event, was = registration.event, registration.status
        details = {"name": name, "contact_details": contact_details, "phone": phone}
        changed = [key for key, text in details.items() if text not in (None, getattr(registration, key))]
        for key in changed:
            setattr(registration, key, details[key])
        if status not in (None, was):
            _require_status(registration, only_from or was)
            changed += [*_change_status(registration, str(status), by, now), *registration.stamp(now)]
        if changed:
            with _translate_refusals(registration, event, by, now) if registration.status in LIVE else nullcontext():
                write_changes(registration, changed)
            _record_change(registration, was, registration.status)
            _pass_on_seats(registration, now)
        return registration


def require_transition(*, registration: Registration, to: str, by: User) -> None:
    """Raise a 400 for an unknown transition, Forbidden for an organizer's."""
    if to == registration.status:
        return
    if to == WAITLISTED and registration.status in SEATED:
        raise Invalid({"status": ["Who has a seat cannot go back to the queue."]})
    if ATTENDED in (registration.status, to):
        require(by, "attendee", "check_in", registration)


def cancel(*, registration: Registration, by: User, now: datetime | None = None) -> Registration:
    return update(registration=registration, by=by, status=CANCELLED, now=now)


def reinstate(*, registration: Registration, by: User, now: datetime | None = None) -> Registration:
    """Register a cancelled registration again, by the rules of a new one."""
    return update(registration=registration, by=by, status=REGISTERED, now=now)


@retried
def remove(
    *, registration: Registration, by: User, condition: Precondition = UNCONDITIONAL, now: datetime | None = None
) -> None:
    """Cancel and delete. Raise Forbidden for an attended one of others, PreconditionFailed."""
    with transaction.atomic():
        registration = lock_registration(registration)
        condition.require(registration)
        if registration.status == ATTENDED:
            require(by, "attendee", "check_in", registration)
        _record_change(registration, registration.status, None)
        pk = registration.pk
        registration.delete()
        note_actor([pk])
        serve_queue(registration.event, now=now or timezone.now())


@retried
def promote(*, event_id: int, now: datetime | None = None) -> int:
    """Give free seats to the queue, in order; return how many."""
    with transaction.atomic():
        return serve_queue(lock_event(event_id), now=now or timezone.now())


@retried
def resize(*, event_id: int, max_capacity: int, now: datetime | None = None) -> int:
    """Set the capacity, serve the queue and return how many. Raise CapacityBelowTaken, EventNotFound."""
    with transaction.atomic():
        event = lock_event(event_id)
        event.max_capacity = max_capacity
        save_event(event, ["max_capacity"])
        return serve_queue(event, now=now or timezone.now())


@retried
def requeue(*, registration: Registration, by: User, now: datetime | None = None) -> bool:
    """Move to the queue's end; return False where it is there already. Raise a 400 for any other status."""
    now = now or timezone.now()
    with transaction.atomic():
        registration = lock_registration(registration)
        require(by, "attendee", "check_in", registration)
        _require_status(registration, WAITLISTED)
        waiting = Registration.objects.waiting().filter(event=registration.event)
        last = waiting.aggregate(last=Max("queue_number"))["last"] or 0
        if registration.queue_number == last:
            return False
        registration.queue_number = last + 1
        registration.save(update_fields=["queue_number", "updated_at"])
        Transition.note(registration, was=WAITLISTED, at=now)
        _pass_on_seats(registration, now)
        return True


def save_event(event: Event, changed: list[str]) -> None:
    """Save the named fields of a locked event. Raise CapacityBelowTaken."""
    if event.seats_left < 0:
        raise CapacityBelowTaken()
    event.save(update_fields=[*changed, "updated_at", "saved_through"])
    transaction.on_commit(tasks.work_waits.set)


def serve_queue(event: Event, *, now: datetime) -> int:
    """Promote from the queue of a locked, current event; return how many."""
    if event.seats_left <= 0 or not event.waitlisted or not event.serves_queue(now):
        return 0
    left = event.seats_left
    while left:
        batch = min(left, AT_ONCE)
        promoted = promote_first(event.pk, batch, now=now)
        announce(StatusChange(pk, event.pk, WAITLISTED, REGISTERED) for pk in promoted)
        left -= len(promoted)
        if len(promoted) < batch:
            break
    return event.seats_left - left


def _require_status(registration: Registration, status: str) -> None:
    if registration.status != status:
        now, wanted = _IN_WORDS[registration.status], _IN_WORDS[status]
        raise Invalid({"status": [f"This is for people who are {wanted}, not {now}."]})


def _build(
    event: Event, user: User, by: User, name: str | None, contact_details: str | None, phone: str | None
) -> Registration:
    """Fill in details from the account, but hide its address from organizers."""
    own_address = user.email if by == user or by.is_admin else ""
    return Registration(
        event=event,
        user=user,
        name=user.username if name is None else name,
        contact_details=own_address if contact_details is None else contact_details,
        phone=phone or "",
    )


def _change_status(registration: Registration, to: str, by: User, now: datetime) -> list[str]:
    """Set the status, unsaved; return the names of the changed fields."""
    was, event = registration.status, registration.event
    require_transition(registration=registration, to=to, by=by)
    if was == CANCELLED:
        return _reinstate(registration, to, by, now)
    if was == WAITLISTED and to in SEATED and not (to == ATTENDED and _may_take_seat(registration, now)):
        raise EventFull(can_wait=event.takes_queue(now))
    registration.status = to
    return ["status"]


def _move_seated(registration: Registration, to: str | None, by: User, now: datetime) -> Registration | None:
    """Check in, or undo it, in one statement; return None where the row may have changed since it was read.

    The seat stays taken, so nobody at another door waits for the event's lock. In a caller's transaction the lock of
    the row would stay, and the event's could follow it: the wrong order.
    """
    was = registration.status
    if {was, to} != set(SEATED) or connection.in_atomic_block:
        return None
    require_transition(registration=registration, to=str(to), by=by)
    moved = copy(registration)
    moved.status = str(to)
    if not write_if_unchanged(moved, ["status", *moved.stamp(now)], was=was):
        return None
    announce([StatusChange(moved.pk, moved.event_id, was, moved.status)])
    return moved


def _reinstate(registration: Registration, to: str, by: User, now: datetime) -> list[str]:
    event, user_id, by_address = registration.event, registration.user_id, registration.added_by_address
    live = find_live_registration(event, user_id)
    if to == WAITLISTED:
        require_entry(event, user_id=user_id, live=live, by=by, by_address=by_address, now=now)
        to = decide_status(event, now)
    else:
        require_seat(event, user_id=user_id, live=live, by=by, by_address=by_address, now=now)
    registration.status, registration.registration_date = to, now
    return ["status", "registration_date"]


def _may_take_seat(registration: Registration, now: datetime) -> bool:
    """Allow a free seat only to the first of a served queue."""
    event = registration.event
    return event.seats_left > 0 and (not event.serves_queue(now) or registration.waitlist_position() == 1)


def _pass_on_seats(registration: Registration, now: datetime) -> None:
    if serve_queue(registration.event, now=now) and registration.status == WAITLISTED:
        registration.refresh_from_db(fields=["status", "updated_at"])


def _record_change(registration: Registration, was: str | None, becomes: str | None) -> None:
    count_change(registration.event, was, becomes)
    if was != becomes:
        announce([StatusChange(registration.pk, registration.event_id, was, becomes)])


def count_change(event: Event, was: str | None, becomes: str | None) -> None:
    """Change the counts of a locked event as the triggers did."""
    event.seats_taken += (becomes in SEATED) - (was in SEATED)
    event.waitlisted += (becomes == WAITLISTED) - (was == WAITLISTED)


@contextmanager
def _translate_refusals(registration: Registration, event: Event, by: User, now: datetime) -> Iterator[None]:
    """Turn a violated constraint into the exception of the matching check."""
    try:
        with one_statement():
            yield
    except IntegrityError as problem:
        constraint = violated(problem)
        if "event_seats_within_capacity" in constraint:
            raise EventFull(can_wait=event.takes_queue(now)) from None
        if "registration_event_exists" in constraint:
            raise EventNotFound() from None
        # SQLite names the columns of a unique index, not the index.
        if "registration_one_live_per_user" in constraint or "registrations_registration.user_id" in constraint:
            user_id, by_address = registration.user_id, registration.added_by_address
            live = find_live_registration(event, user_id)
            if live is not None:
                refusal = find_double(live, user_id=user_id, by=by, by_address=by_address)
                raise refusal or AlreadyRegistered() from None
        raise
