"""Copies of an event. What other apps add to a copy: notifications/services/clones.py."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from django.utils import timezone

from eventhub import datetimes
from eventhub.exceptions import Invalid
from events.models import Event, EventStatus, EventTag, Membership
from events.services.events import TIMES, EventValues, create_event

# All that people set but what belongs to one event alone: its status, slug, UID and series.
COPIED = (
    *("title", "description", "location", "max_capacity", "waitlist", "notifications", "remind_hours", "language"),
    *("time_zone", "attendance", "venue", "address", "latitude", "longitude", "online_url"),
    *("visibility", "guests", "hides_seats"),
)
IN_ORDER = (("date_time", "end_time"), ("registration_opens", "registration_closes"))
WEEK = timedelta(days=7)
# What a new date of a series gets from another one. `notifications` adds its PARTS in `AppConfig.ready`.
HANGS_ON: list[Callable[..., None]] = []


def duplicate_event(*, event: Event, date_time: datetime | None = None) -> Event:
    """Copy an event as a draft that begins then, or a week later at the same clock time.

    Its other times move along by the clock; an end that would not fit keeps the length. Raise a 400 where a time is
    beyond the contract's years.
    """
    values: dict[str, Any] = {name: getattr(event, name) for name in COPIED}
    shift = WEEK if date_time is None else _by_clock(date_time, event) - _by_clock(event.date_time, event)
    for name in TIMES:
        moment = getattr(event, name)
        try:
            values[name] = moment and datetimes.to_utc(_by_clock(moment, event) + shift, event.zone)
        except (ValueError, OverflowError):
            raise Invalid({name: [datetimes.OUT_OF_RANGE]}) from None
    values["date_time"] = date_time or values["date_time"]
    for start, end in IN_ORDER:
        first, last = getattr(event, start), getattr(event, end)
        if first and last and values[end] <= values[start]:  # the clocks change
            values[end] = values[start] + (last - first)
    copy = create_event(organizer=event.organizer, values=cast(EventValues, {**values, "status": EventStatus.DRAFT}))
    tags = EventTag.objects.filter(event=event).values_list("tag_id", flat=True)
    EventTag.objects.bulk_create(EventTag(tag_id=tag_id, event=copy) for tag_id in tags)
    return copy


def moved(moment: datetime, *, event: Event, copy: Event) -> datetime:
    """Return a time of an event as its copy has it, by the clock. Raise a 400 beyond the contract's years."""
    shift = _by_clock(copy.date_time, event) - _by_clock(event.date_time, event)
    try:
        return datetimes.to_utc(_by_clock(moment, event) + shift, event.zone)
    except (ValueError, OverflowError):
        raise Invalid({"date_time": [datetimes.OUT_OF_RANGE]}) from None


def copy_team(*, event: Event, copy: Event) -> None:
    """Give a copy the members of an event. Open invitations stay where they are."""
    members = Membership.objects.filter(event=event).values("user_id", "role", "added_by_id")
    Membership.objects.bulk_create(Membership(event=copy, **member) for member in members)


def _by_clock(moment: datetime, event: Event) -> datetime:
    return timezone.localtime(moment, event.zone).replace(tzinfo=None)
