"""What stands in the cells of a table, alike in CSV and XLSX, on the way out and on the way in."""

import re
from datetime import datetime

from django.utils import timezone

# Where a spreadsheet may see a cell begin: at the beginning, and, as it does not see our quotes where the separator of
# its country is another than ours, after that separator and after the end of a line. What it takes for a formula there.
_BEGINS = r"(?:\A|(?<=[;\t\r\n]))"
# The last four are the full-width ones, which a spreadsheet in East Asia takes for the first.
_FORMULA = r"""(?=(?:["']|[^\S\t\r\n])*[=+\-@\uff1d\uff0b\uff0d\uff20])"""
_CONTROL = r"(?='*[\t\r\n])"
_DANGER = re.compile(rf"{_BEGINS}{_FORMULA}|\A{_CONTROL}")
_DEFUSED = re.compile(rf"{_BEGINS}'{_FORMULA}|\A'{_CONTROL}")


def defused(text: str) -> str:
    """`text` with a `'` before whatever a spreadsheet would run as a formula (OWASP: CSV injection).

    That is in front of = + - @, with spaces and quotes before them, and of a tab or the end of a line at the
    beginning. A telephone number such as +49 30 123 gets one too: nothing but a person can tell it from a formula.
    """
    return _DANGER.sub("'", text)


def restored(text: str) -> str:
    """The text that `defused` made this of; any other text as it is."""
    return _DEFUSED.sub("", text)


def in_zone(label: str) -> str:
    """The header of a column of times, whose cells have no offset: `Begins (Europe/Berlin)`."""
    return f"{label} ({timezone.get_default_timezone_name()})"


def local(moment: datetime) -> datetime:
    """A time as its cell has it: in TIME_ZONE, without an offset, to the second."""
    return moment.astimezone(timezone.get_default_timezone()).replace(tzinfo=None, microsecond=0)
