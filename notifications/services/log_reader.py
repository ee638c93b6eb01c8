"""Read the three logs that triggers write, each row once, in the order of their commits.

What is made of the rows and the new position are committed together: a process that is killed loses nothing and makes
nothing twice.
"""

import logging
from collections.abc import Callable
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet

from eventhub.db.transaction_ids import Horizon, next_transaction_id
from events.models import EventChange
from notifications.models import LogPosition
from notifications.services.fan_outs import start_fan_outs
from notifications.services.notices import COLUMNS, make_notices, make_removal_notices
from registrations.models import Removal, Transition

logger = logging.getLogger(__name__)

READ_AT_ONCE = 1000
_LAST_ROW = 2**63 - 1


class Log(NamedTuple):
    name: str
    rows: QuerySet[Any, Any]
    make: Callable[[list[Any]], None]


REGISTRATIONS = Log("registrations", Transition.objects.values(*COLUMNS), make_notices)
EVENTS = Log("events", EventChange.objects.select_related("event"), start_fan_outs)
REMOVALS = Log("removals", Removal.objects.all(), make_removal_notices)
LOGS = (REGISTRATIONS, EVENTS, REMOVALS)


def read(log: Log) -> int:
    """Read the next rows, at most READ_AT_ONCE, and return how many. Another reader at work makes it 0.

    The very first reading starts at the end of the log, so that no emails are sent about the past.
    """
    position = LogPosition.objects.filter(pk=log.name).first()
    if position is None:
        _start_at_the_end(log)
        return 0
    if not unread(log, position).exists():  # which takes no lock
        return 0
    with transaction.atomic():
        position = LogPosition.objects.select_for_update(skip_locked=True).filter(pk=log.name).first()
        if position is None:
            return 0
        rows = list(unread(log, position)[:READ_AT_ONCE])
        if rows:
            log.make(rows)
            position.transaction_id, position.row_id = _place(rows[-1])
            position.save()
    return len(rows)


def unread(log: Log, position: LogPosition) -> QuerySet[Any, Any]:
    """Return the rows after the position that can be read: on PostgreSQL, those of ended transactions."""
    if connection.vendor != "postgresql":
        return log.rows.filter(pk__gt=position.row_id).order_by("pk")
    start = position.transaction_id
    later = Q(transaction_id__gte=start) & (Q(transaction_id__gt=start) | Q(pk__gt=position.row_id))
    return log.rows.filter(later, transaction_id__lt=Horizon()).order_by("transaction_id", "pk")


def adopt_restored_logs() -> None:
    """Start again where the database was restored into another PostgreSQL, whose transaction ids begin anew.

    Rows from before the restore have higher ids than any transaction and are not read.
    """
    lost = LogPosition.objects.filter(transaction_id__gt=next_transaction_id())
    if connection.vendor == "postgresql" and lost.update(transaction_id=0, row_id=0):
        logger.warning("The logs come from another server. No emails are sent about changes that were not read there.")


def _start_at_the_end(log: Log) -> None:
    if connection.vendor == "postgresql":
        place = (next_transaction_id() - 1, _LAST_ROW)
    else:
        place = (0, log.rows.model.objects.aggregate(last=Max("pk"))["last"] or 0)
    position = LogPosition(log=log.name, transaction_id=place[0], row_id=place[1])
    LogPosition.objects.bulk_create([position], ignore_conflicts=True)


def _place(row: Any) -> tuple[int, int]:
    if isinstance(row, dict):
        return row["transaction_id"] or 0, row["pk"]
    return row.transaction_id or 0, row.pk
