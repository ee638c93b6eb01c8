"""Field values as text for people."""

from datetime import datetime
from typing import Any

from django.db.models import Field
from django.utils import formats, timezone
from django.utils.text import Truncator, capfirst

NOTHING = "(empty)"
MAX_CHARACTERS = 120


def label_of(field: "Field[Any, Any]") -> str:
    return str(capfirst(field.verbose_name))


def in_words(field: "Field[Any, Any]", value: Any) -> str:
    """Return choices by their labels, times in TIME_ZONE, long texts cut."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return str(formats.localize(timezone.localtime(value)))
    choices = dict(field.flatchoices or ())
    return str(choices[value]) if value in choices else Truncator(value).chars(MAX_CHARACTERS)
