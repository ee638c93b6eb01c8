"""Many registrations for one event, thousands in a statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from eventhub import audit
from eventhub.db.batches import AT_ONCE, batches
from eventhub.db.json_rows import folded, unfolded

# The triggers lock the event, give each who waits a number in the order of the rows, and count once a statement on
# PostgreSQL.
_COLUMNS = {"user_id": "bigint", "status": "text", "name": "text", "contact_details": "text"}
_INSERT = """
INSERT INTO registrations_registration
       (user_id, status, name, contact_details, event_id, registration_date, updated_at,
        status_since, status_by_id, status_through)
SELECT user_id, status, name, contact_details, %s, %s, %s, %s, %s, %s FROM {rows} ORDER BY place"""


class Entry(NamedTuple):
    """A registration to be: whose, what it begins as, and the person's details."""

    user_id: int
    status: str
    name: str
    contact_details: str


def insert(event_id: int, entries: Sequence[Entry], *, now: datetime) -> None:
    """Writes them in their order, as of now and by whom is at work. IntegrityError as for any INSERT."""
    time: Any = connection.ops.adapt_datetimefield_value
    by, through = audit.actor()
    stamp = [event_id, time(now), time(now), time(now), by, through.value]
    statement = _INSERT.format(rows=unfolded(_COLUMNS))
    with connection.cursor() as cursor:
        for some in batches(entries, AT_ONCE):
            cursor.execute(statement, [*stamp, folded(some)])
