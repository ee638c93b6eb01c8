"""Bulk operations as one or two statements, as somebody would type them by hand.

They write the same rows, with the same indexes, foreign keys and triggers. They read no file, check no permission and
decide nothing: who gets a seat and who waits is in the statement.
"""

from bench.rows import ORGANIZERS

ORGANIZER = ORGANIZERS  # runs the events
# Continue the ids of what was loaded, and count the writes to each event's row.
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
SETTLE = (
    "DELETE FROM bench_event_writes",
    "VACUUM ANALYZE accounts_user, registrations_registration, registrations_transition",
    "CHECKPOINT",
)
