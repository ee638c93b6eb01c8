from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations
from django.db.models.functions import Upper

# Trigrams of the upper-case text, which is what `icontains` compares on PostgreSQL. They stand here and not on the
# model because SQLite has no such index, and its own way (FTS5) is no index either.
SEARCH_INDEXES = [
    GinIndex(OpClass(Upper(field), name="gin_trgm_ops"), name=f"event_search_{field}")
    for field in ("title", "description", "location")
]


def create(apps, schema_editor):
    """Trigram indexes for searching inside texts, where PostgreSQL has them to offer."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
        if cursor.fetchone() is None:
            print(" pg_trgm is not installed on this server: searching events will read all of them.", end="")
            return
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    event = apps.get_model("events", "Event")
    for index in SEARCH_INDEXES:
        schema_editor.add_index(event, index)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for index in SEARCH_INDEXES:
            schema_editor.execute(f"DROP INDEX IF EXISTS {index.name}")


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
