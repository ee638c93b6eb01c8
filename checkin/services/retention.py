"""How long it is known who stood at a door. The scans themselves stay, for the numbers."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from checkin.models import GateToken, Print, Scan
from eventhub.db.batches import by_range
from events.models import Event
from registrations.models import Registration

AT_ONCE = 5000
_HAS_HELPER = Q(by__isnull=False) | Q(gate__isnull=False) | ~Q(device="")


def forget_helpers(*, now: datetime, older_than: timedelta, dry_run: bool) -> int:
    """Take who scanned, and with what, from scans of events that ended `older_than` ago; return how many.

    Delete the gate tokens, whose names are often those of helpers.
    """
    ended = Event.objects.ended_by(now - older_than).order_by().values("pk")
    scans = Scan.objects.filter(_HAS_HELPER, event__in=ended)
    if dry_run:
        return int(scans.count())
    count = _in_batches(scans, lambda some: some.update(by=None, gate=None, device=""))
    _in_batches(GateToken.objects.filter(event__in=ended), lambda some: some.delete()[0])
    return count


def forget_helpers_past_retention(*, now: datetime, dry_run: bool) -> int:
    days = settings.RETENTION_DAYS
    return forget_helpers(now=now, older_than=timedelta(days=days), dry_run=dry_run) if days else 0


def delete_prints(registrations: QuerySet[Registration]) -> None:
    """Delete what is known of printed badges: a digest of the name is in it."""
    Print.objects.filter(registration__in=registrations.order_by().values("pk")).delete()


def _in_batches(rows: QuerySet[Any], do: Callable[[QuerySet[Any]], int]) -> int:
    keys = by_range(rows.values_list("pk", flat=True), AT_ONCE)
    return sum(do(rows.filter(pk__in=some)) for some in keys if some)
