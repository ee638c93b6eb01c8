"""Converters for django-environ. With a wrong value the service does not start; the error names the variable."""

import ipaddress
import os
import re
from collections.abc import Callable
from email.utils import getaddresses
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured
from environ import Env

SQLITE_OPTIONS = {
    # A transaction takes the write lock when it begins, so that a read before a write cannot end in "database is
    # locked"; readers never wait (WAL). REPLACE must fire the delete triggers that keep the seat counts.
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA recursive_triggers=ON;",
}
POOL_TIMEOUT_SECONDS = 5
# The longest pause between the pool's attempts to connect.
POOL_RECONNECT_SECONDS = 2
# For a host that has vanished: while connecting, while waiting for an answer, and on idle connections.
POSTGRES_OPTIONS = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
# To compile a statement or to start parallel workers takes PostgreSQL 10 to 200 ms, more than any request gains by it.
NO_HELPERS = "-c jit=off -c max_parallel_workers_per_gather=0"
REPLICA_OPTIONS = {"connect_timeout": 2, "tcp_user_timeout": 2000}
REDIS_QUEUE_OPTIONS = {"DEFAULT_TIMEOUT": 600, "REDIS_CLIENT_KWARGS": {"socket_connect_timeout": 2}}

# Variables whose values an error does not repeat; a URL may hold a password.
SECRET = re.compile(r"_URL$|KEY|TOKEN$|SECRET|PASSWORD|DSN")

T = TypeVar("T")


def load_env_file(path: Path) -> None:
    """Read variables from a `.env` file, if there is one; the process's own variables win."""
    if path.is_file():
        Env.read_env(path)


def read(name: str, default: str, convert: Callable[[str], T]) -> T:
    text = os.environ.get(name, "").strip() or default
    try:
        return convert(text)
    except (ValueError, KeyError, ImproperlyConfigured) as problem:
        shown = "" if SECRET.search(name) or "://" in text else f"={text!r}"
        raise ImproperlyConfigured(f"{name}{shown}: {problem}") from None


# Converters ----------------------------------------------------------------------------------------------------------


