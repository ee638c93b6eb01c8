"""Register for all dates of a series at once: a request for each, by the ordinary rules."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple, cast

from django.utils import timezone

from accounts.models import User
from eventhub.exceptions import Refusal
from events.models import Event, Series
from registrations.models import Registration
from registrations.services import seats
from registrations.services.eligibility import get_event_for_registration


class DateResult(NamedTuple):
    """What became of one date: a registration, or a refusal."""

    event: Event
    registration: Registration | None
    refusal: Refusal | None

    @property
    def attendee_id(self) -> int | None:
        """Return the registration, also the live one that a refusal names."""
        if self.registration is not None:
            return self.registration.pk
        named: Any = None if self.refusal is None else self.refusal.extra.get("attendee_id")
        return cast("int | None", named)

    @property
    def status(self) -> str | None:
        return None if self.registration is None else str(self.registration.status)

    @property
    def code(self) -> str | None:
        return None if self.refusal is None else self.refusal.code

    @property
    def msg(self) -> str | None:
        return None if self.refusal is None else self.refusal.msg


def register_for_all(
    *,
    series: Series,
    user: User,
    by: User,
    may_queue: bool = False,
    event_ids: Collection[int] = (),
    now: datetime | None = None,
    **details: Any,
) -> list[DateResult]:
    """Register a person for the dates to come that lists show to `by`, or for those that are named.

    Each is a registration by itself, with its own transaction: a refusal of one says nothing about the others.
    """
    now = now or timezone.now()
    enter = seats.join_queue if may_queue else seats.register
    results = []
    for event in _dates_to_come(series, by, event_ids, now):
        try:
            found = get_event_for_registration(event_id=event.pk, user_id=user.pk, by=by)
            results.append(DateResult(event, enter(event=found, user=user, by=by, now=now, **details), None))
        except Refusal as refusal:
            results.append(DateResult(event, None, refusal))
    return results


def _dates_to_come(series: Series, by: User, event_ids: Collection[int], now: datetime) -> list[Event]:
    events = Event.objects.filter(series_date__series=series).not_over(now)
    seen = events.filter(pk__in=event_ids).visible_to(by) if event_ids else events.listed_for(by)
    return list(seen.order_by("date_time", "pk"))
