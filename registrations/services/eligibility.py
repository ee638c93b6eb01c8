"""Reasons that prevent a registration, checked before one is written and for clients that only ask."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from accounts.permissions import allowed, require_verified
from eventhub.db.compiled_queries import CompiledQuery
from eventhub.exceptions import AlreadyRegistered, ClosedReason, EventFull, Refusal, RegistrationClosed
from events.models import Event, require_visible
from registrations.models import Question, Registration, RegistrationStatus
from registrations.services.questions import questions_of


def _event_with_live_registration(event_id: int, user_id: int) -> QuerySet[Event]:
    live = Registration.objects.live().filter(event=OuterRef("pk"), user=user_id).order_by().values("pk")
    return Event.objects.order_by().filter(pk=event_id).annotate(live_attendee_id=Subquery(live))  # type: ignore[no-any-return]


_EVENT = CompiledQuery(_event_with_live_registration)


def get_event_for_registration(*, event_id: int, user_id: int, by: User) -> Event:
    """Read the event, and the user's live registration for it as `live_attendee_id`, in one query.

    Raise EventNotFound where it does not exist or `by` may not see it.
    """
    return require_visible(_EVENT.first(event_id, user_id), event_id, by)


def find_live_registration(event: Event, user_id: int | None) -> int | None:
    if user_id is None:
        return None
    live = Registration.objects.live().filter(event=event, user=user_id)
    return live.values_list("pk", flat=True).first()


def require_registration_open(event: Event, by: User, now: datetime) -> None:
    """Raise RegistrationClosed. People who run the event can register others unless it is cancelled."""
    reason = event.closed_reason(now)
    if reason == ClosedReason.CANCELLED or (reason and not allowed(by, "attendee", "create_for_others", event)):
        refuse_closed(event, now)


def refuse_closed(event: Event, now: datetime) -> None:
    """Raise RegistrationClosed outside the window of registration, whoever asks."""
    if reason := event.closed_reason(now):
        opens_at, closes_at = event.registration_opens, event.registration_closes
        raise RegistrationClosed(reason, opens_at=opens_at, closes_at=closes_at, zone=event.zone)


def find_double(live: int, *, user_id: int | None, by: User, by_address: bool) -> AlreadyRegistered | None:
    """Return the refusal beside a live registration, or None where `by` may not know of that one.

    An organizer could otherwise try which account fits a person who was added by address. Where it is the address that
    names the person (`by_address`), only a registration that was added so is named: others show their account.
    """
    if user_id == by.pk or by.is_admin:
        return AlreadyRegistered(attendee_id=live)
    was_added = Registration.objects.filter(pk=live, added_by_address=True).exists()
    if was_added and not by_address:
        return None
    return AlreadyRegistered(attendee_id=live if was_added == by_address else None)


def require_entry(
    event: Event, *, user_id: int | None, live: int | None, by: User, by_address: bool = False, now: datetime
) -> None:
    """Check what a seat and a place in the queue have in common; `live` is the user's live registration.

    Raise EmailNotVerified for oneself, AlreadyRegistered, RegistrationClosed. The constraint alone refuses a double
    that `find_double` hides: after all checks, so that only who would have got a place is refused for it.
    """
    if user_id == by.pk:
        require_verified(by)
    if live is not None and (refusal := find_double(live, user_id=user_id, by=by, by_address=by_address)):
        raise refusal
    require_registration_open(event, by, now)


def require_seat(
    event: Event, *, user_id: int | None, live: int | None, by: User, by_address: bool = False, now: datetime
) -> None:
    """As `require_entry`, and raise EventFull where no seat is free for newcomers."""
    require_entry(event, user_id=user_id, live=live, by=by, by_address=by_address, now=now)
    if event.free_for_newcomers(now) <= 0:
        raise EventFull(can_wait=event.takes_queue(now))


def decide_status(event: Event, now: datetime) -> str:
    """Return the status that the next person at the locked event gets. Raise EventFull."""
    if event.free_for_newcomers(now) > 0:
        return RegistrationStatus.REGISTERED
    if event.takes_queue(now):
        return RegistrationStatus.WAITLISTED
    raise EventFull(can_wait=False)


class Eligibility(NamedTuple):
    """Whether registering would succeed: the refusal, or None; and what is asked."""

    event: Event
    refusal: Refusal | None
    questions: list[Question]


def check_eligibility(*, event_id: int, by: User, now: datetime | None = None) -> Eligibility:
    """Return whether `by` would get a seat now. Raise EventNotFound."""
    event = get_event_for_registration(event_id=event_id, user_id=by.pk, by=by)
    live: int | None = event.live_attendee_id  # type: ignore[attr-defined]
    asked = questions_of(event) if event.asks_questions else []
    try:
        require_seat(event, user_id=by.pk, live=live, by=by, now=now or timezone.now())
    except Refusal as refusal:
        return Eligibility(event, refusal, asked)
    return Eligibility(event, None, asked)
