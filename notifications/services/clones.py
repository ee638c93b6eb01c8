"""Copies of an event with what hangs on it, and of that alone to later dates of its series."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from eventhub import audit
from eventhub.db.retry import retried
from eventhub.exceptions import Invalid
from events.models import Event, Membership, SeriesDate, TeamInvitation
from events.services.clones import copy_team, duplicate_event
from events.services.events import note_in_history
from events.services.series import lock_series
from notifications.models import Template
from notifications.services.templates import copy_templates
from registrations.models import GuestRequest, Question
from registrations.services.question_copies import copy_questions
from registrations.services.series_changes import lock_dates, with_people

PARTS: dict[str, Callable[..., None]] = {
    "questions": copy_questions,
    "templates": copy_templates,
    "team": copy_team,
}


@retried
def clone_event(*, event: Event, date_time: datetime | None = None, parts: Collection[str] = tuple(PARTS)) -> Event:
    """Copy an event as `duplicate_event` does, with those of PARTS that are named."""
    with transaction.atomic():
        copy = duplicate_event(event=event, date_time=date_time)
        for part in PARTS.keys() & set(parts):
            PARTS[part](event=event, copy=copy)
        return copy


class CopiedTo(NamedTuple):
    """The dates that got everything, and those that keep their questions since people have registered."""

    changed: list[Event]
    kept: list[Event]


@retried
def copy_to_following(*, event_id: int, dry_run: bool = False, now: datetime | None = None) -> CopiedTo:
    """Give the dates to come after this one its questions, words for emails and team, in place of theirs.

    Raise a 400 for an event without a series.
    """
    with transaction.atomic():
        row = SeriesDate.objects.filter(event=event_id).first()
        if row is None:
            raise Invalid({"event_id": ["This event belongs to no series."]})
        dates = lock_dates(lock_series(row.series_id))
        event = next((date.event for date in dates if date.event_id == event_id), None)
        if event is None:  # deleted meanwhile
            return CopiedTo([], [])
        after = max(event.date_time, now or timezone.now())
        later = [date.event for date in dates if date.event is not None and date.event.date_time > after]
        asked = GuestRequest.objects.filter(event__in=later).values_list("event_id", flat=True)
        people = with_people(later) | set(asked)
        for other in later:
            _copy_to(other, event, with_questions=other.pk not in people)
        if dry_run:
            transaction.set_rollback(True)
        changed = [other for other in later if other.pk not in people]
        return CopiedTo(changed, [other for other in later if other.pk in people])


def _copy_to(other: Event, event: Event, *, with_questions: bool) -> None:
    """Copy what hangs on an event to another, locked one, in place of what it has."""
    Template.objects.filter(event=other).delete()
    Membership.objects.filter(event=other).delete()
    TeamInvitation.objects.filter(event=other).delete()
    copy_templates(event=event, copy=other)
    copy_team(event=event, copy=other)
    if with_questions:
        Question.objects.filter(event=other).delete()
        Event.objects.filter(pk=other.pk).update(asks_questions=False)
        copy_questions(event=event, copy=other)
    Event.objects.filter(pk=other.pk).update(updated_at=timezone.now(), saved_through=audit.channel())  # a new ETag
    note_in_history(
        other, f"{'Questions, words' if with_questions else 'Words'} for emails and team as on another date"
    )
