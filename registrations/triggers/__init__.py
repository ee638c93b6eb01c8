"""The database's part of the seat rule: triggers for each vendor, and their installation.

They keep `seats_taken` and `waitlisted` of each event equal to its registrations, whoever writes them, and
`organizer_id` equal to the event's. A CHECK refuses a seat too many, a conditional UNIQUE a second live registration.
PostgreSQL counts once a statement, after locking the event, which prevents deadlocks. Queue numbers are taken under
that lock, since a clock cannot tell who came first.

They also write the log (models.Transition): an unstamped change is the database's own, a line stays as long as its
registration, and once a registration forgets its person (`user_id` becomes NULL), its log no longer names them, nor
says why it was cancelled. A reason can be added once. A live registration that is deleted leaves a Removal.
A second log (events.models.EventChange) has the changes of an event that its attendees care about. A change of what
calendars show of an event sets its `updated_at` where the statement did not.
"""

from typing import Any

from django.core.checks import CheckMessage, Warning
from django.db import DatabaseError, connection, connections, transaction

from eventhub.db.postgresql.locks import wait_briefly
from registrations.triggers import postgresql, sqlite

TABLES = {
    "events": "events_event",
    "changes": "events_eventchange",
    "registrations": "registrations_registration",
    "log": "registrations_transition",
    "removals": "registrations_removal",
}
# Any write to a count makes the guard count again. On SQLite the CHECK sees the written value first.
_RECOUNT_ALL = "UPDATE events_event SET waitlisted = waitlisted + 1"
_ORGANIZER = "(SELECT organizer_id FROM events_event WHERE events_event.id = registrations_registration.event_id)"
_SET_ORGANIZERS = (
    f"UPDATE registrations_registration SET organizer_id = {_ORGANIZER} WHERE organizer_id <> {_ORGANIZER}"
)
# Events oversold while no trigger watched need people to decide: `check_seats` names them, and `migrate` goes on.
_FITS = (
    "max_capacity >= (SELECT count(*) FROM registrations_registration r"
    " WHERE r.event_id = events_event.id AND r.status IN ('registered', 'attended'))"
)


def missing_triggers() -> list[str]:
    """Return the names of missing or outdated triggers; a later version, as in an upgrade, is fine."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            present = dict(cursor.fetchall())
        return sorted(name for name, body in sqlite.TRIGGERS.items() if present.get(name) != _create(name, body))
    absent = _absent_from_postgresql()
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regproc('registrations_count_seats'), 'pg_proc')")
        (stamp,) = cursor.fetchone()
    if not absent and postgresql.is_older(stamp):
        return sorted(postgresql.TRIGGERS)
    return sorted(absent)


def install() -> None:
    """Create the triggers, and recount where none was watching: that can take minutes."""
    if not missing_triggers():
        return
    were_watching = connection.vendor == "postgresql" and not _absent_from_postgresql()
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            drop_from_sqlite()
            cursor.execute(sqlite.COUNTING_TABLE)
            cursor.execute("DELETE FROM registrations_counting")
            for name, body in sqlite.TRIGGERS.items():
                cursor.execute(_create(name, body))
        else:
            cursor.execute("SELECT quote_ident(current_schema())")
            (schema,) = cursor.fetchone()
            tables = {name: f"{schema}.{table}" for name, table in TABLES.items()}
            wait_briefly(cursor)
            cursor.execute(postgresql.SQL.format(schema=schema, **tables))
            cursor.execute(f"COMMENT ON FUNCTION {schema}.registrations_count_seats() IS '{postgresql.STAMP}'")
        if not were_watching:
            cursor.execute(f"{_RECOUNT_ALL} WHERE {_FITS}")
            cursor.execute(_SET_ORGANIZERS)


def recount(event_ids: list[int]) -> None:
    with connection.cursor() as cursor:
        for event_id in event_ids:
            cursor.execute(f"{_RECOUNT_ALL} WHERE id = %s", [event_id])


def drop_from_sqlite() -> None:
    with connection.cursor() as cursor:
        for name in sqlite.TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def before_migrate(*, using: str, plan: list[Any], **kwargs: Any) -> None:
    """Drop the triggers on SQLite, which cannot rebuild a table with them."""
    if plan and using == "default" and connections[using].vendor == "sqlite":
        drop_from_sqlite()


def after_migrate(*, using: str, **kwargs: Any) -> None:
    if using == "default" and _tables_exist():
        install()


def check_installed(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Warn about missing triggers. An error would stop `migrate`, which installs them."""
    if "default" not in (databases or ()):
        return []
    try:
        missing = missing_triggers() if _tables_exist() else []
    except DatabaseError:
        return []
    if not missing:
        return []
    return [Warning(f"Seat triggers are missing: {', '.join(missing)}.", hint="Run migrate.", id="registrations.W001")]


def _tables_exist() -> bool:
    return set(TABLES.values()) <= set(connection.introspection.table_names())


def _absent_from_postgresql() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgname = ANY(%s) AND tgenabled IN ('O', 'A')"
            " AND tgrelid IN (to_regclass('registrations_registration'), to_regclass('events_event'),"
            " to_regclass('registrations_transition'))",
            [sorted(postgresql.TRIGGERS)],
        )
        return postgresql.TRIGGERS - {name for (name,) in cursor.fetchall()}


def _create(name: str, body: str) -> str:
    return f"CREATE TRIGGER {name} {body}"
