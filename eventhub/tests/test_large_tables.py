"""On PostgreSQL, with tables large enough and statistics: no page of a list reads much more than it shows.

Every order, filter and search of the API's lists is asked for, as every role, the first page and a deep one, read from
the views themselves: one that is added without an index fails here. What the planner chose is what is looked at.
"""

import itertools
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.views.users import UserViewSet
from eventhub.api.pagination import Cursor
from events.models import Event
from events.views.events import EventViewSet, UserEventViewSet
from registrations.models import Registration
from registrations.views.attendees import AttendeeViewSet, EventAttendeeViewSet

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no statistics; see test_indexes.py"),
]

LARGE = {"events_event", "registrations_registration", "accounts_user"}
ROWS = 20_000  # of each; a page shows 50
MAY_READ = 1_500  # rows for one page, with those that are joined to it
MAY_READ_TO_COME = 5_500  # entries of an index: of all events to come, for the first that goes on
QUIET, BUSY, CROWDED = 1, 2, 3  # organizers: of 30 events that were first of all, of 150, and of one with CROWD people
ADMIN, PERSON = 4, 5
CROWD, CROWDED_EVENT = 1_600, 200
ROLES = {
    "admin": ADMIN,
    "quiet organizer": QUIET,
    "busy organizer": BUSY,
    "organizer of a crowd": CROWDED,
    "user": PERSON,
}

USERS = """
INSERT INTO accounts_user (id, username, email, password, role, is_active, created_at, updated_at)
SELECT n, md5(n::text), md5(n::text) || '@example.org', '!',
       CASE WHEN n = %(admin)s THEN 'admin' WHEN n <= 3 OR n %% 200 = 0 THEN 'organizer' ELSE 'user' END, true,
       now() - n * 7919 %% 20011 * interval '1 hour', now() FROM generate_series(1, %(rows)s) AS n"""
EVENTS = """
INSERT INTO events_event (id, title, description, date_time, end_time, location, organizer_id, max_capacity,
                          seats_taken, waitlist, status, uid, created_at, updated_at)
SELECT n, md5(n::text), md5('d' || n), begins, CASE WHEN n %% 500 = 7 THEN begins + interval '40 days' END,
       md5('l' || n),
       CASE WHEN n <= 30 THEN %(quiet)s WHEN n < 180 THEN %(busy)s WHEN n = %(crowded)s THEN %(host)s
            ELSE 200 * (1 + n %% 99) END,
       CASE WHEN n = %(crowded)s THEN 10000 ELSE 10 END,
       CASE WHEN n = %(crowded)s THEN %(crowd)s WHEN n %% 40 = 0 THEN 10 ELSE 1 END, true,
       CASE WHEN n %% 50 = 1 THEN 'draft' WHEN n %% 50 = 2 THEN 'cancelled' WHEN n %% 50 = 3 THEN 'active'
            WHEN begins < now() THEN 'completed' ELSE 'upcoming' END,
       '', least(begins, now()) - n %% 90 * interval '1 day', now()
  FROM (SELECT n, CASE WHEN n <= 30 THEN now() - (900 + n) * interval '1 day'
                       ELSE now() + (n * 7919 %% 20011 - 15000) * interval '1 hour' END AS begins
          FROM generate_series(1, %(rows)s) AS n) AS dated"""
REGISTRATIONS = """
INSERT INTO registrations_registration (organizer_id, event_id, user_id, status, name, contact_details,
                                        registration_date, updated_at, status_since)
SELECT (SELECT organizer_id FROM events_event WHERE id = n), n, person,
       CASE n %% 50 WHEN 0 THEN 'registered' WHEN 11 THEN 'waitlisted' WHEN 12 THEN 'cancelled'
                               WHEN 13 THEN 'attended' ELSE 'registered' END,
       md5('n' || n), md5('c' || n), made, made, made
  FROM (SELECT n, CASE WHEN n BETWEEN 1000 AND 1040 THEN %(person)s ELSE 10 + n %% 15000 END AS person,
               CASE WHEN n <= 30 THEN now() - (900 + n) * interval '1 day'
                    ELSE now() - n * 7919 %% 20011 * interval '1 hour' END AS made
          FROM generate_series(1, %(rows)s) AS n WHERE n <> %(crowded)s) AS dated
UNION ALL
SELECT %(host)s, %(crowded)s, 10 + n, CASE WHEN n %% 1000 = 1 THEN 'attended' WHEN n %% 1000 = 2 THEN 'waitlisted'
                                 WHEN n %% 1000 = 3 THEN 'cancelled' ELSE 'registered' END,
       md5('m' || n), md5('k' || n), now() - n * interval '1 minute', now(), now()
  FROM generate_series(1, %(crowd)s) AS n"""
