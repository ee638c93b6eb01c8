"""PostgreSQL with its default durability, and gunicorn in front of it, for one run."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import django
import psycopg
from django.core.management import call_command

from bench.load import Connection, ask
from eventhub.testing.databases import start_postgres

HERE = Path(__file__).resolve().parent.parent
DEVELOPERS_OWN = (
    *("DEBUG", "TIME_ZONE", "CACHE_URL", "PAGE_SIZE", "NUM_PROXIES", "SECURE_SSL_REDIRECT"),
    *("ACCESS_TOKEN_MINUTES", "GUNICORN_CMD_ARGS", "DATABASE_REPLICA_URL", "DB_PGBOUNCER"),
)
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
START_SECONDS = STOP_SECONDS = 20
TICKS = os.sysconf("SC_CLK_TCK")


class Server(NamedTuple):
    """A gunicorn: its port and its parent process."""

    port: int
    parent: int

    def workers(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.parent}/task/{self.parent}/children").read_text().split()]

    def cpu_seconds(self) -> float:
        return sum(map(cpu_seconds, self.workers()))

    def worker_of(self, connection: Connection) -> int | None:
        """Return the worker that has accepted this connection, as /proc shows it."""
        end = f"0100007F:{connection.socket.getsockname()[1]:04X}"
        lines = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
        inode = next((fields[9] for fields in lines if fields[2] == end), None)
        for worker in self.workers():
            for descriptor in Path(f"/proc/{worker}/fd").iterdir():
                try:
                    if str(descriptor.readlink()) == f"socket:[{inode}]":
                        return worker
                except FileNotFoundError:  # closed meanwhile
                    continue
        return None


def prepare(threads: int, *, home: Path | None = None, settings: Sequence[str] = ()) -> None:
    """Start the database, set the environment of the run and migrate.

    `home` keeps the database's files for the next run, `settings` are added to PostgreSQL's defaults.
    """
    for name in DEVELOPERS_OWN:
        os.environ.pop(name, None)
    os.environ.update(
        ENV_FILE="no-file",
        DJANGO_SETTINGS_MODULE="bench.settings",
        DATABASE_URL=start_postgres(settings=["max_connections=200", *settings], home=home),
        DB_POOL_SIZE=str(max(10, threads)),
        SECRET_KEY=secrets.token_urlsafe(50),
        ALLOWED_HOSTS="127.0.0.1",
        THROTTLE_GENERAL="off",
        THROTTLE_CREDENTIALS="off",
        TASKS_BACKEND="database",  # as on a server: other processes than those that are measured send mails
        LOG_LEVEL="WARNING",
    )
    django.setup()
    call_command("migrate", verbosity=0)


def new_database(name: str, checkout: Path) -> str:
    """Create another database on the same server, migrate it with the code of `checkout`, and return its URL."""
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    url = url.replace("/postgres?", f"/{name}?")
    command = [python_of(checkout), "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(command, check=True, cwd=checkout, env=environment(checkout, url))
    return url


def python_of(checkout: Path) -> str:
    own = checkout / ".venv" / "bin" / "python"
    return str(own) if own.exists() else sys.executable


def environment(checkout: Path, url: str) -> dict[str, str]:
    """Return the variables for a process of `checkout`. Only this one has the bare views."""
    settings = "bench.settings" if checkout == HERE else "eventhub.settings"
    return {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": settings, "PYTHONPATH": str(checkout)}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def gunicorn(workers: int, threads: int, *, checkout: Path = HERE, url: str | None = None) -> Iterator[Server]:
    """Serve a checkout, with its own gunicorn.conf.py, on a free port of this machine while the block runs."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        # gunicorn sets this once it runs. Connections made before that would wait 40 ms for the end of each answer.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port = listener.getsockname()[1]
        command = [python_of(checkout), "-m", "gunicorn", "eventhub.wsgi"]
        # No other process can take the port when the open socket is handed over.
        command += [f"--bind=fd://{listener.fileno()}", f"--workers={workers}", f"--threads={threads}"]
        process = subprocess.Popen(
            [*command, "--max-requests=0", "--log-level=warning"],
            cwd=checkout,
            env=environment(checkout, url or os.environ["DATABASE_URL"]),
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )
    try:
        yield Server(port, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def connected(server: Server, *, clients: int, workers: int) -> Iterator[list[Connection]]:
    """Open connections that are spread evenly over the workers, so that no round depends on chance."""
    share = -(-clients // workers)
    held: Counter[int | None] = Counter()
    deadline = time.monotonic() + START_SECONDS
    with ExitStack() as stack:
        kept: list[Connection] = []
        while len(kept) < clients:
            connection = stack.enter_context(closing(Connection(server.port)))
            ask(connection, HEALTH)
            worker = server.worker_of(connection)
            if held[worker] < share:
                held[worker] += 1
                kept.append(connection)
            elif time.monotonic() > deadline:
                raise TimeoutError(f"no {clients} connections to {workers} workers, only {dict(held)}")
            else:
                connection.close()
                time.sleep(0.01)
        yield kept


def cpu_seconds(pid: int) -> float:
    """Return the processor time of one process so far."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, fields[11:13])) / TICKS  # user and system time
