"""What people answer when they register. Later on, they do in answers.py."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.text import Truncator

from eventhub import audit
from eventhub.exceptions import Invalid
from events.models import Event
from registrations.models import AnswerChange, Answers, Question, Registration
from registrations.services import questions
from registrations.services.answer_texts import answer_text

MOST_LOGGED = 200  # letters of an answer


class CheckedAnswers(NamedTuple):
    answers: dict[str, Any]
    complete: bool


def check_newcomer(event: Event, given: Mapping[str, Any] | None, *, for_organizer: bool) -> CheckedAnswers | None:
    """Check what is answered when registering; None where the event asks nothing. Raise a 400."""
    if not event.asks_questions and not given:
        return None
    asked = questions.questions_of(event) if event.asks_questions else []
    return check_all(asked, given or {}, for_organizer=for_organizer, stored={})


def check_all(
    asked: Sequence[Question], given: Mapping[str, Any], *, for_organizer: bool, stored: Mapping[str, Any]
) -> CheckedAnswers:
    """Check changes of the stored answers. Answers to questions that are asked no more stay. Raise a 400."""
    clean, errors = questions.check(asked, given, for_organizer=for_organizer, stored=stored)
    if errors:
        raise Invalid(errors)
    is_asked = {str(question.pk) for question in asked}
    old = {key: value for key, value in stored.items() if key not in is_asked}
    return CheckedAnswers(old | clean, complete=not questions.unanswered(asked, clean))


def insert(registration: Registration, checked: CheckedAnswers | None) -> None:
    if checked is not None:
        Answers.objects.bulk_create(
            [Answers(registration=registration, answers=checked.answers, complete=checked.complete)]
        )


def answers_of(registration: Registration) -> Answers:
    """Return the answers, unsaved and empty where there are none."""
    found = Answers.objects.filter(registration=registration.pk).first()
    return found or Answers(registration=registration, complete=False)


def answer_again(registration: Registration, given: Mapping[str, Any] | None, *, for_organizer: bool) -> None:
    """Check what a locked registration holds when its person comes back, and store what is given. Raise a 400."""
    if not registration.event.asks_questions and not given:
        return
    kept = answers_of(registration)
    asked = questions.questions_of(registration.event)
    write(kept, check_all(asked, given or {}, for_organizer=for_organizer, stored=kept.answers), asked)


def write(kept: Answers, checked: CheckedAnswers, asked: Sequence[Question]) -> None:
    """Save answers of a locked registration if they changed, and log each change."""
    if kept._state.adding or (kept.answers, kept.complete) != checked:
        _log(kept, checked.answers, asked)
        kept.answers, kept.complete = checked
        kept.save()


def _log(kept: Answers, becomes: Mapping[str, Any], asked: Sequence[Question]) -> None:
    """Note the beginnings of answers: whoever changes a long one all day must not fill the disk."""
    by, through = audit.actor()
    now = timezone.now()
    lines = [
        AnswerChange(
            registration_id=kept.registration_id,
            question=question,
            was=_beginning(question, kept.answers),
            becomes=_beginning(question, becomes),
            at=now,
            by_id=by,
            through=through,
        )
        for question in asked
        if kept.answers.get(str(question.pk)) != becomes.get(str(question.pk))
    ]
    AnswerChange.objects.bulk_create(lines)


def _beginning(question: Question, answers: Mapping[str, Any]) -> str:
    return Truncator(answer_text(question, answers.get(str(question.pk)))).chars(MOST_LOGGED)
