"""An event as JSON-LD (schema.org/Event), for search engines and programs that read pages."""

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from events.models import Attendance, Event, EventStatus
from public_pages.seats import Seats, shown_seats

ATTENDANCE = {
    Attendance.OFFLINE: "OfflineEventAttendanceMode",
    Attendance.ONLINE: "OnlineEventAttendanceMode",
    Attendance.MIXED: "MixedEventAttendanceMode",
}
# So that no title ends the element that the data stands in. JSON reads these as the characters.
ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def event_data(
    event: Event, *, url: str, now: datetime, language: str, moved_from: datetime | None = None
) -> dict[str, Any]:
    """Return schema.org's properties of an event. Its online link is not among them: that is for people with a seat.

    `moved_from`: when it was to begin before its last move.
    """
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Event",
        "@id": url,
        "url": url,
        "name": event.title,
        "description": event.description,
        "startDate": _local(event, event.date_time),
        "endDate": event.end_time and _local(event, event.end_time),
        "eventStatus": f"https://schema.org/{_status(event, moved_from)}",
        "previousStartDate": moved_from and moved_from.astimezone(event.zone).date().isoformat(),
        "eventAttendanceMode": f"https://schema.org/{ATTENDANCE[Attendance(event.attendance)]}",
        "location": _location(event, url),
        "organizer": {
            "@type": "Organization",
            "name": event.organizer.public_profile.public_name,
            "url": f"{settings.PUBLIC_URL}/o/{event.organizer_id}",
        },
        "isAccessibleForFree": True,
        "inLanguage": event.language or language,
        **_seats(event, url, now),
    }
    return {name: value for name, value in data.items() if value not in (None, "", [])}


def script_text(data: dict[str, Any]) -> SafeString:
    """Return JSON that can stand in a `script` element of a page."""
    text = json.dumps(data, ensure_ascii=False).translate(ESCAPES)
    return mark_safe(text)  # noqa: S308  # `<`, `>` and `&` are escaped


def _status(event: Event, moved_from: datetime | None) -> str:
    if event.status == EventStatus.CANCELLED:
        return "EventCancelled"
    return "EventRescheduled" if moved_from else "EventScheduled"


def _local(event: Event, moment: datetime) -> str:
    return moment.astimezone(event.zone).isoformat(timespec="seconds")


def _location(event: Event, url: str) -> Any:
    place: dict[str, Any] = {
        "@type": "Place",
        "name": event.venue or event.location,
        "address": event.address or event.location,
    }
    if event.latitude is not None and event.longitude is not None:
        place["geo"] = {"@type": "GeoCoordinates", "latitude": event.latitude, "longitude": event.longitude}
    online = {"@type": "VirtualLocation", "url": url}
    if event.attendance == Attendance.ONLINE:
        return online
    return [place, online] if event.attendance == Attendance.MIXED else place


def _seats(event: Event, url: str, now: datetime) -> dict[str, Any]:
    if not event.is_open(now) and (event.registration_opens is None or event.registration_opens <= now):
        return {}
    state, left, capacity = shown_seats(event)
    offer = {
        "@type": "Offer",
        "url": url,
        "price": 0,
        "availability": f"https://schema.org/{'SoldOut' if state == Seats.NONE else 'InStock'}",
    }
    if event.registration_opens is not None:
        offer["validFrom"] = _local(event, event.registration_opens)
    counts = {} if left is None else {"maximumAttendeeCapacity": capacity, "remainingAttendeeCapacity": left}
    return {"offers": offer, **counts}
