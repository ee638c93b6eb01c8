"""The rows of one size, loaded by `INSERT ... SELECT` without triggers and with the indexes dropped meanwhile.

Ten million registrations take minutes this way. The counts of the events are set as the triggers would set them.

The same people are there at any size, so that what they see can be compared: an admin; BUSY, an organizer of 200 events
over the whole time; QUIET, whose 20 events are older than nearly all others; HOST, who runs the CROWDS; PERSON.
"""

import itertools
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

from bench.requests import PASSWORD_HASH
from eventhub.db.operations import STATISTICS
from registrations.demo import texts

ADMIN, BUSY, QUIET, HOST, PERSON = range(1, 6)
CAST = 5
BUSY_EVENTS, QUIET_EVENTS, CROWDS = range(1, 201), range(201, 221), range(221, 225)
A_CROWD = 50_000
HOT_EVENT = CROWDS.stop  # empty, upcoming, with seats for everybody
FULL_EVENT = HOT_EVENT + 1  # upcoming, with a queue
OTHERS = HOT_EVENT + 2
EVENTS_A_STEP = 50_000
TABLES = ("accounts_user", "events_event", "registrations_registration", "registrations_transition")

NAMES = texts.read("people")["names"]
WORDS = tomllib.loads(Path(__file__).with_name("words.toml").read_text())
WORDS["given"] = NAMES["given"]
WORDS["family"] = [f"{name}{ending}" for ending, name in itertools.product(WORDS["family_endings"], NAMES["family"])]
WORDS["cities"] = [f"{start}{ending}" for start, ending in itertools.product(WORDS["starts"], WORDS["city_endings"])]
NAME_WORDS = (*WORDS["given"], *WORDS["family"])
TITLE_WORDS = (*WORDS["kinds"], *WORDS["topics"], *WORDS["manners"], *WORDS["venues"], *WORDS["cities"])
# What is searched for. A rare word is in a handful of rows at any size.
RARE_NAME, RARE_TITLE, RARE_PLACE, UNKNOWN = "Zebedee Quillfeather", "Xylothek", "Quagmire Yard", "qwxzv"
COMMON_NAME, COMMON_TITLE, COMMON_PLACE = WORDS["given"][0], WORDS["kinds"][0], WORDS["cities"][0]

# `chance` is a number from 0 to 1 that depends on `n` and a seed only. `pick` takes the first words more often.
SETUP = """
CREATE OR REPLACE FUNCTION pg_temp.chance(n bigint, seed bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT (hashint8extended(n, seed) & 1048575) / 1048576.0 $$;
CREATE OR REPLACE FUNCTION pg_temp.pick(words text[], n bigint, seed bigint, skew float8) RETURNS text
LANGUAGE sql IMMUTABLE AS
$$ SELECT words[1 + floor(array_length(words, 1) * power(pg_temp.chance(n, seed), skew))::int] $$"""
USERS = """
INSERT INTO accounts_user (id, username, email, password, role, is_active, created_at, updated_at)
SELECT n, lower(given) || '.' || lower(family) || n, lower(given) || n || '@example.org', %(password)s,
       CASE WHEN n = 1 THEN 'admin' WHEN n <= 4 OR (n > %(cast)s AND n <= %(cast)s + %(organizers)s) THEN 'organizer'
            ELSE 'user' END,
       pg_temp.chance(n, 9) > 0.01 OR n <= %(cast)s, now() - pg_temp.chance(n, 8) * interval '1200 days', now()
  FROM (SELECT n, pg_temp.pick(%(given)s::text[], n, 1, 1.5) AS given,
               pg_temp.pick(%(family)s::text[], n, 2, 2) AS family
          FROM generate_series(1::bigint, %(cast)s + %(organizers)s + %(people)s) AS n) AS named"""
