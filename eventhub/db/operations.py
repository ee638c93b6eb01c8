"""Operations of migrations on tables that may be large and are in use meanwhile."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db.migrations.operations import AddIndex, RemoveIndex, RunPython
from django.db.models.functions import Upper

from eventhub.db.text_search import Texts, Within


class AddIndexInUse(AddIndexConcurrently):
    """Adds an index while others write: on PostgreSQL concurrently, so that the migration must not be atomic; what an
    interrupted run of it has made stays, and what it has left unfinished is made anew."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        if not is_made(schema_editor, table, self.index.name):
            _way(schema_editor, AddIndexConcurrently, AddIndex).database_forwards(
                self, app_label, schema_editor, from_state, to_state
            )

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        if is_made(schema_editor, table, self.index.name):
            _way(schema_editor, AddIndexConcurrently, AddIndex).database_backwards(
                self, app_label, schema_editor, from_state, to_state
            )


class RemoveIndexInUse(RemoveIndexConcurrently):
    """Drops an index while others write: on PostgreSQL concurrently, so that the migration must not be atomic. An
    interrupted run of it, and of the way back, goes on as that of AddIndexInUse."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        if is_made(schema_editor, table, self.name):
            _way(schema_editor, RemoveIndexConcurrently, RemoveIndex).database_forwards(
                self, app_label, schema_editor, from_state, to_state
            )

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        if not is_made(schema_editor, table, self.name):
            _way(schema_editor, RemoveIndexConcurrently, RemoveIndex).database_backwards(
                self, app_label, schema_editor, from_state, to_state
            )


def _way(schema_editor: Any, concurrently: Any, plainly: Any) -> Any:
    return concurrently if schema_editor.connection.vendor == "postgresql" else plainly


def is_made(schema_editor: Any, table: str, name: str) -> bool:
    """Whether the table has an index of that name. What an interrupted run has left of one, which PostgreSQL calls
    invalid, is no good and only costs: it goes."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            return name in connection.introspection.get_constraints(cursor, table)
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
            if not is_made(schema_editor, table, name):
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
    """An index of trigrams for the texts of all `fields` together (eventhub/db/text_search.py), called like
    `event_search`, and
    away with those of the fields alone. Only where PostgreSQL has trigrams to offer."""
    app_label, model_name = model.split(".")
    name = f"{model_name.lower()}_search"

    def replace(apps: Any, schema_editor: Any, old: Sequence[str], new: dict[str, Any]) -> None:
        if not has_trigrams(schema_editor):
            return
        indexes = [_of_trigrams(texts, name=index_name, **options) for index_name, texts in new.items()]
        _put_in_place(schema_editor, apps.get_model(app_label, model_name), indexes, old)

    of_the_fields = {f"{name}_{field}": field for field in instead_of}
    return RunPython(
        lambda apps, schema_editor: replace(apps, schema_editor, list(of_the_fields), {name: Texts(*fields)}),
        lambda apps, schema_editor: replace(apps, schema_editor, [name], of_the_fields),
    )


def search_index_within(model: str, column: str, fields: Sequence[str], **options: Any) -> RunPython:
    """The index of `one_search_index` with a column beside the texts, called like `event_search_within`, in its place:
    words are looked for among the rows with one value of the column, and not in all. Only where PostgreSQL has the
    column's kind to offer for it (`btree_gin`, which is where `pg_trgm` is); the other one stays where it has not."""
    app_label, model_name = model.split(".")
    name = f"{model_name.lower()}_search"

    def replace(apps: Any, schema_editor: Any, old: str, new: str, *columns: Within) -> None:
        if not has_trigrams(schema_editor) or not _is_offered(schema_editor, "btree_gin"):
            return
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS btree_gin")
        index = _of_trigrams(Texts(*fields), *columns, name=new, **options)
        _put_in_place(schema_editor, apps.get_model(app_label, model_name), [index], [old])

    return RunPython(
        lambda apps, schema_editor: replace(apps, schema_editor, name, f"{name}_within", Within(column)),
        lambda apps, schema_editor: replace(apps, schema_editor, f"{name}_within", name),
    )


def _of_trigrams(texts: Any, *columns: Within, **options: Any) -> GinIndex:
    return GinIndex(*columns, OpClass(Upper(texts), name="gin_trgm_ops"), **options)


def _put_in_place(schema_editor: Any, model: Any, indexes: Sequence[GinIndex], old: Sequence[str]) -> None:
    """Makes those indexes that are not made yet, and drops the old ones, while others write."""
    table = model._meta.db_table
    for index in indexes:
        if not is_made(schema_editor, table, index.name):
            schema_editor.add_index(model, index, concurrently=True)
    schema_editor.execute(f"ANALYZE {table}")  # an index of expressions has statistics of its own
    for name in old:
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def statistics_of_trigrams(model: str, fields: Sequence[str]) -> RunPython:
    """What share of a table's rows has which trigram in the texts of all `fields` (eventhub/trigrams.py), called like
    `event_trigrams`: of 4,000 trigrams at most, as they are in 120,000 rows. Only where PostgreSQL has trigrams to
    offer."""
    app_label, model_name = model.split(".")
    name = f"{model_name.lower()}_trigrams"

    def make(apps: Any, schema_editor: Any) -> None:
        if has_trigrams(schema_editor):
            table = apps.get_model(app_label, model_name)._meta.db_table
            joined = " || chr(10) || ".join(fields)
            schema_editor.execute(f"CREATE STATISTICS IF NOT EXISTS {name} ON (show_trgm({joined})) FROM {table}")
            schema_editor.execute(f"ALTER STATISTICS {name} SET STATISTICS 400")
            schema_editor.execute(f"ANALYZE {table}")

    def drop(apps: Any, schema_editor: Any) -> None:
        if has_trigrams(schema_editor):
            schema_editor.execute(f"DROP STATISTICS IF EXISTS {name}")

    return RunPython(make, drop)


def _is_offered(schema_editor: Any, extension: str) -> bool:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = %s", [extension])
        return cursor.fetchone() is not None


def has_trigrams(schema_editor: Any) -> bool:
    """Whether it is PostgreSQL with `pg_trgm`."""
    if schema_editor.connection.vendor != "postgresql":
        return False
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        return cursor.fetchone() is not None
