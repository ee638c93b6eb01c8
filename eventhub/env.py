"""Reads the configuration from environment variables; a wrong value stops the start and is named."""

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
    # A transaction takes the write lock when it begins, so that reading and then writing cannot end in "database is
    # locked"; readers never wait (WAL). REPLACE must fire the delete triggers that keep the seat counts.
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA recursive_triggers=ON;",
}
POOL_TIMEOUT_SECONDS = 5
# After a failed attempt to connect the pool waits longer and longer, up to this; then the next request has it try anew.
POOL_RECONNECT_SECONDS = 2
# A host that has vanished is given up, while connecting, while waiting for an answer, and on idle connections.
POSTGRES_OPTIONS = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
# Compiling a statement, or starting processes to share it, takes PostgreSQL 10 to 200 ms. A request has hundreds of
# times less to do than these save, and the plans that seem to are misjudged ones.
NO_HELPERS = "-c jit=off -c max_parallel_workers_per_gather=0"
# A replica whose host has vanished is given up after two seconds, while connecting and while waiting for an answer.
REPLICA_OPTIONS = {"connect_timeout": 2, "tcp_user_timeout": 2000}
# A task is given up after ten minutes; a Redis that has vanished is given up after two seconds.
REDIS_QUEUE_OPTIONS = {
    "DEFAULT_TIMEOUT": 600,
    "REDIS_CLIENT_KWARGS": {"socket_connect_timeout": 2},
}

# What a message does not repeat; a URL may hold a password.
SECRET = re.compile(r"_URL$|KEY|TOKEN$|SECRET|PASSWORD|DSN")

T = TypeVar("T")


def load_env_file(path: Path) -> None:
    """Takes variables from a `.env` file, if it is there; the process's own variables win."""
    if path.is_file():
        Env.read_env(path)


def read(name: str, default: str, convert: Callable[[str], T]) -> T:
    """The variable `name` through `convert`; ImproperlyConfigured, naming the variable, where it does not fit."""
    text = os.environ.get(name, "").strip() or default
    try:
        return convert(text)
    except (ValueError, KeyError, ImproperlyConfigured) as problem:
        holds_secret = bool(SECRET.search(name)) or "://" in text
        shown = "" if holds_secret else f"={text!r}"
        raise ImproperlyConfigured(f"{name}{shown}: {problem}") from None


def boolean(text: str) -> bool:
    """`1`, `true`, `yes`, `on` and their opposites, in any case."""
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError("expected 1 or 0")


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A converter for integers from `least` to `most`, both included."""

    def convert(text: str) -> int:
        if not re.fullmatch(r"\d{1,12}", text, re.ASCII) or not least <= int(text) <= most:
            raise ValueError(f"expected a whole number from {least} to {most}")
        return int(text)

    return convert


def choice(*options: str) -> Callable[[str], str]:
    """A converter for one of a few words."""

    def convert(text: str) -> str:
        if text not in options:
            raise ValueError(f"expected one of {', '.join(options)}")
        return text

    return convert


def address(text: str) -> str:
    """Where a server listens: a name or an address, that of IPv6 in brackets, as a port follows it."""
    host = text.removeprefix("[").removesuffix("]")
    if not re.fullmatch(r"[a-z0-9.:-]+", host, re.IGNORECASE):
        raise ValueError("expected an address to listen at, such as 127.0.0.1, 0.0.0.0 or ::")
    return f"[{host}]" if ":" in host else host


def cores(of_container: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """How many cores this process may use. A container sees all of its machine, and is often given fewer."""
    seen = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = of_container.read_text().split()
        return max(1, min(seen, -(-int(quota) // int(period))))
    except (OSError, ValueError):  # no such file, or “max”: no bound
        return seen


def words(text: str) -> list[str]:
    """A list separated by commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def hosts(text: str) -> list[str]:
    """Names and addresses as Django's ALLOWED_HOSTS has them: without a scheme or a port, which would never match."""
    names = words(text)
    if not all(re.fullmatch(r"\*|\.?[a-z0-9.-]+|\[[a-f0-9:.]+\]", name, re.IGNORECASE) for name in names):
        raise ValueError("expected names of hosts, separated by commas")
    return names


def origins(text: str) -> list[str]:
    """Schemes and hosts as Django's CSRF_TRUSTED_ORIGINS has them."""
    urls = words(text)
    if not all(re.fullmatch(r"https?://[^/\s]+", url) for url in urls):
        raise ValueError("expected origins such as https://events.example.org, separated by commas")
    return urls


