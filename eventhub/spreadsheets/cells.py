"""Cells of exports and imports: formulas are defused and restored, times are in TIME_ZONE."""

import re
from datetime import datetime

from django.utils import timezone

# Where a spreadsheet may see a cell begin: also after a separator or a line's end, as it ignores our quotes where its
# country's separator is another. Then what it takes for a formula there.
_BEGINS = r"(?:\A|(?<=[;\t\r\n]))"
# The last four are full-width, which a spreadsheet in East Asia takes for the first four.
_FORMULA = r"""(?=(?:["']|[^\S\t\r\n])*[=+\-@\uff1d\uff0b\uff0d\uff20])"""
_CONTROL = r"(?='*[\t\r\n])"
_DANGER = re.compile(rf"{_BEGINS}{_FORMULA}|\A{_CONTROL}")
_DEFUSED = re.compile(rf"{_BEGINS}'{_FORMULA}|\A'{_CONTROL}")


def defused(text: str) -> str:
    """Put a `'` before whatever a spreadsheet would run as a formula (OWASP: CSV injection).

    That is = + - @ after spaces and quotes, and a tab or line's end at the beginning. A telephone number such as
    +49 30 123 gets one, too: only a person can tell it from a formula.
    """
    return _DANGER.sub("'", text)


def restored(text: str) -> str:
    return _DEFUSED.sub("", text)


def in_zone(label: str) -> str:
    """Return the header of a column of times: `Begins (Europe/Berlin)`."""
    return f"{label} ({timezone.get_default_timezone_name()})"


def local(moment: datetime) -> datetime:
    return moment.astimezone(timezone.get_default_timezone()).replace(tzinfo=None, microsecond=0)
