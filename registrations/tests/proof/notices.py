"""Rule 5: every change of a status is in the log, and told once. The reader of the log works all through the race."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.db.models import Max

from events.models import Event, EventChange
from notifications.models import FanOut, Notice
from notifications.services import log_reader
from notifications.services.notices import kind_of
from registrations.models import Registration, Removal, Transition

# Transactions of other processes on the same server hold the reader back.
SECONDS = 60
EVENT_STATUSES = ("draft", "upcoming", "active", "completed")
TOLD = {(status, "cancelled"): "event_cancelled" for status in EVENT_STATUSES} | {
    ("cancelled", status): "event_reopened" for status in ("upcoming", "active")
}


class Before(NamedTuple):
    """What there was before the race: the last lines of all logs, and the statuses of the events."""

    transition: int
    change: int
    removal: int
    statuses: dict[int, str]


def read() -> int:
    return sum(log_reader.read(log) for log in log_reader.LOGS)


def _read_all() -> None:
    while read():
        pass


def before(event_ids: list[int]) -> Before:
    """Read the logs to their ends, and return what is there."""
    _read_all()
    last = [model.objects.aggregate(last=Max("pk"))["last"] or 0 for model in (Transition, EventChange, Removal)]
    return Before(*last, _statuses(event_ids))


def untold(event_ids: list[int], *, since: Before) -> list[str]:
    """What is wrong with the notices of these events; registrations that are nobody's are left out."""
    deadline = time.monotonic() + SECONDS
    _read_all()
    while (problems := _problems(event_ids, since)) and time.monotonic() < deadline:
        time.sleep(0.02)
        _read_all()
    return problems


def _problems(event_ids: list[int], since: Before) -> list[str]:
    found = [*_of_registrations(event_ids, since.transition), *_of_events(event_ids, since)]
    found += _of_removals(event_ids, since.removal)
    return [f"rule 5: {problem}" for problem in found]


def _of_registrations(event_ids: list[int], after: int) -> Iterator[str]:
    lines = Transition.objects.filter(registration__event__in=event_ids).order_by("pk")
    replayed: dict[int, str] = {}
    causes = {}
    columns = ("pk", "registration", "registration__user", "was", "becomes", "registration__issue")
    for pk, row, user, was, becomes, issue in lines.values_list(*columns):
        if replayed.get(row, "") != was:
            yield f"the log of registration {row} lacks what came before line {pk}"
        replayed[row] = becomes
        if pk > after and user is not None and (kind := kind_of(was, becomes, issue=issue)):
            causes[pk] = (row, kind)
    statuses = Registration.objects.filter(event__in=event_ids).values_list("pk", "status")
    yield from (
        f"the log of registration {row} lacks “{status}”" for row, status in statuses if replayed.get(row) != status
    )
    told = Counter(Notice.objects.filter(transition__in=causes).values_list("transition", "kind"))
    yield from _not_once({(pk, kind): f"{kind} of registration {row}" for pk, (row, kind) in causes.items()}, told)


def _of_removals(event_ids: list[int], after: int) -> Iterable[str]:
    """Those of events that are there: one that raw SQL has deleted may have no history to tell of.

    Who has not confirmed a seat on hold is told nothing.
    """
    lines = Removal.objects.filter(event__in=Event.objects.filter(pk__in=event_ids), pk__gt=after)
    rows = lines.exclude(was=Removal.ON_HOLD).values_list("pk", "registration_id")
    causes = {(pk, "cancelled"): f"removal of {row}" for pk, row in rows}
    told = Counter(Notice.objects.filter(removal__in=lines.values("pk")).values_list("removal", "kind"))
    return _not_once(causes, told)


def _of_events(event_ids: list[int], since: Before) -> Iterator[str]:
    lines = EventChange.objects.filter(event__in=event_ids, pk__gt=since.change).order_by("pk")
    statuses = {**since.statuses}
    causes = {}
    for line in lines:
        was, becomes = line.was["status"], line.becomes["status"]
        if statuses.get(line.event_id) != was:
            yield f"the log of event {line.event_id} lacks what came before line {line.pk}"
        statuses[line.event_id] = becomes
        if kind := TOLD.get((was, becomes)):
            causes[line.pk, kind] = f"{kind} of event {line.event_id}"
    present = _statuses(event_ids)
    yield from (f"the log of event {pk} lacks “{status}”" for pk, status in present.items() if statuses[pk] != status)
    fan_outs = FanOut.objects.filter(change__in=lines.values("pk"), kind__in=set(TOLD.values()))
    yield from _not_once(causes, Counter(fan_outs.values_list("change", "kind")))


def _not_once(causes: dict[Any, str], told: Counter[Any]) -> Iterable[str]:
    return (
        f"line {key[0]} of the log, {causes.get(key, 'which says nothing of it')}, made {told[key]} times {key[1]}"
        for key in causes.keys() | told.keys()
        if told[key] != (key in causes)
    )


def _statuses(event_ids: list[int]) -> dict[int, str]:
    return dict(Event.objects.filter(pk__in=event_ids).values_list("pk", "status"))
