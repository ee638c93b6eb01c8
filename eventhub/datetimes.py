"""Times as the contract has them: in with or without offset, out in UTC with `Z`, years 1900 to 2999."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from rest_framework import serializers

FIRST_YEAR, LAST_YEAR = 1900, 2999
OUT_OF_RANGE = f"The year must be between {FIRST_YEAR} and {LAST_YEAR}."
NOT_A_TIME = "Enter an ISO 8601 date and time, such as 2026-05-01T18:00:00Z."


def to_utc(moment: datetime) -> datetime:
    """`moment` in UTC, read in TIME_ZONE where it has no offset. ValueError outside the years of the contract."""
    try:
        aware = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
        moment = aware.astimezone(UTC)
    except OverflowError:
        raise ValueError(OUT_OF_RANGE) from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(OUT_OF_RANGE)
    return moment


def parse(text: str, *, end_of_day: bool = False) -> datetime:
    """An ISO 8601 text as a UTC time. A bare date is its first moment in TIME_ZONE, or its last with `end_of_day`.

    ValueError, with a sentence for people, where it is none.
    """
    try:
        day = parse_date(text) if len(text) <= 10 else None
        moment = datetime.combine(day, time.max if end_of_day else time.min) if day else parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise ValueError(NOT_A_TIME)
    return to_utc(moment)


def start_of_day(moment: datetime) -> datetime:
    """The first moment, in UTC, of the day that `moment` belongs to in TIME_ZONE."""
    return start_of_date(timezone.localtime(moment).date())


def end_of_day(moment: datetime) -> datetime:
    """The first moment, in UTC, after the day that `moment` belongs to in TIME_ZONE."""
    return start_of_date(timezone.localtime(moment).date() + timedelta(days=1))


def start_of_date(day: date) -> datetime:
    """The first moment, in UTC, of that day of TIME_ZONE."""
    return timezone.make_aware(datetime.combine(day, time.min)).astimezone(UTC)


def add_week(moment: datetime) -> datetime:
    """The same time of the clock in TIME_ZONE seven days on, in UTC. ValueError beyond the years of the contract."""
    return to_utc(timezone.localtime(moment).replace(tzinfo=None) + timedelta(days=7))


class TimeField(serializers.DateTimeField):
    """A time in a body."""

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str):
            raise serializers.ValidationError(NOT_A_TIME)
        try:
            return parse(value)
        except ValueError as problem:
            raise serializers.ValidationError(str(problem)) from None
