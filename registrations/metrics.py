"""What becomes of registrations, as `/metrics` counts it."""

from django.conf import settings

from eventhub.observability import metrics
from registrations.models import LIVE, RegistrationStatus

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
