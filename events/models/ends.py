"""The ends of events, as conditions: an event without one lasts until the end of its first day, where it takes place.

A database may not know every time zone that this program knows, so `day_ends` keeps that moment for events with a time
zone of their own. Others follow TIME_ZONE, which may change.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q

from eventhub import datetimes
from events.models.choices import EventStatus

# Of any zone, with an hour that occurs twice. What began earlier and has no end is over.
LONGEST_DAY = timedelta(hours=26)


class DayEndField(models.DateTimeField):  # type: ignore[type-arg]
    """The end of an event's first day in its own time zone. Null without one."""

    def deconstruct(self) -> Any:
        """Name the plain field, so that migrations do not depend on this class."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.DateTimeField", args, kwargs

    def pre_save(self, model_instance: Any, add: bool) -> datetime | None:
        ends = day_end(model_instance)
        setattr(model_instance, self.attname, ends)
        return ends


def day_end(event: Any) -> datetime | None:
    return datetimes.end_of_day(event.date_time, event.zone) if event.time_zone else None


def not_over(now: datetime) -> Q:
    lasts_all_day = Q(day_ends__gt=now) | Q(day_ends=None, date_time__gte=datetimes.start_of_day(now))
    return (Q(end_time__gt=now) | Q(end_time=None) & lasts_all_day) & ~Q(status=EventStatus.COMPLETED)


def ended_by(moment: datetime) -> Q:
    day_is_over = Q(day_ends__lte=moment) | Q(day_ends=None, date_time__lt=datetimes.start_of_day(moment))
    return Q(end_time__lte=moment) | Q(end_time=None) & day_is_over


def today_or_later(now: datetime) -> Q:
    """Return the condition that an event ends today or later: with an end, on the site's today."""
    lasts_all_day = Q(end_time=None, day_ends__isnull=False)
    return lasts_all_day & Q(day_ends__gt=now) | ~lasts_all_day & Q(last_mark__gte=datetimes.start_of_day(now))
