"""Reads from a streaming replica (DATABASE_REPLICA_URL) that are never older than the request.

A replica lags. So each request that may read from it knows how far the primary had written its log when the request
was under way, and reads from the replica only once that much has been replayed there
(eventhub/db/replica_health.py); else from
the primary. Whatever anybody had been told before the request began is in its answer, on any server: who writes reads
it back, no count of seats runs backwards, and no session sticks to a server.

The API's GET and HEAD do so, from the moment when the account is known; the account itself, everything that is
written, transactions, the back office and the commands stay with the primary. Without DATABASE_REPLICA_URL none of
this happens, and nothing is paid for it.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.models import Func, Model, QuerySet, TextField

from eventhub.db import replica_health

IS_CONFIGURED = replica_health.ALIAS in settings.DATABASES
# The tables that the API reads. Sessions, tokens and the cache are read where they are written.
OURS = {"accounts", "events", "registrations"}

# How far the log of the primary is written, for the statement that reads the account. A commit is visible to others
# only after its record has been flushed; where commits need not wait for that (synchronous_commit = off), what was
# merely inserted counts. NULL where DATABASE_URL leads to a standby itself.
POSITION = (
    "CASE WHEN pg_is_in_recovery() THEN NULL WHEN current_setting('synchronous_commit') = 'off'"
    " THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn() END::text"
)


@dataclass
class _Reading:
    """A request: whether it may read from the replica, the primary's position if it is known, where it reads."""

    offered: bool = False
    position: str | None = None
    alias: str | None = None


_reading: ContextVar[_Reading | None] = ContextVar("reading", default=None)


@contextmanager
def _one_request() -> Iterator[None]:
    before = _reading.set(_Reading())
    try:
        yield
    finally:
        _reading.reset(before)


def one_request() -> AbstractContextManager[None]:
    """What happens inside is one request, and reads from the primary unless `offer` says otherwise."""
    return _one_request() if IS_CONFIGURED else nullcontext()


class _Position(Func):
    template = POSITION
    output_field = TextField()


def with_position(accounts: QuerySet[Any]) -> QuerySet[Any]:
    """The statement that reads the account brings the primary's position along, which saves one that asks for it."""
    return accounts.annotate(log_position=_Position()) if IS_CONFIGURED else accounts


def is_read_beside(account: Model | None) -> None:
    """Tells the request the position that came with an account read since it began."""
    if (reading := _reading.get()) is not None:
        reading.position = getattr(account, "log_position", None)


def offer() -> None:
    """From here on this request only reads: it may do so from the replica, if that has caught up."""
    if (reading := _reading.get()) is not None:
        reading.offered = True


def withdraw(problem: Exception) -> bool:
    """Whether the replica may be what failed. The request reads from the primary then, and can be begun again."""
    reading = _reading.get()
    if reading is None or reading.alias != replica_health.ALIAS or not isinstance(problem, Error):
        return False
    reading.alias = DEFAULT_DB_ALIAS
    replica_health.failed(problem)
    return True


class Router:
    """Django's DATABASE_ROUTERS: where a queryset reads, and raw SQL that asks `router.db_for_read(Model)`."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        reading = _reading.get()
        if reading is None or not reading.offered or model._meta.app_label not in OURS:
            return DEFAULT_DB_ALIAS
        if connections[DEFAULT_DB_ALIAS].in_atomic_block:
            return DEFAULT_DB_ALIAS
        if reading.alias is None:
            reading.alias = _chosen(reading)
        return reading.alias

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        """Both are the same rows."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """What the primary's migrations do reaches the replica by itself."""
        return False if db == replica_health.ALIAS else None


def _chosen(reading: _Reading) -> str:
    if not replica_health.standing.may_be_asked():
        return DEFAULT_DB_ALIAS
    position = reading.position or _ask_primary()
    return replica_health.ALIAS if position and replica_health.holds(position) else DEFAULT_DB_ALIAS


def _ask_primary() -> str | None:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(f"SELECT {POSITION}")
        position: str | None = cursor.fetchone()[0]
    return position
