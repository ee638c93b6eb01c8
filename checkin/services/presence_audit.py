"""Compare presences with the log of the doors, and repair them."""

from collections.abc import Iterator
from itertools import groupby

from django.db import transaction

from checkin.models import Checkpoint, Presence, Scan
from checkin.services import presence
from checkin.services.presence import PresenceState, state_of
from eventhub.db.retry import retried
from registrations.models import Registration

_SEEN = ("inside", "entries", "first_in", "last_in", "last_out")


def find_differences(event_id: int) -> Iterator[tuple[Checkpoint, int]]:
    """Yield each checkpoint and registration whose presence is not what its scans say.

    A scan that is under way may be among them; `repair` looks again under its lock.
    """
    for checkpoint in Checkpoint.objects.filter(event=event_id):
        scans = Scan.objects.filter(checkpoint=checkpoint, event=event_id, registration__isnull=False)
        by_person = groupby(scans.order_by("registration_id"), key=lambda scan: scan.registration_id)
        expected = {pk: state for pk, own in by_person if pk and (state := state_of(own)) != PresenceState()}
        rows = Presence.objects.filter(checkpoint=checkpoint).values_list("registration_id", *_SEEN)
        found = {pk: state for pk, *values in rows if (state := PresenceState(*values)) != PresenceState()}
        for pk in sorted(expected.keys() | found.keys()):
            if expected.get(pk) != found.get(pk):
                yield checkpoint, pk


@retried
def repair(checkpoint: Checkpoint, registration_id: int) -> None:
    """Set a presence to what its scans say; delete what is left of a registration that raw SQL deleted."""
    with transaction.atomic():
        locked = Registration.objects.select_for_update(no_key=True).order_by().filter(pk=registration_id)
        if locked.first() is None:
            Presence.objects.filter(checkpoint=checkpoint, registration=registration_id).delete()
            Scan.objects.filter(checkpoint=checkpoint, registration=registration_id).delete()
        else:
            presence.replay(checkpoint, registration_id)
