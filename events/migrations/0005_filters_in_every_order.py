from django.conf import settings
from django.db import migrations, models

from eventhub.migrating import AddIndexInUse, drop_unfinished

# The spans of events, for those that have begun and go on: SQLite has no such index. `last_mark` is no earlier than
# `date_time`, and a registration changes neither.
SPANS = "event_spans"


def create(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    drop_unfinished(schema_editor, SPANS)
    schema_editor.execute(
        f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {SPANS} ON events_event"
        " USING gist (tstzrange(date_time, last_mark, '[]'))"
    )
    schema_editor.execute("ANALYZE events_event")  # an index of expressions has statistics of its own


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {SPANS}")


def index(name, *fields):
    return AddIndexInUse("event", models.Index(fields=[*fields, "id"], name=name))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("events", "0004_who_can_organize"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        index("event_by_status_title", "status", "title"),
        index("event_by_status_creation", "status", "created_at"),
        index("event_by_organizer_title", "organizer", "title"),
        index("event_by_organizer_creation", "organizer", "created_at"),
        migrations.RunPython(create, drop),
    ]
