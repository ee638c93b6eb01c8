"""How a change of the schema waits for a table that is in use.

An ALTER TABLE has to be alone with its table, for a moment. Where somebody reads there for minutes (a dump, a report,
a forgotten session), it waits for them, and everybody who comes meanwhile waits behind it: the service stands still.
So it gives up soon, lets the others through, and tries again (`manage.py migrate`).
"""

from typing import Any

from django.db import OperationalError
from django.db.backends.postgresql.schema import DatabaseSchemaEditor

LOCK_SECONDS = 2
LOCK_NOT_AVAILABLE, DEADLOCK = "55P03", "40P01"  # SQLSTATE, PostgreSQL's appendix A


def wait_briefly(cursor: Any) -> None:
    """For the rest of this transaction no lock is waited for longer than LOCK_SECONDS."""
    cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")


def was_in_use(problem: OperationalError) -> bool:
    """Whether a statement failed of a lock that others held, so that it may succeed a little later."""
    return getattr(problem.__cause__, "sqlstate", None) in (LOCK_NOT_AVAILABLE, DEADLOCK)


class SchemaEditor(DatabaseSchemaEditor):
    """Django's, in a hurry where it is in a transaction. Outside of one are the operations that lock nobody out, such
    as CREATE INDEX CONCURRENTLY, and those wait for others as long as it takes."""

    def __enter__(self) -> Any:
        editor = super().__enter__()
        if self.atomic_migration and not self.collect_sql:
            with self.connection.cursor() as cursor:
                wait_briefly(cursor)
        return editor
