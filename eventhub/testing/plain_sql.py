"""SQL that is run beside the service, in the database of a URL."""

import sqlite3
from contextlib import closing
from typing import Any

import psycopg


def run_sql(url: str, statement: str) -> list[Any]:
    """Run and commit one statement; return its rows."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
            return connection.execute(statement).fetchall()
    with psycopg.connect(url.replace("postgres:", "postgresql:", 1), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []
