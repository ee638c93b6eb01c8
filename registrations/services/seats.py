"""Who gets a seat: the rules for one registration, and the queue that every path serves through `serve_queue`.

A plain registration is one INSERT, which the database refuses (registrations/triggers) when the last seat has just
gone. Everything that reads before it writes locks the event first (`lock_event`). A freed seat goes to the queue in
the same transaction. `by` is the user who acts; `now` is UTC.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from accounts.permissions import require
from eventhub import tasks
from eventhub.api.etags import UNCONDITIONAL, Precondition
from eventhub.db.batches import AT_ONCE
from eventhub.db.compiled_queries import CompiledQuery
from eventhub.db.retry import ATTEMPTS, retried
from eventhub.exceptions import (
    AttendeeNotFound,
    CapacityBelowTaken,
    EventFull,
    EventNotFound,
    Invalid,
    Unavailable,
)
from eventhub.observability.metrics import counting_refusals
from events.models import Event
from registrations.models import DETAILS, LIVE, SEATED, Registration, RegistrationStatus, Transition
from registrations.services import deadlines, newcomer_answers
from registrations.services.answer_erasure import pass_on
from registrations.services.attendance import move_seated
from registrations.services.eligibility import (
    decide_status,
    find_live_registration,
    get_event_for_registration,
    require_entry,
    require_seat,
)
from registrations.services.refusals import translated_refusals
from registrations.services.registration_sql import insert_if_unchanged, promote_first, write_changes
from registrations.services.removals import delete_registration
from registrations.services.status_changes import StatusChange, announce, follow_check_in

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
    answers: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Registration:
    """Give `user` a seat, in one statement, or two with answers. `event` comes from `get_event_for_registration`.

    `by_address` says that `by` named the person by the address, and is not to learn of the account.
    Raise a 400 for answers, EmailNotVerified, AlreadyRegistered, RegistrationClosed or EventFull, in this order.
    """
    now = now or timezone.now()
    for _ in range(ATTEMPTS):
        checked = newcomer_answers.check_newcomer(event, answers, for_organizer=user != by)
        live: int | None = event.live_attendee_id  # type: ignore[attr-defined]
        require_seat(event, user_id=user.pk, live=live, by=by, by_address=by_address, now=now)
        registration = _build(event, user, by, name, contact_details, phone)
        registration.added_by_address = by_address
        registration.registration_date = registration.updated_at = registration.status_since = now
        with transaction.atomic() if checked else nullcontext():
            with translated_refusals(registration, event, by, now):
                registration.pk = pk = insert_if_unchanged(registration, queue_matters=event.serves_queue(now))
            if pk is not None:
                newcomer_answers.insert(registration, checked)
        if pk is not None:
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
    answers: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Registration:
    """Give a seat if one is free for newcomers, else a place in the queue. Raise what `register` raises."""
    now = now or timezone.now()
    with transaction.atomic():
        event = lock_event(event.pk)
        checked = newcomer_answers.check_newcomer(event, answers, for_organizer=user != by)
        live = find_live_registration(event, user.pk)
        require_entry(event, user_id=user.pk, live=live, by=by, by_address=by_address, now=now)
        registration = _build(event, user, by, name, contact_details, phone)
        registration.added_by_address = by_address
        registration.status, registration.status_since = decide_status(event, now), now
        with translated_refusals(registration, event, by, now):
            registration.save(force_insert=True)
        newcomer_answers.insert(registration, checked)
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
    answers: Mapping[str, Any] | None = None,
    only_from: str | None = None,
    condition: Precondition = UNCONDITIONAL,
    is_followed: bool = True,
    now: datetime | None = None,
) -> Registration:
    """Change details and status of a registration, and return it as it is now.

    `answers` are of one that is reinstated (else services/answers.py takes them). `is_followed` is False for callers
    that keep the log of the doors. Raise PreconditionFailed; a 400 for an unknown transition or, with `only_from`, from
    another status; Forbidden for an organizer's; ChangeClosed; and what `register` raises when one is reinstated.
    """
    now = now or timezone.now()
    details_stay = (name, contact_details, phone, answers) == (None, None, None, None)
    is_plain = details_stay and only_from in (None, registration.status) and condition == UNCONDITIONAL
    if is_plain and (moved := move_seated(registration, status, by, now)):
        return moved
    with transaction.atomic():
        registration = lock_registration(registration)
        condition.require(registration)
        event, was = registration.event, registration.status
        changed = _set_details(registration, name=name, contact_details=contact_details, phone=phone)
        changed += _change_status(registration, status, only_from, by, now, answers)
        if changed:
            _require_change(registration, was, changed, by, now)
            with translated_refusals(registration, event, by, now) if registration.status in LIVE else nullcontext():
                write_changes(registration, changed)
            _record_change(registration, was, registration.status)
            if is_followed:
                follow_check_in(registration, was, by, now)
            _pass_on_seats(registration, now)
        return registration


def _require_change(registration: Registration, was: str, changed: list[str], by: User, now: datetime) -> None:
    """Raise Forbidden for a helper at the door who does more than checking in, ChangeClosed after a deadline."""
    if {was, registration.status} != {*SEATED} or not {*DETAILS}.isdisjoint(changed):
        require(by, "attendee", "edit", registration)
    deadlines.require_change_open(registration, was=was, changed=changed, by=by, now=now)


def require_transition(*, registration: Registration, to: str, by: User) -> None:
    """Raise a 400 for an unknown transition, Forbidden for an organizer's."""
    if to == registration.status:
        return
    if to == WAITLISTED and registration.status in SEATED:
        raise Invalid({"status": ["Who has a seat cannot go back to the queue."]})
    if ATTENDED in (registration.status, to):
        # Helpers at the door let in who has a seat, and give nobody one.
        keeps_seat = {registration.status, to} == {*SEATED}
        require(by, "attendee", "check_in" if keeps_seat else "manage", registration)


