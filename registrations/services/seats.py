"""Who gets a seat. Every path that gives, takes or moves one ends here.

The database guarantees (registrations/triggers); this module decides, and decides the same for everybody; what stands
in the way of a newcomer is in registrations/services/eligibility.py. A plain registration is one INSERT that the
database refuses
when the last seat has just gone. Whatever reads before it writes locks the event first (`lock_event`), then looks. A
seat that gets free goes to the queue in the same transaction, so nobody outside ever sees it free.

Every function takes `by`, who asks, and `now`, a UTC time, for tests. Refusals are those of eventhub/exceptions.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from accounts.permissions import require
from eventhub.api.etags import UNCONDITIONAL, Precondition
from eventhub.db.batches import AT_ONCE
from eventhub.db.compiled_queries import Statement
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
from eventhub.observability.metrics import counting_refusals, promoted
from events.models import Event
from registrations import metrics
from registrations.models import LIVE, SEATED, Registration, RegistrationStatus, Transition
from registrations.services.eligibility import live_registration, look, require_entry, require_seat, seat_or_queue
from registrations.services.registration_sql import insert_if_unchanged, seat_first, write_changes

REGISTERED, WAITLISTED, ATTENDED, CANCELLED = (
    RegistrationStatus.REGISTERED,
    RegistrationStatus.WAITLISTED,
    RegistrationStatus.ATTENDED,
    RegistrationStatus.CANCELLED,
)


# Locking -------------------------------------------------------------------------------------------------------------


_LOCK = Statement(lambda event_id: Event.objects.order_by().select_for_update(no_key=True).filter(pk=event_id))
# Locks are taken in the order of `of`, and a row that is locked is read as it is then: the registration, too, is what
# it is under its event's lock, where a join to a locked row alone would show it as it was before the wait.
_LOCK_WITH_EVENT = Statement(
    lambda pk: (
        Registration.objects.with_event().order_by().select_for_update(of=("event", "self"), no_key=True).filter(pk=pk)
    )
)


def lock_event(event_id: int) -> Event:
    """The event with its counts, locked until the transaction ends: nobody else gives or takes a seat of it."""
    event: Event | None = _LOCK.first(event_id)
    if event is None:
        raise EventNotFound()
    return event


def lock_registration(registration: Registration) -> Registration:
    """The registration as it is now, with its event; the event is locked first. AttendeeNotFound."""
    current: Registration | None = _LOCK_WITH_EVENT.first(registration.pk)
    if current is None:
        raise AttendeeNotFound()
    return current


# Getting in ----------------------------------------------------------------------------------------------------------


@counting_refusals
@retried
def register(
    *,
    event: Event,
    user: User,
    by: User,
    name: str | None = None,
    contact_details: str | None = None,
    now: datetime | None = None,
) -> Registration:
    """A seat for `user`, in one statement, which holds the event to what `admission.look` saw of it.

    AlreadyRegistered, RegistrationClosed or EventFull where it is refused, in this order.
    """
    now = now or timezone.now()
    for _ in range(ATTEMPTS):
        live: int | None = event.live_attendee_id  # type: ignore[attr-defined]
        require_seat(event, user_id=user.pk, live=live, by=by, now=now)
        registration = _new(event, user, by, name, contact_details)
        registration.registration_date = registration.updated_at = registration.status_since = now
        with _refusals(registration, event, now):
            pk = insert_if_unchanged(registration, queue_matters=event.serves_queue(now))
        if pk is not None:
            registration.pk = pk
            metrics.changed(None, REGISTERED)
            return registration
        event = look(event_id=event.pk, user_id=user.pk, by=by)
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
    now: datetime | None = None,
) -> Registration:
    """A seat if one is free and nobody waits, else the queue's end; EventFull where the queue is closed too."""
    now = now or timezone.now()
    with transaction.atomic():
        event = lock_event(event.pk)
        require_entry(event, user_id=user.pk, live=live_registration(event, user.pk), by=by, now=now)
        registration = _new(event, user, by, name, contact_details)
        registration.status, registration.status_since = seat_or_queue(event, now), now
        with _refusals(registration, event, now):
            registration.save(force_insert=True)
        count_change(event, None, registration.status)
        _give_seats_on(registration, now)
        return registration


