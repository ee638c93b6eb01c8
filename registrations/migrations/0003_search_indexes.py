from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models
from django.db.models.functions import Upper

# As in events/migrations/0002_search_indexes.py. On SQLite an FTS5 table would find a rare name among a million rows in
# a millisecond instead of a second; but its triggers double the time of every registration, hold the only write lock
# for up to half a second when they merge, and rebuild it for half a minute after every migration. An organizer's
# search, and one at the door, are within events, which have an index there as well.
#
# PostgreSQL puts new entries on a list first, which an INSERT works off when it is full. At its 4 MB that one keeps its
# event locked for 150 ms, once in 10,000; so it is shorter here.
SEARCH_INDEXES = [
    GinIndex(
        OpClass(Upper(field), name="gin_trgm_ops"),
        name=f"registration_search_{field}",
        gin_pending_list_limit=256,
    )
    for field in ("name", "contact_details")
]


def create(apps, schema_editor):
    """Trigram indexes for searching inside texts, where PostgreSQL has them to offer."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
        if cursor.fetchone() is None:
            print(" pg_trgm is not installed on this server: searching registrations will read all of them.", end="")
            return
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    registration = apps.get_model("registrations", "Registration")
    for index in SEARCH_INDEXES:
        schema_editor.add_index(registration, index)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for index in SEARCH_INDEXES:
            schema_editor.execute(f"DROP INDEX IF EXISTS {index.name}")


class Migration(migrations.Migration):
    dependencies = [("registrations", "0002_transitions")]
    operations = [
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("status", "attended")), fields=["event"], name="registration_attended"
            ),
        ),
        migrations.RunPython(create, drop),
    ]
