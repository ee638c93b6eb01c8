"""Holds the counts and the queues of all events against their registrations, and mends what can be mended.

Counts go wrong only while the triggers are away (registrations/triggers.py), and a seat stays free beside a queue only
where raw SQL freed it: every rule of this project serves the queue in the same transaction.
"""

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

# Events a query. Each statement sees one moment of the database, so that what is being written meanwhile is no fault;
# a single one over millions of rows would keep that moment, and the dead rows since, for as long as it runs.
BATCH = 10_000


class Fault(NamedTuple):
    """An event that breaks a rule of the contract, and how."""

    event_id: int
    problem: str


def find_faults(now: datetime | None = None) -> Iterator[Fault]:
    """The events whose counts or queue are not as their rows want them, by id, each with all that is wrong with it.

    Nothing is being read between two faults, so that the caller may write. Two queries for each BATCH of events.
    """
    now = now or timezone.now()
    after = 0
    while (upto := _batch_end(after)) is not None:
        for event in list(_suspects(after, upto)):
            if problems := list(_problems(event, now)):
                yield Fault(event.pk, "; ".join(problems))
        after = upto


@retried
def repair(*, event_id: int, now: datetime | None = None) -> int:
    """Counts the event's rows again and serves its queue; how many people got a seat by it.

    CapacityBelowTaken, with nothing changed, where more people are seated than there are seats: who has to go is not
    for a program to say. EventNotFound. The triggers must be there, since they do the counting.
    """
    try:
        with transaction.atomic():
            lock_event(event_id)
            _number_the_unnumbered(event_id)
            recount([event_id])
            return promote(event_id=event_id, now=now)
    except IntegrityError as problem:
        if "event_seats_within_capacity" in violated(problem):
            raise CapacityBelowTaken() from None
        raise


def _batch_end(after: int) -> int | None:
    """The last id of the next batch; None where there are no more events."""
    batch = Event.objects.filter(pk__gt=after).order_by("pk")[:BATCH]
    end: int | None = batch.aggregate(end=Max("pk"))["end"]
    return end


def _suspects(after: int, upto: int) -> Any:
    """Events of a batch that differ from their rows, or have both a free seat and a queue, served or not.

    The bounds are given for both tables, since a database does not conclude those of one from those of the other.
    """
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
    # Only what `_problems` reads: SQLite groups by every column that it selects.
    return suspects.only("max_capacity", "seats_taken", "waitlisted", "status", "date_time", "end_time").order_by("pk")


def _problems(event: Any, now: datetime) -> Iterator[str]:
    """What is wrong with a suspect, judged by its rows."""
    seated, waiting = event.really_seated, event.really_waiting
    if (event.seats_taken, event.waitlisted) != (seated, waiting):
        yield f"counts {event.seats_taken} seated and {event.waitlisted} waiting, has {seated} and {waiting}"
    free = event.max_capacity - seated
    if free < 0:
        yield f"{seated} people on {event.max_capacity} seats"
    if event.unnumbered:
        yield f"{event.unnumbered} waiting without a number in the queue"
    if free > 0 and waiting and event.serves_queue(now):
        yield f"{free} free beside a queue of {waiting}"


def _number_the_unnumbered(event_id: int) -> None:
    """Puts those whom no trigger gave a number at the end of the queue, by the clock for want of anything better."""
    waiting = Registration.objects.waiting().filter(event=event_id)
    unnumbered = list(waiting.filter(queue_number=None).order_by("registration_date", "pk").only("pk"))
    if not unnumbered:
        return
    last = waiting.aggregate(last=Max("queue_number"))["last"] or 0
    for number, registration in enumerate(unnumbered, start=last + 1):
        registration.queue_number = number
    Registration.objects.bulk_update(unnumbered, ["queue_number"], batch_size=1000)
