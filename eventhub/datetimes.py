"""Times of the contract: read with or without offset, written in UTC with `Z`, years 1900 to 2999.

The API, files, forms and filters share two rules. A time without offset is in TIME_ZONE: the first one if the clocks go
back and it occurs twice; with the offset from before the change if the clocks go forward and skip it (RFC 5545, 3.3.5).
A date alone is the first moment of that day, and in an end field its last.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from rest_framework import serializers

from eventhub.languages import DATES, current_language

FIRST_YEAR, LAST_YEAR = 1900, 2999
OUT_OF_RANGE = f"The year must be between {FIRST_YEAR} and {LAST_YEAR}."
NOT_A_TIME = "Enter an ISO 8601 date and time, such as 2026-05-01T18:00:00Z."


def to_utc(moment: datetime) -> datetime:
    """Convert to UTC; a naive time is in TIME_ZONE. Raise ValueError outside the contract's years."""
    try:
        aware = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
        moment = aware.astimezone(UTC)
    except OverflowError:
        raise ValueError(OUT_OF_RANGE) from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(OUT_OF_RANGE)
    return moment


def parse(text: str, *, end_of_day: bool = False) -> datetime:
    """Parse ISO 8601 to UTC, or raise ValueError with a sentence for people.

    A bare date is the start of that day in TIME_ZONE, or its end with `end_of_day`.
    """
    if not text.isascii():  # Django's patterns take digits of every script
        raise ValueError(NOT_A_TIME)
    text = text.upper()  # RFC 3339 allows "t" and "z"
    try:
        day = parse_date(text) if len(text) <= 10 else None
        moment = None if day else parse_datetime(text)
    except ValueError:
        day = moment = None
    if day is not None:
        return day_bound(day, end_of_day=end_of_day)
    if moment is None:
        raise ValueError(NOT_A_TIME)
    return to_utc(moment)


def readings(moment: datetime) -> list[datetime]:
    """Return what a naive time in TIME_ZONE may mean: one moment, or two where clocks repeat or skip it.

    The first is the one that `to_utc` takes.
    """
    first, second = (moment.replace(tzinfo=timezone.get_current_timezone(), fold=fold) for fold in (0, 1))
    return [first] if first.utcoffset() == second.utcoffset() else [first, second]


def exists(moment: datetime) -> bool:
    """Return whether the clocks of TIME_ZONE show a naive time."""
    return timezone.make_naive(timezone.make_aware(moment).astimezone(UTC)) == moment


def day_bound(day: date, *, end_of_day: bool = False, zone: tzinfo | None = None) -> datetime:
    """Return the first or the last moment of a day in TIME_ZONE or `zone`. Raise ValueError as `to_utc`."""
    # The fold chooses the later of two moments at the end, and the earlier of two at the start.
    bound = time.max.replace(fold=1) if end_of_day else time.min
    return to_utc(datetime.combine(day, bound, zone or timezone.get_default_timezone()))


def start_of_day(moment: datetime) -> datetime:
    """Return the start, in UTC, of the moment's day in TIME_ZONE."""
    return start_of_date(timezone.localtime(moment).date())


def end_of_day(moment: datetime) -> datetime:
    """Return the start, in UTC, of the day after the moment's day in TIME_ZONE."""
    return start_of_date(timezone.localtime(moment).date() + timedelta(days=1))


def start_of_date(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min)).astimezone(UTC)


def add_week(moment: datetime) -> datetime:
    """Return the same clock time in TIME_ZONE seven days later, in UTC. Raise ValueError as `to_utc`."""
    return to_utc(timezone.localtime(moment).replace(tzinfo=None) + timedelta(days=7))


class TimeField(serializers.DateTimeField):
    """`end_of_day` makes a bare date the end of that day."""

    def __init__(self, *, end_of_day: bool = False, **kwargs: Any) -> None:
        self.end_of_day = end_of_day
        super().__init__(**kwargs)

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str):
            raise serializers.ValidationError(NOT_A_TIME)
        try:
            return parse(value, end_of_day=self.end_of_day)
        except ValueError as problem:
            raise serializers.ValidationError(str(problem)) from None


def written(begins: datetime, ends: datetime | None) -> str:
    """Write a time for people, in TIME_ZONE: "Saturday, 1 May 2027, 19:00 to 23:00 (UTC)".

    In the active language.
    """
    dates, start, end = DATES[current_language()], timezone.localtime(begins), ends and timezone.localtime(ends)
    first_zone, zone = (dates.zones.get(name, name) for name in (str(start.tzname()), str((end or start).tzname())))
    values = {"start": date_format(start, dates.day), "first_zone": first_zone, "zone": zone}
    if end is None:
        return dates.moment.format(**values)
    is_within = end.date() == start.date()
    values["end"] = date_format(end, dates.clock if is_within else dates.day)
    if zone != first_zone:
        return dates.over_zones.format(**values)
    return (dates.within_a_day if is_within else dates.over_days).format(**values)
