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
    """The new status, None where it has changed meanwhile; or a problem."""

    event: Event
    status: str | None
    problem: Exception | None = None


def due_status(event: Event, now: datetime) -> str | None:
    """Return the status that an announced event should have, or None where it has it."""
    if event.status not in ANNOUNCED or event.date_time > now:
        return None
    due = EventStatus.COMPLETED if event.ends <= now else EventStatus.ACTIVE
    return None if due == event.status else due


def due_events(now: datetime) -> Iterator[Event]:
    """Yield events whose status is out of date.

    Batches are lists: with an open cursor, SQLite refuses to write after another process has written.
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
    """Give an event its due status and return it; None where nothing is due."""
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
    """Update every due event; a failure does not stop the others."""
    for event in due_events(now):
        try:
            status = due_status(event, now) if dry_run else update_status(event_id=event.pk, now=now)
        except (Refusal, DatabaseError) as problem:
            yield StatusUpdate(event, None, problem)
        else:
            yield StatusUpdate(event, status)


def update_due_events(*, now: datetime, dry_run: bool) -> int:
    """Update all due events and return how many. Raise the first problem at the end."""
    done, first_problem = 0, None
    for event, status, problem in iter_updates(now, dry_run=dry_run):
        done += status is not None
        if problem is not None:
            logger.warning("Could not update the status of event %s: %s", event.pk, problem)
            first_problem = first_problem or problem
    if first_problem is not None:
        raise first_problem
    return done
