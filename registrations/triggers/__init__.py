"""The guarantee of the seat rule, in the database itself: one SQL text a vendor, and its installation.

The triggers keep `seats_taken` and `waitlisted` of each event equal to its registrations, whoever writes them: the
ORM, the admin, a cascade, a line typed into psql. A CHECK on the event refuses more seats than it has, a conditional
UNIQUE a second live registration of a user; so the last seat is refused by the same INSERT that would have taken it.
A write to the counts themselves is answered by counting again.

On PostgreSQL they run once a statement, and take the event's row before anything else, which is what keeps concurrent
registrations free of deadlocks. SQLite has one writer and row triggers. A number in the queue is taken there too,
under the event's lock, since a clock cannot tell who came first.

They also write the log of transitions (models.Transition), which therefore misses nothing and costs a request no
statement: when, by whom and through what a status came about travels in columns of the row. A change of status that
does not say so is stamped as the database's own. What is written there stays while its registration does; but a
registration that forgets its person (`user_id` becomes NULL) is also forgotten to have been their own doing.
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
# Any write to a count makes the guard count again; on SQLite the CHECK sees the written value first.
_RECOUNT_ALL = "UPDATE events_event SET waitlisted = waitlisted + 1"
_ORGANIZER = "(SELECT organizer_id FROM events_event WHERE events_event.id = registrations_registration.event_id)"
_SET_ORGANIZERS = (
    f"UPDATE registrations_registration SET organizer_id = {_ORGANIZER} WHERE organizer_id <> {_ORGANIZER}"
)
# What was oversold while no trigger watched can only be mended by people: `check_seats` names it, `migrate` goes on.
_FITS = (
    "max_capacity >= (SELECT count(*) FROM registrations_registration r"
    " WHERE r.event_id = events_event.id AND r.status IN ('registered', 'attended'))"
)


def missing_triggers() -> list[str]:
    """Names of the triggers that are not there as this code wants them; empty where all is well. On PostgreSQL those of
    a later version are well: an upgrade may be under way, or have been taken back."""
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
    """Makes the triggers as this code wants them, and counts again where they had not been watching.

    Where another version of them was, it has been counting: to count a million events again takes minutes.
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
    """Has the database count the registrations of these events again."""
    with connection.cursor() as cursor:
        for event_id in event_ids:
            cursor.execute(f"{_RECOUNT_ALL} WHERE id = %s", [event_id])


def drop_from_sqlite() -> None:
    with connection.cursor() as cursor:
        for name in sqlite.TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def before_migrate(*, using: str, plan: list[Any], **kwargs: Any) -> None:
    """SQLite cannot remake a table with these triggers around it. On PostgreSQL they stay and watch on."""
    if plan and using == "default" and connections[using].vendor == "sqlite":
        drop_from_sqlite()


def after_migrate(*, using: str, **kwargs: Any) -> None:
    if using == "default" and _tables_exist():
        install()


def check_installed(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """A warning, not an error: an error would stop `migrate`, which is the cure."""
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