def networks(text: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Addresses, and networks as `10.1.0.0/16`, separated by commas."""
    try:
        return [ipaddress.ip_network(word) for word in words(text)]
    except ValueError:
        raise ValueError("expected addresses or networks such as 10.1.0.0/16, separated by commas") from None


def dsn(text: str) -> str:
    """Nothing, or where Sentry takes events."""
    if text and not re.fullmatch(r"https?://[^@/\s]+@[^@/\s]+/\S+", text):
        raise ValueError("expected https://KEY@HOST/PROJECT, as Sentry shows it")
    return text


def secret(text: str) -> str:
    """Nothing, or what nobody guesses and every header can carry."""
    if text and not re.fullmatch(r"[!-~]{16,200}", text):
        raise ValueError("expected at least 16 characters of ASCII, without blanks")
    return text


def exact_origins(text: str) -> list[str]:
    """Schemes and hosts as browsers write them in `Origin`, each spelled out: `*` is none, and `null` is anybody's."""
    urls = words(text)
    if not all(re.fullmatch(r"https?://([a-z0-9.-]+|\[[a-f0-9:]+\])(:\d{1,5})?", url) for url in urls):
        raise ValueError("expected origins such as https://www.example.org, each spelled out, separated by commas")
    return urls


def rate(text: str) -> str | None:
    """A throttle's rate such as `20/min`, or None for `off`."""
    if text == "off":
        return None
    if not re.fullmatch(r"[1-9]\d{0,8}/(sec|min|hour|day)", text, re.ASCII):
        raise ValueError("expected a rate such as 20/min (sec, min, hour or day), or off")
    return text


def base_url(text: str) -> str:
    """The beginning of links: scheme, host and perhaps a path, without the slash at its end."""
    if not re.fullmatch(r"https?://[^/\s?#]+(/[^\s?#]*)?", text):
        raise ValueError("expected a URL such as https://events.example.org")
    return text.rstrip("/")


def link(text: str) -> str:
    """A URL with `{token}` where a token belongs."""
    if not re.fullmatch(r"https?://[^/\s]+/\S*", text) or text.count("{token}") != 1:
        raise ValueError("expected a URL with {token} in it, such as https://events.example.org/reset?token={token}")
    return text


def mailbox(text: str) -> str:
    """An address, perhaps with a name: `EventHub <events@example.org>`."""
    addresses = [address for _, address in getaddresses([text])]
    if len(addresses) != 1 or not re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", addresses[0]) or re.search(r"[\r\n]", text):
        raise ValueError("expected an address such as EventHub <events@example.org>")
    return text


def tasks(text: str) -> dict[str, Any]:
    """Who runs tasks, as Django's TASKS has it: `immediate`, `database`, or the URL of a Redis server, which
    goes with a package of its own. QUEUE is for that package."""
    if text == "immediate":
        return {"BACKEND": "eventhub.tasks.in_process.InProcessBackend"}
    if text == "database":
        return {"BACKEND": "django_tasks_db.DatabaseBackend"}
    if not re.match(r"(redis|rediss|unix)://", text):
        raise ValueError("expected immediate, database or redis://HOST:PORT/0")
    if find_spec("django_tasks_rq") is None:
        raise ValueError("Redis needs the package django-tasks-rq: pip install django-tasks-rq")
    return {"BACKEND": "django_tasks_rq.RQBackend", "QUEUE": {"URL": text, **REDIS_QUEUE_OPTIONS}}


def time_zone(text: str) -> str:
    """The name of a zone in the IANA database."""
    try:
        ZoneInfo(text)
    except (ValueError, KeyError, OSError):
        raise ValueError("expected a time zone such as Europe/Berlin") from None
    return text


def database(
    pool_size: int, base_dir: Path, *, wait: int = 10, pgbouncer: bool = False
) -> Callable[[str], dict[str, Any]]:
    """A converter for `sqlite:///file` and `postgres://...` to Django's form; `pool_size` 0 means no pool.

    `wait`: how many seconds to wait for the lock of SQLite's one writer, and at most for a connection of the pool.
    `pgbouncer`: another statement may meet another connection, so that nothing may be left behind on one.
    """

    def convert(text: str) -> dict[str, Any]:
        if not re.match(r"(sqlite|postgres|postgresql)://", text):
            raise ValueError("expected sqlite:///FILE or postgres://USER:PASSWORD@HOST:PORT/NAME")
        config: dict[str, Any] = Env.db_url_config(text)
        options = config.setdefault("OPTIONS", {})
        if config["ENGINE"].endswith("sqlite3"):
            if config["NAME"] != ":memory:":
                config["NAME"] = str(base_dir / config["NAME"])
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
    """A converter for the URL of a streaming replica of `primary`, a database of ours; None for no URL.

    Each thread keeps a connection of its own: without a pool, a server that is down is known at once.
    """
    to_postgres = database(0, Path(), pgbouncer=pgbouncer)

    def convert(text: str) -> dict[str, Any] | None:
        if not text:
            return None
        if primary["ENGINE"].endswith("sqlite3"):
            raise ValueError("only PostgreSQL has replicas, and DATABASE_URL is SQLite's")
        if not re.match(r"(postgres|postgresql)://", text):
            raise ValueError("expected postgres://USER:PASSWORD@HOST:PORT/NAME")
        config = to_postgres(text)
        config.update(CONN_MAX_AGE=None, TEST={"MIRROR": "default"})
        asked_for = Env.db_url_config(text).get("OPTIONS", {})
        config["OPTIONS"] |= REPLICA_OPTIONS | asked_for
        return config

    return convert
