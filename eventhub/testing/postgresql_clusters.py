"""PostgreSQL with a streaming replica, PgBouncer, and servers in front of them, all on this machine.

Everything belongs to the test and ends with the process that started it.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from eventhub.testing.databases import postgres_binaries, start_postgres

START_SECONDS = 30
PGBOUNCER_PORT = 6432


def _can_start_postgres() -> bool:
    try:
        return bool(postgres_binaries())
    except FileNotFoundError:
        return False


WITH_SERVERS_OF_ITS_OWN = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="has databases of its own: once, TEST_ON=postgres"),
    pytest.mark.skipif(not _can_start_postgres(), reason="no PostgreSQL to start"),
]
LOGGED = ["log_statement=all", "log_line_prefix=%a|"]


class Postgres:
    """A server that a test may stop, freeze and start again."""

    def __init__(self, home: Path, settings: list[str]) -> None:
        self.home, self.settings = home, settings
        self.start()

    def start(self) -> None:
        self.url = start_postgres(self.settings, home=self.home)

    @property
    def processes(self) -> list[int]:
        """The postmaster and its children."""
        first = int((self.home / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text()
        return [first, *map(int, children.split())]

    def stop(self) -> None:
        first = self.processes[0]
        os.kill(first, signal.SIGINT)
        os.waitpid(first, 0)

    def kill(self) -> None:
        """Kill all processes at once, as a power cut does. Returns when they are gone."""
        for process in (all_of_them := self.processes):
            os.kill(process, signal.SIGKILL)
        os.waitpid(all_of_them[0], 0)
        until(lambda: not any(_is_alive(process) for process in all_of_them))

    def freeze(self) -> list[int]:
        """Stop all processes without ending them; return them for `thaw`."""
        for process in (all_of_them := self.processes):
            os.kill(process, signal.SIGSTOP)
        return all_of_them

    def thaw(self, processes: list[int]) -> None:
        for process in processes:
            os.kill(process, signal.SIGCONT)

    @property
    def log(self) -> str:
        return (self.home / "log").read_text()


def replica_of(url: str, home: Path, settings: list[str]) -> Postgres:
    """Start a streaming replica of the server behind `url`, from a base backup."""
    command = [postgres_binaries() / "pg_basebackup", "-d", url.replace("postgres:", "postgresql:", 1)]
    command += ["-D", str(home / "data"), "--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf"]
    subprocess.run(command, check=True, capture_output=True)
    if os.geteuid() == 0:
        for path in [home, *home.rglob("*")]:
            shutil.chown(path, "nobody")
    return Postgres(home, settings)


def _is_alive(process: int) -> bool:
    """Tell whether a process runs. A zombie does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(condition: Any, seconds: float = START_SECONDS) -> None:
    """Wait until a condition holds; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.02)


@contextmanager
def homes() -> Iterator[Path]:
    """Make a folder for the files of servers, which may run as another user."""
    with tempfile.TemporaryDirectory(prefix="eventhub-cluster-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def pgbouncer(sockets: Path, home: Path, *, connections: int) -> Iterator[str]:
    """Run PgBouncer in transaction mode in front of the server behind the folder `sockets`; yield its URL."""
    home.mkdir()
    lines = [
        "[databases]",
        f"* = host={sockets} user=postgres",
        "[pgbouncer]",
        "pool_mode = transaction",
        f"default_pool_size = {connections}",
        "max_client_conn = 500",
        "auth_type = any",
        "listen_addr =",
        f"unix_socket_dir = {home}",
        f"listen_port = {PGBOUNCER_PORT}",
    ]
    (home / "pgbouncer.ini").write_text("\n".join(lines) + "\n")
    command = ["pgbouncer", "-q", str(home / "pgbouncer.ini")]
    if os.geteuid() == 0:
        shutil.chown(home, "nobody")
        command[1:1] = ["-u", pwd.getpwnam("nobody").pw_name]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        until(lambda: (home / f".s.PGSQL.{PGBOUNCER_PORT}").exists() or process.poll() is not None)
        assert process.poll() is None, (home / "log").read_text()
        yield f"postgres://postgres@:{PGBOUNCER_PORT}/postgres?host={home}"
    finally:
        process.kill()
        process.wait()


def run_manage(*arguments: str, **environment: str) -> bytes:
    """Run `manage.py` with these environment variables; return its output."""
    command = [sys.executable, "manage.py", *arguments]
    base_dir, variables = django_settings.BASE_DIR, _environment(environment)
    return subprocess.run(command, check=True, capture_output=True, cwd=base_dir, env=variables).stdout


@contextmanager
def gunicorn(home: Path, *, workers: int = 1, threads: int = 4, **environment: str) -> Iterator[Path]:
    """Run the service behind a Unix socket in `home`; yield the socket. Its log is beside it."""
    home.mkdir()
    socket = home / "socket"
    command = [sys.executable, "-m", "gunicorn", "eventhub.wsgi", f"--workers={workers}", f"--threads={threads}"]
    command += [f"--bind=unix:{socket}", "--log-level=warning"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=django_settings.BASE_DIR,
            env=_environment(environment),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        until(lambda: socket.exists() or process.poll() is not None)
        assert process.poll() is None, (home / "log").read_text()
        yield socket
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _environment(variables: dict[str, str]) -> dict[str, str]:
    base = {"PATH": os.environ["PATH"], "ENV_FILE": "no-file", "SECRET_KEY": django_settings.SECRET_KEY}
    off = {"THROTTLE_GENERAL": "off", "THROTTLE_CREDENTIALS": "off", "LOG_LEVEL": "WARNING", "NOTIFICATIONS": "off"}
    return {**base, **off, "ALLOWED_HOSTS": "localhost", **variables}
