"""What is measured: PostgreSQL with its default durability and gunicorn in front of it, both of this run alone."""

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

import django
from django.core.management import call_command

from bench.load import Connection, ask
from eventhub.testing.databases import start_postgres

NOT_OURS = (
    "DEBUG",
    "TIME_ZONE",
    "CACHE_URL",
    "PAGE_SIZE",
    "NUM_PROXIES",
    "SECURE_SSL_REDIRECT",
    "ACCESS_TOKEN_MINUTES",
    "GUNICORN_CMD_ARGS",
    "DATABASE_REPLICA_URL",
    "DB_PGBOUNCER",
)
WHO_ANSWERS = b"GET /bare/worker HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
START_SECONDS = STOP_SECONDS = 20


def prepare(threads: int, *, home: Path | None = None, settings: Sequence[str] = ()) -> None:
    """Starts the database, sets the environment of the run whatever the developer's own is, and migrates.

    `home` keeps the database's files for the next run; `settings` are the server's, beside its defaults.
    """
    for name in NOT_OURS:
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
        LOG_LEVEL="WARNING",
    )
    django.setup()
    call_command("migrate", verbosity=0)


@contextmanager
def gunicorn(workers: int, threads: int) -> Iterator[int]:
    """Serves the project, as gunicorn.conf.py says, on a free port of this machine while the block runs; the port."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        # As gunicorn says itself once it runs; who has connected by then would wait 40 ms for the end of each answer.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", "gunicorn", "eventhub.wsgi", f"--workers={workers}", f"--threads={threads}"]
        # Handing over the open socket leaves no moment in which another process could take the port.
        command += [f"--bind=fd://{listener.fileno()}", "--max-requests=0", "--log-level=warning"]
        process = subprocess.Popen(command, pass_fds=[listener.fileno()], start_new_session=True)
    try:
        yield port
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def connected(port: int, *, clients: int, workers: int) -> Iterator[list[Connection]]:
    """Connections that are spread evenly over the workers, as chance would not: a round must not depend on it."""
    share = -(-clients // workers)
    held: Counter[bytes] = Counter()
    deadline = time.monotonic() + START_SECONDS
    with ExitStack() as stack:
        kept: list[Connection] = []
        while len(kept) < clients:
            connection = stack.enter_context(closing(Connection(port)))
            _, worker = ask(connection, WHO_ANSWERS)
            if held[worker] < share:
                held[worker] += 1
                kept.append(connection)
            elif time.monotonic() > deadline:
                raise TimeoutError(f"{clients} connections to {workers} workers did not come about: {dict(held)}")
            else:
                time.sleep(0.01)
        yield kept
