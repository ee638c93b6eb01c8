"""An upgrade as docs/operations.md has it, from the released code to this one and back, under a load that must not
notice: the released gunicorn serves while this code migrates, and each hands its socket over to the other."""

import http.client
import itertools
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from eventhub.testing.http_client import EVENT, OLGA, load_people, token_of
from eventhub.testing.postgresql_clusters import WITH_SERVERS_OF_ITS_OWN, Postgres, homes, run_manage, until
from eventhub.testing.released_version import released_code, this_code

pytestmark = [pytest.mark.slow, *WITH_SERVERS_OF_ITS_OWN]

PEOPLE = 3000
ROWS = """
INSERT INTO events_event (title, description, date_time, location, organizer_id, max_capacity, waitlist, status, uid,
                          created_at, updated_at)
SELECT 'Talk ' || n, repeat('Words. ', 20), now() + n * interval '1 hour', 'Hall ' || n % 20, 1, 2000, true,
       'upcoming', '', now(), now() FROM generate_series(1, 400) AS n;
INSERT INTO registrations_registration (event_id, user_id, status, name, contact_details, registration_date, updated_at)
SELECT e.id, u.id, 'registered', u.username, u.email, now(), now()
  FROM events_event e JOIN accounts_user u ON u.id % 60 = e.id % 60;
INSERT INTO accounts_organizerprofile (user_id, name, contact, about) VALUES (1, 'Olga', '', '')"""
# Between what one person does and what they do next: enough for a load at any time, without one for its own sake.
PAUSE_SECONDS = 0.1
# A session that has read and stays open, as a dump does: so long, and requests wait less long than that.
REPORT_SECONDS, WAIT_SECONDS = 8, 5


