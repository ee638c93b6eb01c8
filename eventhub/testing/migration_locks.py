"""Find migration operations that would block or break a running service on PostgreSQL."""

from collections.abc import Iterator
from typing import Any

from django.contrib.postgres import operations as postgres
from django.db import connection, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import operations as plain
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED, Value
from django.db.models.functions import Now

from eventhub.db.transaction_ids import CurrentTransactionId

Model = tuple[str, str]
HARMLESS = (
    plain.CreateModel,
    plain.AlterModelOptions,
    plain.AlterModelManagers,
    plain.AlterModelTableComment,
    plain.RenameIndex,
    plain.RemoveConstraint,
    postgres.AddConstraintNotValid,
    postgres.ValidateConstraint,
    postgres.CreateExtension,
)
CONCURRENT = (postgres.AddIndexConcurrently, postgres.RemoveIndexConcurrently)
OPAQUE = (plain.RunPython, plain.RunSQL)
OLD_CODE = "the old code, which serves meanwhile, still asks for what was there"
WHY_NOT = {
    plain.AddIndex: "nobody writes while the index is built: AddIndexInUse, in a migration that is not atomic",
    plain.RemoveIndex: "waits to be alone with the table: RemoveIndexConcurrently",
    plain.AddConstraint: "reads the whole table, alone with it: AddConstraintNotValid, later ValidateConstraint",
    plain.AlterUniqueTogether: "builds an index while nobody writes",
    plain.AlterOrderWithRespectTo: "adds a column with a value of its own for each row",
    **dict.fromkeys(
        (
            plain.RemoveField,
            plain.RenameField,
            plain.DeleteModel,
            plain.RenameModel,
            plain.AlterModelTable,
        ),
        OLD_CODE,
    ),
}


def problems(migration: Migration, state: ProjectState, new: set[Model], reviewed: set[Any]) -> list[str]:
    """What is wrong with a migration from `state`, which it moves on, as it does the set of models that are `new`:
    nobody uses these yet. What cannot be looked into has to be among the `reviewed`."""
    name = f"{migration.app_label}.{migration.name}"
    found = []
    for operation in migration.operations:
        before = state.clone()
        operation.state_forwards(migration.app_label, state)
        for each in _in_database(operation):
            for problem in _problems(each, migration, before, state, new, reviewed):
                found.append(f"{name}: {each.describe()}: {problem}")
    return found


def _in_database(operation: Any) -> Iterator[Any]:
    if isinstance(operation, plain.SeparateDatabaseAndState):
        yield from operation.database_operations
    else:
        yield operation


def _problems(
    operation: Any, migration: Migration, before: ProjectState, after: ProjectState, new: set[Model], reviewed: set[Any]
) -> Iterator[str]:
    if not operation.reversible:
        yield "there is no way back"
    if isinstance(operation, OPAQUE):
        if (migration.app_label, migration.name) not in reviewed:
            yield "whether it locks is not seen here: look, and name it with the reason"
        return
    if isinstance(operation, CONCURRENT):
        return
    if not migration.atomic:
        yield "waits for its lock without a bound: a migration that is not atomic is for what is concurrent alone"
    if isinstance(operation, plain.CreateModel):
        new.add((migration.app_label, operation.name_lower))
    model = (migration.app_label, getattr(operation, "model_name_lower", getattr(operation, "name_lower", "")))
    if model in new or isinstance(operation, HARMLESS):
        return
    if isinstance(operation, plain.AddField):
        yield from _of_new_field(operation.field)
    elif isinstance(operation, plain.AlterField):
        yield from _of_change(before, after, model, operation.name)
    else:
        yield WHY_NOT.get(type(operation), "an operation that is not known here")


# The same value for all rows of a statement, so PostgreSQL stores it once.
STABLE = (Value, Now, CurrentTransactionId)


def _of_new_field(field: Any) -> Iterator[str]:
    if field.many_to_many:
        return
    if isinstance(field, models.GeneratedField):
        yield "writes every row anew, alone with the table"
        return
    default = field.db_default
    if not field.null and default is NOT_PROVIDED:
        yield f"{OLD_CODE}: its INSERTs do not name the column, which needs a db_default"
    if default is not NOT_PROVIDED and not isinstance(default, STABLE) and hasattr(default, "resolve_expression"):
        yield "a default that differs from row to row writes every row anew"
    if field.unique or field.db_index:
        yield "nobody writes while its index is built: db_index=False, and AddIndexInUse in another migration"
    if field.remote_field and field.db_constraint:
        yield "a foreign key holds up who writes to either table: db_constraint=False, or AddConstraintNotValid"


def _of_change(before: ProjectState, after: ProjectState, model: Model, name: str) -> Iterator[str]:
    was, becomes = (state.apps.get_model(*model)._meta.get_field(name) for state in (before, after))
    if BaseDatabaseSchemaEditor(connection)._field_should_be_altered(was, becomes):
        yield "may write every row anew, alone with the table: a new column, filled piece by piece"
