"""The streaming replica as this process sees it: does it answer, and has it caught up with a position in the log?

Nothing here may make a request fail or wait long. A replica that is down, hangs, lags or is none at all is left alone
for a while, and everybody reads from the primary; then one thread tries it again before the others do.
"""

import functools
import logging
import selectors
import threading
import time
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, OperationalError, connections
from psycopg.pq import ExecStatus

from eventhub.observability.redaction import said

logger = logging.getLogger("eventhub.replica")

ALIAS = "replica"
# How long a request waits, between one look and the next, for a replica that lags: 63 ms in all.
WAITS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032)
# How long it is left alone after it lagged more, and after it failed.
BEHIND_SECONDS, AWAY_SECONDS = 0.5, 2.0
# How long it may take to answer a question that it can answer from memory.
ANSWER_SECONDS = 1.0

# `pg_last_wal_replay_lsn()` moves when a record's effect is there to be read. NULL: it is no replica, or not any more.
_HAS_REPLAYED = "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() >= $1::pg_lsn END"
_WHO = "SELECT system_identifier::text || ' ' || current_database() FROM pg_control_system()"


class _SilenceError(OperationalError):
    """The server took the question and was silent."""


class _Standing:
    """Whether the replica is asked at all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alone_until: float | None = None
        self._trouble: str | None = None

    def may_be_asked(self) -> bool:
        """False while it is left alone; then True for one caller, and for all once that one has found it good."""
        if self._alone_until is None:
            return True
        with self._lock:
            now = time.monotonic()
            if self._alone_until is None or now < self._alone_until:
                return self._alone_until is None
            self._alone_until = now + AWAY_SECONDS
            return True

    def is_good(self) -> None:
        if self._alone_until is None:
            return
        with self._lock:
            self._alone_until, trouble, self._trouble = None, self._trouble, None
        if trouble:
            logger.warning("The replica is read from again")

    def leave_alone(self, seconds: float, trouble: str | None = None) -> None:
        """`trouble` is logged when it is news."""
        with self._lock:
            self._alone_until = time.monotonic() + seconds
            is_news, self._trouble = trouble != self._trouble, trouble or self._trouble
        if trouble and is_news:
            logger.warning("The replica is not read from: %s", trouble)


standing = _Standing()


def holds(position: str) -> bool:
    """Whether the replica holds all that the primary had written up to `position`, after waiting for it a little."""
    connection = connections[ALIAS]
    while True:
        is_new = connection.connection is None
        try:
            return _has_caught_up(connection, position, is_new)
        except Error as problem:
            connection.close()
            # An old connection may have been cut while nobody used it, which says nothing of the server.
            if is_new or isinstance(problem, _SilenceError):
                standing.leave_alone(AWAY_SECONDS, said(problem))
                return False


def failed(problem: Error) -> None:
    """It failed while it was being read from. A query that it cancelled (a conflict with what it replays) is no news,
    a connection that broke is."""
    connection = connections[ALIAS]
    if connection.connection is None or connection.connection.closed:
        connection.close()
        standing.leave_alone(AWAY_SECONDS, said(problem))


def _has_caught_up(connection: Any, position: str, is_new: bool) -> bool:
    connection.ensure_connection()
    if is_new and _ask(connection, _WHO) != _primary():
        raise OperationalError("DATABASE_REPLICA_URL is no replica of DATABASE_URL")
    for wait in (*WAITS, None):
        match _ask(connection, _HAS_REPLAYED, position):
            case b"t":
                standing.is_good()
                return True
            case None:
                raise OperationalError("DATABASE_REPLICA_URL is no replica, or not any more")
        if wait is not None:
            time.sleep(wait)
    standing.leave_alone(BEHIND_SECONDS)
    return False


@functools.cache
def _primary() -> bytes:
    """Which cluster and database ours is: a replica has the same."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(_WHO)
        return str(cursor.fetchone()[0]).encode()


def _ask(connection: Any, question: str, *parameters: str) -> bytes | None:
    """The one value of a statement. It does without psycopg's cursor, which would wait for ever for a server that
    hangs."""
    with connection.wrap_database_errors, selectors.DefaultSelector() as selector:
        protocol = connection.connection.pgconn
        protocol.send_query_params(question.encode(), [text.encode() for text in parameters])
        selector.register(protocol.socket, selectors.EVENT_READ)
        deadline = time.monotonic() + ANSWER_SECONDS
        answer = None
        while True:
            while protocol.is_busy():
                if not selector.select(max(0, deadline - time.monotonic())):
                    raise _SilenceError(f"it was silent for {ANSWER_SECONDS:g} s")
                protocol.consume_input()
            result = protocol.get_result()
            if result is None:
                break
            answer = result
    if answer is None or answer.status != ExecStatus.TUPLES_OK:
        raise OperationalError(answer.error_message.decode() if answer else "it said nothing")
    return answer.get_value(0, 0)  # type: ignore[no-any-return]
