"""A connection to PostgreSQL that waits for an answer only as long as the process is patient
(eventhub/db/postgresql/patience.py)."""

import select
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool

from eventhub.db.postgresql.patience import patience

T = TypeVar("T")

# How long a server may take to cancel a statement. One that lives does it at once.
CANCEL_SECONDS = 0.5


class Connection(psycopg.Connection[Any]):
    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """psycopg's, under every statement. QueryCanceled where the server was too slow and has cancelled it,
        OperationalError, and the connection closed, where it is silent: what became of the statement is not known."""
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
        """Has the server cancel the statement, so that nobody waits for a lock there whom nobody waits for here."""
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
    """Whether the server has hung up on a connection while it was idle.

    Costs nothing where all is well: there is nothing to read then, and where there is, the server is asked.
    """
    idle = select.poll()
    idle.register(connection.pgconn.socket, select.POLLIN)
    if not idle.poll(0):
        return False
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.Error:
        return True
    return False
