from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from events.models import Event, EventChange
from notifications.models import FanOut, Message, Notice, OptOut, State, Template
from registrations.models import Removal

KEPT_DAYS = 90


def delete_old(*, now: datetime, dry_run: bool) -> int:
    """Delete ended notices after KEPT_DAYS, or RETENTION_DAYS where that is less, and the changes and messages behind.

    Also delete what belongs to accounts and events that a previous release has deleted. Return how many rows.
    """
    days = min(KEPT_DAYS, settings.RETENTION_DAYS or KEPT_DAYS)
    old = now - timedelta(days=days)
    waiting = (State.QUEUED, State.SENDING)
    rows: list[QuerySet[Any]] = [
        Notice.objects.filter(created_at__lt=old).exclude(state__in=waiting),
        Notice.objects.filter(~_exists(User, "user") | Q(event__isnull=False, removal=None) & ~_exists(Event, "event")),
        OptOut.objects.filter(~_exists(User, "user") | Q(event__isnull=False) & ~_exists(Event, "event")),
        FanOut.objects.filter(created_at__lt=old, done_at__isnull=False, notices=None),
        Message.objects.filter(created_at__lt=old, fan_out=None),
        Message.objects.filter(~_exists(Event, "event")),
        EventChange.objects.filter(at__lt=old),
        Removal.objects.filter(Q(at__lt=old) | ~_exists(User, "user")),
        Template.objects.filter(~_exists(Event, "event")),
    ]
    return sum(each.count() if dry_run else each.order_by().delete()[0] for each in rows)


def _exists(model: Any, reference: str) -> Exists:
    return Exists(model._base_manager.filter(pk=OuterRef(reference)).order_by())
