"""Recurrence rules (RFC 5545, 3.3.10), searched in a bounded number of steps."""

from collections.abc import Mapping
from datetime import datetime

from dateutil.rrule import rrule, rrulestr

MAX_PERIODS = 1000  # days, months or years between which a rule may not match; each Friday the 13th needs 707 for 100
MAX_LENGTH = 250  # characters; a rule that lists all days of a month and all months has 150
# Rules whose occurrences can be found in a short time, by frequency.
RULE_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY"}
FREQUENCIES = {
    "DAILY": RULE_PARTS,
    "WEEKLY": RULE_PARTS,
    "MONTHLY": RULE_PARTS | {"BYMONTHDAY", "BYMONTH", "BYSETPOS"},
    "YEARLY": RULE_PARTS | {"BYMONTHDAY", "BYMONTH", "BYSETPOS"},
}


class _Interval(int):
    """An INTERVAL that is added `left` times at most.

    dateutil adds it for each day, month or year that it goes on, without a match until the year 9999. A rule by weeks
    matches in each week.
    """

    left = MAX_PERIODS

    def __radd__(self, other: int, /) -> int:
        self.left -= 1
        if self.left < 0:
            raise ValueError("This rule matches too seldom.")
        return other + int(self)


def rule_parts(text: str) -> dict[str, str]:
    """Return the parts of a rule in upper case. Raise ValueError if it does not advance or is too long."""
    if len(text) > MAX_LENGTH:
        raise ValueError("This rule is too long.")
    parts = dict(part.split("=", 1) for part in text.replace(" ", "").upper().split(";") if part)
    for name in ("INTERVAL", "COUNT"):
        number = parts.get(name, "1")
        if not (number.isascii() and number.isdigit() and int(number)):
            raise ValueError(f"{name} must be 1 or more.")
    return parts


def rule_text(parts: Mapping[str, str]) -> str:
    return ";".join(f"{name}={value}" for name, value in parts.items())


def bounded_rule(parts: Mapping[str, str], start: datetime, periods: int = MAX_PERIODS) -> rrule:
    """Return a rule by days or longer, to iterate once. That raises ValueError after a search through `periods`."""
    interval = _Interval(parts.get("INTERVAL", "1"))
    interval.left = periods
    return rrulestr(rule_text(parts), dtstart=start).replace(interval=interval)