SERIES = """
WITH made AS (INSERT INTO events_series (id, organizer_id, title, rule, time_zone, starts, template, created_at,
                                         updated_at)
              SELECT n, %(busy)s, md5(n::text), 'FREQ=WEEKLY', 'UTC', now(), '{}', now(), now()
                FROM generate_series(1, 200) AS n)
INSERT INTO events_seriesdate (series_id, original_start, event_id, overrides)
SELECT 1 + n %% 200, now() + n * interval '1 hour', n, '[]' FROM generate_series(1, %(rows)s, 2) AS n"""
TAGS = """
WITH made AS (INSERT INTO events_tag (id, slug, name, kind)
              SELECT n, CASE n WHEN 1 THEN 'jazz' ELSE md5(n::text) END, md5(n::text), 'tag'
                FROM generate_series(1, 200) AS n)
INSERT INTO events_eventtag (tag_id, event_id) SELECT 1 + n %% 200, n FROM generate_series(1, %(rows)s) AS n"""
VALUES: dict[tuple[Any, str], tuple[str, ...]] = {
    (Event, "status"): ("draft", "upcoming", "active", "completed", "cancelled"),
    (Event, "organizer_id"): (str(BUSY), str(QUIET)),
    (Event, "series_id"): ("1",),
    (Event, "tag"): ("jazz",),
    (Event, "date_from"): ("2100-01-01",),
    (Event, "date_to"): ("1999-01-01",),
    (Event, "upcoming"): ("true", "false"),
    (Event, "location"): ("qzc",),  # as `word` plants it
    (Event, "has_seats"): ("true", "false"),
    (Registration, "event_id"): (str(CROWDED_EVENT), "7"),
    (Registration, "user_id"): (str(PERSON),),
    (Registration, "status"): ("registered", "waitlisted", "attended", "cancelled"),
    (Registration, "answers"): ("true",),
    (Registration, "answers_complete"): ("true", "false"),
    (User, "role"): ("user", "attendee", "organizer", "admin"),
}
LISTS = (
    ("/events/", EventViewSet, tuple(ROLES)),
    ("/attendees/", AttendeeViewSet, tuple(ROLES)),
    ("/users/", UserViewSet, ("admin",)),
    (f"/users/{BUSY}/events", UserEventViewSet, ("busy organizer",)),
    (f"/events/{CROWDED_EVENT}/attendees", EventAttendeeViewSet, ("organizer of a crowd",)),
)


