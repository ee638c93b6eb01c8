"""Identifiers as clients send them. An integer that no column can hold is one, and names no row."""

from typing import Any

from django import forms
from rest_framework import serializers

MAX_ID = 2**63 - 1  # bigint
NO_ROW = 0  # identities start at 1
TIME, DATE = {"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}  # in the OpenAPI document


class IdField(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        return _nameable(super().to_internal_value(data))


class IdFormField(forms.IntegerField):
    def to_python(self, value: Any) -> int | None:
        number: int | None = super().to_python(value)
        return None if number is None else _nameable(number)


def could_be_id(text: str) -> bool:
    """Return whether a client's text is a possible id."""
    return text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_ID)) and 0 < int(text) <= MAX_ID


def _nameable(number: int) -> int:
    return number if 0 < number <= MAX_ID else NO_ROW
