"""The figures of one event as charts, each with a table."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import date as written
from django.urls import reverse
from django.utils import timezone

from eventhub.admin import bulk
from eventhub.admin.dashboard.chart import Series, charts
from eventhub.admin.model_admin import ScopedModelAdmin
from eventhub.audit import Channel
from registrations.admin.check_in_views import find_event
from registrations.models import RegistrationStatus
from registrations.selectors.statistics import Statistics, statistics_of

MOST_BARS = 60  # in a chart; the table has all


def statistics(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    event = find_event(request, event_id)
    figures = statistics_of(event)
    context = {
        "title": f"Statistics: {event.title}",
        "figures": figures,
        "statuses": [(status.label, figures.statuses[status]) for status in RegistrationStatus],
        "channels": [(Channel(channel).label, number) for channel, number in figures.channels.items()],
        "percent_shown_up": None if figures.show_up_rate is None else round(100 * figures.show_up_rate),
        "zone": timezone.get_current_timezone_name(),
        "back": reverse("admin:events_event_change", args=[event.pk]),
        **_charts(figures),
    }
    return bulk.page(model_admin, request, "registrations/admin/statistics.html", context)


def _charts(figures: Statistics) -> dict[str, Any]:
    days, check_ins = figures.days[-MOST_BARS:], figures.check_ins[-MOST_BARS:]
    return {
        "day_charts": charts(
            [written(day.date, "j M") for day in days],
            Series("Seats given", [day.registered + day.promoted for day in days]),
            Series("Cancellations", [day.cancelled for day in days]),
        ),
        "check_in_charts": charts(
            [written(timezone.localtime(slot.begins_at), "H:i") for slot in check_ins],
            Series("Check-ins", [slot.people for slot in check_ins]),
        ),
    }
