"""Answers as texts, for people and files, and texts of files as answers."""

import re
from collections.abc import Iterable
from typing import Any

from registrations.countries import COUNTRIES, NAMES
from registrations.models import Question, QuestionType

YES, NO = "Yes", "No"
# Between the chosen options in one cell. An option whose text has one is found all the same.
SEPARATOR = "; "
_YES = {"yes", "y", "true", "1", "x", "ja", "j"}
_NO = {"no", "n", "false", "0", "nein"}
_COUNTRIES = {name.casefold(): code for names in NAMES.values() for code, name in names.items()}
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?", re.ASCII)


def answer_text(question: Question, value: Any) -> str:
    """Return an answer in words; options that are gone are left out."""
    if value is None:
        return ""
    match question.type:
        case QuestionType.YES_NO | QuestionType.CONSENT:
            return YES if value else NO
        case QuestionType.CHOICE | QuestionType.CHOICES:
            return _option_texts(question, value if isinstance(value, list) else [value])
        case QuestionType.COUNTRY:
            return COUNTRIES.get(value, str(value))
    return str(value)


def _option_texts(question: Question, chosen: Iterable[Any]) -> str:
    texts = {option["id"]: option["text"] for option in question.options}
    return SEPARATOR.join(texts[pk] for pk in chosen if pk in texts)


def answer_from_text(question: Question, text: str) -> Any:
    """Read a cell. What cannot be read is returned as it is, and the rules refuse it."""
    plain = text.strip()
    folded = plain.casefold()
    match question.type:
        case QuestionType.YES_NO | QuestionType.CONSENT:
            return True if folded in _YES else False if folded in _NO else plain
        case QuestionType.NUMBER if _NUMBER.fullmatch(plain):
            number = float(plain.replace(",", "."))
            return int(number) if number.is_integer() else number
        case QuestionType.CHOICE:
            return _options_by_text(question).get(folded, plain)
        case QuestionType.CHOICES:
            return _read_options(question, plain)
        case QuestionType.COUNTRY:
            return _COUNTRIES.get(folded, plain.upper())
    return plain


def _options_by_text(question: Question) -> dict[str, int]:
    """Return the ids by text. An archived option keeps its text for answers from older files, unless another has it."""
    options = sorted(question.options, key=lambda option: not option.get("archived"))
    return {option["text"].casefold(): option["id"] for option in options}


def _read_options(question: Question, text: str) -> Any:
    ids = _options_by_text(question)
    found: list[int | str] = []
    rest = text.casefold()
    while rest:
        known = [name for name in ids if rest == name or rest.startswith(f"{name}{SEPARATOR.strip()}")]
        if not known:
            return [*found, text]
        name = max(known, key=len)
        found.append(ids[name])
        rest = rest[len(name) :].lstrip("; ")
    return found
