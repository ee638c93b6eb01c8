"""Answers of people who are registered: changes, and what of them is complete."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import allowed, require
from eventhub.api.etags import UNCONDITIONAL, Precondition
from eventhub.db.batches import AT_ONCE, batches
from eventhub.db.json_rows import among
from eventhub.db.retry import retried
from events.models import Event, EventStatus
from registrations.exceptions import AnswersClosed
from registrations.models import LIVE, Answers, Question, Registration
from registrations.services import questions, seats
from registrations.services.newcomer_answers import answers_of, check_all, write

__all__ = ["answers_of", "closes_at", "open_questions", "refresh_complete", "save"]


@retried
def save(
    *,
    registration: Registration,
    given: Mapping[str, Any],
    by: User,
    condition: Precondition = UNCONDITIONAL,
    now: datetime | None = None,
) -> Answers:
    """Change the given answers; others stay, and null takes one back.

    Who runs the event may leave required ones open, and is bound by no deadline.
    Raise Forbidden, a 400, PreconditionFailed, AnswersClosed.
    """
    now = now or timezone.now()
    with transaction.atomic():
        registration = seats.lock_registration(registration)
        require(by, "attendee", "save_answers", registration)
        runs_it = allowed(by, "attendee", "check_in", registration)
        kept, asked = answers_of(registration), questions.questions_of(registration.event)
        checked = check_all(asked, given, for_organizer=runs_it, stored=kept.answers)
        condition.require(kept)
        if not runs_it:
            changed = {key for key in given if checked.answers.get(key) != kept.answers.get(key)}
            owed = {str(each.pk) for each in questions.unanswered(asked, kept.answers)}
            _require_open(registration, [each for each in asked if str(each.pk) in changed - owed], now)
        write(kept, checked, asked)
        return kept


def refresh_complete(event: Event) -> None:
    """Look again which answers to a locked event are complete, after its questions have changed."""
    asked = questions.questions_of(event)
    found = Answers.objects.filter(registration__event=event).order_by().values_list("pk", "answers", "complete")
    wrong: dict[bool, list[int]] = {True: [], False: []}
    for pk, given, was_complete in found.iterator():
        if (is_complete := not questions.unanswered(asked, given)) != was_complete:
            wrong[is_complete].append(pk)
    for is_complete, ids in wrong.items():
        for some in batches(ids, AT_ONCE):
            Answers.objects.filter(pk__in=among(some, "bigint")).update(complete=is_complete)


def open_questions(
    registration: Registration, asked: Sequence[Question], given: Mapping[str, Any], now: datetime | None = None
) -> list[Question]:
    """Return the questions whose answers the person may give or change by now."""
    now = now or timezone.now()
    if _is_closed(registration, now):
        return []
    owed, event = {question.pk for question in questions.unanswered(asked, given)}, registration.event
    ends = {question.pk: closes_at(question, event) for question in asked if question.pk not in owed}
    return [question for question in asked if (end := ends.get(question.pk)) is None or end > now]


def closes_at(question: Question, event: Event) -> datetime | None:
    """Return until when people may change an answer, or None: until the event is over."""
    return min(filter(None, (event.edit_until, question.editable_until)), default=None)


def _require_open(registration: Registration, changed: Collection[Question], now: datetime) -> None:
    """Raise AnswersClosed. What is owed can be given until the event is over."""
    if _is_closed(registration, now):
        raise AnswersClosed()
    ends = [end for question in changed if (end := closes_at(question, registration.event)) is not None]
    if ends and min(ends) <= now:
        raise AnswersClosed(closed_since=min(ends))


def _is_closed(registration: Registration, now: datetime) -> bool:
    event = registration.event
    return registration.status not in LIVE or event.status == EventStatus.CANCELLED or event.is_over(now)
