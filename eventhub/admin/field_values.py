"""Field values as text for people."""

from datetime import datetime, tzinfo
from typing import Any

from django.db.models import Field
from django.utils import formats, timezone
from django.utils.text import Truncator, capfirst

from eventhub.datetimes import abbreviation, is_alike

NOTHING = "(empty)"
MAX_CHARACTERS = 120


def label_of(field: "Field[Any, Any]") -> str:
    return str(capfirst(field.verbose_name))


def begins_at(moment: datetime, zone: tzinfo, form: str = "DATETIME_FORMAT") -> str:
    """Return a time by the clock of where it happens, with the zone's short name where that differs from the site's."""
    local = timezone.localtime(moment, zone)
    text = str(formats.date_format(local, form))
    return text if is_alike(moment, zone) else f"{text} ({abbreviation(local)})"


def in_words(field: "Field[Any, Any]", value: Any, zone: tzinfo | None = None) -> str:
    """Return choices by their labels, times in `zone` or TIME_ZONE, long texts cut."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return begins_at(value, zone or timezone.get_current_timezone())
    choices = dict(field.flatchoices or ())
    return str(choices[value]) if value in choices else Truncator(value).chars(MAX_CHARACTERS)
