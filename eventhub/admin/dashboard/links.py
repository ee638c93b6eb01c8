"""Links and times on the dashboard."""

from datetime import datetime
from urllib.parse import urlencode

from django.template.defaultfilters import date as written
from django.urls import reverse
from django.utils import timezone

from events.models import ANNOUNCED


def event_list(*filters: tuple[str, str]) -> str:
    announced = [("status__exact", status.value) for status in ANNOUNCED]
    return f"{reverse('admin:events_event_changelist')}?{urlencode([*filters, *announced])}"


def event_page(pk: int) -> str:
    return reverse("admin:events_event_change", args=[pk])


def registration_page(name: str, *args: int) -> str:
    return reverse(f"admin:registrations_registration_{name}", args=args)


def moment(at: datetime, now: datetime) -> str:
    days = (timezone.localtime(at).date() - timezone.localtime(now).date()).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days)
    day = near or f"on {written(timezone.localtime(at), 'D j M Y')}"
    return f"{day} at {written(timezone.localtime(at), 'H:i')}"
