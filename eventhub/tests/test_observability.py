"""What a service that really runs tells its operator: a log in which nobody can be found, and sums of all workers."""

import http.client
import json
import os
import re
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest

from eventhub.testing.contract_client import document
from eventhub.testing.live_server import migrated_database, serving
from eventhub.testing.plain_sql import run_sql
from eventhub.testing.postgresql_clusters import until
from eventhub.testing.prepared_service import needs_proc

pytestmark = pytest.mark.slow

# In everything that is sent stands this word, which never is ours.
CANARY = "zilpzalp"
NAME, EMAIL, PASSWORD = f"{CANARY}1", f"{CANARY}1@example.org", f"a {CANARY} in the hedge"
ORGANIZER = {"username": f"{CANARY}2", "email": f"{CANARY}2@example.org", "password": PASSWORD, "role": "organizer"}
EVENT = {"title": f"{CANARY} walk", "location": f"at {CANARY}", "date_time": "2031-05-01T19:00:00Z", "max_capacity": 1}
HEADERS = {
    "User_Agent": CANARY,
    "Referer": f"https://{CANARY}.example/?x={CANARY}",
    "Cookie": f"sessionid={CANARY}; csrftoken={CANARY}",
    "X_Request_ID": f"{CANARY}@example.org",
    "X_Forwarded_For": f"{CANARY}, 203.0.113.77",
}


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    with migrated_database(tmp_path_factory.mktemp("observed")) as url:
        yield url


@contextmanager
def broken(url):
    """While the block runs there is a column less in each of two tables, as after a migration that was forgotten."""
    columns = [("accounts_user", "role"), ("events_event", "description")]
    for table, column in columns:
        run_sql(url, f"ALTER TABLE {table} RENAME COLUMN {column} TO {column}_away")
    yield
    for table, column in columns:
        run_sql(url, f"ALTER TABLE {table} RENAME COLUMN {column}_away TO {column}")


@contextmanager
def locked(url):
    """While the block runs nobody else can make an account."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
        return
    with psycopg.connect(url.replace("postgres:", "postgresql:", 1)) as connection:
        connection.execute("LOCK TABLE accounts_user IN EXCLUSIVE MODE")
        yield


# The log -------------------------------------------------------------------------------------------------------------


class Walk:
    """Asks a service for all that it has, and keeps the answers' ids and the secrets that it was told."""

    def __init__(self, service):
        self.service = service
        self.seen = []
        self.secrets = {CANARY, PASSWORD, "203.0.113.77"}

    def ask(self, verb, path, body=None, token=None, **headers):
        signed = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self.service.ask(verb, path, body, **{**HEADERS, **signed, **headers})
        self.seen.append((answer.headers["X-Request-ID"], answer.status))
        self.secrets |= set(re.findall(r'"(?:token|refresh)":"([^"]+)"', answer.content.decode("utf-8", "replace")))
        self.secrets |= set(re.findall(r"(?:sessionid|csrftoken)=(\w+)", str(answer.headers)))
        return answer

    def sign_up(self, account):
        self.ask("POST", "/users/register", account)
        return self.ask("POST", "/users/login", account).json()["token"]

    def operations(self, tokens):
        """Every one of the document, as nobody and as each of them, with its example, with nonsense, with a search."""
        for path, verbs in document()["paths"].items():
            for verb, operation in verbs.items():
                content = operation.get("requestBody", {}).get("content", {})
                example = content.get("application/json", {}).get("example")
                bodies = [None] if example is None else [_with_canaries(example), f'{{"{CANARY}": "{CANARY}']
                for token in (None, CANARY, *tokens):
                    for body in bodies:
                        query = urlencode({"search": EMAIL, "token": CANARY})
                        self.ask(verb.upper(), re.sub(r"\{\w+\}", "1", path), body, token)
                        self.ask(verb.upper(), f"{re.sub(r'{[^}]+}', '999', path)}?{query}", body, token)

    def office(self, *, deep):
        """The back office, with a wrong password and the right one, without a token against forgery, and some pages."""
        login = self.ask("GET", f"/admin/login/?next=/admin/{CANARY}/", Cookie="")
        token = re.search(r"csrftoken=(\w+)", str(login.headers))[1]
        cookies = {"csrftoken": token}
        for password in (f"{PASSWORD}!", PASSWORD):
            form = {"csrfmiddlewaretoken": token, "username": ORGANIZER["username"], "password": password}
            answer = self.ask("POST", "/admin/login/", urlencode(form), Content_Type=FORM, Cookie=_jar(cookies))
            cookies |= dict(re.findall(r"(sessionid|csrftoken)=(\w+)", str(answer.headers)))
        self.ask("POST", "/admin/login/", f"username={CANARY}", Content_Type=FORM, Origin=f"http://{CANARY}")
        pages = ("", "profile/", "events/event/", f"events/event/{CANARY}/change/", f"{CANARY}/", "events/event/add/")
        for path in pages:
            self.ask("GET", f"/admin/{path}?q={EMAIL}", Cookie=_jar(cookies))
        for path in ("events/event/export/csv/", "events/event/1/change/", "events/event/1/people/") if deep else ():
            self.ask("GET", f"/admin/{path}", Cookie=_jar(cookies))

    def noise(self):
        """What is no good request, down to what is no HTTP."""
        paths = {"GET": f"/{CANARY}", "POST": f"/{EMAIL}/x?{CANARY}", "BREW": "/events/", CANARY: "/"}
        for verb, path in paths.items():
            self.ask(verb, path)
        self.ask("DELETE", "/healthz")
        self.ask("GET", "/healthz", Host=f"{CANARY}.example")
        self.ask("POST", "/users/login", b"\xff" + CANARY.encode())
        for request in (
            f"GET /{CANARY} {CANARY}\r\n\r\n",
            f"{CANARY}\r\n\r\n",
            f"GET /{CANARY} HTTP/1.1\r\n{CANARY} {CANARY}\r\n\r\n",
            f"GET /{CANARY} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {CANARY}\r\n\r\n",
            f"GET /{CANARY * 2000} HTTP/1.1\r\n\r\n",
        ):
            self.service.shout(request.encode())


