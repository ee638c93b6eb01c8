"""Until when people may cancel their seat, change their details, and pass their seat on (answers: services/answers.py).

Who runs the event is not bound. Nobody is bound to a place in the queue, or to a cancelled registration.
"""

from collections.abc import Collection
from datetime import datetime

from accounts.models import User
from accounts.permissions import allowed
from events.models import Event
from registrations.exceptions import ChangeClosed
from registrations.models import LIVE, SEATED, Registration, RegistrationStatus

CANCEL, EDIT, TRANSFER = "cancel_until", "edit_until", "transfer_until"
_DEADLINES = {"name": TRANSFER, "contact_details": EDIT, "phone": EDIT}


def require_change_open(
    registration: Registration, *, was: str, changed: Collection[str], by: User, now: datetime
) -> None:
    """Raise ChangeClosed where `changed` fields of a registration, in status `was` before, are past their deadline."""
    if was not in LIVE:
        return
    if registration.status == RegistrationStatus.CANCELLED:
        require_cancelling_open(registration.event, was=was, by=by, now=now)
    for deadline in dict.fromkeys(_DEADLINES[name] for name in changed if name in _DEADLINES):
        _require(registration.event, deadline, by, now)


def require_cancelling_open(event: Event, *, was: str, by: User, now: datetime) -> None:
    if was in SEATED:
        _require(event, CANCEL, by, now)


def _has_passed(event: Event, deadline: str, now: datetime) -> bool:
    moment = getattr(event, deadline)
    return moment is not None and moment <= now


def may_cancel(registration: Registration, now: datetime) -> bool:
    """Return whether the deadline lets the person cancel; a place in the queue always."""
    return registration.status not in SEATED or not _has_passed(registration.event, CANCEL, now)


def _require(event: Event, deadline: str, by: User, now: datetime) -> None:
    if _has_passed(event, deadline, now) and not allowed(by, "attendee", "create_for_others", event):
        raise ChangeClosed(deadline, getattr(event, deadline), event.zone)
