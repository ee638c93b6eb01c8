"""Registrations as calendar entries, and the calendars of feeds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from eventhub.api.etags import edition_of
from events.calendar_entry import Method, Standing, calendar_entry, event_component, last_modified, render
from events.models import Event, EventStatus, Visibility
from registrations.models import LIVE, CalendarFeed, FeedKind, Registration, RegistrationStatus

MAX_ENTRIES = 500
PAST = timedelta(days=90)
# How long a feed shows what is cancelled, so that every program that reads it has seen that.
CANCELLED = timedelta(days=30)
REFRESH = "PT1H"

STANDINGS = {
    RegistrationStatus.WAITLISTED: Standing.WAITING,
    RegistrationStatus.CANCELLED: Standing.CANCELLED,
}


def registration_entry(registration: Registration) -> bytes:
    """Return the file of a registration, read with its event and organizer. It names no person."""
    event, since = registration.event, registration.status_since
    return calendar_entry(
        event,
        method=Method.PUBLISH,
        stamp=last_modified(event, since),
        status_since=since,
        standing=standing_of(registration.status),
    )


def standing_of(status: str) -> Standing:
    return STANDINGS.get(RegistrationStatus(status), Standing.CONFIRMED)


# Feeds ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FeedEntry:
    event: Event
    standing: Standing = Standing.CONFIRMED
    status_since: datetime | None = None


@dataclass(frozen=True)
class Calendar:
    content: bytes

    @property
    def edition(self) -> str:
        return edition_of(self.content.decode())


def feed_calendar(feed: CalendarFeed, *, now: datetime) -> Calendar:
    """Return the calendar of a feed: without drafts, in bounds of time and number, and without anybody's name but
    the owner's."""
    if feed.kind == FeedKind.EVENTS:
        name, entries = f"Events of {feed.user.public_profile.public_name}", _organized(feed.user, now)
    else:
        name, entries = f"Registrations of {feed.user.username}", _registered(feed.user, now)
    components = [
        event_component(
            entry.event,
            stamp=last_modified(entry.event, entry.status_since),
            status_since=entry.status_since,
            standing=entry.standing,
        )
        for entry in entries
    ]
    return Calendar(render(components, name=name, refresh=REFRESH))


def _organized(user: User, now: datetime) -> list[FeedEntry]:
    events = Event.objects.run_by(user).filter(_is_shown("", now))
    return [FeedEntry(event) for event in _nearest(events, "", now)]


def _registered(user: User, now: datetime) -> list[FeedEntry]:
    """Return an entry for each event: of the live registration, or else of the one cancelled last."""
    was_cancelled = Q(status_since__gte=now - CANCELLED) & ~Q(event__visibility=Visibility.PRIVATE)
    is_recent = Q(status__in=LIVE) | was_cancelled
    registrations = Registration.objects.with_event().filter(_is_shown("event__", now), is_recent, user=user)
    entries: dict[int, Registration] = {}
    for row in _nearest(registrations, "event__", now):
        other = entries.get(row.event_id)
        if other is None or (row.status in LIVE, row.status_since) > (other.status in LIVE, other.status_since):
            entries[row.event_id] = row
    return [FeedEntry(row.event, standing_of(row.status), row.status_since) for row in entries.values()]


def _is_shown(event: str, now: datetime) -> Q:
    """Return the condition on events, whose columns have the prefix `event`."""
    is_over_for_long = Q(**{f"{event}last_mark__lt": now - PAST})
    cancelled_for_long = Q(**{f"{event}status": EventStatus.CANCELLED, f"{event}updated_at__lt": now - CANCELLED})
    return ~Q(**{f"{event}status": EventStatus.DRAFT}) & ~is_over_for_long & ~cancelled_for_long


def _nearest(rows: QuerySet[Any], event: str, now: datetime) -> list[Any]:
    """Return coming events by date, and before them past ones while there is room."""
    coming = rows.filter(**{f"{event}last_mark__gte": now}).order_by(f"{event}date_time", "pk")[:MAX_ENTRIES]
    over = rows.filter(**{f"{event}last_mark__lt": now}).order_by(f"-{event}date_time", "-pk")
    listed = list(coming)
    return [*reversed(over[: MAX_ENTRIES - len(listed)]), *listed] if len(listed) < MAX_ENTRIES else listed
