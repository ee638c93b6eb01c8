"""The databases of a proof: new ones of its own, which are gone when it ends."""

import atexit
import os
import shutil
import tempfile
from dataclasses import dataclass

import psycopg

from eventhub.testing.databases import SPEED_OVER_SAFETY, start_postgres

# Whose deadlock is found after the usual second would keep everybody waiting for it.
POSTGRES = [*SPEED_OVER_SAFETY, "deadlock_timeout=20ms"]
THREADS = {"postgres": 8, "sqlite": 4}
# The developer's own settings, which are nobody else's.
NOT_OURS = (
    "DEBUG",
    "TIME_ZONE",
    "CACHE_URL",
    "PAGE_SIZE",
    "NUM_PROXIES",
    "SECURE_SSL_REDIRECT",
    "ADMIN_REQUIRE_2FA",
    "ALLOWED_HOSTS",
    "ORGANIZER_SIGNUP",
    "DATABASE_REPLICA_URL",
    "DB_PGBOUNCER",
    "MAX_BODY_BYTES",
)


@dataclass
class Databases:
    """As many databases of one kind as there are processes. `name` is the kind with its version, for people."""

    kind: str
    name: str
    urls: list[str]
    server: str = ""

    def deadlocks(self) -> int | None:
        """How many PostgreSQL has counted itself; None on SQLite, which has one lock and no deadlocks."""
        if not self.server:
            return None
        with psycopg.connect(self.server, autocommit=True) as connection:
            row = connection.execute(
                "SELECT sum(deadlocks) FROM pg_stat_database WHERE datname LIKE 'proof%'"
            ).fetchone()
        return int(row[0]) if row else 0

    def environment(self, url: str) -> dict[str, str]:
        """What a process is to be told: the service's own settings, on this database."""
        kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        return kept | {
            "DJANGO_SETTINGS_MODULE": "eventhub.settings",
            "DATABASE_URL": url,
            "ENV_FILE": "no-file",
            "SECRET_KEY": "a-key-for-a-proof-that-is-long-enough-to-sign",
            "DB_POOL_SIZE": "20",
            "THROTTLE_CREDENTIALS": "off",
            "THROTTLE_GENERAL": "off",
            "THROTTLE_GUESTS": "off",
            "TASKS_BACKEND": "database",  # which nobody works at: what emails would do, paths do
            "LOG_LEVEL": "ERROR",
        }


def start(kind: str, *, processes: int, isolation: str) -> Databases:
    """Empty databases, one a process, on a server of our own or in files."""
    return _postgres(processes, isolation) if kind == "postgres" else _sqlite(processes)


def _postgres(processes: int, isolation: str) -> Databases:
    server = start_postgres([*POSTGRES, f"default_transaction_isolation={isolation}"])
    names = [f"proof{number}" for number in range(processes)]
    with psycopg.connect(server, autocommit=True) as connection:
        version = connection.info.server_version // 10000
        for name in names:
            connection.execute(f"CREATE DATABASE {name}")
    suffix = "" if isolation == "read committed" else f", {isolation}"
    urls = [server.replace("@/postgres?", f"@/{name}?") for name in names]
    return Databases("postgres", f"PostgreSQL {version}{suffix}", urls, server)


def _sqlite(processes: int) -> Databases:
    import sqlite3

    folder = tempfile.mkdtemp(prefix="eventhub-proof-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    urls = [f"sqlite:///{folder}/proof{number}.sqlite3" for number in range(processes)]
    return Databases("sqlite", f"SQLite {sqlite3.sqlite_version}", urls)
