"""Presence: whether a person is inside at a checkpoint, and how often they came in.

One upsert decides between two doors with the same ticket; nobody waits for a lock on the event. A person's scans say
the same once more (`replay`), which is how an undo and scans from devices without network are applied: by the time on
the device, so the order in which they arrive does not matter.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from checkin.models import Checkpoint, Presence, Reentry, Scan, ScanKind, ScanResult
from eventhub.datetimes import end_of_day, start_of_day
from eventhub.db.compiled_queries import planned_once

MAX_ENTRIES = 32_767  # of the column

_ENTER = """
INSERT INTO checkin_presence AS before (checkpoint_id, registration_id, inside, entries, first_in, last_in)
VALUES (%s, %s, TRUE, 1, %s, %s)
ON CONFLICT (checkpoint_id, registration_id) DO UPDATE
   SET inside = TRUE, entries = before.entries + 1, first_in = coalesce(before.first_in, excluded.first_in),
       last_in = excluded.last_in
 WHERE before.entries < {most} AND {rule}
RETURNING entries"""
_RULES = {
    Reentry.NEVER: "before.entries = 0",
    Reentry.AFTER_EXIT: "NOT before.inside",
    Reentry.DAILY: "(before.entries = 0 OR before.last_in < %s)",
    Reentry.ALWAYS: "TRUE",
}
_LEAVE = """
UPDATE checkin_presence SET inside = FALSE, last_out = %s
 WHERE checkpoint_id = %s AND registration_id = %s AND inside
RETURNING entries"""


def enter(checkpoint: Checkpoint, registration_id: int, at: datetime, *, reentry: str | None = None) -> int | None:
    """Let a person in; return how often they have come in, or None where they may not come in again.

    `reentry` replaces the checkpoint's rule.
    """
    rule = Reentry(reentry or checkpoint.reentry)
    time = connection.ops.adapt_datetimefield_value(at)
    values = [checkpoint.pk, registration_id, time, time]
    if rule == Reentry.DAILY:
        values.append(connection.ops.adapt_datetimefield_value(start_of_day(at, checkpoint.event.zone)))
    return _first(_ENTER.format(most=MAX_ENTRIES, rule=_RULES[rule]), values)


def would_refuse(checkpoint: Checkpoint, registration_id: int, at: datetime) -> bool:
    """Return whether `enter` would refuse a person who came at that time. It reads, and locks nothing."""
    before = Presence.objects.filter(checkpoint=checkpoint, registration=registration_id, entries__gt=0)
    if checkpoint.reentry == Reentry.AFTER_EXIT:
        before = before.filter(inside=True)
    elif checkpoint.reentry == Reentry.DAILY:
        zone = checkpoint.event.zone
        before = before.filter(last_in__gte=start_of_day(at, zone), first_in__lt=end_of_day(at, zone))
    return checkpoint.reentry != Reentry.ALWAYS and before.exists()


def leave(checkpoint: Checkpoint, registration_id: int, at: datetime) -> int | None:
    """Let a person out; return how often they have come in, or None where they are not inside."""
    return _first(_LEAVE, [connection.ops.adapt_datetimefield_value(at), checkpoint.pk, registration_id])


@dataclass
class PresenceState:
    """What a presence says."""

    inside: bool = False
    entries: int = 0
    first_in: datetime | None = None
    last_in: datetime | None = None
    last_out: datetime | None = None

    def apply(self, scan: Scan) -> None:
        if scan.kind == ScanKind.UNDO:  # of all that was before, by the status of the registration
            self.__init__()  # type: ignore[misc]
        elif scan.kind == ScanKind.OUT:
            self.inside, self.last_out = False, scan.at
        else:
            self.inside, self.last_in = True, scan.at
            self.first_in = self.first_in or scan.at
            self.entries = min(self.entries + 1, MAX_ENTRIES)


def state_of(scans: Iterable[Scan]) -> PresenceState:
    """Return what a person's scans at a checkpoint come to, in whatever order they are given."""
    scans = list(scans)
    undone = {scan.undoes_id for scan in scans if scan.undoes_id is not None}
    state = PresenceState()
    for scan in sorted(scans, key=lambda scan: (scan.at, scan.nonce)):
        moved = scan.result in (ScanResult.ADMITTED, ScanResult.LEFT)
        reset = scan.kind == ScanKind.UNDO and scan.undoes_id is None
        if (moved and scan.pk not in undone) or reset:
            state.apply(scan)
    return state


def replay(checkpoint: Checkpoint, registration_id: int) -> PresenceState:
    """Set the presence of a locked registration to what its scans say."""
    state = state_of(Scan.objects.filter(registration=registration_id, checkpoint=checkpoint))
    # No update_or_create: it would lock the row, which the lock on the registration stands for.
    Presence.objects.bulk_create(
        [Presence(checkpoint=checkpoint, registration_id=registration_id, **vars(state))],
        update_conflicts=True,
        unique_fields=["checkpoint_id", "registration_id"],
        update_fields=list(vars(state)),
    )
    return state


def _first(statement: str, values: list[Any]) -> int | None:
    with planned_once(connection) as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
        return row and int(row[0])
