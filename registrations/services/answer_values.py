"""Values of answers, by the type of their question. answer_texts.py writes them for people."""

import math
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email

from accounts.email_addresses import normalize_email, refuse_unusable
from eventhub.api.fields import NO, YES
from eventhub.datetimes import FIRST_YEAR, LAST_YEAR, OUT_OF_RANGE
from eventhub.text_fields import clean_details, clean_line
from registrations.countries import COUNTRIES
from registrations.models import Question, QuestionType

MAX_TEXT, MAX_LONG_TEXT, MAX_ADDRESS, MAX_URL, MAX_PHONE = 255, 5000, 254, 500, 40
MAX_NUMBER = 10**15
ENTER = {
    QuestionType.TEXT: "Enter a text.",
    QuestionType.LONG_TEXT: "Enter a text.",
    QuestionType.NUMBER: "Enter a number.",
    QuestionType.DATE: "Enter a date such as 2027-05-01.",
    QuestionType.YES_NO: "Answer with true or false.",
    QuestionType.CHOICE: "Choose one of the options.",
    QuestionType.CHOICES: "Choose from the options.",
    QuestionType.EMAIL: "Enter an email address.",
    QuestionType.PHONE: "Enter a phone number.",
    QuestionType.URL: "Enter a web address that begins with https:// or http://.",
    QuestionType.COUNTRY: "Enter a country's code of two letters, such as DE.",
    QuestionType.CONSENT: "Answer with true or false.",
}
# Types whose `min` and `max` say something: of a number its value, of a text its length, of choices their count.
BOUNDED = {QuestionType.NUMBER, QuestionType.TEXT, QuestionType.LONG_TEXT, QuestionType.CHOICES}
WITH_OPTIONS = {QuestionType.CHOICE, QuestionType.CHOICES}
# Those that another question may depend on: one knows beforehand what they can be.
DECIDING = {*WITH_OPTIONS, QuestionType.YES_NO, QuestionType.CONSENT}

_NUMBER = re.compile(r"[+-]?[0-9]{1,16}([.][0-9]{1,9})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PHONE = re.compile(r"[+(]?[0-9][0-9 ()/.,x+-]*")
_is_url = URLValidator(schemes=["http", "https"])


def clean_value(question: Question, value: Any) -> Any:
    """Return a value as it is stored, or None for no answer. Raise ValidationError."""
    if value in (None, "", []) and not isinstance(value, bool):
        return None
    clean = _CLEAN[QuestionType(question.type)](question, value)
    return None if clean in ("", []) else clean


def _refuse(question: Question) -> ValidationError:
    return ValidationError(ENTER[QuestionType(question.type)])


def _text(question: Question, value: Any, tidy: Callable[[str], str] = clean_line, longest: int = MAX_TEXT) -> str:
    if not isinstance(value, str):
        raise _refuse(question)
    text = tidy(value)
    if len(text) > longest:
        raise ValidationError(f"Enter at most {longest} characters.")
    return text


def _require_within(question: Question, size: float, verb: str, unit: str) -> None:
    if question.min is not None and size < question.min:
        raise ValidationError(f"{verb} at least {question.min}{unit}.")
    if question.max is not None and size > question.max:
        raise ValidationError(f"{verb} at most {question.max}{unit}.")


def _clean_text(question: Question, value: Any) -> str:
    is_long = question.type == QuestionType.LONG_TEXT
    text = _text(question, value, *((clean_details, MAX_LONG_TEXT) if is_long else ()))
    if text:
        _require_within(question, len(text), "Enter", " characters")
    return text


def _clean_number(question: Question, value: Any) -> int | float:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _refuse(question)
    if abs(value) > MAX_NUMBER:
        raise ValidationError("This number is too large.")
    _require_within(question, value, "Enter", "")
    return int(value) if value == int(value) else value


def _clean_date(question: Question, value: Any) -> str:
    if not isinstance(value, str) or not _DATE.fullmatch(value.strip()):
        raise _refuse(question)
    try:
        day = date.fromisoformat(value.strip())
    except ValueError:
        raise _refuse(question) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValidationError(OUT_OF_RANGE)
    return day.isoformat()


def _clean_yes_no(question: Question, value: Any) -> bool:
    text = str(value).strip().lower() if isinstance(value, str | int) else ""
    if text not in (*YES, *NO):
        raise _refuse(question)
    return text in YES


def _option(question: Question, value: Any) -> int:
    offered = {option["id"] for option in question.options if not option.get("archived")}
    if isinstance(value, bool) or not isinstance(value, int) or value not in offered:
        raise _refuse(question)
    return value


def _clean_choices(question: Question, value: Any) -> list[int]:
    if not isinstance(value, list) or len(value) > len(question.options):
        raise _refuse(question)
    chosen = {_option(question, each) for each in value}
    _require_within(question, len(chosen), "Choose", "")
    return [option["id"] for option in question.options if option["id"] in chosen]


def _clean_email(question: Question, value: Any) -> str:
    address = normalize_email(_text(question, value, longest=MAX_ADDRESS))
    try:
        validate_email(address)
        refuse_unusable(address)
    except ValidationError:
        raise _refuse(question) from None
    return address


def _clean_phone(question: Question, value: Any) -> str:
    number = _text(question, value, longest=MAX_PHONE)
    if number and not _PHONE.fullmatch(number):
        raise _refuse(question)
    return number


def _clean_url(question: Question, value: Any) -> str:
    address = _text(question, value, longest=MAX_URL)
    try:
        _is_url(address)
    except ValidationError:
        raise _refuse(question) from None
    return address


def _clean_country(question: Question, value: Any) -> str:
    code = _text(question, value).upper()
    if code not in COUNTRIES:
        raise _refuse(question)
    return code


_CLEAN: dict[QuestionType, Callable[[Question, Any], Any]] = {
    QuestionType.TEXT: _clean_text,
    QuestionType.LONG_TEXT: _clean_text,
    QuestionType.NUMBER: _clean_number,
    QuestionType.DATE: _clean_date,
    QuestionType.YES_NO: _clean_yes_no,
    QuestionType.CHOICE: _option,
    QuestionType.CHOICES: _clean_choices,
    QuestionType.EMAIL: _clean_email,
    QuestionType.PHONE: _clean_phone,
    QuestionType.URL: _clean_url,
    QuestionType.COUNTRY: _clean_country,
    QuestionType.CONSENT: _clean_yes_no,
}
