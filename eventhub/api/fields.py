"""Fields of bodies and forms.

Integers are JSON integers or plain ASCII digits, not all that int() takes. An id that is too large for its column is
valid, and finds no row. Texts of one line follow the rule of eventhub/text_fields.py.
"""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from rest_framework import serializers

from eventhub.datetimes import clean_zone
from eventhub.languages import Language
from eventhub.text_fields import clean_details, clean_line

YES, NO = ("true", "1", "yes"), ("false", "0", "no")
MAX_ID = 2**63 - 1  # bigint
NO_ROW = 0  # identities start at 1
TIME, DATE = {"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}  # in the OpenAPI document
# As long as DRF reads; Python refuses to convert thousands of digits.
PLAIN = re.compile(r"-?[0-9]{1,1000}")
DECIMAL = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,20})?")


def parse_integer(value: object) -> int:
    """Return the integer, or raise ValueError for "1_000", "5.0", 5.0, true or digits of other scripts."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and PLAIN.fullmatch(value):
        return int(value)
    raise ValueError("Enter a whole number.")


def choose_one_of(values: Iterable[str]) -> dict[str, str]:
    """Return the error messages of a field with these choices."""
    return {"invalid_choice": f"Choose one of {', '.join(values)}."}


class YesOrNoField(serializers.BooleanField):
    """A boolean by the rule of filters: true, false, 1, 0, yes or no, in any case."""

    default_error_messages = {**choose_one_of((*YES, *NO))}

    def to_internal_value(self, data: Any) -> bool:
        text = str(data).lower() if isinstance(data, str | int) else ""
        if text not in (*YES, *NO):
            self.fail("invalid_choice")
        return text in YES


class LanguageField(serializers.ChoiceField):
    """A language of emails, or an empty text for none."""

    default_error_messages = {**choose_one_of(Language.values)}

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=Language.choices, allow_blank=True, **options)


class ZoneField(serializers.CharField):
    """A time zone by its IANA name, or an empty text for the site's."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_blank=True, **options)

    def to_internal_value(self, data: Any) -> str:
        try:
            return clean_zone(super().to_internal_value(data))
        except ValueError as problem:
            raise serializers.ValidationError(str(problem)) from None


class DegreesField(serializers.FloatField):
    """Degrees of a coordinate: a number, or its plain decimal digits. The bounds are the event's rules."""

    default_error_messages = {"invalid": "Enter degrees, such as 52.516275."}

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or (isinstance(data, str) and not DECIMAL.fullmatch(data)):
            self.fail("invalid")
        return float(super().to_internal_value(data))


class PlainIntegerField(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        try:
            return parse_integer(data)
        except ValueError:
            self.fail("invalid")


class PlainIntegerFormField(forms.IntegerField):
    def to_python(self, value: Any) -> int | None:
        try:
            return None if value in self.empty_values else parse_integer(value)
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class PlainPositiveIntegerField(models.PositiveIntegerField):  # type: ignore[type-arg]
    def deconstruct(self) -> Any:
        """Name the plain field, so that migrations do not depend on this class."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.PositiveIntegerField", args, kwargs

    def to_python(self, value: Any) -> int | None:
        try:
            return None if value is None else parse_integer(value)
        except ValueError:
            message = self.error_messages["invalid"]
            raise ValidationError(message, code="invalid", params={"value": value}) from None

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": PlainIntegerFormField, **kwargs})


class IdField(PlainIntegerField):
    def to_internal_value(self, data: Any) -> int:
        return _nameable(super().to_internal_value(data))


class IdFormField(PlainIntegerFormField):
    def to_python(self, value: Any) -> int | None:
        number: int | None = super().to_python(value)
        return None if number is None else _nameable(number)


class LineInput(serializers.CharField):
    """A text of one line, cleaned before it can count as blank."""

    tidy = staticmethod(clean_line)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        try:
            data = self.tidy(data) if isinstance(data, str) else data
        except ValidationError as problem:
            raise serializers.ValidationError(problem.messages) from None
        return super().run_validation(data)


class DetailsInput(LineInput):
    """A short text that may have several lines."""

    tidy = staticmethod(clean_details)


def could_be_id(text: str) -> bool:
    """Return whether a client's text is a possible id."""
    return PLAIN.fullmatch(text) is not None and 0 < int(text) <= MAX_ID


def _nameable(number: int) -> int:
    return number if 0 < number <= MAX_ID else NO_ROW
