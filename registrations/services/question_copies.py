from typing import Any

from events.models import Event
from events.services.clones import moved
from registrations.models import Question

COPIED = ("place", "text", "help", "type", "required", "options", "min", "max", "personal")


def copy_questions(*, event: Event, copy: Event) -> None:
    """Copy the questions that are asked, in their order. Conditions ask the copies."""
    asked = list(Question.objects.filter(event=event, archived=False).order_by("place", "pk"))
    copies = {question.pk: _copy(question, event, copy) for question in asked}
    Question.objects.bulk_create(copies.values())
    conditional = []
    for question in asked:
        condition = question.show_if or {}
        if condition.get("question_id") in copies:
            asks = copies[condition["question_id"]]
            copies[question.pk].show_if = {**condition, "question_id": asks.pk}
            conditional.append(copies[question.pk])
    Question.objects.bulk_update(conditional, ["show_if"])
    if copies:
        Event.objects.filter(pk=copy.pk).update(asks_questions=True)
        copy.asks_questions = True


def _copy(question: Question, event: Event, copy: Event) -> Question:
    values: dict[str, Any] = {name: getattr(question, name) for name in COPIED}
    until = question.editable_until
    return Question(event=copy, editable_until=until and moved(until, event=event, copy=copy), **values)
