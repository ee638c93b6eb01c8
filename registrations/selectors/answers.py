"""Answers as their reader may see them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from accounts.models import User
from accounts.permissions import allowed
from events.models import Event
from registrations.models import Answers, Question, Registration
from registrations.services.answer_texts import answer_text
from registrations.services.newcomer_answers import answers_of
from registrations.services.questions import questions_of, unanswered


class AnswersShown(NamedTuple):
    registration: Registration
    kept: Answers
    questions: Sequence[Question]  # that the reader may see

    @property
    def edition(self) -> str:
        return self.kept.edition

    def body(self) -> dict[str, Any]:
        given = {key: self.kept.answers[key] for key in self._keys() if key in self.kept.answers}
        asked = [question for question in self.questions if not question.archived]
        return {
            "attendee_id": self.registration.pk,
            "event_id": self.registration.event_id,
            "complete": not unanswered(asked, given),
            "answers": given,
            "readable": [
                {"question_id": each.pk, "question": each.text, "answer": answer_text(each, given[str(each.pk)])}
                for each in self.questions
                if str(each.pk) in given
            ],
            "updated_at": self.kept.updated_at,
        }

    def _keys(self) -> list[str]:
        return [str(question.pk) for question in self.questions]


def answers_shown(registration: Registration, reader: User, kept: Answers | None = None) -> AnswersShown:
    """Return somebody's answers; those to archived questions only to the people who run the event."""
    runs_it = allowed(reader, "attendee", "check_in", registration)
    questions = questions_of(registration.event, archived=runs_it)
    return AnswersShown(registration, kept or answers_of(registration), questions)


def answers_in_list(event: Event, registration_ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """Return what a list shows of each registration: `answers` and `answers_complete`."""
    found = Answers.objects.filter(registration__in=registration_ids).values_list("pk", "answers", "complete")
    held = {pk: (answers, complete) for pk, answers, complete in found}
    is_silence_complete = not unanswered(questions_of(event), {}) if len(held) < len(registration_ids) else True
    none: tuple[dict[str, Any], bool] = ({}, is_silence_complete)
    return {pk: dict(zip(("answers", "answers_complete"), held.get(pk, none), strict=True)) for pk in registration_ids}
