"""Notices for people who marked an event: its registration opens, or a seat is free that nobody waits for.

Both follow from times, seats and settings alike, so that events are looked at every minute and compared with before.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from events.models import ANNOUNCED, Event, Interest, Telling
from notifications.models import FanOut, Kind, WatchedEvent
from registrations.models import Registration

# Zones apart, an event that was over by then is over.
OVER = timedelta(days=2)


def start_interest_notices(*, now: datetime | None = None) -> int:
    """Start the notices that are due, and return how many. What is seen for the first time is no change."""
    now = now or timezone.now()
    marked = Interest.objects.filter(notify=True).values("event")
    events = Event.objects.reachable_publicly().filter(status__in=ANNOUNCED, last_mark__gt=now - OVER, pk__in=marked)
    known = WatchedEvent.objects.filter(event__in=marked).in_bulk()
    seen, fan_outs = [], []
    for event in events.exclude(notifications=Telling.NONE).defer("description").order_by():
        before, present = known.get(event.pk), _present(event, now)
        if before is not None and (before.is_open, before.has_seat) == (present.is_open, present.has_seat):
            continue
        seen.append(present)
        if kind := _change(before, present):
            # One a day at most, however often people come and go, and however many processes look.
            key = f"{kind}:{event.pk}:{now:%Y-%m-%d}"
            fan_outs.append(FanOut(key=key, kind=kind, event=event, not_before=now))
    columns = ("is_open", "has_seat")
    with transaction.atomic():
        WatchedEvent.objects.bulk_create(
            seen, update_conflicts=True, unique_fields=("event",), update_fields=columns, batch_size=1000
        )
        FanOut.objects.bulk_create(fan_outs, ignore_conflicts=True)
    return len(fan_outs)


def is_true(kind: str, event: Event, now: datetime) -> bool:
    """Return whether an event is as a notice of that kind says."""
    present = _present(event, now)
    return present.has_seat if kind == Kind.SEAT_FREE else present.is_open


def wants(event_id: int) -> Any:
    """Return the marks of people to tell: not those who are registered already."""
    registered = Registration.objects.live().filter(event=event_id).exclude(user=None).order_by().values("user")
    return Interest.objects.filter(event=event_id, notify=True).exclude(user__in=registered)


def _present(event: Event, now: datetime) -> WatchedEvent:
    is_open = event.is_open(now)
    return WatchedEvent(event=event, is_open=is_open, has_seat=is_open and event.free_for_newcomers(now) > 0)


def _change(before: WatchedEvent | None, present: WatchedEvent) -> Kind | None:
    if before is None:
        return None
    if present.is_open and not before.is_open:
        return Kind.OPENED
    return Kind.SEAT_FREE if present.has_seat and not before.has_seat else None
