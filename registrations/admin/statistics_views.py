"""The figures of one event as charts, each with a table."""

from collections import Counter
from datetime import timedelta, tzinfo
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import date as written
from django.urls import reverse
from django.utils import timezone

from eventhub.admin import bulk
from eventhub.admin.dashboard.chart import DataSet, charts
from eventhub.admin.model_admin import ScopedModelAdmin
from eventhub.audit import Channel
from registrations.admin.check_in_views import find_event
from registrations.models import RegistrationStatus
from registrations.selectors.statistics import SLOT, Statistics, statistics_of

MOST_BARS = 60  # in a chart; the table has all


def statistics(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    event = find_event(request, event_id, "statistics")
    figures = statistics_of(event)
    context = {
        "title": f"Statistics: {event.title}",
        "figures": figures,
        "statuses": [(status.label, figures.statuses[status]) for status in RegistrationStatus],
        "channels": [(Channel(channel).label, number) for channel, number in figures.channels.items()],
        "percent_shown_up": None if figures.show_up_rate is None else round(100 * figures.show_up_rate),
        "zone": event.zone,
        "back": reverse("admin:events_event_change", args=[event.pk]),
        **_charts(figures, event.zone),
    }
    return bulk.page(model_admin, request, "registrations/admin/statistics.html", context)


def _charts(figures: Statistics, zone: tzinfo) -> dict[str, Any]:
    given = Counter({day.date: day.registered + day.promoted for day in figures.days})
    cancelled = Counter({day.date: day.cancelled for day in figures.days})
    came = Counter({slot.begins_at: slot.people for slot in figures.check_ins})
    days, slots = _consecutive(list(given), timedelta(days=1)), _consecutive(list(came), SLOT)
    return {
        "day_charts": charts(
            [written(day, "j M") for day in days],
            DataSet("Seats given", [given[day] for day in days]),
            DataSet("Cancellations", [cancelled[day] for day in days]),
        ),
        "check_in_charts": charts(
            [written(timezone.localtime(slot, zone), "H:i") for slot in slots],
            DataSet("Check-ins", [came[slot] for slot in slots]),
        ),
    }


def _consecutive(found: list[Any], step: timedelta) -> list[Any]:
    """Return the last MOST_BARS moments from the first one found to the last, with those in between."""
    if not found:
        return []
    first = max(found[0], found[-1] - (MOST_BARS - 1) * step)
    return [first + number * step for number in range((found[-1] - first) // step + 1)]
