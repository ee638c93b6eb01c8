"""Lock timeout for schema changes on tables in use.

An ALTER TABLE needs its table alone for a moment. Behind a long reader (a dump, a report, a forgotten session) it
waits, and all later queries wait behind it. So it gives up soon, and `manage.py migrate` retries.
"""

from typing import Any

from django.db import OperationalError
from django.db.backends.postgresql.schema import DatabaseSchemaEditor

LOCK_SECONDS = 2
LOCK_NOT_AVAILABLE, DEADLOCK = "55P03", "40P01"  # SQLSTATE, PostgreSQL's appendix A


def wait_briefly(cursor: Any) -> None:
    cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")


def was_in_use(problem: OperationalError) -> bool:
    """Return whether a lock of others made a statement fail, so that a retry may succeed."""
    return getattr(problem.__cause__, "sqlstate", None) in (LOCK_NOT_AVAILABLE, DEADLOCK)


class SchemaEditor(DatabaseSchemaEditor):
    """Add the lock timeout inside a transaction; operations outside of one lock nobody out."""

    def __enter__(self) -> Any:
        editor = super().__enter__()
        if self.atomic_migration and not self.collect_sql:
            with self.connection.cursor() as cursor:
                wait_briefly(cursor)
        return editor
