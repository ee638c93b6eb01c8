"""The rows of a run, loaded in bulk, and the check of the counts against them afterwards."""

from typing import NamedTuple

from django.db import connection

PASSWORD_HASH = "!nobody signs in here"
ORGANIZERS = 50
LISTED_EVENTS = 1_000
ATTENDEES = 60  # of each of those, so that there is a second page
FULL_EVENT = LISTED_EVENTS + 1
FIRST_HOT_EVENT = LISTED_EVENTS + 2

USERS = """
INSERT INTO accounts_user (id, username, email, password, role, is_active, created_at, updated_at)
SELECT n, 'person-' || n, 'person-' || n || '@example.org', %(password)s,
       CASE WHEN n <= %(organizers)s THEN 'organizer' ELSE 'user' END, true, now(), now()
  FROM generate_series(1, %(users)s) AS n"""
PROFILES = """
INSERT INTO accounts_organizerprofile (user_id, name, contact, about)
SELECT id, 'Organizer ' || id, email, '' FROM accounts_user WHERE role = 'organizer'"""
EVENTS = """
INSERT INTO events_event (id, title, description, date_time, location, organizer_id, max_capacity, waitlist, status,
                          uid, created_at, updated_at)
SELECT n, 'Event number ' || n, repeat('What takes place here, in some words. ', 6), now() + n * interval '8 hours',
       'Hall ' || n %% 20, 1 + n %% %(organizers)s, CASE WHEN n = %(full)s THEN 1 ELSE 1000000 END, true, 'upcoming',
       '', now(), now()
  FROM generate_series(1, %(events)s) AS n"""
REGISTRATIONS = """
INSERT INTO registrations_registration (event_id, user_id, status, name, contact_details, registration_date, updated_at)
SELECT e.id, u.id, 'registered', u.username, u.email, now() - (e.id + n) * interval '1 minute', now()
  FROM events_event e, generate_series(1, CASE WHEN e.id = %(full)s THEN 1 ELSE %(attendees)s END) AS n
  JOIN accounts_user u ON u.id = %(organizers)s + n
 WHERE e.id <= %(full)s"""
COUNTS = """
SELECT e.id, e.max_capacity, e.seats_taken, count(r.id)
  FROM events_event e
  LEFT JOIN registrations_registration r ON r.event_id = e.id AND r.status IN ('registered', 'attended')
 WHERE e.id >= %s
 GROUP BY e.id ORDER BY e.id"""


class Rows(NamedTuple):
    """Ids of what was loaded."""

    people: range
    hot_events: range


def load(*, people: int, hot_events: int) -> Rows:
    """A catalogue of events with attendees, one event that is full, and `hot_events` empty ones to register for."""
    rows = Rows(
        people=range(ORGANIZERS + 1, ORGANIZERS + 1 + people),
        hot_events=range(FIRST_HOT_EVENT, FIRST_HOT_EVENT + hot_events),
    )
    values: dict[str, str | int] = {
        "password": PASSWORD_HASH,
        "organizers": ORGANIZERS,
        "users": ORGANIZERS + people,
        "full": FULL_EVENT,
        "events": rows.hot_events.stop - 1,
        "attendees": ATTENDEES,
    }
    with connection.cursor() as cursor:
        for statement in (USERS, PROFILES, EVENTS, REGISTRATIONS):
            cursor.execute(statement, values)
        # What the server would otherwise do in the middle of a round.
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    return rows


def organizer_of(event_id: int) -> int:
    return 1 + event_id % ORGANIZERS


def registered() -> tuple[int, list[str]]:
    """How many people the hot events hold, and each event (the full one too) that breaks the seat rule."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, [FULL_EVENT])
        events = cursor.fetchall()
    faults = [
        f"event {event_id}: {capacity} seats, {taken} counted, {held} registered"
        for event_id, capacity, taken, held in events
        if not taken == held <= capacity
    ]
    return sum(held for event_id, _, _, held in events if event_id != FULL_EVENT), faults


def durability() -> str:
    """The server's version, and the settings that its speed depends on most."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')"
        )
        version, fsync, commit = cursor.fetchone()
    return f"PostgreSQL {version.split()[0]}, fsync {fsync}, synchronous_commit {commit}"
