from django.db import migrations, models

from eventhub.migrating import AddIndexInUse, drop_unfinished

# For where a stretch of time begins or ends within eight weeks (events/weeks.py); the expression is the text of `Piece`.
DAYS = "((((date_time) AT TIME ZONE 'UTC')::date - DATE '2001-01-01') / 4)"
# SP-GiST finds the spans that hold a moment on a fifth of the pages that GiST reads for it.
INDEXES = {
    "event_by_days_title": f"({DAYS}, title, id)",
    "event_by_days_creation": f"({DAYS}, created_at, id)",
    "event_by_span": "USING spgist (tstzrange(date_time, last_mark, '[]'))",
}
BEFORE = {"event_spans": "USING gist (tstzrange(date_time, last_mark, '[]'))"}


def replace(schema_editor, old, new):
    if schema_editor.connection.vendor != "postgresql":
        return
    for name, definition in new.items():
        drop_unfinished(schema_editor, name)
        schema_editor.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON events_event {definition}")
    schema_editor.execute("ANALYZE events_event")  # an index of expressions has statistics of its own
    for name in old:
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def of_full(*fields):
    name = f"event_full_{'_'.join(fields)}"
    condition = models.Q(has_free_seats=False)
    return AddIndexInUse("event", models.Index(fields=[*fields, "id"], condition=condition, name=name))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0007_weeks_in_other_orders")]
    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: replace(schema_editor, BEFORE, INDEXES),
            lambda apps, schema_editor: replace(schema_editor, INDEXES, BEFORE),
        ),
        of_full("title"),
        of_full("created_at"),
        of_full("status", "date_time"),
        of_full("status", "title"),
        of_full("status", "created_at"),
    ]
