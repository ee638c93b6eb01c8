"""The hot path's one statement."""

from typing import Any

from django.db import connection

from registrations.models import Registration

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


def insert_if_unchanged(registration: Registration, *, queue_matters: bool) -> int | None:
    """Writes a new registration and returns its id; None, with nothing written, where its event is not as
    `registration.event` has it, or, if `queue_matters`, somebody waits by now. IntegrityError as for any INSERT."""
    event = registration.event
    time: Any = connection.ops.adapt_datetimefield_value
    values = [
        registration.user_id,
        str(registration.status),
        registration.name,
        registration.contact_details,
        time(registration.registration_date),
        time(registration.updated_at),
        time(registration.status_since),
        registration.status_by_id,
        registration.status_through,
        event.pk,
        time(event.updated_at),
        not queue_matters,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT.format(lock=_LOCK[connection.vendor]), values)
        rows = cursor.fetchall()
    return rows[0][0] if rows else None
