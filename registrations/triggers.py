"""The guarantee of the seat rule, in the database itself: one SQL text a vendor, and its installation.

The triggers keep `seats_taken` and `waitlisted` of each event equal to its registrations, whoever writes them: the
ORM, the admin, a cascade, a line typed into psql. A CHECK on the event refuses more seats than it has, a conditional
UNIQUE a second live registration of a user; so the last seat is refused by the same INSERT that would have taken it.
A write to the counts themselves is answered by counting again.

On PostgreSQL they run once a statement, so that 100,000 rows touch an event once, and take the event's row before
anything else, which is what keeps concurrent registrations free of deadlocks. SQLite has one writer and row triggers.
A number in the queue is taken there too, under the event's lock, since a clock cannot tell who came first.
"""

import hashlib
from typing import Any

from django.core.checks import CheckMessage, Warning
from django.db import DatabaseError, connection, connections, transaction

# What is kept, for a set of rows: seats and waiting.
_PG = """
CREATE OR REPLACE FUNCTION {schema}.registrations_count_seats() RETURNS trigger LANGUAGE plpgsql AS $fn$
DECLARE d record;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    UPDATE {events} SET seats_taken = 0, waitlisted = 0 WHERE seats_taken <> 0 OR waitlisted <> 0;
    RETURN NULL;
  ELSIF TG_OP = 'INSERT' THEN
    FOR d IN
      SELECT event_id, count(*) FILTER (WHERE status IN ('registered', 'attended'))::int AS seats,
             count(*) FILTER (WHERE status = 'waitlisted')::int AS waiting
        FROM new_rows WHERE status IN ('registered', 'attended', 'waitlisted')
       GROUP BY event_id ORDER BY event_id
    LOOP
      UPDATE {events} SET seats_taken = seats_taken + d.seats, waitlisted = waitlisted + d.waiting
       WHERE id = d.event_id;
      IF NOT FOUND THEN
        RAISE foreign_key_violation USING MESSAGE = format('event %s does not exist', d.event_id),
          TABLE = 'registrations_registration', CONSTRAINT = 'registration_event_exists';
      END IF;
    END LOOP;
  ELSIF TG_OP = 'DELETE' THEN
    FOR d IN
      SELECT event_id, count(*) FILTER (WHERE status IN ('registered', 'attended'))::int AS seats,
             count(*) FILTER (WHERE status = 'waitlisted')::int AS waiting
        FROM old_rows WHERE status IN ('registered', 'attended', 'waitlisted')
       GROUP BY event_id ORDER BY event_id
    LOOP
      UPDATE {events} SET seats_taken = seats_taken - d.seats, waitlisted = waitlisted - d.waiting
       WHERE id = d.event_id;
    END LOOP;
  ELSE
    FOR d IN
      SELECT event_id, sum(n * (status IN ('registered', 'attended'))::int)::int AS seats,
             sum(n * (status = 'waitlisted')::int)::int AS waiting
        FROM (SELECT event_id, status, 1 AS n FROM new_rows
              UNION ALL SELECT event_id, status, -1 FROM old_rows) AS moved
       GROUP BY event_id
      HAVING sum(n * (status IN ('registered', 'attended'))::int) <> 0 OR sum(n * (status = 'waitlisted')::int) <> 0
       ORDER BY event_id
    LOOP
      UPDATE {events} SET seats_taken = seats_taken + d.seats, waitlisted = waitlisted + d.waiting
       WHERE id = d.event_id;
      IF NOT FOUND AND (d.seats > 0 OR d.waiting > 0) THEN
        RAISE foreign_key_violation USING MESSAGE = format('event %s does not exist', d.event_id),
          TABLE = 'registrations_registration', CONSTRAINT = 'registration_event_exists';
      END IF;
    END LOOP;
  END IF;
  RETURN NULL;
END $fn$;

CREATE OR REPLACE FUNCTION {schema}.registrations_lock_event() RETURNS trigger LANGUAGE plpgsql AS $fn$
BEGIN
  PERFORM 1 FROM {events} WHERE id = NEW.event_id FOR NO KEY UPDATE;
  IF NEW.status = 'waitlisted' AND (TG_OP = 'UPDATE' OR NEW.queue_number IS NULL) THEN
    SELECT coalesce(max(queue_number), 0) + 1 INTO NEW.queue_number
      FROM {registrations} WHERE event_id = NEW.event_id AND status = 'waitlisted';
  END IF;
  RETURN NEW;
END $fn$;

CREATE OR REPLACE FUNCTION {schema}.events_guard_counts() RETURNS trigger LANGUAGE plpgsql AS $fn$
BEGIN
  SELECT count(*) FILTER (WHERE status IN ('registered', 'attended')), count(*) FILTER (WHERE status = 'waitlisted')
    INTO NEW.seats_taken, NEW.waitlisted
    FROM {registrations} WHERE event_id = NEW.id AND status IN ('registered', 'attended', 'waitlisted');
  RETURN NEW;
END $fn$;

CREATE OR REPLACE TRIGGER registrations_lock_event BEFORE INSERT ON {registrations}
  FOR EACH ROW EXECUTE FUNCTION {schema}.registrations_lock_event();
CREATE OR REPLACE TRIGGER registrations_queue_upd BEFORE UPDATE OF status, event_id ON {registrations} FOR EACH ROW
  WHEN (NEW.status = 'waitlisted' AND (OLD.status <> 'waitlisted' OR OLD.event_id <> NEW.event_id))
  EXECUTE FUNCTION {schema}.registrations_lock_event();
CREATE OR REPLACE TRIGGER registrations_seats_ins AFTER INSERT ON {registrations}
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION {schema}.registrations_count_seats();
CREATE OR REPLACE TRIGGER registrations_seats_upd AFTER UPDATE ON {registrations}
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
  EXECUTE FUNCTION {schema}.registrations_count_seats();
CREATE OR REPLACE TRIGGER registrations_seats_del AFTER DELETE ON {registrations}
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION {schema}.registrations_count_seats();
CREATE OR REPLACE TRIGGER registrations_seats_trunc AFTER TRUNCATE ON {registrations}
  FOR EACH STATEMENT EXECUTE FUNCTION {schema}.registrations_count_seats();
CREATE OR REPLACE TRIGGER events_counts_ins BEFORE INSERT ON {events} FOR EACH ROW
  WHEN (NEW.seats_taken <> 0 OR NEW.waitlisted <> 0) EXECUTE FUNCTION {schema}.events_guard_counts();
CREATE OR REPLACE TRIGGER events_counts_upd BEFORE UPDATE OF seats_taken, waitlisted ON {events} FOR EACH ROW
  WHEN ((NEW.seats_taken <> OLD.seats_taken OR NEW.waitlisted <> OLD.waitlisted) AND pg_trigger_depth() = 0)
  EXECUTE FUNCTION {schema}.events_guard_counts();
"""
PG_TRIGGERS = {
    "registrations_lock_event",
    "registrations_queue_upd",
    "registrations_seats_ins",
    "registrations_seats_upd",
    "registrations_seats_del",
    "registrations_seats_trunc",
    "events_counts_ins",
    "events_counts_upd",
}
PG_DIGEST = hashlib.sha256(_PG.encode()).hexdigest()[:16]

