"""The order in which transactions committed, for readers of a log.

Ids are given when a row is inserted, and transactions commit in another order: a reader that remembers the last id
loses rows. On PostgreSQL each row of a log also holds the id of its transaction. All transactions below
`pg_snapshot_xmin` have ended, so what they wrote is complete, and (transaction, id) is an order without gaps. SQLite
has one writer at a time and needs none of this: the column stays null there.
"""

from typing import Any

from django.db import connection, models
from django.db.models import Func


class CurrentTransactionId(Func):
    function = "pg_current_xact_id"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[str | int, ...]]:
        return "NULL", ()


class TransactionIdField(models.BigIntegerField[int | None, int | None]):
    """The transaction that wrote the row. PostgreSQL fills it, also for rows that triggers and raw SQL write."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        options = {"null": True, "db_default": CurrentTransactionId(), "editable": False, "serialize": False}
        super().__init__(*args, **{**kwargs, **options})

    def db_type(self, connection: Any) -> str | None:
        return "xid8" if connection.vendor == "postgresql" else super().db_type(connection)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        return None if value is None else int(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        # As a text, since PostgreSQL compares no integer with an xid8.
        if connection.vendor == "postgresql" and isinstance(value, int):
            return str(value)
        return super().get_db_prep_value(value, connection, prepared)


class Horizon(Func):
    """Before this transaction id, all transactions have ended."""

    template = "pg_snapshot_xmin(pg_current_snapshot())"
    output_field = TransactionIdField()


def next_transaction_id() -> int:
    """Return an id that no finished transaction has; 0 on SQLite."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
        return int(cursor.fetchone()[0])
