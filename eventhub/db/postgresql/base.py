from datetime import UTC, datetime
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg import IsolationLevel
from psycopg.adapt import AdaptersMap
from psycopg_pool import PoolTimeout

from eventhub.db.postgresql.connections import Connection, is_gone
from eventhub.db.postgresql.locks import SchemaEditor
from eventhub.db.postgresql.patience import patience


class UtcLoader(BaseTzLoader):
    """A time in a session whose TimeZone is UTC. A page of events has up to 300 of them, and Django's loader, which
    takes one apart in Python, needs ten times as long; it still reads what ISO 8601 does not have, such as infinity."""

    timezone = UTC

    def load(self, data: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(str(data, "ascii"))
        except ValueError:
            return super().load(data)  # type: ignore[no-any-return]
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


class Operations(DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """For the log of statements while debugging: Django's asks all cursors or none."""
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
        """Django's, of connections that do not wait for ever."""
        pool = super().pool
        if pool is not None:
            pool.connection_class = Connection
        return pool

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Django's. A pool gives none that the server has hung up, and is waited for while there is patience."""
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
        """A cursor whose statements PostgreSQL plans once in a session, as its `prepare_threshold` says. For texts
        that are always the same, with a plan that does not depend on the values."""
        self.ensure_connection()
        return self._prepare_cursor(base.ServerBindingCursor(self.connection))  # type: ignore[attr-defined, call-arg]