FAULTS = {
    500,
    503,
}  # a column that is not there: of PostgreSQL a bug, of SQLite one of the things that it calls operational
FORM = "application/x-www-form-urlencoded"


def _jar(cookies):
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def _with_canaries(example):
    """An example whose texts hold the word, as far as they may hold any."""
    closed = {"role", "status", "password", "current_password", "date_time", "end_time"}
    return {
        name: value if name in closed or not isinstance(value, str) else f"{CANARY}.{value}"
        for name, value in example.items()
    }


@needs_proc
def test_a_log_of_json_has_all_that_happens_and_nobody_who_can_be_found(database, tmp_path):
    with serving(database, tmp_path, LOG_FORMAT="json", METRICS="1") as service:
        walk = Walk(service)
        tokens = [walk.sign_up({"username": NAME, "email": EMAIL, "password": PASSWORD}), walk.sign_up(ORGANIZER)]
        walk.ask("POST", "/events/", EVENT, tokens[1])
        walk.ask("POST", "/attendees/", {"event_id": 1, "name": CANARY, "contact_details": EMAIL}, tokens[0])
        walk.ask("POST", "/users/login", {"username": NAME, "password": CANARY})
        walk.ask("GET", "/metrics", Authorization=f"Bearer {CANARY}")
        walk.noise()
        walk.office(deep=True)
        with broken(database):
            for path in ("/users/login", "/users/register"):
                walk.ask("POST", path, {"username": NAME, "email": EMAIL, "password": PASSWORD})
            walk.ask("GET", f"/events/?search={CANARY}", token=tokens[0])
            walk.office(deep=False)
        walk.operations(tokens)
        os.kill(service.workers()[0], signal.SIGKILL)
        until(service.is_up)
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    told = {line["request_id"]: line["status"] for line in lines if line["logger"] == "eventhub.requests"}
    assert [(known, told.get(known)) for known, _ in walk.seen if known] == [each for each in walk.seen if each[0]]
    assert {status for _, status in walk.seen} >= {200, 201, 204, 302, 400, 401, 403, 404, 405, 409}
    assert {status for _, status in walk.seen} & FAULTS
    assert {line["logger"] for line in lines} >= {
        "eventhub.requests",
        "eventhub.errors",
        "eventhub.security",
        "django.security.DisallowedHost",
        "gunicorn.error",
    }
    assert any("Traceback" in line.get("trace", "") for line in lines)
    texts = [json.dumps(line).lower() for line in lines]
    assert [text for text in texts if any(secret.lower() in text for secret in walk.secrets)][:5] == []


