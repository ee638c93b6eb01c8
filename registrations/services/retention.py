"""Retention of personal data. An anonymized registration keeps its status, log and place in all counts."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.db.models import DO_NOTHING, Exists, Model, OuterRef, Q

from accounts.models import Role, User
from accounts.services.deletion import delete_accounts
from eventhub.db.batches import by_range
from eventhub.db.retry import retried
from events.models import Event
from registrations.models import Registration, Removal
from registrations.services.answer_erasure import forget_personal

AT_ONCE = 5000
# What apps above this one forget with them, by what the command says it did. They append theirs.
ALSO_FORGOTTEN: dict[str, Callable[..., int]] = {}
# And what they delete with the names of registrations, before these are gone.
DELETED_WITH_NAMES: list[Callable[[Any], object]] = []
# Rows that keep no account that is otherwise unused: logs. Apps above append theirs.
LOGS: set[type[Model]] = {Removal}
_UNCLAIMED = Q(role=Role.USER, password__startswith=UNUSABLE_PASSWORD_PREFIX)
_HAS_PERSON = Q(user__isnull=False) | ~Q(name="") | ~Q(contact_details="") | ~Q(phone="")


def anonymize(registrations: Any) -> int:
    """Anonymize and return how many. A trigger changes the log."""
    forget_personal(registrations)
    for delete in DELETED_WITH_NAMES:
        delete(registrations)
    count: int = registrations.update(user=None, name="", contact_details="", phone="")
    return count


def anonymize_ended(*, now: datetime, older_than: timedelta, dry_run: bool) -> int:
    """Anonymize registrations for events that ended `older_than` ago; return how many."""
    moment = now - older_than
    ended = Event.objects.ended_by(moment).order_by()
    known = Registration.objects.filter(_HAS_PERSON, event__in=ended.values("pk"))
    if dry_run:
        return int(known.count())
    found = by_range(known.values_list("pk", "event_id"), AT_ONCE)
    return sum(_anonymize_batch(some, moment) for some in found if some)


def delete_unclaimed(*, now: datetime, older_than: timedelta, dry_run: bool) -> int:
    """Delete old placeholder accounts without registrations; return how many."""
    unclaimed = User.objects.filter(
        _UNCLAIMED,
        ~Exists(Registration.objects.filter(user=OuterRef("pk")).order_by()),
        created_at__lt=now - older_than,
    )
    if dry_run:
        return int(unclaimed.count())
    found = by_range(unclaimed.values_list("pk", flat=True), AT_ONCE)
    return sum(_delete_batch(unclaimed.filter(pk__in=some)) for some in found if some)


@retried
def delete_unused(ids: Collection[int]) -> None:
    """Delete those of the accounts that are placeholders, and that nothing hangs on."""
    with transaction.atomic():
        unclaimed = User.objects.filter(_UNCLAIMED, pk__in=ids, is_active=True)
        unused = {user.pk for user in unclaimed.select_for_update().order_by("pk") if not _is_used(user)}
        if unused:
            delete_accounts(unused)


def _is_used(user: User) -> bool:
    relations: Sequence[Any] = User._meta.get_fields(include_hidden=True)
    return any(
        relation.related_model._base_manager.filter(**{relation.field.name: user}).exists()
        for relation in relations
        if getattr(relation, "on_delete", None) not in (None, DO_NOTHING) and relation.related_model not in LOGS
    )


def anonymize_past_retention(*, now: datetime, dry_run: bool) -> int:
    return anonymize_ended(now=now, older_than=_retention(), dry_run=dry_run) if settings.RETENTION_DAYS else 0


def delete_unclaimed_past_retention(*, now: datetime, dry_run: bool) -> int:
    return delete_unclaimed(now=now, older_than=_retention(), dry_run=dry_run) if settings.RETENTION_DAYS else 0


def _retention() -> timedelta:
    return timedelta(days=settings.RETENTION_DAYS)


@retried
def _anonymize_batch(some: Sequence[tuple[int, int]], moment: datetime) -> int:
    """Anonymize (registration, event) pairs of events that have not been postponed."""
    with transaction.atomic():
        ids = {event_id for _, event_id in some}
        events = Event.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
        ended = [event.pk for event in events if event.ends <= moment]
        return anonymize(Registration.objects.filter(_HAS_PERSON, pk__in=[pk for pk, _ in some], event__in=ended))


@retried
def _delete_batch(unclaimed: Any) -> int:
    """Delete accounts, except those that have been registered meanwhile."""
    with transaction.atomic():
        ids = set(unclaimed.select_for_update().order_by("pk").values_list("pk", flat=True))
        ids.difference_update(Registration.objects.filter(user__in=ids).values_list("user_id", flat=True))
        delete_accounts(ids)
        return len(ids)
