"""Compare the counts and queues of events with their registrations, and repair them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Count, F, FilteredRelation, Max, Q
from django.utils import timezone

from eventhub.db.retry import retried, violated
from eventhub.exceptions import CapacityBelowTaken
from events.models import Event
from registrations.models import SEATED, Registration, RegistrationStatus
from registrations.services.seats import lock_event, promote
from registrations.triggers import recount

# Events a query. A single query over millions of rows would hold its snapshot, and keep dead rows, for too long.
BATCH = 10_000


class Fault(NamedTuple):
    event_id: int
    problem: str


def find_faults(now: datetime | None = None) -> Iterator[Fault]:
    """Yield faults by event id, with two queries a batch; the caller may write between them."""
    now = now or timezone.now()
    after = 0
    while (upto := _batch_end(after)) is not None:
        for event in list(_suspects(after, upto)):
            if problems := list(_problems(event, now)):
                yield Fault(event.pk, "; ".join(problems))
        after = upto


@retried
def repair(*, event_id: int, now: datetime | None = None) -> int:
    """Recount, serve the queue and return how many were promoted. Needs the triggers.

    Raise EventNotFound, or CapacityBelowTaken for an oversold event: people have to decide who loses a seat.
    """
    try:
        with transaction.atomic():
            lock_event(event_id)
            _assign_queue_numbers(event_id)
            recount([event_id])
            return promote(event_id=event_id, now=now)
    except IntegrityError as problem:
        if "event_seats_within_capacity" in violated(problem):
            raise CapacityBelowTaken() from None
        raise


def _batch_end(after: int) -> int | None:
    batch = Event.objects.filter(pk__gt=after).order_by("pk")[:BATCH]
    end: int | None = batch.aggregate(end=Max("pk"))["end"]
    return end


def _suspects(after: int, upto: int) -> Any:
    """Return events with wrong counts, or with a free seat and a queue."""
    waiting = Q(claim__status=RegistrationStatus.WAITLISTED)
    counted = Event.objects.filter(pk__gt=after, pk__lte=upto).annotate(
        claim=FilteredRelation(
            "registrations", condition=Q(registrations__event_id__gt=after, registrations__event_id__lte=upto)
        ),
        really_seated=Count("claim", filter=Q(claim__status__in=SEATED)),
        really_waiting=Count("claim", filter=waiting),
        unnumbered=Count("claim", filter=waiting & Q(claim__queue_number=None)),
    )
    miscounted = ~Q(seats_taken=F("really_seated")) | ~Q(waitlisted=F("really_waiting"))
    idle = Q(really_waiting__gt=0, really_seated__lt=F("max_capacity"))
    suspects = counted.filter(miscounted | Q(unnumbered__gt=0) | idle)
    # SQLite groups by every column that it selects.
    return suspects.only(
        "max_capacity", "seats_taken", "waitlisted", "status", "date_time", "end_time", "time_zone"
    ).order_by("pk")


def _problems(event: Any, now: datetime) -> Iterator[str]:
    seated, waiting = event.really_seated, event.really_waiting
    if (event.seats_taken, event.waitlisted) != (seated, waiting):
        yield f"counts {event.seats_taken} seated and {event.waitlisted} waiting, has {seated} and {waiting}"
    free = event.max_capacity - seated
    if free < 0:
        yield f"{seated} people for {event.max_capacity} seats"
    if event.unnumbered:
        yield f"{event.unnumbered} waiting without a queue number"
    if free > 0 and waiting and event.serves_queue(now):
        yield f"{free} free while {waiting} wait"


def _assign_queue_numbers(event_id: int) -> None:
    """Number waiting registrations that have none, by date, at the queue's end."""
    waiting = Registration.objects.waiting().filter(event=event_id)
    unnumbered = list(waiting.filter(queue_number=None).order_by("registration_date", "pk").only("pk"))
    if not unnumbered:
        return
    last = waiting.aggregate(last=Max("queue_number"))["last"] or 0
    for number, registration in enumerate(unnumbered, start=last + 1):
        registration.queue_number = number
    Registration.objects.bulk_update(unnumbered, ["queue_number"], batch_size=1000)
