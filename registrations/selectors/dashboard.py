"""Figures of the dashboard for the events that `user` runs. Each is one bounded query."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, Q, Subquery, Sum, Value
from django.db.models.functions import TruncDate
from django.utils import timezone

from accounts.models import User
from eventhub import datetimes
from events.models import ANNOUNCED, Event, EventStatus
from registrations.models import Registration, RegistrationStatus

DAY, WEEK = timedelta(days=1), timedelta(days=7)
DAYS = 30  # in a chart
LINES = 10  # in a list
# A queue of a tenth of the seats justifies a larger room; fewer than five people are left to cancellations.
LONG_QUEUE_SHARE, LONG_QUEUE = 10, 5


class Stage(NamedTuple):
    has_events: bool
    has_announced: bool
    has_people: bool
    draft_id: int | None


class Totals(NamedTuple):
    events: int
    seats: int
    taken: int
    waiting: int


class Day(NamedTuple):
    """Registrations, whatever their status now, and cancellations."""

    day: date
    registered: int
    cancelled: int


class Activity(NamedTuple):
    days: list[Day]
    check_ins_today: int


class Fill(NamedTuple):
    pk: int
    title: str
    date_time: datetime
    max_capacity: int
    seats_taken: int
    waitlisted: int
    time_zone: str = ""

    @property
    def zone(self) -> ZoneInfo:
        return datetimes.zone_named(self.time_zone)


class Reason(StrEnum):
    LONG_QUEUE = "long queue"
    HALF_EMPTY = "half empty"
    DRAFT_NEAR = "draft near"
    DRAFT_PAST = "draft past"
    NOT_COMPLETED = "not completed"


class Concern(NamedTuple):
    reason: Reason
    event: Fill


def get_stage(*, user: User, now: datetime) -> Stage:
    own = _events(user)
    drafts = own.filter(status=EventStatus.DRAFT).order_by("date_time", "pk")
    found = User.objects.filter(pk=user.pk).values_list(
        Exists(own),
        Exists(own.exclude(status=EventStatus.DRAFT)),
        Exists(own.filter(Q(seats_taken__gt=0) | Q(waitlisted__gt=0))),
        Subquery(drafts.values("pk")[:1]),
    )
    return Stage(*found.get())


def get_totals(*, user: User | None, now: datetime) -> Totals:
    events = Event.objects.order_by() if user is None else _events(user)
    to_come = events.filter(status__in=ANNOUNCED, last_mark__gte=datetimes.start_of_day(now))
    found = to_come.aggregate(
        events=Count("pk"),
        seats=Sum("max_capacity", default=0),
        taken=Sum("seats_taken", default=0),
        waiting=Sum("waitlisted", default=0),
    )
    return Totals(**found)


def get_activity(*, user: User, now: datetime) -> Activity:
    """Return figures for the last DAYS days in TIME_ZONE, today last."""
    today = timezone.localtime(now).date()
    days = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    own = Registration.objects.managed_by(user, "statistics").order_by()
    cancelled = own.filter(status=RegistrationStatus.CANCELLED)
    attended = own.filter(status=RegistrationStatus.ATTENDED)
    first, *others = (
        *(_by_ranges if user.is_admin else _by_groups)(own, "registration_date", days, "registered"),
        *_by_groups(cancelled, "status_since", days, "cancelled"),
        *_by_groups(attended, "status_since", [today], "attended"),
    )
    counts: Counter[tuple[str, date]] = Counter()
    for kind, day, number in first.union(*others, all=True):
        counts[kind, day] = number
    figures = [Day(day, counts["registered", day], counts["cancelled", day]) for day in days]
    return Activity(figures, counts["attended", today])


def get_events_on_now(*, user: User, now: datetime, action: str | None = None) -> list[Fill]:
    """Return announced events that have begun and are not over, the latest first."""
    return _fills(_latest(_announced(user, action).filter(date_time__lte=now).not_over(now)))


def get_next_events(*, user: User, now: datetime, action: str | None = None) -> list[Fill]:
    """Return announced events that have not begun, the soonest first."""
    return _fills(_soonest(_announced(user, action).filter(date_time__gt=now).not_over(now)))


def get_concerns(*, user: User, now: datetime) -> list[Concern]:
    """Return at most LINES events a reason: future ones first, then nearest to now."""
    own = _events(user)
    drafts = own.filter(status=EventStatus.DRAFT)
    to_come = own.filter(status__in=ANNOUNCED, date_time__gte=now)
    # Divided, since ten times the largest capacity overflows the integer type.
    long_queue = Q(waitlisted__gte=LONG_QUEUE) & Q(waitlisted__gte=F("max_capacity") / float(LONG_QUEUE_SHARE))
    half_empty = Q(date_time__lte=now + DAY, seats_taken__lt=F("max_capacity") / 2.0)
    # A day late, since `complete_events` may run once a night.
    late = datetimes.start_of_day(now - DAY)
    first, *others = (
        _reasoned(Reason.LONG_QUEUE, _soonest(to_come.filter(long_queue, has_free_seats=False))),
        _reasoned(Reason.HALF_EMPTY, _soonest(to_come.filter(half_empty))),
        _reasoned(Reason.DRAFT_NEAR, _soonest(drafts.filter(date_time__gte=now, date_time__lte=now + WEEK))),
        _reasoned(Reason.DRAFT_PAST, _latest(drafts.filter(date_time__lt=now))),
        # One query a status, for the index event_by_status.
        *(
            _reasoned(Reason.NOT_COMPLETED, _latest(own.filter(status=status, date_time__lt=late, last_mark__lt=late)))
            for status in ANNOUNCED
        ),
    )
    concerned = [Concern(Reason(reason), Fill(*fill)) for *fill, reason in first.union(*others, all=True)]
    return sorted(concerned, key=lambda concern: (concern.event.date_time < now, abs(concern.event.date_time - now)))


def _events(user: User, action: str | None = None) -> Any:
    return Event.objects.managed_by(user, action).order_by()


def _announced(user: User, action: str | None) -> Any:
    return _events(user, action).filter(status__in=ANNOUNCED)


def _fills(events: Any) -> list[Fill]:
    return [Fill(*row) for row in events.values_list(*Fill._fields)]


def _by_groups(rows: Any, field: str, days: list[date], kind: str) -> Iterator[Any]:
    """Count with one GROUP BY, faster for one organizer's rows."""
    found = rows.filter(**{f"{field}__gte": datetimes.start_of_date(days[0])}).values(
        kind=Value(kind), day=TruncDate(field)
    )
    yield found.annotate(number=Count("*")).values_list("kind", "day", "number")


def _by_ranges(rows: Any, field: str, days: list[date], kind: str) -> Iterator[Any]:
    """Count by ranges, which for all rows takes a third of the time."""
    for day in days:
        that_day = {f"{field}__gte": datetimes.start_of_date(day), f"{field}__lt": datetimes.start_of_date(day + DAY)}
        found = rows.filter(**that_day).values(kind=Value(kind), day=Value(day))
        yield found.annotate(number=Count("*")).values_list("kind", "day", "number")


def _soonest(events: Any) -> Any:
    return events.order_by("date_time", "pk")[:LINES]


def _latest(events: Any) -> Any:
    return events.order_by("-date_time", "-pk")[:LINES]


def _reasoned(reason: Reason, events: Any) -> Any:
    """Select by key, since SQLite allows no LIMIT in a union."""
    found = Event.objects.filter(pk__in=events.values("pk")).order_by()
    return found.annotate(reason=Value(reason.value)).values_list(*Fill._fields, "reason")
