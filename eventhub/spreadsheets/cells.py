"""Cells of exports and imports: formulas are defused and restored, times are in TIME_ZONE."""

import re
from datetime import date, datetime, tzinfo

from django.utils import timezone

from eventhub import datetimes

# Excel's own limit. A text that reaches it was cut.
CELL_LENGTH = 32_767
NOT_IN_XML = re.compile(r"[\ud800-\udfff\ufffe\uffff]")

# Spaces, and control characters, marks and fillers that nobody sees: a spreadsheet may leave them out.
_UNSEEN = (
    r" \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605"
    r"\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    r"\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Where a spreadsheet may see a cell begin: also after a separator or a line's end, as it ignores our quotes where its
# country's separator is another. Then what it takes for a formula there.
_BEGINS = r"(?:\A|(?<=[;\t\r\n]))"
# OWASP's four, and | and %, which older programs run. The last ones are full-width, which a spreadsheet in East Asia
# takes for the first.
_FORMULA = rf"""(?=["'{_UNSEEN}]*[=+\-@|%\uff1d\uff0b\uff0d\uff20\uff5c\uff05])"""
_CONTROL = rf"(?=['{_UNSEEN}]*[\t\r\n]\s*\S)"
# What a spreadsheet shows in place of a value that it cannot compute, in English and German. A text that reads the same
# is quoted in exports, so that it comes back as a text.
_ERRORS = (
    r"#(?:N/A|NV|NULL!|DIV/0!|VALUE!|WERT!|REF!|BEZUG!|NAME\?|NUM!|ZAHL!|SPILL!|ÜBERLAUF!|CALC!|KALK!|FIELD!|FELD!"
    r"|ERROR!|FORMULA!|BLOCKED!|CONNECT!|BUSY!|UNKNOWN!|EXTERNAL!|GETTING_DATA|PYTHON!|\#{2,})|Err:\d{3}"
)
NOT_COMPUTED = "#FORMULA!"  # ours, for a formula that is stored without its value
_ERROR = re.compile(_ERRORS)
_IS_ERROR = rf"(?=['\s]*(?:{_ERRORS})\s*\Z)"
_DANGER = re.compile(rf"{_BEGINS}{_FORMULA}|\A{_CONTROL}|\A{_IS_ERROR}")
_DEFUSED = re.compile(rf"{_BEGINS}'{_FORMULA}|\A'{_CONTROL}|\A'{_IS_ERROR}")


def defused(text: str) -> str:
    """Put a `'` before whatever a spreadsheet would run as a formula (OWASP: CSV injection).

    That is = + - @ | % after spaces, quotes and unseen characters, and a tab or line's end at the beginning. A
    telephone number such as +49 30 123 gets one, too: only a person can tell it from a formula.
    """
    return _DANGER.sub("'", text)


def restored(text: str) -> str:
    return _DEFUSED.sub("", text)


def is_error(text: str) -> bool:
    """Whether a cell shows an error of the spreadsheet, such as #REF!."""
    return bool(_ERROR.fullmatch(text))


def in_zone(label: str) -> str:
    """Return the header of a column of times: `Begins (Europe/Berlin)`."""
    return f"{label} ({timezone.get_default_timezone_name()})"


def local(moment: datetime, zone: tzinfo | None = None) -> datetime | str:
    """Return the moment in TIME_ZONE or `zone`: without an offset if it is read again as the same, else with it.

    An hour that occurs twice needs the offset. A time without a zone stays as it is.
    """
    if timezone.is_naive(moment):
        return moment
    zone = zone or timezone.get_default_timezone()
    aware = moment.astimezone(zone)
    naive = aware.replace(tzinfo=None, fold=0)
    try:
        is_same = datetimes.to_utc(naive, zone) == moment
    except ValueError:  # outside the contract's years
        is_same = False
    return naive if is_same else aware.isoformat(" ")


def to_the_second(moment: datetime) -> datetime:
    """For times that nobody imports: a spreadsheet shows no fractions, and its cells hold none exactly."""
    return moment.replace(microsecond=0)


def end_of_days(moment: datetime | None) -> datetime | date | None:
    """Return an end as a bare date if it is the end of that day in TIME_ZONE."""
    if moment is None:
        return None
    day = moment.astimezone(timezone.get_default_timezone()).date()
    return day if datetimes.day_bound(day, end_of_day=True) == moment else moment


def as_read_again(text: str) -> str:
    """Return a text as it comes back from a file of ours."""
    return NOT_IN_XML.sub("\ufffd", text.replace("\r\n", "\n")).strip()
