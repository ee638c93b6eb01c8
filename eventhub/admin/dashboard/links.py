"""Links and times on the dashboard."""

from datetime import datetime, tzinfo
from urllib.parse import urlencode

from django.template.defaultfilters import date as written
from django.urls import reverse
from django.utils import timezone

from eventhub.datetimes import abbreviation, is_alike
from events.models import ANNOUNCED


def event_list(*filters: tuple[str, str]) -> str:
    announced = [("status__exact", status.value) for status in ANNOUNCED]
    return f"{reverse('admin:events_event_changelist')}?{urlencode([*filters, *announced])}"


def event_page(pk: int) -> str:
    return reverse("admin:events_event_change", args=[pk])


def registration_page(name: str, *args: int) -> str:
    return reverse(f"admin:registrations_registration_{name}", args=args)


def moment(at: datetime, now: datetime, zone: tzinfo) -> str:
    """Write a time by the clock of where it happens; with the zone's short name where that differs from the site's."""
    local = timezone.localtime(at, zone)
    days = (local.date() - timezone.localtime(now, zone).date()).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days)
    day = near or f"on {written(local, 'D j M Y')}"
    clock = f"{day} at {written(local, 'H:i')}"
    return clock if is_alike(at, zone) else f"{clock} ({abbreviation(local)})"
