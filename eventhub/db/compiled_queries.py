"""Querysets of the hot path that are compiled once and run with other ids.

Django compiles a queryset anew for every request, which for a row by its key takes several times as long as the
statement itself. Columns, joins and locks still come from the models.
"""

import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.db import connections, router
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.transaction import TransactionManagementError

from eventhub.api.fields import MAX_ID


def planned_once(connection: Any) -> Any:
    """Return a cursor for a fixed text, which PostgreSQL plans once in a session (eventhub/db/postgresql/base.py)."""
    return getattr(connection, "planned_cursor", connection.cursor)()


def _planned_each_time(connection: Any) -> Any:
    return connection.cursor()


class _Compiled(NamedTuple):
    sql: str
    parameters: list[Any]
    places: list[tuple[int, int]]  # which of the parameters is which of the ids
    converters: list[tuple[int, Callable[[Any, Any], Any]]]  # by column
    columns: list[str]  # of the model, the first of each row
    annotations: dict[str, int]  # by name the columns
    related: list[Any]  # what fills in `select_related`


class CompiledQuery:
    """`CompiledQuery(lambda event_id: Event.objects.filter(pk=event_id))`: a compiled queryset.

    Its arguments are ids, none negative, or texts that are compared with columns. An id too large for a column finds
    no row.
    """

    def __init__(self, build: Callable[..., QuerySet[Any]], *, plan_once: bool = True) -> None:
        self._build = build
        self._cursor: Callable[[Any], Any] = planned_once if plan_once else _planned_each_time
        self._model: type[Model] | None = None
        self._locks = False
        self._compiled: dict[str, _Compiled] = {}  # by the alias of the database

    def rows(self, *ids: int | str) -> list[Any]:
        return self._run(ids)[0]

    def first(self, *ids: int | str) -> Any:
        """Return the first instance, with its annotations and `select_related`, or None."""
        rows, compiled, alias = self._run(ids)
        if not rows:
            return None
        row = rows[0]
        instance = self._model.from_db(alias, compiled.columns, row[: len(compiled.columns)])  # type: ignore[union-attr]
        for related in compiled.related:
            related.populate(row, instance)
        for name, column in compiled.annotations.items():
            setattr(instance, name, row[column])
        return instance

    def _run(self, ids: tuple[int | str, ...]) -> tuple[list[Any], _Compiled, str]:
        if self._model is None:
            queryset = self._build(*ids)
            self._locks = queryset.query.select_for_update
            self._model = queryset.model
        alias = router.db_for_write(self._model) if self._locks else router.db_for_read(self._model)
        connection = connections[alias]
        if self._locks and not connection.in_atomic_block:
            raise TransactionManagementError("A lock outside a transaction locks nothing.")
        compiled = self._compiled.get(alias) or self._compiled.setdefault(alias, self._compile(connection))
        if any(isinstance(each, int) and each > MAX_ID for each in ids):
            return [], compiled, alias
        parameters = compiled.parameters.copy()
        for place, which in compiled.places:
            parameters[place] = ids[which]
        with self._cursor(connection) as cursor:
            cursor.execute(compiled.sql, parameters)
            rows = cursor.fetchall()
        if compiled.converters:
            rows = [_converted(row, compiled.converters, connection) for row in rows]
        return rows, compiled, alias

    def _compile(self, connection: Any) -> _Compiled:
        markers = [MAX_ID - which for which in range(len(inspect.signature(self._build).parameters))]
        compiler = self._build(*markers).query.get_compiler(connection=connection)
        sql, values = compiler.as_sql()
        sql, parameters = _with_constants(sql, values, markers, connection)
        expressions = [expression for expression, _, _ in compiler.select]
        by_column = compiler.get_converters(expressions)
        shape = compiler.klass_info  # None for `values_list`
        columns = shape["select_fields"] if shape else []
        return _Compiled(
            sql=sql,
            parameters=parameters,
            places=[
                (place, markers.index(int(value))) for place, value in enumerate(parameters) if _is_one(value, markers)
            ],
            converters=[
                (column, _chain(converters, expression)) for column, (converters, expression) in by_column.items()
            ],
            columns=[expressions[column].target.attname for column in columns],
            annotations=compiler.annotation_col_map or {},
            related=_populators(shape, compiler.select, connection.alias) if shape else [],
        )


def _is_one(value: Any, markers: list[int]) -> bool:
    """Return whether a parameter stands for an argument. A column of texts has made a text of it."""
    return value in markers or (isinstance(value, str) and value in map(str, markers))


def _with_constants(sql: str, parameters: Sequence[Any], ids: list[int], connection: Any) -> tuple[str, list[Any]]:
    """Write all parameters but the ids into the text, so that PostgreSQL's kept plan can use partial indexes."""
    if connection.vendor != "postgresql":
        return sql, list(parameters)
    connection.ensure_connection()
    values, left = iter(parameters), []

    def said(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return found[0]
        value = next(values)
        if _is_one(value, ids):
            left.append(value)
            return found[0]
        constant: str = connection.ops.compose_sql("%s", [value])
        return constant.replace("%", "%%")

    return re.sub("%[%s]", said, sql), left


# The stubs are of a newer Django, which wants one argument more.
_populators: Callable[..., list[Any]] = get_related_populators


def _chain(converters: list[Callable[[Any, Any, Any], Any]], expression: Any) -> Callable[[Any, Any], Any]:
    def convert(value: Any, connection: Any) -> Any:
        for converter in converters:
            value = converter(value, expression, connection)
        return value

    return convert


def _converted(row: Any, converters: list[tuple[int, Callable[[Any, Any], Any]]], connection: Any) -> list[Any]:
    values = list(row)
    for column, convert in converters:
        values[column] = convert(values[column], connection)
    return values
