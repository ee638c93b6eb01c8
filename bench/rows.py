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
       'Hall ' || n %% 20, 1 + n %% %(organizers)s,
       CASE WHEN n = %(full)s THEN 1 WHEN n >= %(first_queue)s THEN %(queued)s ELSE 1000000 END, true, 'upcoming',
       '', now(), now()
  FROM generate_series(1, %(events)s) AS n"""
QUEUE = """
INSERT INTO registrations_registration (event_id, user_id, status, name, contact_details, registration_date, updated_at)
SELECT e.id, u.id, CASE WHEN u.id <= %(organizers)s + %(queued)s THEN 'registered' ELSE 'waitlisted' END, u.username,
       u.email, now(), now()
  FROM events_event e
  JOIN accounts_user u ON u.id > %(organizers)s AND u.id <= %(organizers)s + 2 * %(queued)s
 WHERE e.id >= %(first_queue)s
 ORDER BY e.id, u.id"""
SEATED = "SELECT id, user_id FROM registrations_registration WHERE event_id = %s AND status = 'registered' ORDER BY id"
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
    queues: range


def load(*, people: int, hot_events: int, queues: int = 0, queued: int = 0) -> Rows:
    """A catalogue of events with attendees, one event that is full, `hot_events` empty ones to register for, and
    `queues` that are full, with `queued` people seated and as many waiting."""
    first_queue = FIRST_HOT_EVENT + hot_events
    rows = Rows(
        people=range(ORGANIZERS + 1, ORGANIZERS + 1 + people),
        hot_events=range(FIRST_HOT_EVENT, first_queue),
        queues=range(first_queue, first_queue + queues),
    )
    values: dict[str, str | int] = {
        "password": PASSWORD_HASH,
        "organizers": ORGANIZERS,
        "users": ORGANIZERS + people,
        "full": FULL_EVENT,
        "events": rows.queues.stop - 1,
        "first_queue": first_queue,
        "queued": queued,
        "attendees": ATTENDEES,
    }
    with connection.cursor() as cursor:
        for statement in (USERS, PROFILES, EVENTS, REGISTRATIONS, QUEUE):
            cursor.execute(statement, values)
        # What the server would otherwise do in the middle of a round.
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    return rows


def organizer_of(event_id: int) -> int:
    return 1 + event_id % ORGANIZERS


def seated(event_id: int) -> list[tuple[int, int]]:
    """The ids of the registrations that hold a seat of this event, and of their users."""
    with connection.cursor() as cursor:
        cursor.execute(SEATED, [event_id])
        found: list[tuple[int, int]] = cursor.fetchall()
    return found


def registered(loaded: Rows) -> tuple[int, list[str]]:
    """How many people the hot events hold, and each event that breaks the seat rule: one that holds others than it
    counts, or has a free seat beside its queue."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, [FULL_EVENT])
        events = cursor.fetchall()
    faults = [
        f"event {event_id}: {capacity} seats, {taken} counted, {held} registered"
        for event_id, capacity, taken, held in events
        if not taken == held <= capacity or (event_id in loaded.queues and taken != capacity)
    ]
    return sum(held for event_id, _, _, held in events if event_id in loaded.hot_events), faults


def durability() -> str:
    """The server's version, and the settings that its speed depends on most."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')"
        )
        version, fsync, commit = cursor.fetchone()
    return f"PostgreSQL {version.split()[0]}, fsync {fsync}, synchronous_commit {commit}"
