"""The numbers at the doors of an event, which update themselves, and people that an organizer should look at."""

from collections import Counter
from datetime import tzinfo
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.template.defaultfilters import date as written
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.permissions import allowed
from checkin.models import Presence, ScanResult
from checkin.selectors import doors
from checkin.selectors.doors import Doors, DoorState
from eventhub.admin import bulk
from eventhub.admin.dashboard.chart import DataSet, charts
from eventhub.admin.model_admin import ScopedModelAdmin
from events.models import Event
from registrations.admin import status
from registrations.admin.check_in_views import find_event
from registrations.selectors.statistics import SLOT

MOST_LISTED = 50
LINKED = ("attendees", "gate_tokens", "create_checkpoint")  # by the permission table
DOUBLE = (
    "People who came in more than once where a ticket is for one entry: a helper let them in anyway, or two phones"
    " without a network scanned the same ticket."
)
WITHOUT_SEAT = (
    "People who are inside while their registration is cancelled or on the waiting list: it was cancelled later, or a"
    " phone without a network did not know."
)


def live(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    event = find_event(request, event_id, "doors")
    user = cast(User, request.user)
    state = doors.state_of(event, now=timezone.now())
    tag = f'"{state.edition}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers={"ETag": tag})
    numbers = doors.numbers_of(state)
    context = {
        "title": f"At the door: {event.title}",
        "tag": tag,
        "numbers": numbers,
        "figures": _figures(event, numbers),
        "refused": [(ScanResult(code).label, number) for code, number in numbers.refused.items()],
        "slots": numbers.entries_5min,
        "charts": _charts(state, numbers, event.zone),
        "lists": _lists(event) if allowed(user, "event", "attendees", event) else [],
        "may": {
            name: allowed(user, "event", name, event) for name in ("attendees", "gate_tokens", "create_checkpoint")
        },
        "zone": event.zone,
        "event_page": reverse("admin:events_event_change", args=[event.pk]),
        "check_in": reverse("admin:registrations_registration_door", args=[event.pk]),
        "helpers": reverse("admin:events_event_helpers", args=[event.pk]),
        "checkpoints": reverse("admin:events_event_checkpoints", args=[event.pk]),
    }
    return bulk.page(model_admin, request, "checkin/admin/doors.html", context)


def _figures(event: Event, numbers: Doors) -> list[tuple[str, int, str]]:
    return [
        ("Inside now", numbers.inside, ""),
        ("Checked in", numbers.attended, f"of {numbers.registered} with a seat"),
        ("Refused", sum(numbers.refused.values()), ""),
        ("On the waiting list", event.waitlisted, f"{event.seats_left} seats free"),
    ]


def _charts(state: DoorState, numbers: Doors, zone: tzinfo) -> Any:
    """Return a chart from the first entry on, with the minutes in which nobody came."""
    if not numbers.entries_5min:
        return []
    came = Counter({slot.at: slot.entries for slot in numbers.entries_5min})
    first = numbers.entries_5min[0].at
    slots = [first + number * SLOT for number in range((state.slot - first) // SLOT + 1)]
    labels = [written(timezone.localtime(slot, zone), "H:i") for slot in slots]
    return charts(labels, DataSet("Entries", [came[slot] for slot in slots]))


def _lists(event: Event) -> list[tuple[str, str, list[tuple[Presence, str]], bool]]:
    found = [
        ("Double entries", DOUBLE, list(doors.double_entries(event)[: MOST_LISTED + 1])),
        ("Inside without a seat", WITHOUT_SEAT, list(doors.without_seat(event)[: MOST_LISTED + 1])),
    ]
    return [
        (title, hint, [(row, status.label(row.registration)) for row in rows[:MOST_LISTED]], len(rows) > MOST_LISTED)
        for title, hint, rows in found
    ]
