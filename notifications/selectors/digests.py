"""What happened at an organizer's events within a time. The numbers come from indexes of registrations, not from logs.

New are those who registered or joined a waiting list, whatever their status now; cancelled are those who are so still.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Exists, Value

from accounts.models import User
from events.models import Event
from notifications.models import Notice
from registrations.models import Registration, RegistrationStatus

# In one email.
MOST_EVENTS = 30


class EventNews(NamedTuple):
    event_id: int
    title: str
    date_time: datetime
    new: int
    cancelled: int
    waiting: int
    taken: int
    seats: int
    time_zone: str = ""


class News(NamedTuple):
    """The numbers of all events, the events with most news by their date, and how many others have some."""

    new: int
    cancelled: int
    events: list[EventNews]
    others: int


def has_news(notice: Notice) -> bool:
    new, cancelled = _rows(notice)
    return any(User.objects.filter(pk=notice.user_id).values_list(Exists(new), Exists(cancelled)).get())


def get_news(notice: Notice) -> News:
    """Return the news of a summary, in two queries."""
    numbers = {name: Counter[int]() for name in ("new", "cancelled")}
    new, cancelled = (
        rows.values("event").annotate(number=Count("*"), name=Value(name)).values_list("name", "event", "number")
        for name, rows in zip(numbers, _rows(notice), strict=True)
    )
    for name, event_id, number in new.union(cancelled, all=True):
        numbers[name][event_id] = number
    both = numbers["new"] + numbers["cancelled"]
    shown = sorted(both, key=lambda event_id: (-both[event_id], event_id))[:MOST_EVENTS]
    events = [
        EventNews(event_id, title, date_time, numbers["new"][event_id], numbers["cancelled"][event_id], *rest)
        for event_id, title, date_time, *rest in _events(shown)
    ]
    return News(numbers["new"].total(), numbers["cancelled"].total(), events, len(both) - len(shown))


def _events(ids: list[int]) -> Any:
    columns = ("pk", "title", "date_time", "waitlisted", "seats_taken", "max_capacity", "time_zone")
    return Event.objects.filter(pk__in=ids).order_by("date_time", "pk").values_list(*columns)


def _rows(notice: Notice) -> Iterator[Any]:
    own = Registration.objects.filter(organizer_id=notice.user_id).order_by()
    within = (notice.digest_from, notice.digest_until)
    yield own.filter(registration_date__gte=within[0], registration_date__lt=within[1])
    yield own.filter(status=RegistrationStatus.CANCELLED, status_since__gte=within[0], status_since__lt=within[1])
