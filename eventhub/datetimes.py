"""Times of the contract: read with or without offset, written in UTC with `Z`, years 1900 to 2999."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from rest_framework import serializers

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
    try:
        day = parse_date(text) if len(text) <= 10 else None
        moment = datetime.combine(day, time.max if end_of_day else time.min) if day else parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise ValueError(NOT_A_TIME)
    return to_utc(moment)


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
    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str):
            raise serializers.ValidationError(NOT_A_TIME)
        try:
            return parse(value)
        except ValueError as problem:
            raise serializers.ValidationError(str(problem)) from None