# Changing and leaving ------------------------------------------------------------------------------------------------


@retried
def update(
    *,
    registration: Registration,
    by: User,
    status: str | None = None,
    name: str | None = None,
    contact_details: str | None = None,
    only_from: str | None = None,
    condition: Precondition = UNCONDITIONAL,
    now: datetime | None = None,
) -> Registration:
    """The registration, read again under its event's lock, with the person's details and the status changed.

    PreconditionFailed where it is not as `condition` says; a 400 for a change of status that the contract's table does
    not have, or, where `only_from` is given, from another status; Forbidden for one that is the organizer's, a conflict
    as for a new registration where a cancelled one is taken up again. Asking for what is already so changes nothing.
    """
    now = now or timezone.now()
    with transaction.atomic():
        registration = lock_registration(registration)
        condition.require(registration)
        event, was = registration.event, registration.status
        details = {"name": name, "contact_details": contact_details}
        changed = [key for key, text in details.items() if text not in (None, getattr(registration, key))]
        for key in changed:
            setattr(registration, key, details[key])
        if status not in (None, was):
            _require_status(registration, only_from or was)
            changed += [*_change_status(registration, str(status), by, now), *registration.stamp(now)]
        if changed:
            with _refusals(registration, event, now) if registration.status in LIVE else nullcontext():
                write_changes(registration, changed)
            count_change(event, was, registration.status)
            _give_seats_on(registration, now)
        return registration


def require_transition(*, registration: Registration, to: str, by: User) -> None:
    """What can be said of a change of status without looking at seats: a 400 for one that the contract's table does
    not have, Forbidden for one that is the organizer's."""
    if to == registration.status:
        return
    if to == WAITLISTED and registration.status in SEATED:
        raise Invalid({"status": ["Who has a seat cannot go back to the queue."]})
    if ATTENDED in (registration.status, to):
        require(by, "attendee", "check_in", registration)


def cancel(*, registration: Registration, by: User, now: datetime | None = None) -> Registration:
    """Gives up a seat, or a place in the queue. The seat is the first in the queue's."""
    return update(registration=registration, by=by, status=CANCELLED, now=now)


def reinstate(*, registration: Registration, by: User, now: datetime | None = None) -> Registration:
    """Takes a cancelled registration up again, by the rules of a new one."""
    return update(registration=registration, by=by, status=REGISTERED, now=now)


@retried
def remove(
    *, registration: Registration, by: User, condition: Precondition = UNCONDITIONAL, now: datetime | None = None
) -> None:
    """Cancels and forgets. One that was marked attended is the organizer's to remove; PreconditionFailed where it is
    not as `condition` says."""
    with transaction.atomic():
        registration = lock_registration(registration)
        condition.require(registration)
        if registration.status == ATTENDED:
            require(by, "attendee", "check_in", registration)
        event, was = registration.event, registration.status
        registration.delete()
        count_change(event, was, None)
        serve_queue(event, now=now or timezone.now())


# The queue -----------------------------------------------------------------------------------------------------------


@retried
def promote(*, event_id: int, now: datetime | None = None) -> int:
    """Gives the event's free seats to its queue, in order; how many it gave."""
    with transaction.atomic():
        return serve_queue(lock_event(event_id), now=now or timezone.now())


@retried
def resize(*, event_id: int, max_capacity: int, now: datetime | None = None) -> int:
    """Sets the seats of an event and seats its queue; how many got in. CapacityBelowTaken, or EventNotFound."""
    with transaction.atomic():
        event = lock_event(event_id)
        event.max_capacity = max_capacity
        save_event(event, ["max_capacity"])
        return serve_queue(event, now=now or timezone.now())


