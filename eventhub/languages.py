"""The languages of emails and of the pages that they link to. The API and the back office are in English."""

from collections.abc import Mapping
from typing import NamedTuple

from django.conf import settings
from django.db import models
from django.utils import translation


class Language(models.TextChoices):
    EN = "en", "English"
    DE = "de", "German"


class DatePatterns(NamedTuple):
    """Patterns of Django's date format, the texts around them, and names of time zones."""

    day: str
    clock: str
    moment: str
    within_a_day: str
    over_days: str
    over_zones: str  # the clocks change in between
    zones: Mapping[str, str]


DATES: dict[str, DatePatterns] = {
    Language.EN: DatePatterns(
        day="l, j F Y, H:i",
        clock="H:i",
        moment="{start} ({zone})",
        within_a_day="{start} to {end} ({zone})",
        over_days="{start} to {end} ({zone})",
        over_zones="{start} ({first_zone}) to {end} ({zone})",
        zones={},
    ),
    Language.DE: DatePatterns(
        day="l, j. F Y, H:i",
        clock="H:i",
        moment="{start} Uhr ({zone})",
        within_a_day="{start} bis {end} Uhr ({zone})",
        over_days="{start} Uhr bis {end} Uhr ({zone})",
        over_zones="{start} Uhr ({first_zone}) bis {end} Uhr ({zone})",
        zones={"CET": "MEZ", "CEST": "MESZ"},
    ),
}


def first_language(*chosen: str) -> str:
    """Return the first choice that is one of the languages, or that of the site."""
    return next((language for language in chosen if language in Language.values), settings.MAIL_LANGUAGE)


def current_language() -> str:
    """Return the active language (`translation.override`), or English."""
    language = (translation.get_language() or "").partition("-")[0]
    return language if language in Language.values else Language.EN.value
