"""Migration operations: trigram indexes, index changes on tables in use, and foreign keys that delete."""

from collections.abc import Collection, Sequence
from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db.migrations.operations import AddIndex, RemoveIndex, RunPython
from django.db.models.functions import Upper
from django.db.transaction import atomic

from eventhub.db.postgresql.locks import wait_briefly
from eventhub.db.text_search import FOLD, Fold, SearchedText, fold_on_postgresql

# Of a text PostgreSQL keeps 100 examples by default. With so few it expects a name that one row in 200 has in hardly
# any, and would walk a whole list to find it.
STATISTICS = 2000


class AddIndexInUse(AddIndexConcurrently):
    """Add an index while others write. The migration must not be atomic, as PostgreSQL does it concurrently.

    After an interruption it can run again: a finished index stays, an unfinished one is built anew.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if not has_index(schema_editor, self.index.name):
            way = _way(schema_editor, AddIndexConcurrently, AddIndex)
            way.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if has_index(schema_editor, self.index.name):
            way = _way(schema_editor, AddIndexConcurrently, AddIndex)
            way.database_backwards(self, app_label, schema_editor, from_state, to_state)


class RemoveIndexInUse(RemoveIndexConcurrently):
    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if has_index(schema_editor, self.name):
            way = _way(schema_editor, RemoveIndexConcurrently, RemoveIndex)
            way.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if not has_index(schema_editor, self.name):
            way = _way(schema_editor, RemoveIndexConcurrently, RemoveIndex)
            way.database_backwards(self, app_label, schema_editor, from_state, to_state)


def _way(schema_editor: Any, concurrently: Any, plainly: Any) -> Any:
    return concurrently if schema_editor.connection.vendor == "postgresql" else plainly


def has_index(schema_editor: Any, name: str) -> bool:
    """Return whether the index exists. An invalid one, left by an interrupted run, is dropped."""
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor != "postgresql":
            cursor.execute("SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = %s", [name])
            return cursor.fetchone() is not None
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [name])
        found = cursor.fetchone()
        if found == (False,):
            cursor.execute(f"DROP INDEX CONCURRENTLY {schema_editor.quote_name(name)}")
        return bool(found == (True,))


def search_index(model: str, fields: Sequence[str], **options: Any) -> RunPython:
    """Make a trigram index over the texts of all `fields`, named like `event_search`, where there is `pg_trgm`.

    For the first migrations of a table: it locks out writers.
    """
    app_label, model_name = model.split(".")
    # The upper-case text is what `icontains` compares on PostgreSQL.
    trigrams = OpClass(Upper(SearchedText(*fields)), name="gin_trgm_ops")
    index = GinIndex(trigrams, name=f"{model_name.lower()}_search", **options)

    def create(apps: Any, schema_editor: Any) -> None:
        if offers_trigrams(schema_editor):
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            schema_editor.add_index(apps.get_model(app_label, model_name), index)
            schema_editor.execute(f"ALTER INDEX {index.name} ALTER COLUMN 1 SET STATISTICS {STATISTICS}")

    def drop(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP INDEX IF EXISTS {index.name}")

    return RunPython(create, drop)


def create_fold() -> RunPython:
    """Create the function on PostgreSQL that a search folds texts with."""

    def create(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(fold_on_postgresql(), params=None)

    def drop(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP FUNCTION IF EXISTS {FOLD}(text)")

    return RunPython(create, drop)


def folded_search_index(model: str, fields: Sequence[str], replaced: Sequence[str], **options: Any) -> RunPython:
    """Build the trigram index over the folded texts, named like `event_text_search`; then drop that of `search_index`.

    Both happen while others write: the migration must not be atomic. It can run again after an interruption.
    `replaced` are the fields of the index that goes.
    """
    app_label, model_name = model.lower().split(".")
    name, replaced_name = f"{model_name}_text_search", f"{model_name}_search"
    folded = GinIndex(OpClass(Fold(SearchedText(*fields)), name="gin_trgm_ops"), name=name, **options)
    upper = GinIndex(OpClass(Upper(SearchedText(*replaced)), name="gin_trgm_ops"), name=replaced_name, **options)

    def exchange(apps: Any, schema_editor: Any, new: GinIndex, old: str) -> None:
        if not offers_trigrams(schema_editor):
            return
        table = apps.get_model(app_label, model_name)
        if not has_index(schema_editor, new.name):
            schema_editor.add_index(table, new, concurrently=True)
        schema_editor.execute(f"ALTER INDEX {new.name} ALTER COLUMN 1 SET STATISTICS {STATISTICS}")
        schema_editor.execute(f"ANALYZE {table._meta.db_table}")
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {old}")

    def build(apps: Any, schema_editor: Any) -> None:
        exchange(apps, schema_editor, folded, replaced_name)

    def take_back(apps: Any, schema_editor: Any) -> None:
        exchange(apps, schema_editor, upper, name)

    return RunPython(build, take_back, atomic=False)


def delete_in_database(tables: Sequence[str], emptied: Collection[str]) -> RunPython:
    """Let PostgreSQL delete the rows of new tables that refer to deleted ones, for code that does not know them.

    Of the columns in `emptied` ("table.column") it empties the value instead. For a migration that is not atomic: each
    key changes in a transaction of its own, which is alone with the small table and the one that it refers to for a
    moment. So it holds one table that is in use at a time, gives up as any migration does, and can run again.
    """

    def change(schema_editor: Any, *, forwards: bool) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        for table, column, key, definition in _foreign_keys(schema_editor, tables):
            action = f" ON DELETE {'SET NULL' if f'{table}.{column}' in emptied else 'CASCADE'}"
            plain = definition.replace(action, "")
            becomes = plain.replace(" DEFERRABLE", f"{action} DEFERRABLE") if forwards else plain
            if becomes != definition:
                with atomic(schema_editor.connection.alias), schema_editor.connection.cursor() as cursor:
                    wait_briefly(cursor)
                    name = schema_editor.quote_name(key)
                    cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} {becomes}")

    return RunPython(
        lambda apps, schema_editor: change(schema_editor, forwards=True),
        lambda apps, schema_editor: change(schema_editor, forwards=False),
    )


def _foreign_keys(schema_editor: Any, tables: Sequence[str]) -> list[tuple[str, str, str, str]]:
    """Return (table, column, name, definition) of each foreign key of the tables."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, attname, conname, pg_get_constraintdef(pg_constraint.oid)"
            " FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]"
            " WHERE contype = 'f' AND conrelid = ANY(%s::regclass[]) ORDER BY 1, 2",
            [list(tables)],
        )
        return list(cursor.fetchall())


def offers_trigrams(schema_editor: Any) -> bool:
    """Return whether it is PostgreSQL with `pg_trgm`; say so where a PostgreSQL comes without."""
    if schema_editor.connection.vendor != "postgresql":
        return False
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
        is_offered = cursor.fetchone() is not None
    if not is_offered:
        print(" pg_trgm is not installed on this server: a search will read the whole table.", end="")
    return is_offered
