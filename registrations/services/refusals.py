from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import IntegrityError

from accounts.models import User
from eventhub.db.retry import one_statement, violated
from eventhub.exceptions import AlreadyRegistered, EventFull, EventNotFound
from events.models import Event
from registrations.models import Registration
from registrations.services.eligibility import find_double, find_live_registration


@contextmanager
def translated_refusals(registration: Registration, event: Event, by: User, now: datetime) -> Iterator[None]:
    """Turn a violated constraint into the exception of the matching check."""
    try:
        with one_statement():
            yield
    except IntegrityError as problem:
        constraint = violated(problem)
        if "event_seats_within_capacity" in constraint:
            raise EventFull(can_wait=event.takes_queue(now)) from None
        if "registration_event_exists" in constraint:
            raise EventNotFound() from None
        # SQLite names the columns of a unique index, not the index.
        if "registration_one_live_per_user" in constraint or "registrations_registration.user_id" in constraint:
            user_id, by_address = registration.user_id, registration.added_by_address
            live = find_live_registration(event, user_id)
            if live is not None:
                refusal = find_double(live, user_id=user_id, by=by, by_address=by_address)
                raise refusal or AlreadyRegistered() from None
        raise
