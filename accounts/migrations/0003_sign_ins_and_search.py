from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models
from django.db.models.functions import Upper

# Trigrams of the upper-case text, which is what `icontains` compares on PostgreSQL; SQLite has no such index.
SEARCH_INDEXES = [
    GinIndex(OpClass(Upper(field), name="gin_trgm_ops"), name=f"user_search_{field}") for field in ("username", "email")
]


def create(apps, schema_editor):
    """Trigram indexes for finding an account by a part of its name or address, where the extension is there."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
        if cursor.fetchone() is None:
            print(" pg_trgm is not installed on this server: searching accounts will read all of them.", end="")
            return
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    user = apps.get_model("accounts", "User")
    for index in SEARCH_INDEXES:
        schema_editor.add_index(user, index)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for index in SEARCH_INDEXES:
            schema_editor.execute(f"DROP INDEX IF EXISTS {index.name}")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_cache_table")]
    operations = [
        migrations.AddField(
            model_name="user",
            name="sign_in_generation",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(condition=models.Q(("is_active", False)), fields=["username"], name="user_deactivated"),
        ),
        migrations.AlterModelOptions(name="user", options={"verbose_name": "account"}),
        migrations.RunPython(create, drop),
    ]
