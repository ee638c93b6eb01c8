"""The statements with which the hot path writes registrations, as fixed texts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from eventhub.db.compiled_queries import planned_once
from registrations.models import Registration, status_stamps

# The event's row is locked, and held against what was seen of it, before anything is written. `updated_at` stands for
# all that people may edit: its status, its window, its end, its organizer. Its counts are the triggers' concern.
_INSERT = """
INSERT INTO registrations_registration
       (event_id, user_id, status, name, contact_details, registration_date, updated_at,
        status_since, status_by_id, status_through)
SELECT id, %s, %s, %s, %s, %s, %s, %s, %s, %s FROM events_event
 WHERE id = %s AND updated_at = %s AND (waitlisted = 0 OR %s) {lock}
RETURNING id"""
_LOCK = {"postgresql": "FOR NO KEY UPDATE", "sqlite": ""}
_UPDATE = "UPDATE registrations_registration SET {columns} WHERE id = %s"

# Who has stopped waiting by the time this statement runs (raw SQL takes no lock first) must stay out.
_SEAT_FIRST = """
UPDATE registrations_registration
   SET status = 'registered', updated_at = %s, status_since = %s, status_by_id = %s, status_through = %s
 WHERE status = 'waitlisted' AND event_id = %s AND id IN (
       SELECT id FROM registrations_registration WHERE status = 'waitlisted' AND event_id = %s
        ORDER BY queue_number NULLS LAST, id LIMIT %s)"""


def insert_if_unchanged(registration: Registration, *, queue_matters: bool) -> int | None:
    """Writes a new registration and returns its id; None, with nothing written, where its event is not as
    `registration.event` has it, or, if `queue_matters`, somebody waits by now. IntegrityError as for any INSERT."""
    event = registration.event
    values = [
        registration.user_id,
        registration.status,
        registration.name,
        registration.contact_details,
        registration.registration_date,
        registration.updated_at,
        registration.status_since,
        registration.status_by_id,
        registration.status_through,
        event.pk,
        event.updated_at,
        not queue_matters,
    ]
    with planned_once(connection) as cursor:
        cursor.execute(_INSERT.format(lock=_LOCK[connection.vendor]), _adapted(values))
        rows = cursor.fetchall()
    return rows[0][0] if rows else None


def write_changes(registration: Registration, columns: Sequence[str]) -> None:
    """Writes these columns of a registration that is locked through its event, and when. IntegrityError as for any
    UPDATE."""
    registration.updated_at = timezone.now()
    columns = [*columns, "updated_at"]
    values = [getattr(registration, column) for column in columns]
    with planned_once(connection) as cursor:
        text = _UPDATE.format(columns=", ".join(f"{column} = %s" for column in columns))
        cursor.execute(text, [*_adapted(values), registration.pk])


def seat_first(event_id: int, count: int, *, now: datetime) -> int:
    """Gives a seat to the first `count` in the queue of a locked event; how many there were."""
    stamps = status_stamps(now)
    values = [now, stamps["status_since"], stamps["status_by_id"], stamps["status_through"], event_id, event_id, count]
    with planned_once(connection) as cursor:
        cursor.execute(_SEAT_FIRST, _adapted(values))
        return int(cursor.rowcount)


def _adapted(values: list[Any]) -> list[Any]:
    """As the driver wants them: times for this vendor, and the text of a choice instead of the choice."""
    time: Any = connection.ops.adapt_datetimefield_value
    adapted = []
    for value in values:
        if isinstance(value, datetime):
            value = time(value)
        adapted.append(str(value) if isinstance(value, str) else value)
    return adapted
