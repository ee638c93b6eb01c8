from collections.abc import Iterator, Mapping
from functools import partial

from django.db import transaction
from django.utils import timezone

from eventhub.observability.metrics import Reading, counters
from registrations.models import LIVE, RegistrationStatus
from registrations.selectors import dashboard

WAITLISTED = RegistrationStatus.WAITLISTED


def count_status_changes(numbers: Mapping[tuple[str | None, str | None], int]) -> None:
    for (was, becomes), number in numbers.items():
        transaction.on_commit(partial(_count, was, becomes, number))


def _count(was: str | None, becomes: str | None, number: int) -> None:
    if was not in LIVE and becomes in LIVE:
        outcome = "waitlisted" if becomes == WAITLISTED else "registered"
        counters().registrations.labels(outcome).inc(number)
    elif was in LIVE and becomes not in LIVE:
        counters().cancellations.inc(number)
    elif was == WAITLISTED and becomes != WAITLISTED:
        counters().promotions.inc(number)


def gauges() -> Iterator[Reading]:
    totals = dashboard.get_totals(user=None, now=timezone.now())
    yield "events_to_come", "Announced events of today and later.", totals.events
    yield "seats", "Their seats.", totals.seats
    yield "seats_taken", "Their seats that are taken.", totals.taken
    yield "queue_length", "People on their waiting lists.", totals.waiting
