"""Seats that are held for guests until they confirm their address: `Registration.confirm_by`.

A held seat is taken like any other. What is not confirmed in time is deleted, and an account that was made for it: the
person may never have asked. If somebody cancels it before, its `confirm_by` stays for a while. Nobody gets an email
about a seat that they never confirmed.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import require
from accounts.services.placeholder_accounts import find_accounts, find_or_create_accounts
from eventhub import audit
from eventhub.db.retry import retried
from eventhub.exceptions import AttendeeNotFound, EventFull, Refusal
from events.models import Event
from registrations.exceptions import NotOffered
from registrations.models import GuestRequest, Registration, Transition
from registrations.services import seats
from registrations.services.eligibility import get_event_for_registration
from registrations.services.registration_sql import write_changes
from registrations.services.retention import delete_unused
from registrations.services.seats import REGISTERED
from registrations.services.status_changes import StatusChange, announce

HELD_FOR = timedelta(minutes=30)
# Of all seats of an event, one in so many may be on hold at a time, and at least one.
ONE_IN = 10
MOST_OF_A_PERSON = 2
# Notices of older changes are not made (notifications/services/notices.py).
MARKED_FOR = timedelta(days=4)


def account_of(request: GuestRequest) -> User:
    """Return the account of a request's address, or a new one that a password reset claims."""
    return User.objects.get(pk=find_or_create_accounts([request.email])[request.email])


def details_of(request: GuestRequest) -> dict[str, Any]:
    """Return what a registration takes from a request."""
    given = request.payload
    return {"name": request.name, "phone": given.get("phone") or "", "answers": given.get("answers") or {}}


def hold_for(request: GuestRequest, *, now: datetime | None = None) -> datetime | None:
    """Hold a seat for a request, and return until when; None where none can be held, or the person has one."""
    try:
        return _hold_for(request, now)
    except (Refusal, IntegrityError, User.DoesNotExist):  # the account may be deleted with another hold
        pass
    known = find_accounts([request.email]).values()
    mine = Registration.objects.on_hold().filter(event=request.event_id, user__in=known)
    return mine.values_list("confirm_by", flat=True).first()


@retried
def _hold_for(request: GuestRequest, now: datetime | None) -> datetime | None:
    """Hold a seat and make the account in one transaction, so that a refusal leaves no account."""
    with transaction.atomic():
        seats.lock_event(request.event_id)
        user = account_of(request)
        if not user.is_active or user.email_verified is False:
            return None
        with audit.acting_through(audit.Channel.API, user.pk):
            return hold(event_id=request.event_id, user=user, now=now, **details_of(request)).confirm_by


@retried
def hold(*, event_id: int, user: User, now: datetime | None = None, **details: Any) -> Registration:
    """Register `user`, who must confirm within HELD_FOR.

    Raise EventFull also where too many seats are on hold, or the person holds MOST_OF_A_PERSON; else as `register`.
    """
    now = now or timezone.now()
    with transaction.atomic():
        seats.lock_event(event_id)
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        event = get_event_for_registration(event_id=event_id, user_id=user.pk, by=user)
        _require_room(event, user, now)
        registration = seats.register(event=event, user=user, by=user, now=now, **details)
        registration.confirm_by = now + HELD_FOR
        write_changes(registration, ["confirm_by"])
        return registration


def _require_room(event: Event, user: User, now: datetime) -> None:
    on_hold = Registration.objects.on_hold()
    is_full = on_hold.filter(event=event).count() >= max(1, event.max_capacity // ONE_IN)
    if is_full or on_hold.filter(user=user).count() >= MOST_OF_A_PERSON:
        raise EventFull(can_wait=event.takes_queue(now))


@retried
def confirm(*, registration: Registration, by: User, now: datetime | None = None) -> Registration:
    """Confirm a held seat, also after its time if nobody has cancelled it. Raise NotOffered where none is held."""
    with transaction.atomic():
        registration = seats.lock_registration(registration)
        require(by, "attendee", "confirm", registration)
        if registration.status != REGISTERED or registration.confirm_by is None:
            raise NotOffered()
        registration.confirm_by = None
        write_changes(registration, ["confirm_by"])
        # Emails follow the log: only now is there one about the seat.
        Transition.note(registration, was=REGISTERED, at=now or timezone.now())
        announce([StatusChange(registration.pk, registration.event_id, REGISTERED, REGISTERED)])
        return registration


def remove_overdue(*, now: datetime, dry_run: bool) -> int:
    """Delete what was not confirmed in time, and serve the queues; return how many."""
    overdue = Registration.objects.on_hold().filter(confirm_by__lte=now)
    if dry_run:
        return int(overdue.count())
    _forget_marks(now)
    removed = [row for row in overdue.order_by("confirm_by", "pk") if _remove(row, now)]
    delete_unused({row.user_id for row in removed if row.user_id})
    return len(removed)


@retried
def _forget_marks(now: datetime) -> None:
    Registration.objects.filter(confirm_by__lt=now - MARKED_FOR).exclude(status=REGISTERED).update(confirm_by=None)


@retried
def _remove(registration: Registration, now: datetime) -> bool:
    with transaction.atomic():
        try:
            registration = seats.lock_registration(registration)
        except AttendeeNotFound:
            return False
        if registration.status != REGISTERED or registration.confirm_by is None or registration.confirm_by > now:
            return False
        seats.delete_locked(registration, now=now)
        return True
