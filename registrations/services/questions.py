"""What an event asks the people who register. question_edits.py changes it, answers.py keeps what they say."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from eventhub.api.renderers import dumps
from events.models import Event
from registrations.models import Question, QuestionType, Required
from registrations.services.answer_values import clean_value

MAX_BYTES = 64 * 1024  # of all answers of a person
NEEDED = "This question needs an answer."
CONSENT_NEEDED = "You need to agree to this."
UNKNOWN = "The event does not ask this."
CLOSED = "This can no longer be changed."
DECIDES_CLOSED = "Another answer depends on this one and can no longer be changed."
TOO_LONG = "The answers are too long."


def questions_of(event: Event, *, archived: bool = False) -> list[Question]:
    """Return the questions of an event in their order; with `archived`, also those that are asked no more."""
    found = Question.objects.filter(event=event.pk).order_by("place", "id")
    return list(found if archived else found.filter(archived=False))


def check(
    questions: Sequence[Question],
    given: Mapping[str, Any],
    *,
    for_organizer: bool,
    stored: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Return the answers to store and the errors, by "answers.<question's id>". Both may be empty.

    `stored` are the present answers: what `given` leaves out stays, and what stays the same is not judged again.
    Who adds somebody else (`for_organizer`) may leave required ones open. A question that is not shown has no answer.
    """
    stored = stored or {}
    clean: dict[str, Any] = {}
    known = {str(question.pk) for question in questions}
    errors = {f"answers.{key[:20]}": [UNKNOWN] for key in given if key not in known}
    for question in questions:
        key = str(question.pk)
        if not is_shown(question, clean):
            continue
        present = stored.get(key)
        try:
            value = given.get(key, present)
            value = present if _is_same(value, present) else clean_value(question, value)
        except ValidationError as problem:
            errors[f"answers.{key}"] = problem.messages
            continue
        if value is not None:
            clean[key] = value
        if question.required == Required.YES and not for_organizer and not is_answered(question, value):
            errors[f"answers.{key}"] = [CONSENT_NEEDED if question.type == QuestionType.CONSENT else NEEDED]
    if not errors and len(dumps(clean)) > MAX_BYTES:
        errors["answers"] = [TOO_LONG]
    return clean, errors


def is_changed(question: Question, value: Any, present: Any) -> bool:
    """Return whether a value is no other way to write the present answer."""
    try:
        return not _is_same(value, present) and not _is_same(clean_value(question, value), present)
    except ValidationError:
        return True


def is_shown(question: Question, answers: Mapping[str, Any]) -> bool:
    """Return whether earlier answers let a question be asked."""
    condition = question.show_if
    if not condition:
        return True
    answer = answers.get(str(condition["question_id"]))
    if isinstance(answer, list):
        return any(each in condition["is"] for each in answer)
    return any(_is_same(answer, each) for each in condition["is"])


def depends_on(question: Question) -> int | None:
    """Return the id of the question whose answer lets this one be asked."""
    return question.show_if["question_id"] if question.show_if else None


def visible_answers(questions: Sequence[Question], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers to questions that are shown. Edits of questions may have hidden others."""
    visible: dict[str, Any] = {}
    for question in questions:
        key = str(question.pk)
        if key in answers and is_shown(question, visible):
            visible[key] = answers[key]
    return visible


def unanswered(questions: Sequence[Question], answers: Mapping[str, Any], *, at_door: bool = False) -> list[Question]:
    """Return the shown questions that still need an answer; with `at_door`, also those that are asked there."""
    asked = (Required.YES, Required.AT_DOOR) if at_door else (Required.YES,)
    return [question for question in left_open(questions, answers) if question.required in asked]


def left_open(questions: Sequence[Question], answers: Mapping[str, Any]) -> list[Question]:
    """Return the shown questions without an answer, whether or not they need one."""
    return [
        question
        for question in questions
        if is_shown(question, answers) and not is_answered(question, answers.get(str(question.pk)))
    ]


def is_answered(question: Question, value: Any) -> bool:
    return value is True if question.type == QuestionType.CONSENT else value is not None


def _is_same(value: Any, other: Any) -> bool:
    """Compare JSON values: true is not 1."""
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)