class Case(NamedTuple):
    path: str
    view: Any
    role: str
    query: dict[str, str]
    deep: bool

    @property
    def order(self) -> tuple[str, bool]:
        text = self.query.get("ordering", self.view.ordering)
        return text.removeprefix("-"), text.startswith("-")

    @property
    def may_read(self) -> int:
        return MAY_READ_TO_COME if self.query.get("upcoming") == "true" else MAY_READ

    def url(self) -> str:
        query = dict(self.query)
        if self.deep:
            column, descending = self.order
            rows = self.view.queryset.model.objects.order_by(*(f"-{c}" if descending else c for c in (column, "pk")))
            value, pk = rows.values_list(column, "pk")[ROWS * 9 // 10]
            query["cursor"] = Cursor(value, pk, False).to_text(f"{rows.model._meta.label}:{column}:{descending}")
        return f"{self.path}?{urlencode(query)}"


def cases() -> list[Case]:
    """Return every order both ways and deep, and every filter and search in the default order."""
    found = []
    for path, view, roles in LISTS:
        for role, order in itertools.product(roles, view.ordering_fields):
            pages = itertools.product(("", "-"), (False, True))
            found += [Case(path, view, role, {"ordering": f"{sign}{order}"}, deep) for sign, deep in pages]
            if order == view.ordering.removeprefix("-"):
                found += [Case(path, view, role, narrowed, False) for narrowed in narrowings(view)]
    return found


def narrowings(view: Any) -> list[dict[str, str]]:
    model = view.queryset.model
    filters = [{name: value} for name in view.filterset_class.base_filters for value in VALUES[model, name]]
    return [*filters, *({"search": word(view, field)} for field in view.search_fields)]


def word(view: Any, field: str) -> str:
    """Three letters that are in five rows of one field, and in no digest."""
    return f"qz{'abcdefgh'[view.search_fields.index(field)]}"


@pytest.fixture
def large_tables():
    values = {"admin": ADMIN, "quiet": QUIET, "busy": BUSY, "host": CROWDED, "crowded": CROWDED_EVENT}
    values |= {"person": PERSON, "rows": ROWS, "crowd": CROWD}
    with connection.cursor() as cursor:
        # Counting seats row by row is what takes long here, and nothing that a list depends on.
        cursor.execute("ALTER TABLE events_event DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE registrations_registration DISABLE TRIGGER USER")
        for statement in (USERS, EVENTS, REGISTRATIONS, SERIES, TAGS):
            cursor.execute(statement, values)
        for view in (UserViewSet, EventViewSet, AttendeeViewSet):
            table = view.queryset.model._meta.db_table
            for field in view.search_fields:
                cursor.execute(f"UPDATE {table} SET {field} = {field} || %s WHERE id %% 4001 = 9", [word(view, field)])
        # What autovacuum does by and by: entries of GIN that wait to be sorted in are read one by one.
        cursor.execute(
            "SELECT gin_clean_pending_list(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'gin' AND i.indrelid = ANY(%s::regclass[])",
            [sorted(LARGE)],
        )
        cursor.execute("ANALYZE")


def read(sql: str, params: Any) -> tuple[int, set[str]]:
    """How many rows of the large tables a statement reads, and which of them from end to end, looking for what."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
        (root,) = cursor.fetchone()[0]
    nodes = [node for node in walk(root["Plan"]) if node.get("Relation Name") in LARGE and node["Actual Loops"]]
    removed = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    rows = sum(node["Actual Loops"] * sum(node.get(name, 0) for name in removed) for node in nodes)
    scanned = [node for node in nodes if node["Node Type"] == "Seq Scan"]
    return rows, {f"{node['Relation Name']} where {node.get('Filter', 'anything')}" for node in scanned}


def walk(node: dict[str, Any]) -> Any:
    yield node
    for child in node.get("Plans", []):
        yield from walk(child)


def test_no_page_of_a_list_reads_much_of_a_large_table(api, large_tables):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        if cursor.fetchone() is None:
            pytest.skip("this PostgreSQL comes without pg_trgm")
    # Not the client that holds each answer against the document: there are hundreds.
    signed = {role: api(User.objects.get(pk=pk)).defaults["HTTP_AUTHORIZATION"] for role, pk in ROLES.items()}
    clients = {role: Client(headers={"authorization": token}) for role, token in signed.items()}
    faults = []
    for case in cases():
        statements: list[tuple[str, Any]] = []
        url = case.url()
        with connection.execute_wrapper(noting(statements)):
            answer = clients[case.role].get(url)
        assert answer.status_code == 200, (case, answer.content)
        found = [read(*statement) for statement in statements]
        rows, scanned = sum(rows for rows, _ in found), set().union(*(tables for _, tables in found))
        if rows > case.may_read or scanned:
            faults.append(f"{case.role} {case.path} {case.query}{' deep' * case.deep}: {rows} rows {scanned or ''}")
    assert not faults, f"{len(faults)} of {len(cases())}:\n" + "\n".join(faults)


def noting(statements: list[tuple[str, Any]]) -> Any:
    def note(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        statements.append((str(sql), params))
        return execute(sql, params, many, context)

    return note
