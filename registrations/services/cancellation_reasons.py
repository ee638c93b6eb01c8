"""What organizers say to people whose registration they cancel."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from eventhub.db.retry import retried
from eventhub.exceptions import Invalid
from registrations.models import Registration, Transition
from registrations.services import seats


@retried
def update(
    *,
    registration: Registration,
    by: User,
    reason: str = "",
    status: str | None = None,
    now: datetime | None = None,
    **options: Any,
) -> Registration:
    """Change a registration as `seats.update` does, and keep the reason if that cancels somebody else's.

    Who cancels their own has nobody to tell. Raise a 400 for a reason without a cancellation.
    """
    if not reason:
        return seats.update(registration=registration, by=by, status=status, now=now, **options)
    if status != seats.CANCELLED:
        raise Invalid({"reason": ["Give a reason only for a cancellation."]})
    now = now or timezone.now()
    with transaction.atomic():
        changed = seats.update(registration=registration, by=by, status=status, now=now, **options)
        # Written a moment ago by the trigger, and locked with the event.
        is_cancelled_now = changed.status == seats.CANCELLED and changed.status_since == now
        if is_cancelled_now and changed.user_id not in (None, by.pk):
            lines = Transition.objects.filter(registration=changed)
            newest = lines.order_by().values("registration").annotate(newest=Max("pk")).values("newest")
            Transition.objects.filter(pk__in=newest).update(reason=reason)
        return changed
