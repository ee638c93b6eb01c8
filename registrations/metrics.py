"""What becomes of registrations, as `/metrics` counts it."""

from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone

from eventhub.observability import metrics
from registrations.models import LIVE, RegistrationStatus
from registrations.selectors import dashboard

WAITLISTED = RegistrationStatus.WAITLISTED


def changed(was: str | None, becomes: str | None) -> None:
    """A registration's status changes in this transaction; None is where there is none."""
    if not settings.METRICS or was == becomes:
        return
    if was not in LIVE and becomes in LIVE:
        metrics.registered("waitlisted" if becomes == WAITLISTED else "registered")
    elif was in LIVE and becomes not in LIVE:
        metrics.cancelled()
    elif was == WAITLISTED:
        metrics.promoted(1)


def gauges() -> Iterator[metrics.Reading]:
    """Yield the totals of announced events of today and later."""
    totals = dashboard.totals(user=None, now=timezone.now())
    yield "events_to_come", "Announced events of today and later.", totals.events
    yield "seats", "Their seats.", totals.seats
    yield "seats_taken", "Their seats that are taken.", totals.taken
    yield "queue_length", "People on their waiting lists.", totals.waiting
