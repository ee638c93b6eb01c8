"""Events that time has moved on: those that have begun are active, those that have ended are completed."""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.db import DatabaseError, transaction
from django.db.models import Q

from eventhub.db.retry import retried
from eventhub.exceptions import EventNotFound, Refusal
from events.models import ANNOUNCED, Event, EventStatus
from registrations.services.event_changes import edit_event
from registrations.services.seats import lock_event

logger = logging.getLogger(__name__)

BATCH = 500


class StatusUpdate(NamedTuple):
    """What became of an event that was due: its new status, or None where it has changed meanwhile; or a problem."""

    event: Event
    status: str | None
    problem: Exception | None = None


def due_status(event: Event, now: datetime) -> str | None:
    """The status that an announced event should have by now, or None where it has it."""
    if event.status not in ANNOUNCED or event.date_time > now:
        return None
    due = EventStatus.COMPLETED if event.ends <= now else EventStatus.ACTIVE
    return None if due == event.status else due


def due_events(now: datetime) -> Iterator[Event]:
    """The events whose status is not what it should be by now.

    One status after the other, as the index event_by_status has them: what is long over has left these, so that little
    is read. In batches, each a list: a cursor left open keeps what it read, and beside another process that has
    written since, SQLite then refuses to write.
    """
    for status in ANNOUNCED:
        begun = Event.objects.filter(status=status, date_time__lte=now).order_by("date_time", "pk")
        batch = list(begun[:BATCH])
        while batch:
            yield from (event for event in batch if due_status(event, now))
            last = batch[-1]
            beyond = Q(date_time__gt=last.date_time) | Q(date_time=last.date_time, pk__gt=last.pk)
            batch = list(begun.filter(beyond, date_time__gte=last.date_time)[:BATCH])


@retried
def update_status(*, event_id: int, now: datetime) -> str | None:
    """Gives an event the status that it should have by now, and returns it; None where it has it, or is gone.

    Decided under the event's lock, since it may have been put off a moment ago.
    """
    with transaction.atomic():
        try:
            event = lock_event(event_id)
        except EventNotFound:
            return None
        due = due_status(event, now)
        if due:
            edit_event(event_id=event_id, values={"status": due}, now=now)
        return due


def iter_updates(now: datetime, *, dry_run: bool = False) -> Iterator[StatusUpdate]:
    """Brings every event up to date that is not; one that fails does not stop the others.

    With `dry_run` they are what would be done, and nothing is written.
    """
    for event in due_events(now):
        try:
            status = due_status(event, now) if dry_run else update_status(event_id=event.pk, now=now)
        except (Refusal, DatabaseError) as problem:
            yield StatusUpdate(event, None, problem)
        else:
            yield StatusUpdate(event, status)


def update_due_events(*, now: datetime, dry_run: bool) -> int:
    """How many events were not what they should be by now, and are. The first problem is raised, after all of them."""
    done, first_problem = 0, None
    for event, status, problem in iter_updates(now, dry_run=dry_run):
        done += status is not None
        if problem is not None:
            logger.warning("event %s is not up to date: %s", event.pk, problem)
            first_problem = first_problem or problem
    if first_problem is not None:
        raise first_problem
    return done
