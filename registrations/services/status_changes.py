"""Every function that writes a status calls `announce` in the same transaction. Raw SQL does not.

Check-ins and their undoing are passed to FOLLOWERS in the same transaction. Apps above append theirs in
`AppConfig.ready`, so `checkin` keeps one log of the doors without this app knowing of it.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from accounts.models import User
from eventhub import tasks
from registrations import metrics
from registrations.models import Registration, RegistrationStatus


class StatusChange(NamedTuple):
    """`was` is None for a new registration, `becomes` for a deleted one."""

    registration_id: int
    event_id: int
    was: str | None
    becomes: str | None


# Each takes the registration as it is now, who did it, and when.
FOLLOWERS: list[Callable[[Registration, User, datetime], None]] = []


def follow_check_in(registration: Registration, was: str, by: User, now: datetime) -> None:
    """Tell FOLLOWERS of a check-in, or that one was undone; of no other change."""
    undone = (RegistrationStatus.ATTENDED, RegistrationStatus.REGISTERED)
    is_checked_in = registration.status == RegistrationStatus.ATTENDED != was
    if is_checked_in or (was, registration.status) == undone:
        for follow in FOLLOWERS:
            follow(registration, by, now)


def announce(changes: Iterable[StatusChange]) -> None:
    """Count the changes, and wake who reads their log in this process. The log itself is written by triggers."""
    transaction.on_commit(tasks.work_waits.set)
    if settings.METRICS:
        metrics.count_status_changes(Counter((change.was, change.becomes) for change in changes))
