"""Answers of people who are registered: changes, and what of them is complete."""

from collections.abc import Mapping, Sequence
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
from registrations.models import LIVE, Answers, Question, Registration, Required
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
            _require_open(registration, asked, kept.answers, checked.answers, now)
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
    """Return the questions whose answers the person may give or change by now.

    What is owed can be given until the event is over, also where an answer that is open makes it owed. A question that
    is not shown is open only if the one that it depends on is.
    """
    now = now or timezone.now()
    if _is_closed(registration, now):
        return []
    visible, opens = questions.visible_answers(asked, given), dict[int, Question]()
    for question in asked:
        answer, end = visible.get(str(question.pk)), closes_at(registration.event, question)
        can_be_shown = questions.is_shown(question, visible) or questions.depends_on(question) in opens
        is_owed = question.required == Required.YES and not questions.is_answered(question, answer)
        if can_be_shown and (is_owed or end is None or end > now):
            opens[question.pk] = question
    return [*opens.values()]


def closes_at(event: Event, question: Question | None = None) -> datetime | None:
    """Return until when people may change answers, or one of them, or None: until the event is over."""
    ends = (event.edit_until, question.editable_until if question else None)
    return min((end for end in ends if end is not None and end < event.ends), default=None)


def _require_open(
    registration: Registration,
    asked: Sequence[Question],
    stored: Mapping[str, Any],
    becomes: Mapping[str, Any],
    now: datetime,
) -> None:
    """Raise AnswersClosed if a closed answer would change, or would go because of another."""
    if _is_closed(registration, now):
        raise AnswersClosed()
    opens, visible = open_questions(registration, asked, stored, now), questions.visible_answers(asked, stored)
    errors, ends = dict[str, list[str]](), list[datetime | None]()
    for question in asked:
        key = str(question.pk)
        if question in opens or becomes.get(key) in (stored.get(key), visible.get(key)):
            continue
        decides = _deciding(question, asked, becomes)
        errors.setdefault(
            f"answers.{decides.pk}", [questions.CLOSED if decides == question else questions.DECIDES_CLOSED]
        )
        ends.append(closes_at(registration.event, question))
    if errors:
        raise AnswersClosed(closed_since=min(filter(None, ends), default=None), errors=errors)


def _deciding(question: Question, asked: Sequence[Question], answers: Mapping[str, Any]) -> Question:
    """Return the question by whose answer this one is hidden, or the question itself."""
    earlier: dict[int | None, Question] = {each.pk: each for each in asked}
    while not questions.is_shown(question, answers):
        question = earlier[questions.depends_on(question)]
    return question


def _is_closed(registration: Registration, now: datetime) -> bool:
    event = registration.event
    return registration.status not in LIVE or event.status == EventStatus.CANCELLED or event.is_over(now)
