from django.db import migrations

from eventhub.migrating import drop_unfinished

# For lists of a stretch of time in another order (events/weeks.py): on PostgreSQL, which alone reads them so. The
# expression is the text of `Piece` there.
WEEKS = "((((date_time) AT TIME ZONE 'UTC')::date - DATE '2001-01-01') / 56)"
INDEXES = {"event_by_weeks_title": "title", "event_by_weeks_creation": "created_at"}


def create(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for name, column in INDEXES.items():
        drop_unfinished(schema_editor, name)
        schema_editor.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON events_event ({WEEKS}, {column}, id)")
    schema_editor.execute("ANALYZE events_event")  # an index of expressions has statistics of its own


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in INDEXES:
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0006_one_search_index")]
    operations = [migrations.RunPython(create, drop)]
