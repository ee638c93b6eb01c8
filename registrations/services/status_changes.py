"""Every function that writes a status calls `announce` in the same transaction. Raw SQL does not."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from eventhub import tasks
from registrations import metrics


class StatusChange(NamedTuple):
    """`was` is None for a new registration, `becomes` for a deleted one."""

    registration_id: int
    event_id: int
    was: str | None
    becomes: str | None


def announce(changes: Iterable[StatusChange]) -> None:
    """Count the changes, and wake who reads their log in this process. The log itself is written by triggers."""
    transaction.on_commit(tasks.work_waits.set)
    if settings.METRICS:
        metrics.count_status_changes(Counter((change.was, change.becomes) for change in changes))
