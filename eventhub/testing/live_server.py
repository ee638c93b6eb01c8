"""The service under a real gunicorn, with its own port, database and log."""

import atexit
import functools
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psycopg
from django.conf import settings as django_settings

from eventhub.testing.migrated_tables import migrate
from eventhub.testing.postgresql_clusters import until

SETTINGS = {
    "ENV_FILE": "no-file",
    "SECRET_KEY": django_settings.SECRET_KEY,
    "ALLOWED_HOSTS": "127.0.0.1",
    "THROTTLE_GENERAL": "off",
    "THROTTLE_CREDENTIALS": "off",
    "NOTIFICATIONS": "off",
}


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)


class Service(NamedTuple):
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    def ask(self, verb: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send one request on a new connection. `body` is sent as JSON, but bytes and text as they are."""
        content = body if isinstance(body, bytes | str | None) else json.dumps(body)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(verb, path, content, {"Content-Type": "application/json", **names})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def shout(self, request: bytes) -> bytes:
        """Send bytes as they are, valid HTTP or not; return the response."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(request)
            return connection.recv(65536)

    def workers(self) -> list[int]:
        """Return their process ids."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def is_up(self, path: str = "/readyz") -> bool:
        try:
            return self.ask("GET", path).status == 200
        except (OSError, http.client.HTTPException):
            return False


@contextmanager
def migrated_database(folder: Path) -> Iterator[str]:
    """Make an empty database, on the engine that this test run uses; yield its URL."""
    if not os.environ["DATABASE_URL"].startswith("postgres"):
        url = f"sqlite:///{folder}/service.sqlite3"
        migrate(url)
        yield url
        return
    name = f"service_{uuid.uuid4().hex}"
    _on_server(f"CREATE DATABASE {name} TEMPLATE {migrated_template()}")
    try:
        yield _url_of(name)
    finally:
        _on_server(f"DROP DATABASE {name} WITH (FORCE)")


@functools.cache
def migrated_template() -> str:
    """Make an empty database to copy, once in a process; return its name."""
    name = f"migrated_{uuid.uuid4().hex}"
    _on_server(f"CREATE DATABASE {name}")
    atexit.register(_on_server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    migrate(_url_of(name))
    return name


def _on_server(statement: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"].replace("postgres:", "postgresql:", 1), autocommit=True) as server:
        server.execute(statement)


def _url_of(name: str) -> str:
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    return url if "://" in url else url.replace(":", "://", 1)


@contextmanager
def serving(url: str, folder: Path, *, workers: int = 2, is_up: str = "/readyz", **variables: str) -> Iterator[Service]:
    """Run gunicorn with that database. Standard error goes to a file in `folder`.

    `is_up` is the path that tells when it serves: `/healthz` where the database is missing on purpose.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
    size = {"WEB_CONCURRENCY": str(workers), "WEB_THREADS": "2", "DB_POOL_SIZE": "2"}
    log = folder / "log"
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener, log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "eventhub.wsgi", f"--bind=fd://{listener.fileno()}"],
            env={**kept, **SETTINGS, **size, "DATABASE_URL": url, **variables},
            cwd=django_settings.BASE_DIR,
            pass_fds=[listener.fileno()],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        service = Service(listener.getsockname()[1], process, log)
        try:
            until(lambda: service.is_up(is_up) or process.poll() is not None)
            assert process.poll() is None, log.read_text()
            yield service
        finally:
            process.terminate()
            try:
                process.wait(40)  # longer than gunicorn waits for its workers
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
