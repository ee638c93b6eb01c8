"""Figures of one event: who is in which status, how people came, what happened on which day, and when they came in.

Days are those of the event's time zone. What was removed is counted nowhere: its log went with it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, F
from django.db.models.functions import TruncDate, TruncMinute
from django.utils import timezone

from eventhub.api.etags import edition_of
from eventhub.audit import Channel
from events.models import Event
from events.services.interests import count_interested
from registrations.models import SEATED, Registration, RegistrationStatus, Transition
from registrations.selectors.answer_totals import QuestionTotals, answer_totals

REGISTERED, WAITLISTED, ATTENDED, CANCELLED = (
    RegistrationStatus.REGISTERED,
    RegistrationStatus.WAITLISTED,
    RegistrationStatus.ATTENDED,
    RegistrationStatus.CANCELLED,
)
SLOT = timedelta(minutes=5)


class StatisticsDay(NamedTuple):
    """Seats given to newcomers, places in the queue, seats given to the queue, and cancellations, on one day."""

    date: date
    registered: int
    waitlisted: int
    promoted: int
    cancelled: int


class CheckIns(NamedTuple):
    """How many of those who are checked in came in the SLOT that begins then (UTC)."""

    begins_at: datetime
    people: int


@dataclass(frozen=True)
class Statistics:
    """`channels`: through what people registered first. `days` and `check_ins` leave out those without any."""

    event_id: int
    statuses: dict[str, int]
    channels: dict[str, int]
    show_up_rate: float | None  # of those with a seat, from the event's begin on
    days: list[StatisticsDay]
    check_ins: list[CheckIns]
    answers: list[QuestionTotals]
    interested: int  # who marked the event

    @property
    def edition(self) -> str:
        return edition_of(self)


def statistics_of(event: Event, *, now: datetime | None = None) -> Statistics:
    """Read the figures of an event, in four statements; in two more if it asks questions."""
    statuses = _by_status(event.pk)
    channels, days = _from_the_log(event)
    seated = sum(statuses[status] for status in SEATED)
    has_begun = event.date_time <= (now or timezone.now())
    return Statistics(
        event_id=event.pk,
        statuses=statuses,
        channels=channels,
        show_up_rate=round(statuses[ATTENDED] / seated, 3) if has_begun and seated else None,
        days=days,
        check_ins=_check_ins(event.pk),
        answers=answer_totals(event),
        interested=count_interested(event),
    )


def _by_status(event_id: int) -> dict[str, int]:
    found = Registration.objects.filter(event=event_id).order_by().values_list("status").annotate(Count("pk"))
    return {status.value: 0 for status in RegistrationStatus} | dict(found)


def _from_the_log(event: Event) -> tuple[dict[str, int], list[StatisticsDay]]:
    """Return who came through which channel, and what happened on which day."""
    lines = Transition.objects.filter(registration__event=event.pk).exclude(was=F("becomes")).order_by()
    # The database may not know the event's own zone, but all zones begin their days at a whole minute.
    at = TruncMinute("at", tzinfo=UTC) if event.time_zone else TruncDate("at")
    grouped = lines.values_list("was", "becomes", "through", at).annotate(Count("pk"))
    channels: Counter[str] = Counter()
    days: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for was, becomes, through, moment, number in grouped:
        day = moment.astimezone(event.zone).date() if event.time_zone else moment
        if not was:
            channels[through or Channel.DATABASE.value] += number
        days[day][_kind(was, becomes)] += number
    figures = [
        StatisticsDay(day, *(days[day][kind] for kind in StatisticsDay._fields[1:]))
        for day in sorted(days)
        if any(days[day][kind] for kind in StatisticsDay._fields[1:])
    ]
    return dict(channels.most_common()), figures


def _kind(was: str, becomes: str) -> str:
    """Name what a line of the log is, as the fields of StatisticsDay do; checking in and its undoing are nothing."""
    if becomes == CANCELLED:
        return "cancelled"
    if becomes == WAITLISTED:
        return "waitlisted"
    if was == WAITLISTED:
        return "promoted"
    return "" if was in SEATED else "registered"


def _check_ins(event_id: int) -> list[CheckIns]:
    attended = Registration.objects.filter(event=event_id, status=ATTENDED).order_by()
    # Not in TIME_ZONE, where two hours look the same when the clocks go back.
    minute_of = TruncMinute("status_since", tzinfo=UTC)
    minutes: Iterable[tuple[datetime, int]] = attended.values_list(minute_of).annotate(Count("pk"))
    slots: Counter[datetime] = Counter()
    for minute, number in minutes:
        slots[minute - timedelta(minutes=minute.minute % (SLOT.seconds // 60))] += number
    return [CheckIns(slot, slots[slot]) for slot in sorted(slots)]
