"""What a line of the log may say of an exception, and of another library's message."""

import logging
import subprocess
import sys

import pytest
from django.db import DataError, IntegrityError, OperationalError, ProgrammingError, connection, transaction
from django.test import RequestFactory
from django.urls import resolve

from accounts.models import User
from eventhub.observability import logging as logs
from eventhub.observability import redaction

CANARY = "zilpzalp@example.org"


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ("nothing in quotes", "nothing in quotes"),
        (f"invalid literal for int() with base 10: '{CANARY}'", "invalid literal for int() with base 10: '…'"),
        (f'no "{CANARY}" and no "{CANARY}" here', "no '…' here"),
        (f"'O'Reilly {CANARY}' is wrong", "'…' is wrong"),
        (f"it begins: '{CANARY} and never ends", "it begins: '…'"),
        (f"bytes b'{CANARY}' too", "bytes b'…' too"),
        (f"'utf-8' codec can't encode '{CANARY}'", "'…'"),
        ("it can't be", "it can't be"),
        (f"the first line\nand {CANARY}", "the first line"),
        ("x" * 400, "x" * 300),
        ("", ""),
    ],
)
def test_what_stands_in_quotes_is_left_out(message, left):
    assert redaction.text(message) == left


def caught(action):
    try:
        action()
    except Exception as problem:
        return problem
    raise AssertionError("nothing was raised")


@pytest.mark.django_db
def test_of_a_conflict_the_constraint_is_told_and_not_the_row(bob):
    def twice():
        with transaction.atomic():
            User.objects.create(username=CANARY, email=CANARY)
            User.objects.create(username="zoe", email=CANARY)

    problem = caught(twice)
    assert (type(problem), CANARY in str(problem)) == (IntegrityError, connection.vendor == "postgresql")
    expected = {
        "postgresql": "duplicate key value violates unique constraint '…' [23505 user_email_unique_in_any_case]",
        "sqlite": "UNIQUE constraint failed: index 'user_email_unique_in_any_case'",
    }
    assert redaction.said(problem) == expected[connection.vendor]
    assert CANARY not in redaction.trace(problem)


def ask(sql, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's messages have no values")
@pytest.mark.parametrize(
    ("sql", "kind", "told"),
    [
        ("SELECT %s::int", DataError, "invalid input syntax for type integer: '…' [22P02]"),
        ("SELECT * FROM nowhere WHERE x = %s", ProgrammingError, 'relation "nowhere" does not exist [42P01]'),
    ],
)
def test_a_statement_that_failed_is_not_repeated(sql, kind, told):
    problem = caught(lambda: ask(sql, CANARY))
    assert (type(problem), CANARY in str(problem), redaction.said(problem)) == (kind, True, told)
    assert CANARY not in redaction.trace(problem)


def test_why_a_database_is_away_is_told():
    problem = OperationalError('connection failed: FATAL:  database "eventhub" does not exist\nmore')
    assert redaction.said(problem) == 'connection failed: FATAL:  database "eventhub" does not exist'
    assert redaction.said(ProgrammingError(f'invalid dsn: missing "=" after "{CANARY}"')) == "invalid dsn: missing '…'"


def test_a_trace_has_all_that_led_to_it():
    def inner():
        raise KeyError(CANARY)

    def outer():
        try:
            inner()
        except KeyError:
            raise ValueError(f"no {'good'}: '{CANARY}'") from None

    def outermost():
        try:
            outer()
        except ValueError as problem:
            raise RuntimeError("in the end") from problem

    lines = redaction.trace(caught(outermost)).splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        "Traceback (most recent call last):",
        "builtins.ValueError: no good: '…'",
        "Traceback (most recent call last):",
        "builtins.RuntimeError: in the end",
    ]
    assert any("raise ValueError" in line for line in lines)


# Lines ---------------------------------------------------------------------------------------------------------------


def record(name, message, *args, problem=None, **extra):
    told = (type(problem), problem, problem.__traceback__) if problem else None
    made = logging.LogRecord(name, logging.ERROR, "x.py", 1, message, args, told)
    made.__dict__.update(extra)
    return made


@pytest.fixture
def request_to():
    def made(path):
        request = RequestFactory().get(path)
        request.resolver_match = resolve(path)
        return request

    return made


@pytest.mark.parametrize(
    ("name", "message", "args", "left"),
    [
        ("eventhub.errors", "It's 'ours'", (), "It's 'ours'"),
        ("psycopg.pool", "error connecting in 'pool-1': %s", ("why",), "error connecting in 'pool-1': why"),
        ("django.request", "%s: %s", ("Service Unavailable", f"/events/{CANARY}"), "Service Unavailable: /events/{id}"),
        ("django.request", "Internal Server Error: %s", (CANARY,), "Internal Server Error: /events/{id}"),
        (
            "django.security.csrf",
            "Forbidden (%s): %s",
            (f"Origin checking failed - https://{CANARY} does not match any trusted origins.", CANARY),
            "Forbidden (Origin checking failed): /events/{id}",
        ),
        (
            "django.security.DisallowedHost",
            f"Invalid HTTP_HOST header: '{CANARY}'. Add it",
            (),
            "Invalid HTTP_HOST header: '…'. Add it",
        ),
        ("some.module", "odd: %r", (CANARY,), "odd: '…'"),
        ("django.server", '"%s" %s', (f"GET /{CANARY}", "500"), "'…' 500"),
    ],
)
def test_a_message_names_the_route_and_repeats_nothing(request_to, name, message, args, left):
    assert logs.message(record(name, message, *args, request=request_to("/events/7"))) == left


@pytest.mark.parametrize(
    ("message", "args", "left"),
    [
        ("Starting gunicorn %s", ("27.0.1",), "Starting gunicorn 27.0.1"),
        ("WORKER TIMEOUT (pid:%s)", (7,), "WORKER TIMEOUT (pid:7)"),
        (
            f"Invalid request from ip=203.0.113.9: Invalid HTTP Header: '{CANARY}'",
            (),
            "Invalid request: Invalid HTTP Header",
        ),
        (
            f"Invalid request from ip=2001:db8::1: Invalid chunk extension: {CANARY}",
            (),
            "Invalid request: Invalid chunk extension",
        ),
        ("Error handling request %s %s", ("GET", f"/?{CANARY}"), "Error handling request"),
        ("Exception during worker exit:\n%s", (f"... {CANARY}",), "Exception during worker exit:"),
    ],
)
def test_of_gunicorn_neither_the_client_nor_what_it_sent(message, args, left):
    assert logs.message(record("gunicorn.error", message, *args)) == left


def test_half_a_surrogate_pair_is_still_a_line():
    assert '"message": "\\ud800"' in logs.JsonFormatter().format(record("eventhub", "\ud800"))


def test_as_text_a_line_has_its_facts_and_its_trace():
    problem = caught(lambda: int(CANARY))
    line = logs.TextFormatter("{message}", style="{").format(
        record("eventhub", "why", problem=problem, facts={"user_id": 7})
    )
    first, *trace = line.splitlines()
    assert first.endswith("ERROR eventhub: why user_id=7") or first.endswith("]: why user_id=7")
    assert (trace[0], trace[-1]) == (
        "Traceback (most recent call last):",
        "builtins.ValueError: invalid literal for int() with base 10: '…'",
    )


def test_gunicorns_parent_loads_nothing_of_the_service():
    """What it had loaded would still be there after an upgrade and a reload."""

    loaded = "[name for name in sys.modules if name.startswith(('django', 'psy'))]"
    program = f"import sys; from eventhub.observability import logging; print({loaded})"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