PROFILES = """
INSERT INTO accounts_organizerprofile (user_id, name, contact, about)
SELECT id, 'Organizer ' || id, email, '' FROM accounts_user WHERE role <> 'user'"""
# What becomes of each event: `people` register, and a `filled` one has seats for no more.
LONG = "interval '60 days'"  # an exhibition: one event in a hundred
PLAN = f"""
CREATE UNLOGGED TABLE scale_plan AS
SELECT n, organizer_id, title, description, location, begins, people, filled,
       CASE WHEN n IN (%(hot)s, %(full)s) THEN 'upcoming'
            WHEN begins < now() AND begins > now() - {LONG} AND n %% 100 = 13 THEN 'active'
            WHEN begins < now()
            THEN CASE WHEN luck < 0.95 THEN 'completed' WHEN luck < 0.99 THEN 'cancelled' ELSE 'upcoming' END
            WHEN luck < 0.85 THEN 'upcoming' WHEN luck < 0.93 THEN 'active'
            WHEN luck < 0.98 AND n >= %(others)s THEN 'draft' ELSE 'cancelled' END AS status,
       least(begins, now()) - (5 + 90 * pg_temp.chance(n, 12)) * interval '1 day' AS created
  FROM (SELECT n,
          CASE WHEN n <= 200 THEN %(busy)s WHEN n <= 220 THEN %(quiet)s WHEN n < %(hot)s THEN %(host)s
               ELSE %(cast)s + 1 + floor(%(organizers)s * power(pg_temp.chance(n, 1), 2))::int END AS organizer_id,
          CASE WHEN n %% (%(events)s / 4) = 3 THEN %(rare_title)s || ' ' ELSE '' END
            || pg_temp.pick(%(kinds)s::text[], n, 2, 2) || ': ' || pg_temp.pick(%(topics)s::text[], n, 3, 1.5) || ' '
            || pg_temp.pick(%(manners)s::text[], n, 4, 1) || ', no. ' || n AS title,
          pg_temp.pick(%(sentences)s::text[], n, 5, 1) || ' ' || pg_temp.pick(%(sentences)s::text[], n, 6, 1)
            || ' With ' || pg_temp.pick(%(given)s::text[], n, 13, 1) || ' '
            || pg_temp.pick(%(family)s::text[], n, 14, 1) || '. '
            || pg_temp.pick(%(sentences)s::text[], n, 15, 1) AS description,
          CASE WHEN n %% (%(events)s / 4) = 5 THEN %(rare_place)s ELSE pg_temp.pick(%(venues)s::text[], n, 7, 1) END
            || ', ' || pg_temp.pick(%(cities)s::text[], n, 8, 2) AS location,
          now() + CASE WHEN n BETWEEN 201 AND 220 THEN -1000 - 90 * pg_temp.chance(n, 9)
                       WHEN n BETWEEN 221 AND 224 THEN 10 * (n - 222) - 5
                       WHEN n IN (%(hot)s, %(full)s) THEN 30 + n %% 7
                       ELSE 365 - 1460 * pg_temp.chance(n, 9) END * interval '1 day' AS begins,
          CASE WHEN n <= 200 THEN 10 + n %% 20 WHEN n <= 220 THEN 12 WHEN n < %(hot)s THEN %(crowd)s
               WHEN n = %(hot)s THEN 0 WHEN n = %(full)s THEN 100
               WHEN n %% 100 = 0 THEN 250 WHEN n %% 100 < 10 THEN 35 WHEN n %% 100 < 50 THEN 7 ELSE 3 END AS people,
          n = %(full)s OR n %% 20 = 7 AS filled,
          pg_temp.chance(n, 11) AS luck
        FROM generate_series(1::bigint, %(events)s) AS n) AS dreamt"""
PEOPLE = """
CREATE UNLOGGED TABLE scale_people AS
SELECT id - %(cast)s - %(organizers)s - 1 AS n, id, email,
       CASE WHEN id %% (%(people)s / 4) = 9 THEN %(rare_name)s
            ELSE pg_temp.pick(%(given)s::text[], id, 1, 1.5) || ' ' || pg_temp.pick(%(family)s::text[], id, 2, 2)
       END AS name
  FROM accounts_user WHERE id > %(cast)s + %(organizers)s"""
# In a full event the last tenth waits, at a past one most attended, and one in eight has cancelled.
REGISTRATIONS = """
INSERT INTO registrations_registration (event_id, organizer_id, user_id, queue_number, status, name,
                                        contact_details, registration_date, updated_at, status_since, status_through)
SELECT n, organizer_id, user_id, CASE WHEN status = 'waitlisted' THEN k END, status, name, email, made, made,
       CASE WHEN status IN ('registered', 'waitlisted') THEN made ELSE made + (now() - made) * chance END, 'api'
  FROM (SELECT plan.n, plan.organizer_id, k, person.id AS user_id, person.name, person.email,
               created + (least(begins, now()) - created) * pg_temp.chance(plan.n * 100003 + k, 22) AS made,
               pg_temp.chance(plan.n * 100003 + k, 23) AS chance,
               CASE WHEN filled AND people >= 30 AND k > 0.9 * people AND begins > now() THEN 'waitlisted'
                    WHEN pg_temp.chance(plan.n * 100003 + k, 24) < 0.12 THEN 'cancelled'
                    WHEN begins < now() AND pg_temp.chance(plan.n * 100003 + k, 25) < 0.8 THEN 'attended'
                    ELSE 'registered' END AS status
          FROM scale_plan AS plan, generate_series(1::bigint, people) AS k, scale_people AS person
         WHERE plan.status <> 'draft' AND plan.n BETWEEN %(first)s AND %(last)s
           AND person.n = (plan.n * 7919 + k * 104729) %% %(people)s) AS claims"""