class Load:
    """People who use the service while the block runs, each request on a connection of its own, as a proxy makes them.
    `failures` is what nobody may be answered; `seats` are the registrations that were answered 201."""

    def __init__(self, port):
        self.port = port
        self.answers, self.failures, self.seats = Counter(), [], []
        self._numbers = itertools.count(1)
        self._is_over = threading.Event()

    def ask(self, verb, path, body=None, user_id=OLGA):
        headers = {"Host": "localhost", "Content-Type": "application/json", "Connection": "close"}
        if user_id is not None:
            headers["Authorization"] = f"Bearer {token_of(user_id)}"
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(verb, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            content = answer.read()
        return answer.status, json.loads(content) if content else None

    @contextmanager
    def going_on(self):
        people = [self._register, self._register, self._look, self._manage, self._come_and_go]
        self._threads = [threading.Thread(target=self._again_and_again, args=(person,)) for person in people]
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self.ends()

    def ends(self):
        """Returns when everybody has been answered."""
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def goes_on(self):
        """Until a number of requests were answered, of every kind."""
        until(lambda: self.answers, 60)
        before = Counter(self.answers)
        until(lambda: self.failures or all(self.answers[kind] > before[kind] + 3 for kind in before), 60)

    def _again_and_again(self, person):
        while not self._is_over.is_set():
            number = next(self._numbers)
            try:
                for kind, expected, (status, body) in person(number):
                    self.answers[kind] += 1
                    if status != expected:
                        self.failures.append((kind, status, body))
            except (OSError, http.client.HTTPException) as problem:
                self.failures.append((person.__name__, repr(problem)))
            self._is_over.wait(PAUSE_SECONDS)

    def _register(self, number):
        user_id, event_id = 2 + number % (PEOPLE - 2), 1 + number * 7 % 400
        status, body = self.ask("POST", "/attendees/", {"event_id": event_id}, user_id)
        if status == 201:
            self.seats.append(body["attendee_id"])
        there_already = status == 409 and body["code"] == "already_registered"
        yield "register", 409 if there_already else 201, (status, body)

    def _look(self, number):
        yield "events", 200, self.ask("GET", "/events/?search=talk", user_id=2 + number % 1000)
        yield "attendees", 200, self.ask("GET", "/attendees/", user_id=2 + number % 1000)
        yield "account", 200, self.ask("GET", "/users/me", user_id=2 + number % 1000)

    def _manage(self, number):
        status, body = self.ask("POST", "/events/", EVENT)
        yield "new event", 201, (status, body)
        if status == 201:
            path = f"/events/{body['event_id']}"
            yield "change event", 200, self.ask("PATCH", path, {"title": f"Talk of {number}"})
            yield "guests", 200, self.ask("GET", f"{path}/attendees")
            yield "delete event", 204, self.ask("DELETE", path)

    def _come_and_go(self, number):
        who = {
            "username": f"new-{number}",
            "email": f"new-{number}@example.org",
            "password": f"walk-{secrets.token_hex(8)}",
        }
        yield "sign up", 201, self.ask("POST", "/users/register", who, user_id=None)
        status, body = self.ask("POST", "/users/login", who, user_id=None)
        yield "sign in", 200, (status, body)
        if status == 200:
            yield "refresh", 200, self.ask("POST", "/users/token/refresh", {"refresh": body["refresh"]}, user_id=None)


@contextmanager
def served(code, listener, log, environment):
    """Gunicorn of that code on a socket that others hand it, as systemd does; it ends as it is told to, by SIGTERM."""
    command = [sys.executable, "-m", "gunicorn", "eventhub.wsgi", f"--bind=fd://{listener.fileno()}", "--workers=2"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=code,
            env=environment,
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
        process.terminate()
        assert process.wait(60) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def paths(load):
    """What the API has to offer: by this one tells whose code it is."""
    return set(load.ask("GET", "/schema/?format=json", user_id=None)[1]["paths"])


def workers(process):
    """Their ids."""
    return set(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split())


@contextmanager
def a_long_report(url):
    """Somebody who has read every table and leaves the session open, for a while."""
    with psycopg.connect(url.replace("postgres:", "postgresql:", 1)) as session:
        session.execute("SELECT count(*) FROM accounts_user, events_event, registrations_registration WHERE false")
        timer = threading.Timer(REPORT_SECONDS, session.rollback)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def test_an_upgrade_and_a_rollback_under_load_cost_no_request_and_no_seat():
    with homes() as home, socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        old, log = released_code(home / "old"), home / "log"
        database = Postgres(home / "postgres", ["max_connections=60", "fsync=off"])
        environment = {
            **{name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ},
            **{"ENV_FILE": "no-file", "SECRET_KEY": settings.SECRET_KEY, "ALLOWED_HOSTS": "localhost"},
            **{"THROTTLE_GENERAL": "off", "THROTTLE_CREDENTIALS": "off", "DB_WAIT_SECONDS": str(WAIT_SECONDS)},
            **{"DATABASE_URL": database.url, "LOG_LEVEL": "WARNING"},
        }
        load = Load(listener.getsockname()[1])
        try:
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=old, env=environment, check=True)
            load_people(database.url, PEOPLE)
            with psycopg.connect(database.url.replace("postgres:", "postgresql:", 1), autocommit=True) as by_hand:
                by_hand.execute("SELECT setval('accounts_user_id_seq', 10000)")
                by_hand.execute(ROWS)
            with load.going_on():
                with served(old, listener, log, environment):
                    load.goes_on()
                    of_old = paths(load)
                    with a_long_report(database.url):
                        run_manage("migrate", DATABASE_URL=database.url)
                    load.goes_on()  # the old code on the new tables
                with served(settings.BASE_DIR, listener, log, environment):
                    load.goes_on()
                    assert load.ask("GET", "/readyz", user_id=None)[0] == 200
                    of_this = paths(load)
                with served(old, listener, log, environment) as process:
                    load.goes_on()  # rolled back
                    assert paths(load) == of_old
                    this_code(old)
                    before = workers(process)
                    process.send_signal(signal.SIGHUP)
                    until(lambda: process.poll() is not None or not before & workers(process))
                    assert process.poll() is None, log.read_text()
                    load.goes_on()  # upgraded in place
                    assert paths(load) == of_this
                    load.ends()
            assert load.failures == [], log.read_text()
            with psycopg.connect(database.url.replace("postgres:", "postgresql:", 1)) as by_hand:
                kept = {pk for (pk,) in by_hand.execute("SELECT id FROM registrations_registration").fetchall()}
            assert load.seats
            assert set(load.seats) - kept == set()
            assert b"All counts are correct." in run_manage("check_seats", DATABASE_URL=database.url)
            assert run_manage("migrate", "--check", DATABASE_URL=database.url) == b""
        finally:
            database.stop()


def test_a_migration_does_not_make_others_wait_behind_it():
    """Dropping an index has to be alone with a table that somebody reads: it lets others through, and goes on later."""
    with homes() as home:
        database = Postgres(home / "postgres", ["max_connections=30", "fsync=off"])
        try:
            run_manage("migrate", "accounts", "0003", DATABASE_URL=database.url)  # what is newer waits otherwise
            url = database.url.replace("postgres:", "postgresql:", 1)
            with psycopg.connect(url) as keeper, psycopg.connect(url, autocommit=True) as others:
                keeper.execute("SELECT count(*) FROM accounts_user")
                said = []
                migrating = threading.Thread(
                    target=lambda: said.append(run_manage("migrate", "accounts", "0002", DATABASE_URL=database.url))
                )
                migrating.start()
                waiting = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted"
                until(lambda: others.execute(waiting).fetchone() == (1,))
                others.execute("SET statement_timeout = '20s'")
                assert others.execute("SELECT count(*) FROM accounts_user").fetchone() == (0,)
                assert migrating.is_alive()
                keeper.rollback()
                migrating.join()
                latest = "SELECT max(name) FROM django_migrations WHERE app = 'accounts'"
                assert others.execute(latest).fetchone()[0].startswith("0002_")
            assert b"a table was in use for more than 2 s; trying again." in said[0]
        finally:
            database.stop()
