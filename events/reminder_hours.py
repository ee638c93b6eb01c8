"""Hours of reminders as people write them in a form or a table: "24, 2"."""

import re
from collections.abc import Sequence

from events.models import MAX_REMIND_HOURS, MAX_REMINDERS

ENTER_HOURS = f"Enter up to {MAX_REMINDERS} numbers of hours from 1 to {MAX_REMIND_HOURS}, such as 24, 2"


def parse_hours(text: str) -> list[int]:
    """Return the numbers in their order. Raise ValueError with a sentence for people."""
    texts = [part for part in re.split(r"[\s,;]+", text) if part]
    numbers = [int(part) for part in texts if part.isascii() and part.isdigit() and len(part) < 6]
    is_known = len(numbers) == len(texts) and all(1 <= hours <= MAX_REMIND_HOURS for hours in numbers)
    if not is_known or len(numbers) > MAX_REMINDERS:
        raise ValueError(f"{ENTER_HOURS}.")
    return numbers


def write_hours(hours: Sequence[int]) -> str:
    return ", ".join(str(each) for each in hours)
