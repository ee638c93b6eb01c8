"""Events whose clock time is another since the rules of their time zone changed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from eventhub.db.batches import by_key
from events.models import Event
from events.models.ends import day_end

HALF_A_DAY = timedelta(hours=12)


class MovedEvent(NamedTuple):
    """`was` and `becomes`: the beginning by the clock of its zone, before and now."""

    event: Event
    was: datetime
    becomes: datetime


def find_moved(*, now: datetime) -> Iterator[MovedEvent]:
    """Yield coming events that were saved under other rules of their zone.

    They keep their moment in UTC. The end of the first day, kept since the last save, tells of the rules at that time.
    """
    for event in by_key(Event.objects.filter(day_ends__isnull=False, last_mark__gte=now)):
        ends = day_end(event)
        if ends is not None and ends != event.day_ends:
            shift = (ends - event.day_ends + HALF_A_DAY) % (2 * HALF_A_DAY) - HALF_A_DAY  # perhaps over midnight
            becomes = event.date_time.astimezone(event.zone).replace(tzinfo=None)
            yield MovedEvent(event, becomes + shift, becomes)


def accept(event: Event) -> None:
    """Keep the event's moment, so that it is not found again; unless somebody has changed it since it was read."""
    as_read = {"date_time": event.date_time, "time_zone": event.time_zone, "day_ends": event.day_ends}
    Event.objects.filter(pk=event.pk, **as_read).update(day_ends=day_end(event))
