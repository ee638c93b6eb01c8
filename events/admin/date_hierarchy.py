"""Links to years, months and days between the first and the last event.

Django's date hierarchy reads all dates, which takes a second at a million events.
"""

import calendar
from collections.abc import Callable, Mapping
from datetime import date
from itertools import takewhile
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils import formats, timezone

from events.models import Event

PARTS = ("year", "month", "day")
# Years around the present one; the date filter reaches the others.
YEARS_AROUND = 10

MakeLink = Callable[[Mapping[str, Any], list[str]], str]


class Period(NamedTuple):
    title: str
    link: str = ""
    is_back: bool = False


def periods(events: QuerySet[Event], params: Mapping[str, Any], make_link: MakeLink) -> list[Period]:
    span = _span(events)
    if span is None:
        return []
    named = takewhile(lambda name: name in params, [f"date_time__{part}" for part in PARTS])
    chosen = [int(params[name]) for name in named]

    def link(numbers: list[int]) -> str:
        named = {f"date_time__{part}": number for part, number in zip(PARTS, numbers, strict=False)}
        return make_link(named, ["date_time__"])

    back = [Period(_title(chosen[:-1]), link(chosen[:-1]), is_back=True)] if chosen else []
    if len(chosen) == len(PARTS):
        return [*back, Period(_title(chosen))]
    within = [[*chosen, number] for number in _numbers(chosen)]
    first, last = ([day.year, day.month, day.day][: len(chosen) + 1] for day in span)
    return [*back, *(Period(_title(numbers), link(numbers)) for numbers in within if first <= numbers <= last)]


def _span(events: QuerySet[Event]) -> tuple[date, date] | None:
    dates = events.values_list("date_time", flat=True)
    first, last = dates.order_by("date_time", "pk").first(), dates.order_by("-date_time", "-pk").first()
    return (timezone.localtime(first).date(), timezone.localtime(last).date()) if first else None


def _numbers(chosen: list[int]) -> range:
    if not chosen:
        this_year = timezone.localdate().year
        return range(this_year - YEARS_AROUND, this_year + YEARS_AROUND + 1)
    return range(1, 13) if len(chosen) == 1 else range(1, calendar.monthrange(chosen[0], chosen[1])[1] + 1)


def _title(numbers: list[int]) -> str:
    if not numbers:
        return "All dates"
    if len(numbers) == 1:
        return str(numbers[0])
    day = date(numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else 1)
    return formats.date_format(day, "MONTH_DAY_FORMAT" if len(numbers) > 2 else "YEAR_MONTH_FORMAT")
