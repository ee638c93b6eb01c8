"""What makes the database empty again after a test that commits."""

from typing import Any

from django.core.management.color import no_style
from django.db import connections, transaction
from django.test import TransactionTestCase

from registrations import triggers

# Of migrations alone.
KEPT = {"django_content_type", "auth_permission"}


def delete_rows(case: TransactionTestCase) -> None:
    """Delete all rows, and put back the triggers that a test took away.

    Django's own flush truncates every table, which takes PostgreSQL 0.1 s, and makes all permissions anew.
    """
    for alias in case._databases_names(include_mirrors=False):
        connection = connections[alias]
        tables = [name for name in connection.introspection.django_table_names(only_existing=True) if name not in KEPT]
        tables.sort(key="registrations_removal".__eq__)  # at the end: a trigger fills it
        if _is_superuser(connection):
            with transaction.atomic(using=alias), connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")  # no triggers, no foreign keys
                cursor.execute("; ".join(f"DELETE FROM {connection.ops.quote_name(table)}" for table in tables))
        else:
            connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), tables))
    triggers.install()


def _is_superuser(connection: Any) -> bool:
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SHOW is_superuser")
        return bool(cursor.fetchone() == ("on",))
