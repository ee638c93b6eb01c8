"""How people with a seat at an event answered its questions."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from eventhub.db.json_values import ValueCount, count_values
from events.models import Event
from registrations.models import SEATED, Answers, Question, QuestionType
from registrations.services.answer_texts import answer_text
from registrations.services.questions import questions_of

COUNTED = (
    *(QuestionType.CHOICE, QuestionType.CHOICES, QuestionType.YES_NO, QuestionType.CONSENT),
    *(QuestionType.COUNTRY, QuestionType.NUMBER),
)


class AnswerTotal(NamedTuple):
    value: Any  # as it is stored: an option's id, true or false, a country's code
    text: str
    people: int


class NumberTotals(NamedTuple):
    sum: float
    mean: float
    smallest: float
    largest: float


class QuestionTotals(NamedTuple):
    """`totals` are empty for numbers, and `numbers` None for all others."""

    question_id: int
    text: str
    type: str
    answered: int
    totals: list[AnswerTotal]
    numbers: NumberTotals | None


def answer_totals(event: Event) -> list[QuestionTotals]:
    """Return the totals of the questions whose answers can be counted: two statements, or none without questions."""
    if not event.asks_questions:
        return []
    asked = [question for question in questions_of(event) if question.type in COUNTED]
    given = Answers.objects.filter(registration__event=event.pk, registration__status__in=SEATED)
    counts: defaultdict[str, list[ValueCount]] = defaultdict(list)
    for count in count_values(given, "answers", keys=[str(question.pk) for question in asked]) if asked else []:
        counts[count.key].append(count)
    return [_totals(question, counts[str(question.pk)]) for question in asked]


def _totals(question: Question, counts: Sequence[ValueCount]) -> QuestionTotals:
    is_number = question.type == QuestionType.NUMBER
    return QuestionTotals(
        question.pk,
        question.text,
        question.type,
        sum(count.first for count in counts),
        [] if is_number else _by_value(question, counts),
        _of_numbers(counts) if is_number and counts else None,
    )


def _by_value(question: Question, counts: Sequence[ValueCount]) -> list[AnswerTotal]:
    """Return a total for each possible answer, in their order; of countries and old options those that were given."""
    people = {_stored(question, count.value): count.rows for count in counts}
    match question.type:
        case QuestionType.COUNTRY:
            values: list[Any] = sorted(people, key=lambda code: (-people[code], code))
        case QuestionType.YES_NO | QuestionType.CONSENT:
            values = [True, False]
        case _:
            options = question.options
            values = [each["id"] for each in options if not each.get("archived") or each["id"] in people]
    return [AnswerTotal(value, answer_text(question, value), people.get(value, 0)) for value in values]


def _stored(question: Question, text: str) -> Any:
    if question.type in (QuestionType.YES_NO, QuestionType.CONSENT):
        return text in ("true", "1")
    return text if question.type == QuestionType.COUNTRY else int(text)


def _of_numbers(counts: Sequence[ValueCount]) -> NumberTotals:
    numbers = {float(count.value): count.rows for count in counts}
    total, people = sum(number * rows for number, rows in numbers.items()), sum(numbers.values())
    return NumberTotals(total, round(total / people, 2), min(numbers), max(numbers))
