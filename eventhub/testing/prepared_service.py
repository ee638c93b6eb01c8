"""The service behind a real gunicorn, with a database of its own that has people, events and their tokens."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from copy import copy
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.conf import settings

from eventhub.testing.migrated_tables import migrate
from eventhub.testing.plain_sql import run_sql
from registrations.models import LIVE, SEATED

# How long a client waits on a busy machine. Without a response by then, it counts as left hanging.
PATIENCE_SECONDS = 30
# How long the service may take to recover by itself, on a busy machine.
BACK_SECONDS = 60
# How long the service waits for its database: short, so that these tests are.
WAIT_SECONDS = 2
SETTINGS = {
    "ENV_FILE": "no-file",
    "DJANGO_SETTINGS_MODULE": "eventhub.settings",
    "SECRET_KEY": "a-key-for-tests-that-is-long-enough-to-sign",
    "ALLOWED_HOSTS": "127.0.0.1",
    "ACCESS_TOKEN_MINUTES": "600",
    "THROTTLE_GENERAL": "off",
    "NOTIFICATIONS": "off",
    "LOG_LEVEL": "WARNING",
    "DB_WAIT_SECONDS": str(WAIT_SECONDS),
}


class Answer(NamedTuple):
    status: int
    body: dict[str, Any]
    retry_after: str | None
    is_replayed: bool = False


class Client:
    """A keep-alive connection. Raises ConnectionError when the service hangs up, TimeoutError when it is silent."""

    def __init__(self, port: int, token: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def send(self, verb: str, path: str, body: Any = None, *, key: str | None = None) -> Answer:
        headers = self.headers if key is None else {**self.headers, "Idempotency-Key": key}
        try:
            self.connection.request(verb, path, None if body is None else json.dumps(body), headers)
            answer = self.connection.getresponse()
            text = answer.read()
        except http.client.HTTPException as problem:  # cut off in the middle of an answer
            self.connection.close()
            raise ConnectionError(str(problem)) from problem
        except OSError:
            self.connection.close()
            raise
        found = json.loads(text) if text else {}
        return Answer(
            answer.status, found, answer.headers["Retry-After"], answer.headers["Idempotent-Replayed"] == "true"
        )


class Prepared:
    """A database with people and events, and the environment of whoever serves it."""

    def __init__(self, url: str) -> None:
        self.url = url
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
        self.environment = {**kept, **SETTINGS, "DATABASE_URL": url}
        migrate(url)
        made = json.loads(self.run("-m", "eventhub.testing.prepare_database"))
        self.organizer, *self.people = made["tokens"]
        self._events = iter(made["events"])

    def events(self, number: int) -> list[int]:
        """Return so many events without registrations."""
        return [next(self._events) for _ in range(number)]

    def restored(self, url: str) -> "Prepared":
        """Return the same people and events in another database, which was made from a backup of this one."""
        other = copy(self)
        other.url, other.environment = url, {**self.environment, "DATABASE_URL": url}
        return other

    def query(self, statement: str) -> list[Any]:
        """Run SQL past the service; return its rows."""
        return run_sql(self.url, statement)

    def holds(self) -> None:
        """Assert rules 1, 2 and 4 in the database. `check_seats` checks the first two again."""
        seated, live = (", ".join(f"'{status}'" for status in statuses) for statuses in (SEATED, LIVE))
        of_event = "FROM registrations_registration r WHERE r.event_id = e.id AND status"
        assert not self.query(
            "SELECT id FROM events_event e WHERE seats_taken > max_capacity"
            f" OR seats_taken <> (SELECT count(*) {of_event} IN ({seated}))"
            f" OR waitlisted <> (SELECT count(*) {of_event} = 'waitlisted')"
            " OR (waitlisted > 0 AND seats_taken < max_capacity)"
        )
        assert not self.query(
            f"SELECT event_id, user_id FROM registrations_registration WHERE status IN ({live})"
            " GROUP BY event_id, user_id HAVING count(*) > 1"
        )
        self.run("manage.py", "check_seats")

    def run(self, *command: str) -> str:
        """Run Python with these arguments; return its output. It must not fail."""
        ended = subprocess.run(
            [sys.executable, *command],
            env=self.environment,
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout


class Service:
    """Gunicorn in front of a prepared database."""

    def __init__(self, database: Prepared, port: int, process: "subprocess.Popen[str]") -> None:
        self.database, self.port, self._process = database, port, process
        self._clients: list[Client] = []

    def client(self, number: int | None = None) -> Client:
        """Connect as the organizer, or as one of the people."""
        token = self.database.organizer if number is None else self.database.people[number]
        self._clients.append(Client(self.port, token))
        return self._clients[-1]

    def hang_up(self) -> None:
        """Close the connections of all clients."""
        for client in self._clients:
            client.connection.close()

    def workers(self) -> list[int]:
        """Return their process ids."""
        pid = self._process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def is_back(self) -> None:
        """Wait until it serves; fail when that takes too long."""
        deadline = time.monotonic() + BACK_SECONDS
        while not self._serves():
            assert time.monotonic() < deadline, "the service is not back"
            time.sleep(0.1)

    def _serves(self) -> bool:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)) as connection:
            try:
                connection.request("GET", "/readyz")
                return connection.getresponse().status == 200
            except (OSError, http.client.HTTPException):
                return False


@contextmanager
def served(database: Prepared, workers: int = 2, threads: int = 4, **variables: str) -> Iterator[Service]:
    """Run gunicorn on a free port."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener, tempfile.TemporaryFile("w+") as log:
        size = {"WEB_CONCURRENCY": str(workers), "WEB_THREADS": str(threads)}
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "eventhub.wsgi", f"--bind=fd://{listener.fileno()}"],
            env={**database.environment, **size, **variables},
            cwd=settings.BASE_DIR,
            pass_fds=[listener.fileno()],
            start_new_session=True,
            stderr=log,
            text=True,
        )
        service = Service(database, listener.getsockname()[1], process)
        try:
            service.is_back()
            yield service
        finally:
            service.hang_up()
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            log.seek(0)
            print(log.read())  # pytest shows it where a test fails


def refused(answer: Answer) -> bool:
    """Tell whether this is the contract's 503."""
    return (answer.status, answer.body.get("code"), answer.retry_after) == (503, "unavailable", "5")


needs_proc = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="processes are found through /proc")
