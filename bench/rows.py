"""Rows of a run, loaded by SQL into any database with the project's tables, and the check of the counts afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg

from bench.requests import PASSWORD_HASH

ORGANIZERS = 50
LISTED_EVENTS = 1_000
ATTENDEES = 60  # of each listed event, so that there is a second page
FULL_EVENT = LISTED_EVENTS + 1
FIRST_HOT_EVENT = LISTED_EVENTS + 2
SAFETY = ("fsync", "synchronous_commit")

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
ATTENDING = """
INSERT INTO registrations_registration (event_id, user_id, status, name, contact_details, registration_date, updated_at)
SELECT e.id, u.id, 'registered', u.username, u.email, now() - (e.id + n) * interval '1 minute', now()
  FROM events_event e, generate_series(1, CASE WHEN e.id = %(full)s THEN 1 ELSE %(attendees)s END) AS n
  JOIN accounts_user u ON u.id = %(organizers)s + n
 WHERE e.id <= %(full)s ORDER BY e.id, n"""
# Organizers go to events of others as well.
ORGANIZERS_ATTENDING = """
INSERT INTO registrations_registration (event_id, user_id, status, name, contact_details, registration_date, updated_at)
SELECT e.id, u.id, 'registered', u.username, u.email, now() - e.id * interval '2 minutes', now()
  FROM accounts_user u JOIN events_event e ON e.id IN (u.id, u.id + 100, u.id + 200)
 WHERE u.id <= %(organizers)s ORDER BY e.id, u.id"""
QUEUES = """
INSERT INTO registrations_registration (event_id, user_id, status, name, contact_details, registration_date, updated_at)
SELECT e.id, u.id, CASE WHEN u.id <= %(organizers)s + %(queued)s THEN 'registered' ELSE 'waitlisted' END, u.username,
       u.email, now(), now()
  FROM events_event e
  JOIN accounts_user u ON u.id > %(organizers)s AND u.id <= %(organizers)s + 2 * %(queued)s
 WHERE e.id >= %(first_queue)s ORDER BY e.id, u.id"""
SEATED = """
SELECT id, event_id, user_id FROM registrations_registration
 WHERE event_id = ANY(%s) AND status = 'registered' ORDER BY event_id, id"""
COUNTS = """
SELECT e.id, e.max_capacity, e.seats_taken, count(r.id)
  FROM events_event e
  LEFT JOIN registrations_registration r ON r.event_id = e.id AND r.status IN ('registered', 'attended')
 GROUP BY e.id ORDER BY e.id"""


class Rows(NamedTuple):
    """Ids of what was loaded."""

    people: range
    hot_events: range
    queues: range


@contextmanager
def cursor_of(url: str | None = None) -> Iterator[Any]:
    with psycopg.connect(url or os.environ["DATABASE_URL"], autocommit=True) as connection:
        yield connection.cursor()


def load(url: str | None = None, *, people: int, hot_events: int, queues: int = 0, queued: int = 0) -> Rows:
    """Load a catalogue of events with attendees, one full event, and empty and crowded ones to write to.

    Each of the `hot_events` is empty. Each of the `queues` is full, with `queued` people seated and as many waiting.
    """
    first_queue = FIRST_HOT_EVENT + hot_events
    users = ORGANIZERS + max(people, ATTENDEES, 2 * queued)
    values = {"organizers": ORGANIZERS, "users": users, "attendees": ATTENDEES, "password": PASSWORD_HASH}
    values |= {"events": first_queue + queues - 1, "full": FULL_EVENT, "first_queue": first_queue, "queued": queued}
    with cursor_of(url) as cursor:
        for statement in (USERS, PROFILES, EVENTS, ATTENDING, ORGANIZERS_ATTENDING, QUEUES):
            cursor.execute(statement, values)
        for statement in ("VACUUM ANALYZE", "CHECKPOINT"):  # or the server would do it in the middle of a round
            cursor.execute(statement)
    of_people = range(ORGANIZERS + 1, ORGANIZERS + 1 + people)
    return Rows(of_people, range(FIRST_HOT_EVENT, first_queue), range(first_queue, first_queue + queues))


def organizer_of(event_id: int) -> int:
    return 1 + event_id % ORGANIZERS


def seated(event_ids: list[int], url: str | None = None) -> list[tuple[int, int, int]]:
    """Return the ids of registered people's registrations, events and accounts."""
    with cursor_of(url) as cursor:
        found: list[tuple[int, int, int]] = cursor.execute(SEATED, [event_ids]).fetchall()
    return found


def check(loaded: Rows, url: str | None = None) -> tuple[int, list[str]]:
    """Count the people in the hot events and list each event that breaks the seat rule.

    An event breaks it if it holds others than it counts, or has a free seat beside its queue.
    """
    with cursor_of(url) as cursor:
        events = cursor.execute(COUNTS).fetchall()
    faults = [
        f"event {event_id}: {capacity} seats, {taken} counted, {held} registered"
        for event_id, capacity, taken, held in events
        if not taken == held <= capacity or (event_id in loaded.queues and taken != capacity)
    ]
    return sum(held for event_id, _, _, held in events if event_id in loaded.hot_events), faults


def durability() -> str:
    """Name the server's version and the settings that its speed depends on most."""
    with cursor_of() as cursor:
        version, *states = (cursor.execute(f"SHOW {name}").fetchone()[0] for name in ("server_version", *SAFETY))
    return ", ".join([f"PostgreSQL {version.split()[0]}", *map(" ".join, zip(SAFETY, states, strict=True))])
