"""A column for each question in files of people: exports write them, and imports find them by the same headers."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from registrations.models import Question
from registrations.services.answer_texts import answer_from_text, answer_text
from registrations.services.questions import check

PREFIX = "answers."


def headers(questions: Sequence[Question], *, taken: Collection[str]) -> list[str]:
    """Return the texts of the questions, with a number where another column has the same."""
    used = {name.casefold() for name in taken}
    found = []
    for question in questions:
        header, number = question.text, 1
        while header.casefold() in used:
            number += 1
            header = f"{question.text} ({number})"
        used.add(header.casefold())
        found.append(header)
    return found


def cells(questions: Sequence[Question], answers: Mapping[str, Any]) -> list[str | int | float]:
    """Return the answers as cells: numbers as numbers, choices by their texts."""
    return [_cell(question, answers.get(str(question.pk))) for question in questions]


def _cell(question: Question, value: Any) -> str | int | float:
    is_number = isinstance(value, int | float) and question.type == "number"
    return value if is_number else answer_text(question, value)


class AnswerColumns(NamedTuple):
    """The questions that an import may fill, and the header of each by the name of its field: `answers.12`."""

    questions: Sequence[Question] = ()
    labels: Mapping[str, str] = MappingProxyType({})

    def read(self, texts: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
        """Return the answers of a row, and what is wrong with them. Required ones may be left open."""
        given = {
            str(question.pk): answer_from_text(question, text)
            for question in self.questions
            if (text := texts.get(f"{PREFIX}{question.pk}", "").strip())
        }
        clean, errors = check(self.questions, given, for_organizer=True)
        return clean, list(_sentences(self.labels, errors)) if errors else []


def _sentences(labels: Mapping[str, str], errors: Mapping[str, list[str]]) -> Iterator[str]:
    for name, problems in errors.items():
        yield f"{labels.get(name, name)}: {' '.join(problems)}"