@needs_proc
def test_as_text_nobody_can_be_found_either(database, tmp_path):
    with serving(database, tmp_path, workers=1) as service:
        walk = Walk(service)
        walk.noise()
        walk.ask("POST", "/users/login", {"username": NAME, "password": CANARY})
        with broken(database):
            failed = walk.ask("POST", "/users/login", {"username": NAME, "password": PASSWORD})
    text = (tmp_path / "log").read_text()
    assert (failed.status in FAULTS, failed.headers["X-Request-ID"] in text, "Traceback" in text) == (True, True, True)
    assert [secret for secret in walk.secrets if secret in text] == []


# Metrics -------------------------------------------------------------------------------------------------------------

REQUESTS = 'eventhub_requests_total{method="GET",route="/events/",status="401"}'


IN_PROGRESS = "eventhub_requests_in_progress"


def _kill_at_work(service, database):
    """Kills all workers while one of them waits for a lock of the database."""
    account = {"username": "waiting", "email": "waiting@example.org", "password": PASSWORD}
    with ThreadPoolExecutor(1) as pool, locked(database):
        cut_off = pool.submit(service.ask, "POST", "/users/register", account)
        until(lambda: sample(service, IN_PROGRESS) == 2)
        old = service.workers()
        for worker in old:
            os.kill(worker, signal.SIGKILL)
        assert isinstance(cut_off.exception(), (OSError, http.client.HTTPException))
        until(lambda: not {*old} & {*service.workers()} and len(service.workers()) == 2)
    until(service.is_up)


def sample(service, name):
    page = service.ask("GET", "/metrics").content.decode()
    return sum(float(line.rpartition(" ")[2]) for line in page.splitlines() if line.rpartition(" ")[0] == name)


def folders(service):
    """Where its workers count."""
    maps = "".join(Path(f"/proc/{pid}/maps").read_text() for pid in service.workers())
    return {Path(path) for path in re.findall(r" (/\S+/eventhub-metrics-\w+)/", maps)}


@pytest.mark.once
@needs_proc
def test_counters_are_those_of_all_workers_also_of_those_that_are_gone(database, tmp_path):
    with serving(database, tmp_path, workers=2, METRICS="1") as service:
        for number in range(1, 4):
            for _ in range(20):
                service.ask("GET", "/events/")
            assert sample(service, REQUESTS) == 20 * number
            assert sample(service, IN_PROGRESS) == 1
            old = service.workers()
            os.kill(old[0], signal.SIGKILL)
            until(lambda old=old: old[0] not in service.workers() and len(service.workers()) == 2)
            until(service.is_up)
            assert sample(service, REQUESTS) == 20 * number
        (folder,) = folders(service)
        _kill_at_work(service, database)
        assert (sample(service, REQUESTS), sample(service, IN_PROGRESS)) == (60, 1)
        old = service.workers()
        service.process.send_signal(signal.SIGHUP)
        until(lambda: not {*old} & {*service.workers()} and len(service.workers()) == 2)
        until(service.is_up)
        assert sample(service, REQUESTS) == 60
        assert sample(service, 'eventhub_requests_total{method="GET",route="/readyz",status="200"}') > 0
    assert not folder.exists()


@pytest.mark.once
@needs_proc
def test_without_the_setting_a_served_service_has_no_such_page_and_no_such_folder(database, tmp_path):
    with serving(database, tmp_path, workers=1) as service:
        assert (service.ask("GET", "/metrics").status, folders(service)) == (404, set())
