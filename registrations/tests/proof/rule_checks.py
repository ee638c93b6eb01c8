"""Holds the database against the rules of the contract, by statements of its own: nothing here asks the code that is
being held to them.

Rules 1, 2 and 4 are looked at from outside, in one statement that sees one moment: after a round, and again and again
during it, since they are to hold at every moment. That nobody was seated before someone who waited longer is told by
the log of transitions, which the database writes under the lock of the event. Rule 3 needs the answers.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from events.models import Event
from registrations.models import Registration, Transition
from registrations.tests.proof.outcomes import Told

_LOOK = """
SELECT e.id, e.seats_taken, e.waitlisted, e.max_capacity, e.status,
 e.status NOT IN ('completed', 'cancelled') AND e.end_time > %s,
 (SELECT count(*) FROM registrations_registration r WHERE r.event_id = e.id AND r.status IN ('registered', 'attended')),
 (SELECT count(*) FROM registrations_registration r WHERE r.event_id = e.id AND r.status = 'waitlisted'),
 (SELECT count(r.user_id) - count(DISTINCT r.user_id) FROM registrations_registration r
   WHERE r.event_id = e.id AND r.status IN ('registered', 'attended', 'waitlisted'))
 FROM events_event e WHERE e.id IN ({ids}) ORDER BY e.id"""


class Seen(NamedTuple):
    """An event at one moment: what it counts, and what its rows are."""

    event_id: int
    seats_taken: int
    waitlisted: int
    max_capacity: int
    status: str
    serves_queue: bool
    seated: int
    waiting: int
    doubles: int

    def problems(self, *, is_raw: bool) -> Iterator[str]:
        """The rules that it breaks at this moment. With `is_raw`, a seat may be free beside a queue."""
        name = f"event {self.event_id} ({self.status})"
        if (self.seats_taken, self.waitlisted) != (self.seated, self.waiting):
            counts = f"{self.seats_taken} seated and {self.waitlisted} waiting"
            yield f"rule 1: {name} counts {counts}, has {self.seated} and {self.waiting}"
        if max(self.seats_taken, self.seated) > self.max_capacity:
            yield f"rule 1: {name} has {self.seated} people on {self.max_capacity} seats"
        if not is_raw and self.waiting and self.seated < self.max_capacity and self.serves_queue:
            yield f"rule 2: {name} has {self.max_capacity - self.seated} free beside {self.waiting} who wait"
        if self.doubles:
            yield f"rule 4: {name} has {self.doubles} second live registrations of a user"


def look(event_ids: Sequence[int], *, is_raw: bool) -> list[str]:
    """What is wrong with these events at this moment."""
    ids = ", ".join(str(pk) for pk in event_ids)
    now: Any = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_LOOK.format(ids=ids), [now])
        return [problem for row in cursor.fetchall() for problem in Seen(*row).problems(is_raw=is_raw)]


def order(event_ids: Sequence[int]) -> list[str]:
    """Who was seated before someone who had waited longer, by the log of events whose queues were served all along.

    Whose registration is gone is gone from the log as well, which puts nobody before another.
    """
    lines = Transition.objects.filter(registration__event__in=event_ids).order_by("id")
    found = lines.values_list("registration__event", "registration", "was", "becomes", "at")
    by_event: dict[int, list[Any]] = {pk: [] for pk in event_ids}
    for event_id, *line in found:
        by_event[event_id].append(tuple(line))
    return [f"rule 2: event {pk}: {problem}" for pk, log in by_event.items() for problem in _out_of_turn(log)]


def _out_of_turn(log: Sequence[tuple[int, str, str, datetime]]) -> Iterator[str]:
    """Plays the log again. Several who get seats in one statement stand in it by id, with one time."""
    queue: list[int] = []
    called: list[int] = []
    for position, (row, was, becomes, at) in enumerate(log):
        is_seat = becomes in ("registered", "attended")
        if becomes == "waitlisted":  # new, come back, or moved to the end
            queue = [*(other for other in queue if other != row), row]
        elif was == "waitlisted" and is_seat:
            called.append(row)
            following = log[position + 1] if position + 1 < len(log) else None
            if following and following[1] == "waitlisted" and following[2] == becomes and following[3] == at:
                continue
            if set(called) != set(queue[: len(called)]):
                yield f"{called} got seats while {queue} waited, in this order"
            queue, called = [other for other in queue if other not in called], []
        elif was == "waitlisted":
            queue = [other for other in queue if other != row]
        elif is_seat and was in ("", "cancelled") and queue:
            yield f"{row} got a seat while {queue} waited"


def answered(created: Sequence[Told]) -> list[str]:
    """Rule 3: who was told of a registration has it, and alone, unless its event has been deleted since."""
    ids = [told.registration_id for told in created]
    there = set(Registration.objects.filter(pk__in=ids).values_list("pk", flat=True))
    events = set(Event.objects.filter(pk__in=[told.event_id for told in created]).values_list("pk", flat=True))
    missing = [told for told in created if told.event_id in events and told.registration_id not in there]
    problems = [f"rule 3: {told.registration_id} of event {told.event_id} was promised and is gone" for told in missing]
    if len(ids) != len(set(ids)):
        problems.append(f"rule 3: two people were told of one registration: {sorted(ids)}")
    return problems


def rows_of(event_ids: Sequence[int]) -> list[str]:
    """The events, their registrations and the log, for whoever looks into a violation."""
    events = Event.objects.filter(pk__in=event_ids).values("id", "status", "max_capacity", "seats_taken", "waitlisted")
    rows = Registration.objects.filter(event__in=event_ids).order_by("id")
    lines = Transition.objects.filter(registration__event__in=event_ids).order_by("id")
    fields = ("id", "event_id", "user_id", "status", "queue_number", "status_since", "status_through")
    return [
        *(f"event {row}" for row in events),
        *(f"registration {row}" for row in rows.values(*fields)),
        *(f"log {row}" for row in lines.values("id", "registration_id", "was", "becomes", "at", "through")),
    ]
