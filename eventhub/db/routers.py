"""Reads from a streaming replica (DATABASE_REPLICA_URL) that are never older than the request.

The statement that reads the account brings the primary's position in its log along. A GET of the API then reads from
the replica once that position has been replayed there, else from the primary. Accounts, writes, transactions, the back
office and commands stay with the primary. A replica that is down, hangs or lags is left alone for a while.
"""

import functools
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, OperationalError, connections
from django.db.models import Func, Model, QuerySet, TextField
from psycopg import errors

from eventhub.observability.redaction import said

logger = logging.getLogger("eventhub.replica")

ALIAS = "replica"
IS_CONFIGURED = ALIAS in settings.DATABASES
# Sessions, tokens and the cache are read where they are written.
APPS = {"accounts", "events", "registrations"}
# Pauses before each look at a replica that lags: 63 ms in all.
PAUSES = (0, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032)
# How long it is left alone after it lagged for longer, and after it failed; and how long it may take to answer.
LAG_SECONDS, FAILURE_SECONDS, ANSWER_SECONDS = 0.5, 2.0, 1.0
# A commit is visible to others once its record is flushed, or inserted where commits do not wait. NULL on a standby.
POSITION = (
    "CASE WHEN pg_is_in_recovery() THEN NULL WHEN current_setting('synchronous_commit') = 'off'"
    " THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn() END::text"
)
# NULL: it is no replica, or not any more.
HAS_REPLAYED = "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() >= %s::pg_lsn END"
IDENTITY = "SELECT system_identifier::text || ' ' || current_database() FROM pg_control_system()"


class _Reading:
    alias: str | None = DEFAULT_DB_ALIAS  # None: the first read decides
    position: str | None = None  # of the primary's log, when this request read the account


_reading: ContextVar[_Reading | None] = ContextVar("reading", default=None)


@contextmanager
def one_request() -> Iterator[None]:
    """Read from the primary inside the block, unless `offer` is called."""
    before = _reading.set(_Reading())
    try:
        yield
    finally:
        _reading.reset(before)


def with_position(accounts: QuerySet[Any]) -> QuerySet[Any]:
    """Have the statement that reads the account return the primary's position, too."""
    position = Func(template=POSITION, output_field=TextField())
    return accounts.annotate(log_position=position) if IS_CONFIGURED else accounts


def is_read_beside(account: Model | None) -> None:
    if (reading := _reading.get()) is not None:
        reading.position = getattr(account, "log_position", None)


def offer() -> None:
    """Let this request use the replica, as it only reads."""
    if (reading := _reading.get()) is not None:
        reading.alias = None


def withdraw(problem: Exception) -> bool:
    """Return whether the replica may have caused `problem`; the request then reads from the primary."""
    reading = _reading.get()
    if reading is None or reading.alias != ALIAS or not isinstance(problem, Error):
        return False
    reading.alias = DEFAULT_DB_ALIAS
    connection = connections[ALIAS]
    if connection.connection is None or connection.connection.closed:  # else it only cancelled this query
        connection.close()
        health.note(said(problem))
    return True


class Router:
    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        reading = _reading.get()
        if reading is None or model._meta.app_label not in APPS or connections[DEFAULT_DB_ALIAS].in_atomic_block:
            return DEFAULT_DB_ALIAS
        if reading.alias is None:
            reading.alias = ALIAS if health.holds(reading.position) else DEFAULT_DB_ALIAS
        return reading.alias

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == ALIAS else None


class _Health:
    """Whether the replica is asked at all. Nothing here makes a request fail or wait long."""

    rests_until = 0.0
    trouble = ""

    def note(self, trouble: str) -> None:
        self.rests_until = time.monotonic() + FAILURE_SECONDS if trouble else 0
        if trouble != self.trouble:
            read = "The replica is not read from: %s" if trouble else "The replica is read from again%s"
            logger.warning(read, trouble)
        self.trouble = trouble

    def holds(self, position: str | None) -> bool:
        """Return whether the replica has replayed `position`, after a short wait."""
        now, connection = time.monotonic(), connections[ALIAS]
        if now < self.rests_until:
            return False
        if self.rests_until:  # this thread tries it, before the others do
            self.rests_until = now + FAILURE_SECONDS
        while position:
            is_new = connection.connection is None
            try:
                return self._has_replayed(connection, position, is_new)
            except Error as problem:
                connection.close()
                # An idle connection may have been cut, which says nothing of the server.
                if is_new or isinstance(problem.__cause__, errors._WaitTimeout):
                    self.note(said(problem))
                    return False
        return False

    def _has_replayed(self, connection: Any, position: str, is_new: bool) -> bool:
        connection.ensure_connection()
        if is_new and _ask(connection, IDENTITY) != _identity_of_primary():
            raise OperationalError("DATABASE_REPLICA_URL is no replica of DATABASE_URL")
        for pause in PAUSES:
            time.sleep(pause)
            match _ask(connection, HAS_REPLAYED, position):
                case True:
                    self.note("")
                    return True
                case None:
                    raise OperationalError("DATABASE_REPLICA_URL is no replica, or not any more")
        self.rests_until = time.monotonic() + LAG_SECONDS
        return False


health = _Health()


@functools.cache
def _identity_of_primary() -> str:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(IDENTITY)
        return str(cursor.fetchone()[0])


def _ask(connection: Any, question: str, *parameters: str) -> Any:
    """Return the one value of a statement, waiting for it no longer than ANSWER_SECONDS."""
    raw = connection.connection
    with connection.wrap_database_errors, raw.cursor() as cursor:
        try:
            raw.wait(cursor._execute_gen(question, parameters), timeout=ANSWER_SECONDS)
        except errors._WaitTimeout as silence:
            raise OperationalError(f"it was silent for {ANSWER_SECONDS:g} s") from silence
        return cursor.fetchone()[0]
