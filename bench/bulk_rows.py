"""The bulk operations as one statement or two, written by hand: what a person with SQL would type.

They write the same rows into the same tables, with the same indexes, foreign keys and triggers. They read no file, ask
nobody for permission and decide nothing: who gets a seat, and who waits, is in the statement.
"""

from pathlib import Path

from django.db import connection, transaction

from bench.rows import ORGANIZERS, PASSWORD_HASH

ORGANIZER = ORGANIZERS  # who runs the events
# What was loaded has brought its ids; and how often the row of an event is written.
PREPARE = """
SELECT setval(pg_get_serial_sequence('events_event', 'id'), max(id)) FROM events_event;
SELECT setval(pg_get_serial_sequence('accounts_user', 'id'), max(id)) FROM accounts_user;
CREATE TABLE bench_event_writes (event_id bigint);
CREATE FUNCTION bench_event_write() RETURNS trigger LANGUAGE plpgsql AS $fn$
BEGIN INSERT INTO bench_event_writes VALUES (OLD.id); RETURN NULL; END $fn$;
CREATE TRIGGER bench_event_write AFTER UPDATE OR DELETE ON events_event
  FOR EACH ROW EXECUTE FUNCTION bench_event_write();"""
EVENT = """
INSERT INTO events_event (title, description, date_time, location, organizer_id, max_capacity, waitlist, status, uid,
                          created_at, updated_at)
VALUES ('Large', '', now() + interval '30 days', 'Hall', %(organizer)s, %(seats)s, true, 'upcoming', '', now(), now())
RETURNING id"""
ACCOUNTS = """
INSERT INTO accounts_user (username, email, password, role, is_active, created_at, updated_at)
SELECT address, address, %(password)s || n, 'user', true, now(), now()
  FROM (SELECT n, %(list)s || '-' || n || '@example.org' AS address
          FROM generate_series(1, %(people)s) AS n) AS listed"""
REGISTRATIONS = """
INSERT INTO registrations_registration (event_id, user_id, status, name, contact_details, registration_date,
                                        updated_at, status_since, status_by_id, status_through)
SELECT %(event)s, u.id, CASE WHEN n <= %(seats)s THEN 'registered' ELSE 'waitlisted' END, 'Guest Number ' || n,
       '+49 30 ' || n, now(), now(), now(), %(organizer)s, 'import'
  FROM generate_series(1, %(people)s) AS n
  JOIN accounts_user u ON lower(u.email) = %(list)s || '-' || n || '@example.org' ORDER BY n"""
CAPACITY = "UPDATE events_event SET max_capacity = %(seats)s, updated_at = now() WHERE id = %(event)s"
SEATS = """
UPDATE registrations_registration
   SET status = 'registered', updated_at = now(), status_since = now(), status_by_id = %(organizer)s,
       status_through = 'api'
 WHERE event_id = %(event)s AND status = 'waitlisted'"""
CANCELLATION = "UPDATE events_event SET status = 'cancelled', updated_at = now() WHERE id = %(event)s"
DELETION = (
    "DELETE FROM registrations_registration WHERE event_id = %(event)s",
    "DELETE FROM events_event WHERE id = %(event)s",
)


def make_event(seats: int) -> int:
    """An event of the organizer's, announced; its id."""
    with connection.cursor() as cursor:
        cursor.execute(EVENT, {"organizer": ORGANIZER, "seats": seats})
        return int(cursor.fetchone()[0])


def write_list(folder: Path, name: str, people: int) -> Path:
    """A file with the people whom ACCOUNTS and REGISTRATIONS make of the list of that name."""
    path = folder / f"{name}.csv"
    lines = (f"{name}-{n}@example.org,Guest Number {n},+49 30 {n}\n" for n in range(1, people + 1))
    path.write_text("".join(["email,name,phone\n", *lines]))
    return path


def execute(*statements: str, **values: object) -> None:
    """All of them in one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, {"organizer": ORGANIZER, "password": PASSWORD_HASH, **values})


def writes(event_id: int) -> int:
    """How often the event's row has been written since `prepare`, or since this was asked."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM bench_event_writes WHERE event_id = %s", [event_id])
        return int(cursor.rowcount)


def prepare() -> None:
    """After `bench.rows.load`."""
    with connection.cursor() as cursor:
        cursor.execute(PREPARE)


def settle() -> None:
    """What the server would otherwise do in the middle of a measurement."""
    with connection.cursor() as cursor:
        for statement in (
            "VACUUM ANALYZE accounts_user, registrations_registration, registrations_transition",
            "CHECKPOINT",
        ):
            cursor.execute(statement)
