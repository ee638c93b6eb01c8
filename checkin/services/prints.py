"""Which badges are printed. Opening a page marks nothing: people say that the paper came out."""

from collections.abc import Iterable, Sequence

from django.core import signing
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import require
from checkin.models import Print
from checkin.selectors.people import Person
from eventhub.db.retry import retried
from eventhub.exceptions import BadRequest
from events.models import Event
from registrations.models import Registration

_SALT = "checkin.prints"


def sign(event: Event, people: Iterable[Person]) -> str:
    """Return what a page shows, for `mark_printed`: by then a name may be another."""
    return signing.dumps([event.pk, [(person.pk, person.edition) for person in people]], salt=_SALT, compress=True)


@retried
def mark_printed(*, event: Event, shown: str, by: User) -> int:
    """Note that the badges of a page were printed as it shows them. Return their number.

    Raise BadRequest if `shown` is not of `sign` for this event.
    """
    require(by, "event", "badges", event)
    editions = _read(event, shown)
    with transaction.atomic():
        left = Registration.objects.filter(event=event, pk__in=editions).order_by().values_list("pk", flat=True)
        now = timezone.now()
        rows = [Print(event=event, registration_id=pk, edition=editions[pk], at=now, by=by) for pk in left]
        _save(rows)
    return len(rows)


def _save(rows: Sequence[Print]) -> None:
    columns = ["edition", "at", "by"]
    Print.objects.bulk_create(rows, update_conflicts=True, unique_fields=["registration"], update_fields=columns)


def _read(event: Event, shown: str) -> dict[int, str]:
    try:
        event_id, people = signing.loads(shown, salt=_SALT)
    except signing.BadSignature:
        raise BadRequest("This page is not complete. Open it again") from None
    if event_id != event.pk:
        raise BadRequest("This page is of another event")
    return dict(people)
