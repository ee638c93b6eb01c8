"""One event as iCalendar (RFC 5545 and 5546), the same for mails, files and feeds.

A calendar program updates the entry with the same UID if SEQUENCE is higher, or equal with a later DTSTAMP.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, tzinfo
from email.utils import parseaddr
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote

import icalendar
from django.conf import settings

from eventhub import datetimes
from events.calendar_zones import zones_of
from events.models import Event, EventStatus
from events.services.slugs import page_url

PRODID = "-//EventHub//EventHub//EN"
CONTENT_TYPE = "text/calendar; charset=utf-8"
MAX_SEQUENCE = 2**31 - 1
MAX_DESCRIPTION = 1000  # characters, in mails and feeds; files have all of it
ON_WAITING_LIST = "On the waiting list."
EXAMPLE = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//EventHub//EventHub//EN
METHOD:PUBLISH
BEGIN:VEVENT
SUMMARY:Night of the Telescopes
DTSTART:20270501T190000Z
DTEND:20270501T230000Z
UID:event-12@events.example.org
SEQUENCE:0
STATUS:CONFIRMED
END:VEVENT
END:VCALENDAR
"""
_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_OWN_UID = re.compile(r"event-([1-9][0-9]{0,17})@(.+)")


class Method(StrEnum):
    PUBLISH = "PUBLISH"  # files, and mails that are no invitations
    REQUEST = "REQUEST"  # an invitation, and each update of it
    CANCEL = "CANCEL"


class Standing(StrEnum):
    """A person's part in an event."""

    CONFIRMED = "CONFIRMED"
    WAITING = "TENTATIVE"
    CANCELLED = "CANCELLED"


class Invitee(NamedTuple):
    name: str
    email: str


class _Text(icalendar.vText):
    def to_ical(self) -> bytes:
        r"""Escape. The library would turn the `\N` of "C:\New" into a line break."""
        text = self.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
        return text.encode()


def calendar_entry(
    event: Event,
    *,
    method: Method,
    stamp: datetime,
    attendee: Invitee | None = None,
    status_since: datetime | None = None,
    standing: Standing = Standing.CONFIRMED,
) -> bytes:
    """Return an event, read with its organizer, as a calendar.

    `stamp`: when this was written. `status_since`: of the person's registration. `attendee`: the recipient of an
    invitation or its cancellation, the only person that it names.
    """
    if method == Method.CANCEL:
        standing = Standing.CANCELLED
    is_whole = method == Method.PUBLISH
    component = event_component(event, stamp=stamp, status_since=status_since, standing=standing, is_whole=is_whole)
    organizer = icalendar.vCalAddress(_mailto(parseaddr(settings.INVITES_FROM)[1]))
    organizer.params["CN"] = _name(event.organizer.public_profile.public_name)
    component["ORGANIZER"] = organizer
    if method != Method.PUBLISH:
        if attendee is None:
            raise ValueError(f"{method} needs the attendee.")
        address = icalendar.vCalAddress(_mailto(attendee.email))
        address.params.update(CN=_name(attendee.name), PARTSTAT="ACCEPTED", RSVP="FALSE")
        component["ATTENDEE"] = address
    return render([component], method=method.value, zone=event.zone.key if event.time_zone else "")


def event_component(
    event: Event,
    *,
    stamp: datetime,
    status_since: datetime | None = None,
    standing: Standing = Standing.CONFIRMED,
    is_whole: bool = False,
) -> icalendar.Event:
    """Return a VEVENT; `is_whole`: with all of a long description.

    Its URL is the event's public page. Calendars are shared, so that no secret link is in them.
    """
    component = icalendar.Event()
    component["UID"] = _Text(event_uid(event.pk))
    component.add("SEQUENCE", sequence(event, status_since))
    component["SUMMARY"] = _Text(_line(event.title))
    component["LOCATION"] = _Text(_line(event.place))
    if event.latitude is not None and event.longitude is not None:
        component.add("GEO", (event.latitude, event.longitude))
    if description := _description(event, standing, is_whole):
        component["DESCRIPTION"] = _Text(description)
    if url := page_url(event):
        component["URL"] = icalendar.vUri(url)
    component["STATUS"] = _Text(_status(event, standing))
    component.add("DTSTAMP", stamp.astimezone(UTC))
    component.add("CREATED", event.created_at)
    component.add("LAST-MODIFIED", last_modified(event, status_since))
    start, end = _moments(event)
    component.add("DTSTART", start)
    if end is not None:
        component.add("DTEND", end)
    return component


