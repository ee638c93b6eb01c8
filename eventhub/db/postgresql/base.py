"""Django's PostgreSQL backend with bounded waits, statements that are planned once, and a faster reader of times.

A stopped server, a stalled disk, a held lock, a network that drops packets: none of these refuses anything, and a
request that waits for them without a bound holds its thread until no thread is left. The bound is kept by the client,
since a silent server keeps none, and PgBouncer passes no settings on. It is for each answer of the database, so that
long work that makes progress is not cut off. Only the web server sets it (eventhub/wsgi.py); commands wait.
"""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg import IsolationLevel, errors
from psycopg.adapt import AdaptersMap
from psycopg_pool import ConnectionPool, PoolTimeout

from eventhub.db.postgresql.locks import SchemaEditor

# After a wait in vain: whoever comes next gives up so soon, and not each after the whole wait.
IN_VAIN_SECONDS = 0.5
# How long a server may take to cancel a statement. One that is alive does it at once.
CANCEL_SECONDS = 0.5

_statement_limit: ContextVar[float | None] = ContextVar("statement_limit", default=None)


class Patience:
    """How long this process waits for an answer: `seconds`, None for no bound."""

    def __init__(self) -> None:
        self.seconds: float | None = None
        self._in_vain = False

    @property
    def limit(self) -> float | None:
        bounds = [self.seconds, _statement_limit.get(), IN_VAIN_SECONDS if self._in_vain and self.seconds else None]
        return min((bound for bound in bounds if bound is not None), default=None)

    def waited_in_vain(self) -> None:
        self._in_vain = True

    def was_answered(self) -> None:
        self._in_vain = False


patience = Patience()


@contextmanager
def statement_timeout(seconds: float) -> Iterator[None]:
    """Cancel each statement inside that takes longer. The client counts, so that it costs no statement of its own."""
    token = _statement_limit.set(seconds)
    try:
        yield
    finally:
        _statement_limit.reset(token)


class Connection(psycopg.Connection[Any]):
    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for the answer to a statement.

        Raises QueryCanceled for a slow server that has cancelled it. Raises OperationalError and closes the connection
        for a silent one: what became of the statement is not known.
        """
        bound = patience.limit if timeout is None else timeout
        try:
            answer = super().wait(gen, interval, bound)
        except errors._WaitTimeout:
            if timeout is not None:
                raise
            return self._give_up(gen, interval, bound)
        patience.was_answered()
        return answer

    def _give_up(self, gen: Any, interval: float, waited: float | None) -> Any:
        """Cancel the statement, so that it does not go on waiting for a lock for nobody."""
        try:
            self.cancel_safe(timeout=CANCEL_SECONDS)
            return super().wait(gen, interval, CANCEL_SECONDS)
        except errors.QueryCanceled:
            raise
        except psycopg.OperationalError as problem:
            patience.waited_in_vain()
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer in {waited:g} s") from problem


def is_gone(connection: "psycopg.Connection[Any]") -> bool:
    """Return whether the server has hung up on an idle connection; ask it only if there is something to read."""
    idle = select.poll()
    idle.register(connection.pgconn.socket, select.POLLIN)
    if not idle.poll(0):
        return False
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.Error:
        return True
    return False


class UtcLoader(BaseTzLoader):
    """Read a time in a session whose TimeZone is UTC, in a tenth of the time that Django's loader takes.

    Django's still reads what is not ISO 8601, such as infinity.
    """

    timezone = UTC

    def load(self, data: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(str(data, "ascii"))
        except ValueError:
            return super().load(data)  # type: ignore[no-any-return]
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


class Operations(DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """Return the statement for debug logs. Django's own assumes the same kind of cursor for all statements."""
        if isinstance(cursor, base.ServerBindingCursor):
            return str(self.compose_sql(sql, params))
        return super().last_executed_query(cursor, sql, params)


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = Operations
    SchemaEditorClass = SchemaEditor

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        if self.timezone is UTC:
            params["context"] = AdaptersMap(params["context"])
            params["context"].register_loader("timestamptz", UtcLoader)
        return params

    @property
    def pool(self) -> Any:
        pool = super().pool
        if pool is not None:
            pool.connection_class = Connection
        return pool

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection that the server has not hung up. The wait for a pool has the same bound."""
        if self.pool is None:
            self.isolation_level = IsolationLevel.READ_COMMITTED
            return Connection.connect(**conn_params)
        usual = self.settings_dict["OPTIONS"]["pool"]["timeout"]
        self.pool.timeout = min(patience.limit or usual, usual)
        try:
            connection = super().get_new_connection(conn_params)
            while is_gone(connection):
                connection.close()
                self.pool.putconn(connection)  # which has it replaced
                connection = self.pool.getconn()
        except PoolTimeout:
            patience.waited_in_vain()
            raise
        return connection

    def planned_cursor(self) -> Any:
        """Return a cursor for fixed texts, which PostgreSQL plans once in a session, whatever the values."""
        self.ensure_connection()
        return self._prepare_cursor(base.ServerBindingCursor(self.connection))  # type: ignore[attr-defined, call-arg]