@retried
def requeue(*, registration: Registration, by: User, now: datetime | None = None) -> bool:
    """Moves who waits behind all others who do; False where they are the last. A 400 for who does not wait.

    The number is taken as the triggers take it, under the event's lock. Its status stays, so that the log, which the
    triggers write for a change of status, is told here.
    """
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
        _give_seats_on(registration, now)
        return True


def save_event(event: Event, changed: list[str]) -> None:
    """Writes the named fields of a locked event. CapacityBelowTaken for fewer seats than are taken."""
    if event.seats_left < 0:
        raise CapacityBelowTaken()
    event.save(update_fields=[*changed, "updated_at"])


def serve_queue(event: Event, *, now: datetime) -> int:
    """As `promote`, for an event locked in this transaction and read since its last change."""
    if event.seats_left <= 0 or not event.waitlisted or not event.serves_queue(now):
        return 0
    left = event.seats_left
    while left:
        piece = min(left, AT_ONCE)
        got_in = seat_first(event.pk, piece, now=now)
        left -= got_in
        if got_in < piece:
            break
    promoted(event.seats_left - left)
    return event.seats_left - left


# What the functions above, and an import of many, are made of --------------------------------------------------------


def _require_status(registration: Registration, status: str) -> None:
    if registration.status != status:
        now, wanted = RegistrationStatus(registration.status).label.lower(), RegistrationStatus(status).label.lower()
        raise Invalid({"status": [f"This is for who is {wanted}, not {now}."]})


def _new(event: Event, user: User, by: User, name: str | None, contact_details: str | None) -> Registration:
    """A registration named after the account; an organizer who adds somebody learns no address by it."""
    own_address = user.email if by == user or by.is_admin else ""
    return Registration(
        event=event,
        user=user,
        name=user.username if name is None else name,
        contact_details=own_address if contact_details is None else contact_details,
    )


def _change_status(registration: Registration, to: str, by: User, now: datetime) -> list[str]:
    """Sets another status on a locked registration, unsaved; the names of the fields that it changed."""
    was, event = registration.status, registration.event
    require_transition(registration=registration, to=to, by=by)
    if was == CANCELLED:
        return _take_up_again(registration, to, by, now)
    if was == WAITLISTED and to in SEATED and not (to == ATTENDED and _may_sit_down(registration, now)):
        raise EventFull(can_wait=event.takes_queue(now))
    registration.status = to
    return ["status"]


def _take_up_again(registration: Registration, to: str, by: User, now: datetime) -> list[str]:
    event, user_id = registration.event, registration.user_id
    live = live_registration(event, user_id)
    if to == WAITLISTED:
        require_entry(event, user_id=user_id, live=live, by=by, now=now)
        to = seat_or_queue(event, now)
    else:
        require_seat(event, user_id=user_id, live=live, by=by, now=now)
    registration.status, registration.registration_date = to, now
    return ["status", "registration_date"]


def _may_sit_down(registration: Registration, now: datetime) -> bool:
    """Whether someone who waits and has come may have a free seat: where a queue is served, only its first."""
    event = registration.event
    return event.seats_left > 0 and (not event.serves_queue(now) or registration.waitlist_position() == 1)


def _give_seats_on(registration: Registration, now: datetime) -> None:
    """Serves the queue after a change of this row, which may itself be the next, where raw SQL had freed a seat."""
    if serve_queue(registration.event, now=now) and registration.status == WAITLISTED:
        registration.refresh_from_db(fields=["status", "updated_at"])


def count_change(event: Event, was: str | None, becomes: str | None) -> None:
    """What the triggers did to the locked event's counts, without reading them again."""
    event.seats_taken += (becomes in SEATED) - (was in SEATED)
    event.waitlisted += (becomes == WAITLISTED) - (was == WAITLISTED)
    metrics.changed(was, becomes)


@contextmanager
def _refusals(registration: Registration, event: Event, now: datetime) -> Iterator[None]:
    """Turns the database's refusal of a write inside into the same exception that a look beforehand raises."""
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
            live = live_registration(event, registration.user_id)
            if live is not None:
                raise AlreadyRegistered(attendee_id=live) from None
        raise
