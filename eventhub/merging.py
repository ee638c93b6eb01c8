"""The first rows of a list that no single index has in its order: they are taken from several, and merged.

A database that is asked for `(a OR b) ORDER BY c LIMIT 51` reads everything that is `a` or `b` and sorts it, or reads
everybody's rows in the order of `c` until it has met 51 of them; either grows with the table. But the first 51 of the
whole are among the first 51 of each part, and those come out of an index each.

A list says once what its parts are (`merged`); whoever slices it, in the order of one column and the key, gets what a
slice without parts would give. Filters added later narrow every part.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any, Protocol, Self, runtime_checkable

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import BooleanField, Case, ExpressionWrapper, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL

# The parts are read as far as the slice goes, so that this is for first pages alone, of the largest size there is.
MAX_STOP = 401

Sql = tuple[str, tuple[Any, ...]]


class Part(Protocol):
    """Rows that are read in a way of their own."""

    def through(self, using: str, at_most: int) -> "Part | None":
        """The same, read as suits conditions that most of its rows do not meet: row by row, and each but once. None
        where it has more than `at_most` rows in that database, or nobody knows."""

    def as_sql(self, rows: Any, order: "Order", stop: int) -> Sql:
        """A query for `order.column` and the key of those of its first `stop` rows that are in `rows` as well."""


@runtime_checkable
class SearchedPart(Part, Protocol):
    """One that falls into pieces, within each of which an index can be asked for words."""

    def asked(self, using: str, conditions: Sequence[Any], for_each_row: float, at_most: int) -> "Part | None":
        """The same, read by these conditions as the index is asked for them. None where that takes longer than to look
        at `at_most` rows; the index takes as long as to look at so many `for_each_row` of a piece."""


class Scope(ExpressionWrapper):  # type: ignore[type-arg]
    """All of a list that is `merged`, as one condition. Its parts say the same in their own way: asked of each of their
    rows again, it would keep the database from reading them out of an index alone."""

    def __init__(self, condition: Any) -> None:
        super().__init__(condition, output_field=BooleanField())


class Order:
    """By one column and the key in the same direction, as `queryset.order_by` was told."""

    def __init__(self, column: str, *, descending: bool) -> None:
        self.column, self.descending = column, descending
        self.names = [f"-{name}" if descending else name for name in (column, "pk")]

    @classmethod
    def of(cls, queryset: QuerySet[Any]) -> "Order | None":
        """None for any other kind of order."""
        names = [str(name) for name in queryset.query.order_by]
        if len(names) != 2 or names[0].startswith("-") != names[1].startswith("-"):
            return None
        column, key = (name.removeprefix("-") for name in names)
        of_the_row = {field.name for field in queryset.model._meta.concrete_fields if not field.is_relation}
        if column not in of_the_row or key not in {"pk", "id"}:
            return None
        return cls(column, descending=names[0].startswith("-"))

    def sql(self, alias: str) -> str:
        way = "DESC" if self.descending else "ASC"
        return f'ORDER BY {alias}."{self.column}" {way}, {alias}."id" {way}'


class MergedQuerySet(QuerySet[Any, Any]):
    """A queryset that may be `merged`."""

    _parts: "Callable[[Order], Iterable[Q | Part] | None] | None" = None

    def merged(self, parts: "Callable[[Order], Iterable[Q | Part] | None] | None") -> Self:
        """The same rows, of which the caller knows that each is in one of the parts for an order and in no other; with
        None, or in an order for which there are none, read as any queryset."""
        clone: Self = self._chain()  # type: ignore[attr-defined]
        clone._parts = parts
        return clone

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone._parts = self._parts
        return clone

    def __getitem__(self, key: Any) -> Any:
        stop = key.stop if isinstance(key, slice) else None
        if self._result_cache is not None or stop is None or stop > MAX_STOP or self.query.is_empty():
            return super().__getitem__(key)
        if (order := Order.of(self)) is None:
            return super().__getitem__(key)
        found = self._first(order, stop)
        if found is None:
            return super().__getitem__(key)
        # What had to be read to know that it is all of them is not read again.
        return found if found._result_cache is not None and not key.start else found._sliced(key)

    def _sliced(self, key: Any) -> Any:
        return super().__getitem__(key)

    def _first(self, order: Order, stop: int) -> Self | None:
        """The first rows in that order, found in another way; None where the database finds them best by itself."""
        parts = self.parts_for(order)
        return None if parts is None else self._of_parts(parts, order, stop)

    def parts_for(self, order: Order) -> "Iterable[Q | Part] | None":
        return None if self._parts is None else self._parts(order)

    def _of(self, rows: Sql) -> Self:
        """The same, where the keys of these rows say all that is to be said."""
        sql, parameters = rows
        self.query.where = self.query.where.create()
        return self.filter(pk__in=RawSQL(f'SELECT first."id" FROM ({sql}) AS first', parameters))  # noqa: S611 of what the ORM has compiled

    def _of_parts(self, parts: Iterable[Q | Part], order: Order, stop: int) -> Self:
        """The queryset without parts whose one condition is the keys of the first rows of all parts."""
        page = self.merged(None)
        bare = page._without_scope()._without_joins()
        found: list[Sql] = []
        for part in parts:
            with suppress(EmptyResultSet):
                found.append(_sql_of(part, bare, order, stop))
        if not found:
            return page.none()
        sql, parameters = together(found)
        return page._of((f"SELECT found.* FROM ({sql}) AS found {order.sql('found')} LIMIT {stop}", parameters))

    def _columns(self) -> list[Any]:
        return list(self.query._gen_cols([self.query.where]))  # type: ignore[attr-defined]

    def _without_scope(self) -> Self:
        _, others = split(self, Scope)
        return self.with_only(others)

    def with_only(self, conditions: Iterable[Any]) -> Self:
        """The same with these conditions, as another queryset of the table has them, in the place of its own."""
        clone: Self = self._chain()  # type: ignore[attr-defined]
        clone.query.where = clone.query.where.create(list(conditions))
        return clone

    def _without_joins(self) -> Self:
        """The same conditions, without the tables that only what is selected needs, which is read for keys alone;
        the same queryset where conditions need them as well."""
        if {column.alias for column in self._columns()} - {self.model._meta.db_table}:
            return self
        bare: Self = self.model._default_manager.using(self.db).all()
        bare.query.where = self.query.where.clone()
        return bare


def _sql_of(part: Q | Part, rows: Any, order: Order, stop: int) -> Sql:
    if not isinstance(part, Q):
        return part.as_sql(rows, order, stop)
    return compiled(rows.filter(part), order, stop)


def compiled(rows: Any, order: Order, stop: int | None) -> Sql:
    """The query for the column of the order and the key of the first rows, or of all in no order; EmptyResultSet where
    there can be none."""
    ordered = rows.order_by().values_list(order.column, "id") if stop is None else _as_pairs(rows, order)[:stop]
    return sql_of(ordered)


def _as_pairs(rows: Any, order: Order) -> Any:
    return rows.order_by(*order.names).values_list(order.column, "id")


def sql_of(queryset: Any) -> Sql:
    """As its database wants it. EmptyResultSet where it can have no rows."""
    sql, parameters = queryset.query.get_compiler(connection=connections[queryset.db]).as_sql()
    return sql, tuple(parameters)


def together(parts: Iterable[Sql]) -> Sql:
    """The query for the rows of all these."""
    queries, parameters = zip(*parts, strict=True)
    rows = " UNION ALL ".join(f"SELECT * FROM ({sql}) AS part{number}" for number, sql in enumerate(queries))
    return rows, tuple(chain.from_iterable(parameters))


def piece_by_piece(pieces: Sql, of_one: Any, order: Order, stop: int, *, through: bool = False) -> Sql:
    """The query for the same of the first `stop` rows of a list that falls into pieces, each of which an index has in
    that order; for PostgreSQL. `pieces` selects what names each of them, as `piece`, and `of_one` are the rows of
    `pieces.piece`.

    The first row of each piece says which pieces the first rows of all can be in; so many rows of so many pieces are
    read. What others hold is never looked at. Where most of the rows that an index has in that order are not `of_one`,
    and there are not many of them, all pieces are read `through`: each of their rows would be looked at to find the
    first, and then again.
    """
    sql, parameters = pieces
    # Planned by itself: beside what all pieces cost, PostgreSQL takes the ways to find their names for equally good, a
    # scan of their table among them (its costs are compared to the hundredth part).
    sql = f"{sql} OFFSET 0"
    rows, parameters_of_one = sql_of(_as_pairs(of_one, order))
    if not through:
        first = f"SELECT pieces.piece FROM ({sql}) AS pieces CROSS JOIN LATERAL ({rows} LIMIT 1) AS one"
        sql, parameters = f"{first} {order.sql('one')} LIMIT {stop}", (*parameters, *parameters_of_one)
    each = f"SELECT theirs.* FROM ({sql}) AS pieces CROSS JOIN LATERAL ({rows} LIMIT {stop}) AS theirs"
    return f"{each} {order.sql('theirs')} LIMIT {stop}", (*parameters, *parameters_of_one)


def all_of_the_pieces(pieces: Sql, of_one: Any, order: Order, stop: int) -> Sql:
    """The same, where few rows of a piece are `of_one` and an index finds them in no order: they are gathered, and
    sorted."""
    sql, parameters = pieces
    rows, parameters_of_one = compiled(of_one, order, None)
    each = f"SELECT theirs.* FROM ({sql} OFFSET 0) AS pieces CROSS JOIN LATERAL ({rows} OFFSET 0) AS theirs"
    return f"{each} {order.sql('theirs')} LIMIT {stop}", (*parameters, *parameters_of_one)


def split(rows: Any, kind: type) -> tuple[list[Any], list[Any]]:
    """The conditions of a queryset that are on an expression of that kind, and the others."""
    of_it: list[Any] = []
    others: list[Any] = []
    for one in rows.query.where.children:
        (of_it if isinstance(getattr(one, "lhs", None), kind) else others).append(one)
    return of_it, others


def gathered(rows: Any, order: Order, stop: int, *, among: Any = None) -> Sql:
    """The query for the same of the first `stop` rows, where PostgreSQL is to find all first, and then to sort; where
    `among` is given, to find all of those first, and these in them."""
    if connections[rows.db].vendor != "postgresql":
        return compiled(rows, order, stop)
    sql, parameters = compiled(rows, order, None)
    if among is not None:
        table = rows.model._meta.db_table
        sql_of_those, parameters_of_those = compiled(among, order, None)
        _, _, condition = sql_of_those.partition(f'FROM "{table}"')
        sql = sql.replace(f'FROM "{table}"', f'FROM (SELECT * FROM "{table}"{condition} OFFSET 0) AS "{table}"', 1)
        parameters = (*parameters_of_those, *parameters)
    # OFFSET 0: PostgreSQL looks at no index for their order.
    return f"SELECT found.* FROM ({sql} OFFSET 0) AS found {order.sql('found')} LIMIT {stop}", parameters


def said_by_the_row(conditions: Sequence[Any]) -> Case:
    """That all these hold, said so that no index answers it, and that PostgreSQL expects it of every other row."""
    return Case(When(Q(*conditions), then=Value(True)), default=Value(False), output_field=BooleanField())
