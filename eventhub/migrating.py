"""Operations of migrations on tables that may be large and are in use meanwhile."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db.migrations.operations import AddIndex, RemoveIndex, RunPython
from django.db.models.functions import Upper

from eventhub.texts import Texts


class AddIndexInUse(AddIndexConcurrently):
    """Adds an index while others write: on PostgreSQL concurrently, so that the migration must not be atomic; what an
    interrupted run of it has made stays, and what it has left unfinished is made anew."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
            return
        if not is_made(schema_editor, self.index.name):
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)


class RemoveIndexInUse(RemoveIndexConcurrently):
    """Drops an index while others write: on PostgreSQL concurrently, so that the migration must not be atomic."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            RemoveIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            RemoveIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)


def is_made(schema_editor: Any, name: str) -> bool:
    """Whether an earlier run has made the index of that name. What an interrupted one has left, which PostgreSQL calls
    invalid, is no good and only costs: it goes."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [name])
        found = cursor.fetchone()
        valid = found is not None and bool(found[0])
        if found is not None and not valid:
            cursor.execute(f"DROP INDEX CONCURRENTLY {schema_editor.quote_name(name)}")
    return valid


def indexes_of_expressions(
    model: str, indexes: Mapping[str, str], *, instead_of: Mapping[str, str] | None = None
) -> RunPython:
    """Indexes that only PostgreSQL has, by name, each as it is written behind the table's name in `CREATE INDEX`; and
    away with others. Made and dropped while others write, so that the migration must not be atomic."""
    app_label, model_name = model.split(".")
    before = instead_of or {}

    def replace(apps: Any, schema_editor: Any, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        table = apps.get_model(app_label, model_name)._meta.db_table
        for name, definition in new.items():
            if not is_made(schema_editor, name):
                schema_editor.execute(f"CREATE INDEX CONCURRENTLY {name} ON {table} {definition}")
        if new:
            schema_editor.execute(f"ANALYZE {table}")  # an index of expressions has statistics of its own
        for name in old:
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")

    return RunPython(
        lambda apps, schema_editor: replace(apps, schema_editor, before, indexes),
        lambda apps, schema_editor: replace(apps, schema_editor, indexes, before),
    )


def one_search_index(model: str, fields: Sequence[str], *, instead_of: Sequence[str], **options: Any) -> RunPython:
    """An index of trigrams for the texts of all `fields` together (eventhub/texts.py), called like `event_search`, and
    away with those of the fields alone. Only where PostgreSQL has trigrams to offer."""
    app_label, model_name = model.split(".")
    name = f"{model_name.lower()}_search"

    def has_trigrams(schema_editor: Any) -> bool:
        if schema_editor.connection.vendor != "postgresql":
            return False
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
            return cursor.fetchone() is not None

    def replace(apps: Any, schema_editor: Any, old: Sequence[str], new: dict[str, Any]) -> None:
        if not has_trigrams(schema_editor):
            return
        table = apps.get_model(app_label, model_name)
        for index_name, texts in new.items():
            index = GinIndex(OpClass(Upper(texts), name="gin_trgm_ops"), name=index_name, **options)
            if not is_made(schema_editor, index_name):
                schema_editor.add_index(table, index, concurrently=True)
        schema_editor.execute(f"ANALYZE {table._meta.db_table}")  # an index of expressions has statistics of its own
        for index_name in old:
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index_name}")

    of_the_fields = {f"{name}_{field}": field for field in instead_of}
    return RunPython(
        lambda apps, schema_editor: replace(apps, schema_editor, list(of_the_fields), {name: Texts(*fields)}),
        lambda apps, schema_editor: replace(apps, schema_editor, [name], of_the_fields),
    )


def sample_of_texts(model: str, texts: int) -> RunPython:
    """How many texts of an index such as `event_search` PostgreSQL has in its statistics, instead of its hundred: what
    it expects of a word that every hundredth row has should not hang on whether the sample met one."""
    app_label, model_name = model.split(".")

    def tell(apps: Any, schema_editor: Any, number: int) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        index = f"{model_name.lower()}_search"
        schema_editor.execute(f"ALTER INDEX IF EXISTS {index} ALTER COLUMN 1 SET STATISTICS {number}")
        schema_editor.execute(f"ANALYZE {apps.get_model(app_label, model_name)._meta.db_table}")

    return RunPython(
        lambda apps, schema_editor: tell(apps, schema_editor, texts),
        lambda apps, schema_editor: tell(apps, schema_editor, -1),
    )