def render(
    components: Sequence[icalendar.Event], *, method: str = "", name: str = "", refresh: str = "", zone: str = ""
) -> bytes:
    """Return a calendar.

    `name` and `refresh`, a duration such as PT1H, are for feeds (RFC 7986). `zone`: of times and dates that name none.
    """
    calendar = icalendar.Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODID)
    if method:
        calendar.add("METHOD", method)
    if name:
        calendar["NAME"] = calendar["X-WR-CALNAME"] = _Text(_line(name))
    if refresh:
        duration = icalendar.vDuration.from_ical(refresh)
        calendar.add("REFRESH-INTERVAL", duration, parameters={"VALUE": "DURATION"})
        calendar.add("X-PUBLISHED-TTL", refresh)
    if zone:
        calendar.add("X-WR-TIMEZONE", zone)
    for component in [*zones_of(components), *components]:
        calendar.add_component(component)
    text: bytes = calendar.to_ical()
    return text


def event_uid(event_id: int) -> str:
    """Return the UID of our own, also for an event that was imported with one.

    Theirs is unique for each organizer only: by importing one, an organizer could change or cancel what is in the
    calendars of another's attendees.
    """
    return f"event-{event_id}@{settings.CALENDAR_DOMAIN}"


def event_id_of(uid: str) -> int | None:
    """Return the id in a UID of this service, else None."""
    found = _OWN_UID.fullmatch(uid)
    return int(found[1]) if found and found[2] == settings.CALENDAR_DOMAIN else None


def is_partial(description: str) -> bool:
    """Return whether an entry of ours has a shortened or an extended description of the event."""
    return description.startswith(ON_WAITING_LIST) or (len(description) == MAX_DESCRIPTION and description[-1] == "…")


def sequence(event: Event, status_since: datetime | None = None) -> int:
    """Return the seconds from the event's creation to its last change, or to that of the registration.

    It needs no column and only grows, also by raw SQL: a trigger keeps `updated_at`. Sold seats do not change it.
    Of two changes within a second, the later DTSTAMP decides: `_stamp` in notifications/mails.py.
    """
    seconds = (last_modified(event, status_since) - event.created_at) // timedelta(seconds=1)
    return min(max(seconds, 0), MAX_SEQUENCE)


def last_modified(event: Event, status_since: datetime | None = None) -> datetime:
    return max(event.updated_at, status_since or event.updated_at)


def _status(event: Event, standing: Standing) -> str:
    if event.status == EventStatus.CANCELLED or standing == Standing.CANCELLED:
        return "CANCELLED"
    return "TENTATIVE" if event.status == EventStatus.DRAFT else standing.value


def _moments(event: Event) -> tuple[datetime | date, datetime | date | None]:
    """Return start and end: dates for whole days where the event takes place, as imports read them, else times.

    Times are in UTC, or in the event's own zone, so that a program follows it if the zone's rules change.
    """
    zone = event.zone
    begins, ends = event.date_time.astimezone(UTC), event.end_time and event.end_time.astimezone(UTC)
    with suppress(ValueError):  # at the bounds of the contract's years
        if ends is not None:
            first, last = begins.astimezone(zone).date(), ends.astimezone(zone).date()
            if (begins, ends) == (
                datetimes.day_bound(first, zone=zone),
                datetimes.day_bound(last, end_of_day=True, zone=zone),
            ):
                return first, last + timedelta(days=1)
        if event.time_zone and all(_is_read_again(moment, zone) for moment in (begins, ends or begins)):
            return begins.astimezone(zone), ends and ends.astimezone(zone)
    return begins, ends


def _is_read_again(moment: datetime, zone: tzinfo) -> bool:
    """Return whether a local time means the same moment: not in the second of two like hours, nor in old zones."""
    local = moment.astimezone(zone)
    is_whole = not (local.utcoffset() or timedelta(0)) % timedelta(minutes=1)
    return is_whole and datetimes.to_utc(local.replace(tzinfo=None, fold=0), zone) == moment


def _description(event: Event, standing: Standing, is_whole: bool) -> str:
    text = _lines(event.description).strip()
    if not is_whole and len(text) > MAX_DESCRIPTION:
        text = f"{text[: MAX_DESCRIPTION - 1]}…"
    return f"{ON_WAITING_LIST}\n\n{text}".strip() if standing == Standing.WAITING else text


def _lines(text: str) -> str:
    return _CONTROL.sub("", _BREAK.sub("\n", text))


def _line(text: str) -> str:
    return " ".join(_lines(text).split("\n"))


def _name(text: str) -> str:
    """Return a parameter's value without the quotes that few programs read escaped (RFC 6868)."""
    return _line(text).strip().replace('"', "'")


def _mailto(address: str) -> str:
    return f"mailto:{quote(address, safe='@!$*+=/')}"
