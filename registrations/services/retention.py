"""How long it is known who the people were: registrations outlive their person, as numbers.

A registration that is forgotten stays, with its status and its log, and counts as before. It has lost the name, the
contact details and the account, and where the person themself registered, cancelled or joined the queue, nobody is said
to have done so.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import Role, User
from accounts.services.deletion import delete_accounts
from eventhub.db.batches import by_range
from eventhub.db.retry import retried
from events.models import Event
from registrations.models import Registration

AT_ONCE = 5000
_KNOWS_SOMEBODY = Q(user__isnull=False) | ~Q(name="") | ~Q(contact_details="")


def anonymize(registrations: Any) -> int:
    """Takes the person from these registrations (a queryset); how many they are. The log is a trigger's."""
    count: int = registrations.update(user=None, name="", contact_details="")
    return count


def anonymize_ended(*, now: datetime, older_than: timedelta, dry_run: bool) -> int:
    """Takes the people from the registrations for events that ended so long ago; from how many. With `dry_run` they
    stay. Safe beside the service and to run again."""
    moment = now - older_than
    ended = Event.objects.ended_by(moment).order_by()
    known = Registration.objects.filter(_KNOWS_SOMEBODY, event__in=ended.values("pk"))
    if dry_run:
        return int(known.count())
    found = by_range(known.values_list("pk", "event_id"), AT_ONCE)
    return sum(_forget_some(some, moment) for some in found if some)


def delete_unclaimed(*, now: datetime, older_than: timedelta, dry_run: bool) -> int:
    """Deletes the accounts that were made for somebody so long ago, by an import or an admin, whom nobody has claimed
    since by giving them a password, and who are registered for nothing (any more); how many. Whoever has signed up
    stays until they delete their account."""
    unclaimed = User.objects.filter(
        ~Exists(Registration.objects.filter(user=OuterRef("pk")).order_by()),
        role=Role.USER,
        password__startswith=UNUSABLE_PASSWORD_PREFIX,
        created_at__lt=now - older_than,
    )
    if dry_run:
        return int(unclaimed.count())
    found = by_range(unclaimed.values_list("pk", flat=True), AT_ONCE)
    return sum(_remove_some(unclaimed.filter(pk__in=some)) for some in found if some)


def anonymize_past_retention(*, now: datetime, dry_run: bool) -> int:
    """`forget_people` for housekeeping: after RETENTION_DAYS, or never."""
    return anonymize_ended(now=now, older_than=_retention(), dry_run=dry_run) if settings.RETENTION_DAYS else 0


def delete_unclaimed_past_retention(*, now: datetime, dry_run: bool) -> int:
    """`forget_unclaimed` for housekeeping."""
    return delete_unclaimed(now=now, older_than=_retention(), dry_run=dry_run) if settings.RETENTION_DAYS else 0


def _retention() -> timedelta:
    return timedelta(days=settings.RETENTION_DAYS)


@retried
def _forget_some(some: Sequence[tuple[int, int]], moment: datetime) -> int:
    """Registrations with their events, which may have been put off since: that is settled under their lock."""
    with transaction.atomic():
        ids = {event_id for _, event_id in some}
        events = Event.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
        ended = [event.pk for event in events if event.ends <= moment]
        return anonymize(Registration.objects.filter(_KNOWS_SOMEBODY, pk__in=[pk for pk, _ in some], event__in=ended))


@retried
def _remove_some(unclaimed: Any) -> int:
    """Whoever registers one of them meanwhile has locked it before, and is asked about once more under our lock."""
    with transaction.atomic():
        ids = set(unclaimed.select_for_update().order_by("pk").values_list("pk", flat=True))
        ids.difference_update(Registration.objects.filter(user__in=ids).values_list("user_id", flat=True))
        delete_accounts(ids)
        return len(ids)
