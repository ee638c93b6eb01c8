"""Changes of an event's questions, under the lock of the event, so that nobody registers by half of them."""

from collections.abc import Sequence
from copy import copy
from datetime import datetime
from typing import Any, TypedDict

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import require
from eventhub import audit
from eventhub.api.etags import UNCONDITIONAL, Precondition
from eventhub.db.retry import retried
from eventhub.exceptions import Invalid
from events.models import Event
from events.services.events import note_in_history
from registrations.exceptions import HasAnswers, QuestionInUse, QuestionNotFound, TooManyQuestions
from registrations.models import Answers, Question
from registrations.services.answers import refresh_complete
from registrations.services.question_rules import MAX_QUESTIONS, apply_values, condition_problem
from registrations.services.questions import questions_of
from registrations.services.seats import lock_event

# Changes that leave open what people still have to answer.
WORDS = {"text", "help", "personal", "editable_until"}


class QuestionValues(TypedDict, total=False):
    text: str
    help: str
    type: str
    required: str
    options: list[dict[str, Any]]  # {"id"?, "text", "archived"?}; without an id it is a new one
    min: int | None
    max: int | None
    show_if: dict[str, Any] | None
    editable_until: datetime | None
    personal: bool
    archived: bool


@retried
def create_question(*, event: Event, values: QuestionValues, by: User) -> Question:
    """Add a question as the last one. Raise Forbidden, a 400, and TooManyQuestions."""
    with transaction.atomic():
        event = lock_event(event.pk)
        require(by, "event", "create_question", event)
        known = questions_of(event, archived=True)
        question = Question(event=event, place=max((each.place for each in known), default=0) + 1)
        apply_values(question, values, has_answers=False)
        _require_fit(question, [*known, question])
        _require_others_fit(question, [*known, question])
        question.save(force_insert=True)
        _note(event, f"Question “{question}” added")
        return question


@retried
def update_question(
    *, question: Question, values: QuestionValues, by: User, condition: Precondition = UNCONDITIONAL
) -> Question:
    """Change a question; absent values stay. Options that are left out are archived if the question has answers.

    Raise QuestionNotFound, Forbidden, a 400, PreconditionFailed, HasAnswers, QuestionInUse, TooManyQuestions.
    """
    with transaction.atomic():
        event, present, known = _lock(question, by, "update")
        before, is_answered = copy(present), has_answers(present)
        apply_values(present, values, has_answers=is_answered)
        _require_fit(present, known)
        condition.require(before)
        if is_answered and present.type != before.type:
            raise HasAnswers()
        _require_others_fit(present, known)
        changed = {name for name in values if getattr(present, name) != getattr(before, name)}
        if changed:
            present.save()
            what = "archived" if present.archived and not before.archived else "changed"
            _note(event, f"Question “{present}” {what}", counts=not changed <= WORDS)
        return present


@retried
def delete_question(*, question: Question, by: User, condition: Precondition = UNCONDITIONAL) -> bool:
    """Delete a question, or archive one that has answers. Return whether it is archived.

    Raise QuestionNotFound, Forbidden, PreconditionFailed, QuestionInUse.
    """
    with transaction.atomic():
        event, present, known = _lock(question, by, "destroy")
        condition.require(present)
        _require_others_fit(present, [each for each in known if each.pk != present.pk])
        is_kept, name = has_answers(present), str(present)
        if is_kept:
            present.archived = True
            present.save()
        else:
            present.delete()
        _note(event, f"Question “{name}” {'archived' if is_kept else 'deleted'}")
        return is_kept


@retried
def order_questions(*, event: Event, ids: Sequence[int], by: User) -> list[Question]:
    """Ask the questions in this order. Raise Forbidden, and a 400 unless these are all that are asked."""
    with transaction.atomic():
        event = lock_event(event.pk)
        require(by, "event", "order_questions", event)
        asked = {question.pk: question for question in questions_of(event)}
        if sorted(ids) != sorted(asked):
            raise Invalid({"ids": ["Name every question of the event once, except for archived ones."]})
        ordered = [asked[pk] for pk in ids]
        for place, question in enumerate(ordered, 1):
            question.place = place
            if condition_problem(question, ordered[: place - 1]):
                raise Invalid({"ids": [f"“{question}” must come after the question that it depends on."]})
        Question.objects.bulk_update(ordered, ["place"])
        _note(event, "Order of the questions changed", counts=False)
        return ordered


def has_answers(question: Question) -> bool:
    given = Answers.objects.filter(registration__event=question.event_id, answers__has_key=str(question.pk))
    return given.exists()


def _lock(question: Question, by: User, action: str) -> tuple[Event, Question, list[Question]]:
    """Lock the event, and so all its questions. Return the question among them as it is now."""
    event = lock_event(question.event_id)
    known = questions_of(event, archived=True)
    present = next((each for each in known if each.pk == question.pk), None)
    if present is None:
        raise QuestionNotFound()
    present.event = event
    require(by, "question", action, present)
    return event, present, known


def _require_fit(question: Question, known: Sequence[Question]) -> None:
    """Raise a 400 where its own condition does not fit among the questions of the event."""
    if question.archived or question.show_if is None:
        return
    if problem := condition_problem(question, known[: known.index(question)]):
        raise Invalid({"show_if": [problem]})


def _require_others_fit(question: Question, known: Sequence[Question]) -> None:
    """Raise QuestionInUse where others no longer fit, and TooManyQuestions."""
    asked = [each for each in known if not each.archived]
    broken = [each for place, each in enumerate(asked) if condition_problem(each, asked[:place])]
    if broken:
        direct = [each.pk for each in broken if each.show_if and each.show_if["question_id"] == question.pk]
        raise QuestionInUse(direct or [each.pk for each in broken])
    if not question.archived and len(asked) > MAX_QUESTIONS:
        raise TooManyQuestions()


def _note(event: Event, text: str, *, counts: bool = True) -> None:
    """Make those who register now read the questions again, and look anew at what is still to answer."""
    event.asks_questions = Question.objects.filter(event=event, archived=False).exists()
    Event.objects.filter(pk=event.pk).update(
        asks_questions=event.asks_questions, updated_at=timezone.now(), saved_through=audit.channel()
    )
    note_in_history(event, text)
    if counts:
        refresh_complete(event)