def matching(pattern: str, expected: str) -> Callable[[str], str]:
    """Return a converter that demands a full match; `expected` completes its error."""

    def convert(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(f"expected {expected}")
        return text

    return convert


def listed(pattern: str, expected: str) -> Callable[[str], list[str]]:
    one = matching(pattern, expected)
    return lambda text: [one(word) for word in words(text)]


def words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def boolean(text: str) -> bool:
    """Unlike django-environ's, refuse what is neither true nor false."""
    is_true = text.lower() in {"1", "true", "yes", "on"}
    if not is_true and text.lower() not in {"0", "false", "no", "off"}:
        raise ValueError("expected 1 or 0")
    return is_true


def whole_number(least: int, most: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not re.fullmatch(r"\d{1,12}", text, re.ASCII) or not least <= int(text) <= most:
            raise ValueError(f"expected a whole number from {least} to {most}")
        return int(text)

    return convert


def choice(*options: str) -> Callable[[str], str]:
    return matching("|".join(options), f"one of {', '.join(options)}")


# Without a scheme or a port, which would never match.
hosts = listed(r"(?i:\*|\.?[a-z0-9.-]+|\[[a-f0-9:.]+\])", "names of hosts, separated by commas")
domain = matching(r"(?i:[a-z0-9.:-]{1,253})", "a domain such as events.example.org")
origins = listed(r"https?://[^/\s]+", "origins such as https://events.example.org, separated by commas")
# As browsers write them in `Origin`: `*` is none, and `null` is anybody's.
exact_origins = listed(
    r"https?://([a-z0-9.-]+|\[[a-f0-9:]+\])(:\d{1,5})?",
    "origins such as https://www.example.org, each spelled out, separated by commas",
)
dsn = matching(r"|https?://[^@/\s]+@[^@/\s]+/\S+", "https://KEY@HOST/PROJECT, as Sentry shows it")
secret = matching(r"|[!-~]{16,200}", "at least 16 characters of ASCII, without blanks")
site_key = matching(r"|[!-~]{1,200}", "ASCII without blanks")
link = matching(
    r"https?://[^/\s{]+/(?!.*\{token\}.*\{token\})\S*\{token\}\S*",
    "a URL with {token} in it, such as https://events.example.org/reset?token={token}",
)

site_name = matching(r"[^\x00-\x1f<>]{1,80}", "at most 80 characters")
colour = matching(r"#[0-9a-fA-F]{6}", "a colour such as #0f6b68")
picture = matching(
    r"|https?://[^\s\"';,]+|/[^\s\"';,]*", "the URL of a picture, or its path on this server, such as /static/logo.svg"
)


def rate(text: str) -> str | None:
    pattern, expected = r"[1-9]\d{0,8}/(sec|min|hour|day)", "a rate such as 20/min (sec, min, hour or day), or off"
    return None if text == "off" else matching(pattern, expected)(text)


def base_url(text: str) -> str:
    return matching(r"https?://[^/\s?#]+(/[^\s?#]*)?", "a URL such as https://events.example.org")(text).rstrip("/")


def optional_url(text: str) -> str:
    return base_url(text) if text else ""


def address(text: str) -> str:
    expected = "an address to listen at, such as 127.0.0.1, 0.0.0.0 or ::"
    host = matching(r"(?i:[a-z0-9.:-]+)", expected)(text.removeprefix("[").removesuffix("]"))
    return f"[{host}]" if ":" in host else host


def networks(text: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    try:
        return [ipaddress.ip_network(word) for word in words(text)]
    except ValueError:
        raise ValueError("expected addresses or networks such as 10.1.0.0/16, separated by commas") from None


def cores(of_container: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Return how many cores this process may use; a container sees all of its machine's."""
    seen = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = of_container.read_text().split()
        return max(1, min(seen, -(-int(quota) // int(period))))
    except (OSError, ValueError):  # no such file, or "max"
        return seen


def mailbox(text: str) -> str:
    addresses = [address for _, address in getaddresses([text])]
    if len(addresses) != 1 or not re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", addresses[0]) or re.search(r"[\r\n]", text):
        raise ValueError("expected an address such as EventHub <events@example.org>")
    return text


def mail_server(text: str) -> dict[str, Any]:
    config: dict[str, Any] = Env.email_url_config(text)
    try:
        host = str(config["EMAIL_HOST"] or "").encode("idna")
    except UnicodeError:
        host = b""
    if config["EMAIL_BACKEND"].endswith("smtp.EmailBackend") and not host:
        raise ValueError("expected a host, as in smtp://USER:PASSWORD@HOST:PORT")
    return config


def tasks(text: str) -> dict[str, Any]:
    """Return an entry of Django's TASKS. QUEUE is for django-rq."""
    if text == "immediate":
        return {"BACKEND": "eventhub.tasks.in_process.InProcessBackend"}
    if text == "database":
        return {"BACKEND": "django_tasks_db.DatabaseBackend"}
    matching(r"(redis|rediss|unix)://.*", "immediate, database or redis://HOST:PORT/0")(text)
    if find_spec("django_tasks_rq") is None:
        raise ValueError("Redis needs the package django-tasks-rq: pip install django-tasks-rq")
    return {"BACKEND": "django_tasks_rq.RQBackend", "QUEUE": {"URL": text, **REDIS_QUEUE_OPTIONS}}


def time_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, KeyError, OSError):
        raise ValueError("expected a time zone such as Europe/Berlin") from None
    return text


def database(
    pool_size: int, base_dir: Path, *, wait: int = 10, pgbouncer: bool = False
) -> Callable[[str], dict[str, Any]]:
    """Return a converter to an entry of Django's DATABASES.

    `wait`: seconds to wait for SQLite's write lock, and at most for a connection of the pool (`pool_size` 0: no pool).
    `pgbouncer`: statements may use different connections, so that no state may stay on one.
    """
    expected = "sqlite:///FILE or postgres://USER:PASSWORD@HOST:PORT/NAME"

    def convert(text: str) -> dict[str, Any]:
        matching(r"(sqlite|postgres|postgresql)://.*", expected)(text)
        config: dict[str, Any] = Env.db_url_config(text)
        options = config.setdefault("OPTIONS", {})
        if config["ENGINE"].endswith("sqlite3"):
            if config["NAME"] != ":memory:":
                config["NAME"] = str(base_dir / config["NAME"])
            config["ENGINE"] = "eventhub.db.sqlite3"
            options.update(SQLITE_OPTIONS, timeout=wait)
            return config
        config.update(ENGINE="eventhub.db.postgresql", DISABLE_SERVER_SIDE_CURSORS=pgbouncer)
        config["OPTIONS"] = options = POSTGRES_OPTIONS | options
        options["prepare_threshold"] = None if pgbouncer else 0  # see eventhub/db/compiled_queries.py
        if not pgbouncer:  # which takes no options
            options.setdefault("options", NO_HELPERS)
        if pool_size:
            options["pool"] = {
                "min_size": 1,
                "max_size": pool_size,
                "timeout": min(wait, POOL_TIMEOUT_SECONDS),
                "reconnect_timeout": POOL_RECONNECT_SECONDS,
            }
        return config

    return convert


def replica(primary: dict[str, Any], *, pgbouncer: bool = False) -> Callable[[str], dict[str, Any] | None]:
    """Return a converter for a streaming replica of `primary`. Without a pool, an outage is known at once."""
    to_postgres = database(0, Path(), pgbouncer=pgbouncer)

    def convert(text: str) -> dict[str, Any] | None:
        if not text:
            return None
        if primary["ENGINE"].endswith("sqlite3"):
            raise ValueError("only PostgreSQL has replicas, and DATABASE_URL is SQLite's")
        matching(r"(postgres|postgresql)://.*", "postgres://USER:PASSWORD@HOST:PORT/NAME")(text)
        config = to_postgres(text)
        config.update(CONN_MAX_AGE=None, TEST={"MIRROR": "default"})
        config["OPTIONS"] |= REPLICA_OPTIONS | Env.db_url_config(text).get("OPTIONS", {})
        return config

    return convert
