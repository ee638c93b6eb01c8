"""Registering without an account: a request, an email with a link, and the seat once the link is used.

What a request is answered, and how soon, does not depend on whether its address is known: all that does is done later,
by a task (registrations/guest_mails.py). With `Guests.HOLD`, that task holds a seat meanwhile (holds.py).
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypedDict

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.email_addresses import normalize_email
from accounts.models import User
from accounts.services.placeholder_accounts import find_accounts
from eventhub import audit
from eventhub.db.retry import ATTEMPTS, retried
from eventhub.exceptions import AlreadyRegistered, EmailNotVerified, EventFull, Forbidden, Refusal, Unavailable
from eventhub.tasks import later
from events.models import Event, Guests
from registrations import guest_links, guest_mails
from registrations.exceptions import GuestsNotAllowed, NotOffered
from registrations.models import GuestRequest, Registration
from registrations.services import holds, newcomer_answers, seats
from registrations.services.eligibility import (
    decide_status,
    find_live_registration,
    get_event_for_registration,
    refuse_closed,
)
from registrations.services.questions import questions_of
from registrations.services.retention import delete_unused

KEPT = timedelta(hours=24)
# Of one address for one event: further ones change nothing.
MOST_REQUESTS = 5


class GuestDetails(TypedDict, total=False):
    """What a guest may say. `wait`: whether to join the waiting list if no seat is free."""

    phone: str
    language: str
    wait: bool
    answers: Mapping[str, Any]


def require_open_to_guests(event: Event, *, wait: bool = False, now: datetime | None = None) -> None:
    """Raise GuestsNotAllowed, RegistrationClosed or EventFull."""
    now = now or timezone.now()
    if event.guests == Guests.NO:
        raise GuestsNotAllowed()
    refuse_closed(event, now)
    if wait:
        decide_status(event, now)
    elif event.free_for_newcomers(now) <= 0:
        raise EventFull(can_wait=event.takes_queue(now))


@retried
def request_registration(
    *, event: Event, name: str, email: str, details: GuestDetails, now: datetime | None = None
) -> None:
    """Note a request, and mail a link to the address.

    Raise what `require_open_to_guests` raises, and a 400 for answers that do not fit the event's questions.
    """
    now = now or timezone.now()
    require_open_to_guests(event, wait=details.get("wait", False), now=now)
    checked = newcomer_answers.check_newcomer(event, details.get("answers"), for_organizer=False)
    # Not as they were sent: what is sent for a question that is not shown was not checked.
    payload = details if checked is None else {**details, "answers": checked.answers}
    address = normalize_email(email)
    with transaction.atomic():
        if GuestRequest.objects.filter(event=event, email=address, expires_at__gt=now).count() >= MOST_REQUESTS:
            return
        request = GuestRequest.objects.create(
            event=event,
            email=address,
            name=name,
            digest=secrets.token_hex(32),
            payload=payload,
            created_at=now,
            expires_at=now + KEPT,
        )
        later(guest_mails.send_link, request.pk)


def confirm(
    *, token: str, wait: bool = False, given: Mapping[str, Any] | None = None, now: datetime | None = None
) -> Registration:
    """Give the seat, or with `wait` a place on the waiting list, to the account of the address, known or new.

    A second use of the link returns the same registration. `given` are answers to questions that have changed since
    the request. Raise TokenNotValid, Forbidden for a deactivated account, EmailNotVerified, GuestsNotAllowed, and what
    `seats.register` raises.
    """
    now = now or timezone.now()
    request = guest_links.find_request(token, now=now)
    for _ in range(ATTEMPTS):
        try:
            return _confirm(request, given or {}, wait=wait, now=now)
        except (AlreadyRegistered, NotOffered):  # somebody else was quicker
            continue
        except (IntegrityError, User.DoesNotExist):  # the account was deleted meanwhile, with a hold that ran out
            continue
        except Refusal:
            delete_unused(find_accounts([request.email]).values())
            raise
    raise Unavailable()


def _confirm(request: GuestRequest, given: Mapping[str, Any], *, wait: bool, now: datetime) -> Registration:
    user = holds.account_of(request)
    if not user.is_active:
        raise Forbidden()
    if user.email_verified is False:  # whoever made that account would read the name, and could cancel
        raise EmailNotVerified()
    with audit.acting_through(audit.Channel.API, user.pk):
        return _present(request, user, now) or _register(request, user, given, wait=wait, now=now)


def delete_expired(*, now: datetime, dry_run: bool) -> int:
    expired = GuestRequest.objects.filter(expires_at__lte=now)
    return int(expired.count() if dry_run else expired.delete()[0])


def _present(request: GuestRequest, user: User, now: datetime) -> Registration | None:
    """Return the person's live registration, confirmed if it was on hold, or the one that this link has made."""
    pk = find_live_registration(request.event, user.pk)
    is_live = pk is not None
    mine = (
        Registration.objects.with_event().filter(user=user, pk=pk or request.payload.get("registration_id", 0)).first()
    )
    if mine is None or not is_live or not mine.is_on_hold:
        return mine
    return holds.confirm(registration=mine, by=user, now=now)


def _register(
    request: GuestRequest, user: User, given: Mapping[str, Any], *, wait: bool, now: datetime
) -> Registration:
    event = get_event_for_registration(event_id=request.event_id, user_id=user.pk, by=user)
    if event.guests == Guests.NO:
        raise GuestsNotAllowed()
    enter = seats.join_queue if wait or request.payload.get("wait") else seats.register
    details = holds.details_of(request)
    details["answers"] = {**_still_asked(event, details["answers"]), **given}
    registration = enter(event=event, user=user, by=user, now=now, **details)
    request.payload["registration_id"] = registration.pk
    request.save(update_fields=["payload"])
    return registration


def _still_asked(event: Event, given: Mapping[str, Any]) -> dict[str, Any]:
    asked = {str(question.pk) for question in questions_of(event)} if given else set()
    return {key: value for key, value in given.items() if key in asked}
