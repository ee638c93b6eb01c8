"""What stands in the way of a registration, said once: for whoever is about to write one, and for who only asks."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from accounts.permissions import allowed, require_verified
from eventhub.db.compiled_queries import Statement
from eventhub.exceptions import AlreadyRegistered, EventFull, EventNotFound, Refusal, RegistrationClosed
from events.models import Event, EventStatus
from registrations.models import Registration, RegistrationStatus


def _look(event_id: int, user_id: int) -> QuerySet[Event]:
    live = Registration.objects.live().filter(event=OuterRef("pk"), user=user_id).order_by().values("pk")
    return Event.objects.order_by().filter(pk=event_id).annotate(live_attendee_id=Subquery(live))  # type: ignore[no-any-return]


_LOOK = Statement(_look)


def look(*, event_id: int, user_id: int, by: User) -> Event:
    """The event as `by` may see it, and in `live_attendee_id` the user's live registration for it, in one read."""
    event: Event | None = _LOOK.first(event_id, user_id)
    if event is None or not event.is_visible_to(by):
        raise EventNotFound()
    return event


def live_registration(event: Event, user_id: int | None) -> int | None:
    """The id of the user's live registration for the event by now; what `look` has found may be too old."""
    if user_id is None:
        return None
    live = Registration.objects.live().filter(event=event, user=user_id)
    return live.values_list("pk", flat=True).first()


# What refuses, in the contract's order -------------------------------------------------------------------------------


def require_possible(event: Event, by: User, now: datetime) -> None:
    """RegistrationClosed where `by` cannot register anybody. Who runs the event can whenever it is not cancelled."""
    if event.is_open(now):
        return
    if event.status == EventStatus.CANCELLED or not allowed(by, "attendee", "create_for_others", event):
        raise RegistrationClosed()


def require_entry(event: Event, *, user_id: int | None, live: int | None, by: User, now: datetime) -> None:
    """What keeps a user, whose live registration is `live`, from a seat and from the queue alike: EmailNotVerified for
    who registers themselves, AlreadyRegistered, RegistrationClosed."""
    if user_id == by.pk:
        require_verified(by)
    if live is not None:
        raise AlreadyRegistered(attendee_id=live)
    require_possible(event, by, now)


def require_seat(event: Event, *, user_id: int | None, live: int | None, by: User, now: datetime) -> None:
    """The same for a seat; EventFull where no newcomer can have one."""
    require_entry(event, user_id=user_id, live=live, by=by, now=now)
    if event.free_for_newcomers(now) <= 0:
        raise EventFull(can_wait=event.takes_queue(now))


def seat_or_queue(event: Event, now: datetime) -> str:
    """The status that the next person at the locked event gets; EventFull for neither seat nor queue."""
    if event.free_for_newcomers(now) > 0:
        return RegistrationStatus.REGISTERED
    if event.takes_queue(now):
        return RegistrationStatus.WAITLISTED
    raise EventFull(can_wait=False)


# Asking beforehand ---------------------------------------------------------------------------------------------------


class Prospect(NamedTuple):
    """What registering for the event, as it was looked at, would come to: a refusal, or with None a seat."""

    event: Event
    refusal: Refusal | None


def prospect(*, event_id: int, by: User, now: datetime | None = None) -> Prospect:
    """Whether `by` would get a seat now, with nothing written. EventNotFound."""
    event = look(event_id=event_id, user_id=by.pk, by=by)
    live: int | None = event.live_attendee_id  # type: ignore[attr-defined]
    try:
        require_seat(event, user_id=by.pk, live=live, by=by, now=now or timezone.now())
    except Refusal as refusal:
        return Prospect(event, refusal)
    return Prospect(event, None)