def cancel(*, registration: Registration, by: User, now: datetime | None = None) -> Registration:
    return update(registration=registration, by=by, status=CANCELLED, now=now)


def reinstate(*, registration: Registration, by: User, now: datetime | None = None) -> Registration:
    """Register a cancelled registration again, by the rules of a new one."""
    return update(registration=registration, by=by, status=REGISTERED, now=now)


@retried
def remove(
    *, registration: Registration, by: User, condition: Precondition = UNCONDITIONAL, now: datetime | None = None
) -> None:
    """Cancel and delete. Raise Forbidden for an attended one of others, PreconditionFailed, ChangeClosed."""
    now = now or timezone.now()
    with transaction.atomic():
        registration = lock_registration(registration)
        condition.require(registration)
        if registration.status == ATTENDED:
            require(by, "attendee", "check_in", registration)
        deadlines.require_cancelling_open(registration.event, was=registration.status, by=by, now=now)
        delete_locked(registration, now=now)


def delete_locked(registration: Registration, *, now: datetime) -> None:
    """Delete a locked registration, and pass its seat on."""
    _record_change(registration, registration.status, None)
    delete_registration(registration)
    serve_queue(registration.event, now=now)


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
        require(by, "attendee", "manage", registration)
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
    event.save(update_fields=[*changed, "day_ends", "updated_at", "saved_through"])
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


def _set_details(registration: Registration, **details: str | None) -> list[str]:
    """Set the details that are given, unsaved; return the names of the changed ones. A new name deletes answers."""
    former_name = registration.name
    changed = [key for key, text in details.items() if text not in (None, getattr(registration, key))]
    for key in changed:
        setattr(registration, key, details[key])
    pass_on(registration, former_name=former_name)
    return changed


def _change_status(
    registration: Registration,
    to: str | None,
    only_from: str | None,
    by: User,
    now: datetime,
    answers: Mapping[str, Any] | None,
) -> list[str]:
    """Set and stamp the status, unsaved, unless it stays; return the names of the changed fields."""
    was, event = registration.status, registration.event
    if answers is not None and (was != CANCELLED or to not in LIVE):
        raise Invalid({"answers": ["Send answers here only to register again."]})
    if to in (None, was):
        return []
    to = str(to)
    _require_status(registration, only_from or was)
    require_transition(registration=registration, to=to, by=by)
    if was == CANCELLED:
        newcomer_answers.answer_again(registration, answers, for_organizer=registration.user_id != by.pk)
        return [*_reinstate(registration, to, by, now), *registration.stamp(now)]
    if was == WAITLISTED and to in SEATED and not (to == ATTENDED and _may_take_seat(registration, now)):
        raise EventFull(can_wait=event.takes_queue(now))
    registration.status = to
    return ["status", *registration.stamp(now), *(registration.end_hold() if to in LIVE else ())]


def _reinstate(registration: Registration, to: str, by: User, now: datetime) -> list[str]:
    event, user_id, by_address = registration.event, registration.user_id, registration.added_by_address
    live = find_live_registration(event, user_id)
    if to == WAITLISTED:
        require_entry(event, user_id=user_id, live=live, by=by, by_address=by_address, now=now)
        to = decide_status(event, now)
    else:
        require_seat(event, user_id=user_id, live=live, by=by, by_address=by_address, now=now)
    registration.status, registration.registration_date = to, now
    return ["status", "registration_date", *registration.end_hold()]


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
