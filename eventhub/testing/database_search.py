"""Search for a text in every table of the database."""

from django.contrib.sessions.models import Session
from django.db import connection


def places_of(*texts):
    """Return the columns, as `table.column`, that contain one of these texts in any case. Sessions are decoded."""
    wanted = [text.casefold() for text in texts]
    found = {
        f"{table}.{column}"
        for table in connection.introspection.table_names()
        for column, value in _values(table)
        if any(text in str(value).casefold() for text in wanted)
    }
    if any(text in str(session.get_decoded()).casefold() for session in Session.objects.all() for text in wanted):
        found.add("django_session.session_data")
    return found


def _values(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
        columns = [column.name for column in cursor.description] if connection.vendor == "postgresql" else None
        names = columns or [column[0] for column in cursor.description]
        for row in cursor.fetchall():
            yield from zip(names, row, strict=True)
