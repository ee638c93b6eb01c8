"""Times of the contract: read with or without offset, written in UTC with `Z`, years 1900 to 2999.

The API, files, forms and filters share two rules. A time without offset is in the event's zone, or in TIME_ZONE: the
first one if the clocks go back and it occurs twice; with the offset from before the change if the clocks go forward and
skip it (RFC 5545, 3.3.5). A date alone is the first moment of that day, and in an end field its last.

`zone` is everywhere the zone that this happens in; by default the active one (`timezone.override`), else TIME_ZONE.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from rest_framework import serializers

from eventhub.languages import DATES, current_language

FIRST_YEAR, LAST_YEAR = 1900, 2999
OUT_OF_RANGE = f"The year must be between {FIRST_YEAR} and {LAST_YEAR}."
NOT_A_TIME = "Enter an ISO 8601 date and time, such as 2026-05-01T18:00:00Z."
NOT_A_ZONE = "Enter a time zone such as Europe/Berlin."
# No clock on earth is further from another.
FURTHEST = timedelta(hours=26)


@cache
def zone_names() -> frozenset[str]:
    """Return the names of the zones that people can choose."""
    return frozenset(available_timezones() - {"localtime", "Factory"})  # the machine's own, and that of no place


def zone_named(name: str) -> ZoneInfo:
    """Return a zone by its IANA name; TIME_ZONE for an empty one, and for one that this machine does not know."""
    is_known = name and name in zone_names()
    return ZoneInfo(name) if is_known else timezone.get_default_timezone()


def clean_zone(name: str) -> str:
    """Return a zone's name as the database spells it. Raise ValueError for an unknown one."""
    found = _spellings().get(name.strip().lower())
    if found is None:
        raise ValueError(NOT_A_ZONE)
    return found


@cache
def _spellings() -> dict[str, str]:
    return {"": "", **{name.lower(): name for name in zone_names()}}


def to_utc(moment: datetime, zone: tzinfo | None = None) -> datetime:
    """Convert to UTC; `zone` is that of a naive time. Raise ValueError outside the contract's years."""
    try:
        aware = timezone.make_aware(moment, zone) if timezone.is_naive(moment) else moment
        moment = aware.astimezone(UTC)
    except OverflowError:
        raise ValueError(OUT_OF_RANGE) from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(OUT_OF_RANGE)
    return moment


def parse(text: str, *, end_of_day: bool = False, zone: tzinfo | None = None) -> datetime:
    """Parse ISO 8601 to UTC, or raise ValueError with a sentence for people.

    A bare date is the start of that day, or its end with `end_of_day`.
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
        return day_bound(day, end_of_day=end_of_day, zone=zone)
    if moment is None:
        raise ValueError(NOT_A_TIME)
    return to_utc(moment, zone)


def readings(moment: datetime, zone: tzinfo | None = None) -> list[datetime]:
    """Return what a naive time may mean: one moment, or two where clocks repeat or skip it.

    The first is the one that `to_utc` takes.
    """
    zone = zone or timezone.get_current_timezone()
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    return [first] if first.utcoffset() == second.utcoffset() else [first, second]


def exists(moment: datetime, zone: tzinfo | None = None) -> bool:
    """Return whether the clocks show a naive time."""
    return timezone.make_naive(timezone.make_aware(moment, zone).astimezone(UTC), zone) == moment


def day_bound(day: date, *, end_of_day: bool = False, zone: tzinfo | None = None) -> datetime:
    """Return the first or the last moment of a day. Raise ValueError as `to_utc`."""
    # The fold chooses the later of two moments at the end, and the earlier of two at the start.
    bound = time.max.replace(fold=1) if end_of_day else time.min
    return to_utc(datetime.combine(day, bound, zone or timezone.get_current_timezone()))


def start_of_day(moment: datetime, zone: tzinfo | None = None) -> datetime:
    """Return the start, in UTC, of the moment's day."""
    return start_of_date(timezone.localtime(moment, zone).date(), zone)


def end_of_day(moment: datetime, zone: tzinfo | None = None) -> datetime:
    """Return the start, in UTC, of the day after the moment's day."""
    return start_of_date(timezone.localtime(moment, zone).date() + timedelta(days=1), zone)


def start_of_date(day: date, zone: tzinfo | None = None) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min), zone).astimezone(UTC)


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


def written(begins: datetime, ends: datetime | None, zone: tzinfo | None = None) -> str:
    """Write a time for people: "Saturday, 1 May 2027, 19:00 to 23:00 (UTC)".

    In the active language.
    """
    dates, start = DATES[current_language()], timezone.localtime(begins, zone)
    end = ends and timezone.localtime(ends, zone)
    first_zone, last_zone = (dates.zones.get(name, name) for name in (abbreviation(start), abbreviation(end or start)))
    values = {"start": date_format(start, dates.day), "first_zone": first_zone, "zone": last_zone}
    if end is None:
        return dates.moment.format(**values)
    is_within = end.date() == start.date()
    values["end"] = date_format(end, dates.clock if is_within else dates.day)
    if last_zone != first_zone:
        return dates.over_zones.format(**values)
    return (dates.within_a_day if is_within else dates.over_days).format(**values)


def is_alike(moment: datetime, zone: tzinfo) -> bool:
    """Return whether the clocks of a zone show then what those of the site do."""
    return timezone.localtime(moment).utcoffset() == moment.astimezone(zone).utcoffset()


def abbreviation(local: datetime) -> str:
    """Return the short name of a local time's zone: CEST, or UTC+0545 where it has none."""
    name = str(local.tzname())
    return f"UTC{name}" if name.startswith(("+", "-")) else name
