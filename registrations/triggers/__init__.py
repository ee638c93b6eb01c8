"""The database's part of the seat rule: triggers in one SQL text for each vendor, and their installation.

The triggers keep `seats_taken` and `waitlisted` of each event equal to its registrations, whoever writes them: the
ORM, the admin, a cascade, a line typed into psql. A CHECK on the event refuses more seats than it has, a conditional
UNIQUE a second live registration of a user, so that the INSERT for a seat too many fails. A write to the counts
themselves makes them count again. `organizer_id` of a registration follows its event in the same way.

On PostgreSQL they run once for each statement, and lock the event's row first, so that concurrent registrations do not
deadlock. SQLite has one writer and row triggers. The number in the queue is taken under the event's lock, since a clock
cannot tell who came first.

They also write the log (models.Transition), which therefore misses nothing and costs a request no statement: the row's
columns say when, by whom and through which channel a status came about, and a change that does not say so is stamped as
the database's own. A log line stays as long as its registration. When a registration forgets its person (`user_id`
becomes NULL), the log forgets that the person acted.
"""

from typing import Any

from django.core.checks import CheckMessage, Warning
from django.db import DatabaseError, connection, connections, transaction

from eventhub.db.postgresql.locks import wait_briefly
from registrations.triggers import postgresql, sqlite

TABLES = {
    "events": "events_event",
    "registrations": "registrations_registration",
    "log": "registrations_transition",
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
    """Return the names of missing or outdated triggers.

    On PostgreSQL those of a later version are accepted: an upgrade may be under way, or have been rolled back.
    """
    if connection.vendor == "sqlite":
        present = _sqlite_triggers()
        return sorted(name for name, body in sqlite.TRIGGERS.items() if present.get(name) != _create(name, body))
    absent = _absent_from_postgresql()
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regproc('registrations_count_seats'), 'pg_proc')")
        (stamp,) = cursor.fetchone()
    if not absent and postgresql.is_older(stamp):
        return sorted(postgresql.TRIGGERS)
    return sorted(absent)


def install() -> None:
    """Create the triggers, and count again where none had been watching.

    Another version of them has kept the counts, and counting a million events takes minutes.
    """
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
    """Make the database count the registrations of these events again."""
    with connection.cursor() as cursor:
        for event_id in event_ids:
            cursor.execute(f"{_RECOUNT_ALL} WHERE id = %s", [event_id])


def drop_from_sqlite() -> None:
    with connection.cursor() as cursor:
        for name in sqlite.TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def before_migrate(*, using: str, plan: list[Any], **kwargs: Any) -> None:
    """Drop the triggers on SQLite, which cannot rebuild a table with them. On PostgreSQL they stay."""
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


def _sqlite_triggers() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return dict(cursor.fetchall())


def _create(name: str, body: str) -> str:
    return f"CREATE TRIGGER {name} {body}"
