"""The dashboard: figures of registrations/selectors/dashboard.py as cards, bars and a chart."""

from datetime import datetime
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

from django.http import HttpRequest
from django.template.defaultfilters import date as written
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst

from accounts.models import User
from eventhub import datetimes
from eventhub.admin.dashboard.chart import DataSet, charts
from eventhub.admin.dashboard.first_steps import first_steps
from eventhub.admin.dashboard.links import event_list, event_page, moment, registration_page
from eventhub.admin.dashboard.needs_attention import attention_items, failed_tasks
from registrations.selectors import dashboard as figures
from registrations.selectors.dashboard import Fill, Totals


class Card(NamedTuple):
    label: str
    figure: str
    note: str
    icon: str
    href: str


class Bar(NamedTuple):
    title: str
    begins: str
    seats: str
    queue: str
    percent: int
    href: str
    check_in: str  # URL of the check-in page, from the day of the event on


class DashboardSection(NamedTuple):
    title: str
    bars: list[Bar]


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the figures to the page (unfold's callback): one query for each selector, one for failed tasks."""
    user, now = cast(User, request.user), timezone.now()
    stage = figures.get_stage(user=user, now=now)
    days, check_ins = figures.get_activity(user=user, now=now)
    on_now, coming = figures.get_events_on_now(user=user, now=now), figures.get_next_events(user=user, now=now)
    return {
        **context,
        "stage": stage,
        "first_steps": first_steps(stage, [*on_now, *coming]),
        "cards": cards(figures.get_totals(user=user, now=now), check_ins, now),
        "days": days,
        "charts": charts(
            [written(day.day, "j M") for day in days],
            DataSet("Registrations", [day.registered for day in days]),
            DataSet("Cancellations", [day.cancelled for day in days]),
        ),
        "zone": timezone.get_current_timezone_name(),
        "sections": sections(on_now, coming, now),
        "add_event": reverse("admin:events_event_add"),
        "attention_items": [*failed_tasks(user, now), *attention_items(figures.get_concerns(user=user, now=now), now)],
    }


def cards(totals: Totals, check_ins: int, now: datetime) -> list[Card]:
    coming = ("when", "coming")
    taken = f"{percent(totals.taken, totals.seats)}% taken at upcoming events"
    since = urlencode({"status__exact": "attended", "status_since_from": timezone.localtime(now).date().isoformat()})
    check_in_list = f"{registration_page('changelist')}?{since}"
    return [
        Card("Upcoming events", f"{totals.events:,}", "published, today and later", "event", event_list(coming)),
        Card("Seats", f"{totals.taken:,} of {totals.seats:,}", taken, "event_seat", event_list(coming)),
        Card(
            "Waiting lists",
            f"{totals.waiting:,}",
            "people waiting for upcoming events",
            "hourglass_top",
            event_list(coming, ("fill", "queue")),
        ),
        Card("Check-ins today", f"{check_ins:,}", "attendees checked in", "how_to_reg", check_in_list),
    ]


def sections(on_now: list[Fill], coming: list[Fill], now: datetime) -> list[DashboardSection]:
    """Return the next events, and before them the events that are on now, if any."""
    next_events = DashboardSection("Next events", [bar(event, now) for event in coming])
    return [*([DashboardSection("On now", [bar(event, now) for event in on_now])] if on_now else []), next_events]


def percent(taken: int, seats: int) -> int:
    """Round down, so that only a full event shows 100 %."""
    return 100 * taken // seats if seats else 0


def bar(event: Fill, now: datetime) -> Bar:
    is_near = event.date_time < datetimes.end_of_day(now, event.zone)
    return Bar(
        title=event.title,
        begins=capfirst(moment(event.date_time, now, event.zone).removeprefix("on ")),
        seats=f"{event.seats_taken:,} / {event.max_capacity:,}",
        queue=f"{event.waitlisted:,} waiting" if event.waitlisted else "",
        percent=percent(event.seats_taken, event.max_capacity),
        href=event_page(event.pk),
        check_in=registration_page("door", event.pk) if is_near else "",
    )