# A row in registrations_counting says that the write to a count comes from here; SQLite cannot tell how deep it is.
_COUNTING = "CREATE TABLE IF NOT EXISTS registrations_counting (by_trigger INTEGER)"
_RECOUNT = """
 INSERT INTO registrations_counting VALUES (1);
 UPDATE events_event SET
  seats_taken = (SELECT count(*) FROM registrations_registration
                  WHERE event_id = NEW.id AND status IN ('registered', 'attended')),
  waitlisted = (SELECT count(*) FROM registrations_registration WHERE event_id = NEW.id AND status = 'waitlisted')
  WHERE id = NEW.id;
 DELETE FROM registrations_counting;
END"""
# An explicit refusal, first of all: `INSERT OR FAIL` and `UPDATE OR FAIL` turn the refusal of the CHECK, which comes
# from a statement of the trigger, into one that keeps their own row.
_REFUSE_IF_FULL = """
 SELECT RAISE(ABORT, 'CHECK constraint failed: event_seats_within_capacity') FROM events_event
  WHERE id = NEW.event_id AND seats_taken >= max_capacity AND NEW.status IN ('registered', 'attended')"""
_ADD = """
 UPDATE events_event SET seats_taken = seats_taken + (NEW.status IN ('registered', 'attended')),
  waitlisted = waitlisted + (NEW.status = 'waitlisted')
  WHERE id = NEW.event_id AND NEW.status IN ('registered', 'attended', 'waitlisted');
 SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: registration_event_exists')
  WHERE NEW.status IN ('registered', 'attended', 'waitlisted') AND changes() = 0;"""
_SUBTRACT = """
 UPDATE events_event SET seats_taken = seats_taken - (OLD.status IN ('registered', 'attended')),
  waitlisted = waitlisted - (OLD.status = 'waitlisted')
  WHERE id = OLD.event_id AND OLD.status IN ('registered', 'attended', 'waitlisted');"""
_TAKE_NUMBER = """
 UPDATE registrations_registration SET queue_number =
  (SELECT COALESCE(MAX(queue_number), 0) + 1 FROM registrations_registration
    WHERE event_id = NEW.event_id AND status = 'waitlisted' AND id <> NEW.id)
  WHERE id = NEW.id AND status = 'waitlisted'"""
