from datetime import UTC, datetime, time, timedelta, tzinfo
from random import Random
from typing import Any, NamedTuple

from django.utils import timezone

from accounts.models import User
from eventhub.datetimes import zone_named
from events.models import Event, EventStatus, Visibility
from registrations.demo import texts

OPENING_TIME = time(9)
# Days before the event or today, whichever is earlier, on which it was created.
ENTERED = (35, 60)


class Plan(NamedTuple):
    title: str
    organizer: str
    location: str
    day: int
    begins: time
    seats: int
    description: str
    hours: float | None = None
    status: str = EventStatus.UPCOMING
    waitlist: bool = True
    visibility: str = Visibility.PUBLIC
    opens: int | None = None
    closes: int | None = None
    filled: float = 0
    waiting: int = 0
    came: float = 0
    place: dict[str, Any] = {}
    cancel_until: int | None = None


def read_programme() -> list[Plan]:
    return [Plan(**table) for table in texts.read("programme")["events"]]


def draw_event(plan: Plan, organizers: dict[str, User], chance: Random, today: datetime) -> Event:
    zone = zone_named(plan.place.get("time_zone", ""))
    begins = _moment(today, plan.day, plan.begins, zone)
    return Event(
        title=plan.title,
        description=plan.description,
        date_time=begins,
        end_time=begins + timedelta(hours=plan.hours) if plan.hours else None,
        location=plan.location,
        organizer=organizers[plan.organizer],
        max_capacity=plan.seats,
        waitlist=plan.waitlist,
        status=plan.status,
        cancel_until=None if plan.cancel_until is None else _moment(today, plan.cancel_until, OPENING_TIME, zone),
        **plan.place,
        visibility=plan.visibility,
        registration_opens=None if plan.opens is None else _moment(today, plan.opens, OPENING_TIME),
        registration_closes=None if plan.closes is None else _moment(today, plan.closes, OPENING_TIME),
        created_at=min(begins, today) - timedelta(days=chance.uniform(*ENTERED)),
    )


def _moment(today: datetime, days_on: int, at: time, zone: tzinfo | None = None) -> datetime:
    day = timezone.localtime(today).date() + timedelta(days=days_on)
    return timezone.make_aware(datetime.combine(day, at), zone).astimezone(UTC)
