"""Who deleted registrations. The triggers note each that was live (models.Removal) as the database's own."""

from collections.abc import Iterable

from django.utils import timezone

from eventhub import audit
from registrations.models import Registration, Removal


def note_actor(registration_ids: Iterable[int]) -> None:
    """Say of registrations that this transaction has deleted who did it, and through which channel."""
    by, through = audit.actor()
    Removal.objects.filter(registration_id__in=list(registration_ids)).update(by=by, through=through, at=timezone.now())


def delete_registration(registration: Registration) -> None:
    pk = registration.pk
    registration.delete()
    note_actor([pk])