SQLITE_TRIGGERS = {
    "registrations_seats_ins": f"""AFTER INSERT ON registrations_registration
WHEN NEW.status IN ('registered', 'attended', 'waitlisted') BEGIN{_REFUSE_IF_FULL};
 INSERT INTO registrations_counting VALUES (1);{_ADD}
 DELETE FROM registrations_counting;{_TAKE_NUMBER} AND queue_number IS NULL;
END""",
    "registrations_seats_del": f"""AFTER DELETE ON registrations_registration
WHEN OLD.status IN ('registered', 'attended', 'waitlisted') BEGIN
 INSERT INTO registrations_counting VALUES (1);{_SUBTRACT}
 DELETE FROM registrations_counting;
END""",
    "registrations_seats_upd": f"""AFTER UPDATE OF status, event_id ON registrations_registration
WHEN OLD.event_id <> NEW.event_id OR OLD.status <> NEW.status BEGIN{_REFUSE_IF_FULL}
  AND NOT (OLD.event_id = NEW.event_id AND OLD.status IN ('registered', 'attended'));
 INSERT INTO registrations_counting VALUES (1);{_SUBTRACT}{_ADD}
 DELETE FROM registrations_counting;{_TAKE_NUMBER};
END""",
    "events_counts_ins": f"""AFTER INSERT ON events_event
WHEN NEW.seats_taken <> 0 OR NEW.waitlisted <> 0 BEGIN{_RECOUNT}""",
    "events_counts_upd": f"""AFTER UPDATE OF seats_taken, waitlisted ON events_event
WHEN (NEW.seats_taken <> OLD.seats_taken OR NEW.waitlisted <> OLD.waitlisted)
 AND NOT EXISTS (SELECT 1 FROM registrations_counting) BEGIN{_RECOUNT}""",
}

# Any write to a count makes the guard count again; on SQLite the CHECK sees the written value first.
_RECOUNT_ALL = "UPDATE events_event SET waitlisted = waitlisted + 1"
# What was oversold while no trigger watched can only be mended by people: `check_seats` names it, `migrate` goes on.
_FITS = (
    "max_capacity >= (SELECT count(*) FROM registrations_registration r"
    " WHERE r.event_id = events_event.id AND r.status IN ('registered', 'attended'))"
)


def missing_triggers() -> list[str]:
    """Names of the triggers that are not there as this code wants them; empty where all is well."""
    if connection.vendor == "sqlite":
        present = _sqlite_triggers()
        return sorted(name for name, body in SQLITE_TRIGGERS.items() if present.get(name) != _create(name, body))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgname = ANY(%s) AND tgenabled IN ('O', 'A')"
            " AND tgrelid IN (to_regclass('registrations_registration'), to_regclass('events_event'))",
            [sorted(PG_TRIGGERS)],
        )
        missing = PG_TRIGGERS - {name for (name,) in cursor.fetchall()}
        cursor.execute("SELECT obj_description(to_regproc('registrations_count_seats'), 'pg_proc')")
        stamp = cursor.fetchone()
    if not missing and stamp != (PG_DIGEST,):
        return sorted(PG_TRIGGERS)
    return sorted(missing)


def install() -> None:
    """Makes the triggers as this code wants them, and counts again where they had not been watching."""
    if not missing_triggers():
        return
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            drop_from_sqlite()
            cursor.execute(_COUNTING)
            cursor.execute("DELETE FROM registrations_counting")
            for name, body in SQLITE_TRIGGERS.items():
                cursor.execute(_create(name, body))
        else:
            cursor.execute("SELECT quote_ident(current_schema())")
            (schema,) = cursor.fetchone()
            tables = {"events": f"{schema}.events_event", "registrations": f"{schema}.registrations_registration"}
            cursor.execute(_PG.format(schema=schema, **tables))
            cursor.execute(f"COMMENT ON FUNCTION {schema}.registrations_count_seats() IS '{PG_DIGEST}'")
        cursor.execute(f"{_RECOUNT_ALL} WHERE {_FITS}")


def recount(event_ids: list[int]) -> None:
    """Has the database count the registrations of these events again."""
    with connection.cursor() as cursor:
        for event_id in event_ids:
            cursor.execute(f"{_RECOUNT_ALL} WHERE id = %s", [event_id])


def drop_from_sqlite() -> None:
    with connection.cursor() as cursor:
        for name in SQLITE_TRIGGERS:
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
    return {"events_event", "registrations_registration"} <= set(connection.introspection.table_names())


def _sqlite_triggers() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return dict(cursor.fetchall())


def _create(name: str, body: str) -> str:
    return f"CREATE TRIGGER {name} {body}"
