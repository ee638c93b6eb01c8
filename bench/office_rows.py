"""The rows behind the pages of the back office: a thousand registrations, which become a million.

Ten an event, over a year of events, most of them over; a fifth of the events are full, with a queue. The organizer who
looks has half of the first events, so that lists fill their page at either size.
"""

import os
import sys

import psycopg
from django.db import connection

from bench.rows import PASSWORD_HASH
from registrations.demo import texts

ORGANIZERS = 50
ORGANIZER, ADMIN = 8, ORGANIZERS + 1
PEOPLE = 100_000
AN_EVENT = 10  # registrations
FEW, MANY = 1_000, 1_000_000
CROWD = 50_000
EMPTY_EVENT, CROWDED_EVENT = 10_000_007, 10_000_057  # both that organizer's
BATCH = 100_000
COPY = "million"
NAMES = texts.read("people")["names"]
COMMON_NAME = NAMES["given"][0]  # of one person in twenty
RARE_NAME = "Zebedee Quillfeather"
ADDRESS = f"person-{ADMIN + 77}@example.org"

USERS = """
INSERT INTO accounts_user (id, username, email, password, role, is_active, created_at, updated_at)
SELECT n, 'person-' || n, 'person-' || n || '@example.org', %(password)s,
       CASE WHEN n < %(admin)s THEN 'organizer' WHEN n = %(admin)s THEN 'admin' ELSE 'user' END, true, now(), now()
  FROM generate_series(1, %(admin)s + %(people)s) AS n"""
PROFILES = """
INSERT INTO accounts_organizerprofile (user_id, name, contact, about)
SELECT id, 'Organizer ' || id, email, '' FROM accounts_user WHERE role <> 'user'"""
EVENTS = """
INSERT INTO events_event (id, title, description, date_time, location, organizer_id, max_capacity, waitlist, status,
                          uid, created_at, updated_at)
SELECT n, 'Event number ' || n, repeat('What takes place here, in some words. ', 6), begins, 'Hall ' || n %% 20,
       CASE WHEN n <= 100 AND n %% 2 = 0 THEN %(organizer)s ELSE 1 + n %% %(organizers)s END,
       CASE WHEN n >= %(empty)s THEN 60000 WHEN n %% 5 = 0 THEN 8 ELSE 20 END, true,
       CASE WHEN begins < now() THEN 'completed' ELSE 'upcoming' END, '', begins - interval '90 days', now()
  FROM (SELECT n, now() + ((n * 7919) %% 365 - 299) * interval '1 day' AS begins
          FROM generate_series(%(first)s::bigint, %(last)s) AS n) AS dated"""
REGISTRATIONS = """
INSERT INTO registrations_registration (event_id, user_id, queue_number, status, name, contact_details,
                                        registration_date, updated_at, status_since, status_through)
SELECT e.id, u.id, n %% %(an_event)s,
       CASE WHEN n %% %(an_event)s = 0 THEN 'cancelled'
            WHEN n %% %(an_event)s = 9 AND e.max_capacity = 8 THEN 'waitlisted'
            WHEN e.status = 'completed' THEN 'attended' ELSE 'registered' END,
       CASE WHEN n = 7 THEN %(rare)s
            ELSE (%(given)s::text[])[1 + n %% 20] || ' ' || (%(family)s::text[])[1 + n / 20 %% %(families)s] END,
       u.email, made, made, made + (now() - made) * 0.3, 'api'
  FROM (SELECT n, now() - (n * 7919 %% 365) * interval '1 day' - n %% 1440 * interval '1 minute' AS made
          FROM generate_series(%(first)s::bigint, %(last)s) AS n) AS dated
  JOIN events_event e ON e.id = 1 + n / %(an_event)s
  JOIN accounts_user u ON u.id = %(admin)s + 1 + n %% %(people)s"""
# Rows by the million come without their triggers, which then count once.
TRIGGERS = "SET session_replication_role = {}"
COUNT = "UPDATE events_event SET waitlisted = waitlisted + 1 WHERE id BETWEEN %(first)s AND %(last)s"
CROWD_OF_ONE_EVENT = """
INSERT INTO registrations_registration (event_id, user_id, status, name, contact_details, registration_date, updated_at)
SELECT %(crowded)s, id, 'registered', username, email, now() - id * interval '1 second', now()
  FROM accounts_user WHERE role = 'user' ORDER BY id LIMIT %(crowd)s"""

VALUES = {
    "password": PASSWORD_HASH,
    "admin": ADMIN,
    "people": PEOPLE,
    "organizer": ORGANIZER,
    "organizers": ORGANIZERS,
    "an_event": AN_EVENT,
    "empty": EMPTY_EVENT,
    "crowded": CROWDED_EVENT,
    "crowd": CROWD,
    "rare": RARE_NAME,
    "given": NAMES["given"],
    "family": NAMES["family"],
    "families": len(NAMES["family"]),
}


def load_people() -> None:
    execute(USERS)
    execute(PROFILES)


def load_registrations(first: int, end: int) -> None:
    """Those with these numbers, and their events; a line of progress on a terminal."""
    events = {"first": 1 + first // AN_EVENT, "last": end // AN_EVENT}
    execute(EVENTS, **events)
    execute(TRIGGERS.format("replica"))
    for start in range(first, end, BATCH):
        stop = min(start + BATCH, end)
        execute(REGISTRATIONS, first=start, last=stop - 1)
        if sys.stderr.isatty():
            print(f"\r{stop:,} registrations", end="\n" if stop == end else "", file=sys.stderr, flush=True)
    execute(TRIGGERS.format("DEFAULT"))
    execute(COUNT, **events)
    settle()


def go_on_in_a_copy() -> str:
    """Copies the database and turns to the copy, where from now on rows are loaded; its URL."""
    connection.close()
    connection.close_pool()  # a database is copied while nobody is connected to it
    name = connection.settings_dict["NAME"]
    parameters = {**connection.get_connection_params(), "dbname": "template1", "autocommit": True}
    with psycopg.connect(**{key: parameters[key] for key in ("dbname", "user", "host", "autocommit")}) as server:
        server.execute(f"CREATE DATABASE {COPY} TEMPLATE {name}")
    connection.settings_dict["NAME"] = COPY
    return os.environ["DATABASE_URL"].replace(f"/{name}?", f"/{COPY}?")


def load_crowd() -> None:
    """Two more events of the organizer: one with CROWD people, one with none."""
    for pk in (EMPTY_EVENT, CROWDED_EVENT):
        execute(EVENTS, first=pk, last=pk)
    execute(CROWD_OF_ONE_EVENT)
    settle()


def settle() -> None:
    """What the server would otherwise do in the middle of a measurement."""
    execute("VACUUM ANALYZE")
    execute("CHECKPOINT")


def execute(statement: str, **values: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {**VALUES, **values} if "%" in statement else None)