# PERSON and BUSY attend thirty events of others.
OF_THE_CAST = """
INSERT INTO registrations_registration (event_id, organizer_id, user_id, status, name, contact_details,
                                        registration_date, updated_at, status_since, status_through)
SELECT plan.n, plan.organizer_id, u.id, 'registered', 'Somebody ' || u.id, u.email, created, created, created, 'api'
  FROM (SELECT * FROM scale_plan WHERE n >= %(others)s AND status <> 'draft' ORDER BY n LIMIT 30) AS plan,
       accounts_user AS u WHERE u.id IN (%(busy)s, %(person)s)"""
EVENTS = f"""
INSERT INTO events_event (id, title, description, date_time, end_time, location, organizer_id, max_capacity,
                          seats_taken, waitlisted, waitlist, status, uid, created_at, updated_at)
SELECT plan.n, title, description, begins,
       CASE WHEN plan.n %% 100 = 13 THEN begins + {LONG}
            WHEN pg_temp.chance(plan.n, 16) < 0.7 THEN begins + (1 + plan.n %% 5) * interval '1 hour' END, location,
       organizer_id,
       CASE WHEN filled AND taken > 0 THEN taken WHEN plan.n < %(others)s THEN 1000000 ELSE 10 + 2 * people END,
       coalesce(taken, 0), coalesce(waiting, 0), true, plan.status, '', created, created
  FROM scale_plan AS plan
  LEFT JOIN (SELECT event_id, count(*) FILTER (WHERE status IN ('registered', 'attended')) AS taken,
                    count(*) FILTER (WHERE status = 'waitlisted') AS waiting
               FROM registrations_registration GROUP BY event_id) AS counts ON counts.event_id = plan.n"""
LOG = """
INSERT INTO registrations_transition (registration_id, was, becomes, at, by_id, through)
SELECT id, '', CASE status WHEN 'waitlisted' THEN status ELSE 'registered' END, registration_date, user_id, 'api'
  FROM registrations_registration"""
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
 WHERE indrelid = ANY(%s::regclass[]) AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)"""
SEQUENCE = """
SELECT setval(pg_get_serial_sequence(%s, 'id'), coalesce((SELECT max(id) FROM {0}), 1))"""


def load(events: int) -> None:
    """Fill an empty, migrated database with that many events and about ten times as many registrations."""
    values = values_of(events)
    settings = {"session_replication_role": "replica", "maintenance_work_mem": "1GB", "work_mem": "512MB"}
    with connection.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute(f"SET {name} = '{value}'")
        cursor.execute(SETUP)
        with without_indexes(cursor):
            for statement in (USERS, PROFILES, PLAN, PEOPLE):
                cursor.execute(statement, values)
            for first in range(1, events + 1, EVENTS_A_STEP):
                cursor.execute(REGISTRATIONS, {**values, "first": first, "last": first + EVENTS_A_STEP - 1})
            for statement in (OF_THE_CAST, EVENTS, LOG):
                cursor.execute(statement, values)
        for table in TABLES:
            cursor.execute(SEQUENCE.format(table), [table])
        ending = ("DROP TABLE scale_plan, scale_people", "VACUUM (FREEZE, ANALYZE)", "CHECKPOINT")
        for statement in (*(f"RESET {name}" for name in settings), *ending):
            cursor.execute(statement)


def values_of(events: int) -> dict[str, Any]:
    cast = {"cast": CAST, "busy": BUSY, "quiet": QUIET, "host": HOST, "person": PERSON}
    marked = {"hot": HOT_EVENT, "full": FULL_EVENT, "others": OTHERS, "crowd": min(A_CROWD, events // 2)}
    rare = {"rare_name": RARE_NAME, "rare_title": RARE_TITLE, "rare_place": RARE_PLACE, "password": PASSWORD_HASH}
    return {**WORDS, **cast, **marked, **rare, "events": events, "people": events, "organizers": max(20, events // 50)}


@contextmanager
def without_indexes(cursor: Any) -> Iterator[None]:
    """Drop the indexes that no constraint needs, and build them at the end, which is faster."""
    cursor.execute(INDEXES, [list(TABLES)])
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for name, definition in indexes:
        cursor.execute(definition)
        if name.endswith("_search"):  # which the definition does not say
            cursor.execute(f"ALTER INDEX {name} ALTER COLUMN 1 SET STATISTICS {STATISTICS}")
