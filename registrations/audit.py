"""Holds the counts and the queues of all events against their registrations, and mends what can be mended."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.db import IntegrityError
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from events.models import QUEUE_CLOSED, Event
from registrations.models import SEATED, Registration
from registrations.seats import promote
from registrations.triggers import recount


class Fault(NamedTuple):
    """An event that breaks a rule of the contract, and how."""

    event_id: int
    problem: str


def find_faults(now: datetime | None = None) -> Iterator[Fault]:
    """Events whose counts differ from their rows, then events where somebody waits beside a free seat."""
    for event in _miscounted():
        yield Fault(
            event.pk,
            f"counts {event.seats_taken} seats and {event.waitlisted} waiting,"
            f" has {event.really_seated} and {event.really_waiting}",
        )
    for event in _idle_queues(now or timezone.now()):
        yield Fault(event.pk, f"{event.seats_left} free seats, and {event.waitlisted} waiting")


def repair(fault: Fault, now: datetime | None = None) -> bool:
    """Counts the event's rows again and serves its queue; False where it has more people seated than seats."""
    try:
        recount([fault.event_id])
    except IntegrityError:
        return False
    promote(event_id=fault.event_id, now=now)
    return True


def _miscounted() -> QuerySet[Event]:
    rows = Registration.objects.filter(event=OuterRef("pk")).order_by().values("event")
    seated = rows.annotate(n=Count("pk", filter=Q(status__in=SEATED))).values("n")
    waiting = rows.annotate(n=Count("pk", filter=Q(status="waitlisted"))).values("n")
    counted = Event.objects.annotate(
        really_seated=Coalesce(Subquery(seated), 0), really_waiting=Coalesce(Subquery(waiting), 0)
    )
    wrong = ~Q(seats_taken=F("really_seated")) | ~Q(waitlisted=F("really_waiting"))
    return counted.filter(wrong).order_by("pk")


def _idle_queues(now: datetime) -> list[Event]:
    waiting = Event.objects.filter(waitlisted__gt=0, has_free_seats=True).exclude(status__in=QUEUE_CLOSED)
    return [event for event in waiting.order_by("pk") if event.serves_queue(now)]
