"""SQL by hand that writes registrations: the hot path, and thousands of rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from eventhub import audit
from eventhub.db.compiled_queries import planned_once
from eventhub.db.json_rows import folded, unfolded
from registrations.models import Registration, status_stamps

# Locks the event's row and compares it with what was read before it writes. `updated_at` stands for everything that
# people may edit; the counts are left to the triggers.
_INSERT = """
INSERT INTO registrations_registration
       (event_id, user_id, added_by_address, status, name, contact_details, phone, registration_date, updated_at,
        status_since, status_by_id, status_through)
SELECT id, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s FROM events_event
 WHERE id = %s AND updated_at = %s AND (waitlisted = 0 OR %s) {lock}
RETURNING id"""
_LOCK = {"postgresql": "FOR NO KEY UPDATE", "sqlite": ""}

# People of an import. The triggers lock the event, number those who wait in the order of the rows, and on PostgreSQL
# count once a statement.
_INSERT_MANY = """
INSERT INTO registrations_registration
       (user_id, added_by_address, status, name, contact_details, phone, event_id, registration_date, updated_at,
        status_since, status_by_id, status_through)
SELECT user_id, TRUE, status, name, contact_details, phone, %s, %s, %s, %s, %s, %s FROM {rows} ORDER BY place
RETURNING id, status"""
_COLUMNS = {"user_id": "bigint", "status": "text", "name": "text", "contact_details": "text", "phone": "text"}

_UPDATE = "UPDATE registrations_registration SET {columns} WHERE id = %s"
_IF_UNCHANGED = " AND status = %s AND updated_at = %s RETURNING id"

# The outer condition on the status leaves out who has stopped waiting meanwhile: raw SQL takes no lock first.
_PROMOTE_FIRST = """
UPDATE registrations_registration
   SET status = 'registered', updated_at = %s, status_since = %s, status_by_id = %s, status_through = %s
 WHERE status = 'waitlisted' AND event_id = %s AND id IN (
       SELECT id FROM registrations_registration WHERE status = 'waitlisted' AND event_id = %s
        ORDER BY queue_number NULLS LAST, id LIMIT %s)
RETURNING id"""

_DELETE_SOME = """
DELETE FROM registrations_registration WHERE id IN (
       SELECT id FROM registrations_registration WHERE event_id = %s LIMIT %s)
RETURNING id, status"""


class NewRegistration(NamedTuple):
    user_id: int
    status: str
    name: str
    contact_details: str
    phone: str = ""


def insert_if_unchanged(registration: Registration, *, queue_matters: bool) -> int | None:
    """Insert; return the id, or None where the event has changed or a queue matters. Raise IntegrityError."""
    event = registration.event
    values = [
        registration.user_id,
        registration.added_by_address,
        registration.status,
        registration.name,
        registration.contact_details,
        registration.phone,
        registration.registration_date,
        registration.updated_at,
        registration.status_since,
        registration.status_by_id,
        registration.status_through,
        event.pk,
        event.updated_at,
        not queue_matters,
    ]
    rows = _run(_INSERT.format(lock=_LOCK[connection.vendor]), values)
    return rows[0][0] if rows else None


def insert_many(event_id: int, rows: Sequence[NewRegistration], *, now: datetime) -> list[tuple[int, str]]:
    """Insert at most AT_ONCE in order; return the (id, status) of each. Raise IntegrityError."""
    by, through = audit.actor()
    with connection.cursor() as cursor:
        stamp = _adapted([event_id, now, now, now, by, through.value])
        cursor.execute(_INSERT_MANY.format(rows=unfolded(_COLUMNS)), [*stamp, folded(rows)])
        inserted: list[tuple[int, str]] = cursor.fetchall()
        return inserted


def write_changes(registration: Registration, columns: Sequence[str]) -> None:
    """Update columns of a registration whose event is locked. Raise IntegrityError."""
    with planned_once(connection) as cursor:
        cursor.execute(*_update(registration, columns))


def write_if_unchanged(registration: Registration, columns: Sequence[str], *, was: str) -> bool:
    """Update columns if the row is as it was read; `was` is its status then. Return whether it was."""
    seen = registration.updated_at
    statement, values = _update(registration, columns)
    return bool(_run(statement + _IF_UNCHANGED, [*values, was, seen]))


def _update(registration: Registration, columns: Sequence[str]) -> tuple[str, list[Any]]:
    registration.updated_at = timezone.now()
    columns = [*columns, "updated_at"]
    values = [getattr(registration, column) for column in columns]
    text = _UPDATE.format(columns=", ".join(f"{column} = %s" for column in columns))
    return text, [*_adapted(values), registration.pk]


def promote_first(event_id: int, count: int, *, now: datetime) -> list[int]:
    """Give seats to the first `count` in the queue of a locked event; return their ids."""
    stamps = status_stamps(now)
    values = [now, stamps["status_since"], stamps["status_by_id"], stamps["status_through"], event_id, event_id, count]
    return [pk for (pk,) in _run(_PROMOTE_FIRST, values)]


def delete_some(event_id: int, count: int) -> list[tuple[int, str]]:
    """Delete up to `count`; return the (id, status) of each."""
    return _run(_DELETE_SOME, [event_id, count])


def _run(statement: str, values: list[Any]) -> list[Any]:
    with planned_once(connection) as cursor:
        cursor.execute(statement, _adapted(values))
        rows: list[Any] = cursor.fetchall()
        return rows


def _adapted(values: list[Any]) -> list[Any]:
    """Convert times for this vendor, and choices to plain text."""
    time: Any = connection.ops.adapt_datetimefield_value
    timed = [time(value) if isinstance(value, datetime) else value for value in values]
    return [str(value) if isinstance(value, str) else value for value in timed]
