"""Adding one person to an event by hand, by the address: the import's rules for who that is, and the seat rule."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import require
from accounts.services.placeholder_accounts import find_or_make_accounts
from eventhub.db.retry import retried
from eventhub.exceptions import Invalid
from registrations.models import Registration
from registrations.services import eligibility, seats
from registrations.services.attendee_file import Guest


@retried
def add_person(*, event_id: int, guest: Guest, by: User, may_queue: bool, now: datetime | None = None) -> Registration:
    """A seat for the guest, or, with `may_queue`, a place in the queue. Who has no account gets one; nothing that is
    answered tells which it was, and where it is refused none is left behind.

    A 400 for a guest with a problem, Forbidden for who does not run the event, and the refusals of `seats.register`.
    """
    now = now or timezone.now()
    if guest.problem:
        raise Invalid({"email": [guest.problem]})
    with transaction.atomic():
        event = seats.lock_event(event_id)
        require(by, "attendee", "create_for_others", event)
        user = User.objects.get(pk=find_or_make_accounts({guest.email})[guest.email])
        enter = seats.join_queue if may_queue else seats.register
        return enter(
            event=eligibility.look(event_id=event_id, user_id=user.pk, by=by),
            user=user,
            by=by,
            name=guest.name,
            contact_details=guest.contact_details,
            now=now,
        )
