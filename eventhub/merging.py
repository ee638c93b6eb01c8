"""The first rows of a list that no single index has in its order: they are taken from several, and merged.

A database that is asked for `(a OR b) ORDER BY c LIMIT 51` reads everything that is `a` or `b` and sorts it, or reads
everybody's rows in the order of `c` until it has met 51 of them; either grows with the table. But the first 51 of the
whole are among the first 51 of each part, and those come out of an index each.

A list says once what its parts are (`merged`); whoever slices it, in the order of one column and the key, gets what a
slice without parts would give. Filters added later narrow every part.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, Self

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from eventhub.pagination import Cursor, RowComparison

# The parts are read as far as the slice goes, so that this is for first pages alone, of the largest size there is.
MAX_STOP = 401
# As many rows as have the words of a search are no trouble to look through.
FEW = 1_000
# So many of the next rows of a list are looked through for words that more rows have.
WINDOWS = (2_000, 20_000)

Sql = tuple[str, tuple[Any, ...]]


class Part(Protocol):
    """Rows that are read in a way of their own."""

    def as_sql(self, rows: Any, order: "Order", stop: int) -> Sql:
        """A query for `order.column` and the key of those of its first `stop` rows that are in `rows` as well."""


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
    """A queryset that may be `merged`, or looked through for words that `are_many`."""

    _parts: "Callable[[Order], Iterable[Q | Part]] | None" = None
    _without_words: Any = None  # the conditions before words were searched that many rows have

    def merged(self, parts: "Callable[[Order], Iterable[Q | Part]] | None") -> Self:
        """The same rows, of which the caller knows that each is in one of the parts for an order and in no other; with
        None, read as any queryset."""
        clone: Self = self._chain()  # type: ignore[attr-defined]
        clone._parts = parts
        return clone

    def are_many(self, words: Q) -> Self:
        """Those with words that many rows have: likely met soon in the order of a list, or else gathered and sorted."""
        clone: Self = self.filter(words)
        clone._without_words = self.query.where.clone()
        return clone

    def are_many_in_parts(self, words: Q) -> Self:
        """The same for a merged list."""
        return self.filter(words)

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone._parts, clone._without_words = self._parts, self._without_words
        return clone

    def __getitem__(self, key: Any) -> Any:
        stop = key.stop if isinstance(key, slice) else None
        if self._result_cache is not None or stop is None or stop > MAX_STOP or (order := Order.of(self)) is None:
            return super().__getitem__(key)
        if self._parts is not None:
            return self._first(self._parts(order), order, stop).__getitem__(key)
        if self._without_words is not None:
            return self._met(order, stop).__getitem__(key)
        return super().__getitem__(key)

    def _plain(self) -> Self:
        clone = self.merged(None)
        clone._without_words = None
        return clone

    def _met(self, order: Order, stop: int) -> Self:
        """The rows with the words among the next of the list; where that is too few, all with the words, sorted.

        Left alone, the database expects to meet a word as often anywhere: past the last title that begins with it,
        it would read all the others.
        """
        page = self._plain()
        bare = page._without_joins()
        if bare is page:
            return page
        conditions = bare.query.where.children
        cursors = [one for one in conditions if isinstance(getattr(one, "lhs", None), RowComparison)]
        whole = self.model._default_manager.using(self.db).all()
        whole.query.where = self._without_words.clone()
        whole = whole.filter(*cursors).order_by(*order.names)
        for size in WINDOWS:
            end = whole.values_list(order.column, "pk")[size : size + 1].first()
            if end is None:
                break
            position = RowComparison(
                order.column, ">=" if order.descending else "<=", Cursor(end[0], end[1], backwards=False)
            )
            keys = list(bare.filter(position).order_by(*order.names).values_list("pk", flat=True)[:stop])
            if len(keys) == stop:
                return page._of(Q(pk__in=keys))
        sql, parameters = compiled(bare, order, None)
        # OFFSET 0: PostgreSQL finds the rows first, and looks at no index for their order.
        keys_sql = f'SELECT found."id" FROM ({sql} OFFSET 0) AS found {order.sql("found")} LIMIT {stop}'
        return page._of(Q(pk__in=RawSQL(keys_sql, parameters)))  # noqa: S611 of what the ORM has compiled

    def _of(self, keys: Q) -> Self:
        """The same, where the keys say all that is to be said."""
        self.query.where = self.query.where.create()
        return self.filter(keys)

    def _first(self, parts: Iterable[Q | Part], order: Order, stop: int) -> Self:
        """The queryset without parts whose one condition is the keys of the first rows of all parts."""
        page = self._plain()
        bare = page._without_joins()
        rows: list[str] = []
        parameters: list[Any] = []
        for number, part in enumerate(parts):
            try:
                sql, own = _sql_of(part, bare, order, stop)
            except EmptyResultSet:
                continue
            rows.append(f"SELECT * FROM ({sql}) AS part{number}")
            parameters += own
        if not rows:
            return page.none()
        keys = f'SELECT found."id" FROM ({" UNION ALL ".join(rows)}) AS found {order.sql("found")} LIMIT {stop}'
        return page._of(Q(pk__in=RawSQL(keys, parameters)))  # noqa: S611 of what the ORM has compiled

    def _columns(self) -> list[Any]:
        return list(self.query._gen_cols([self.query.where]))  # type: ignore[attr-defined]

    def _without_joins(self) -> Self:
        """The same conditions, without the tables that only what is selected needs, which is read for keys alone;
        the same queryset where conditions need them as well."""
        if {column.alias for column in self._columns()} - {self.model._meta.db_table}:
            return self
        bare: Self = self.model._default_manager.using(self.db).all()
        bare.query.where = self.query.where.clone()
        return bare


def searched(queryset: Any, words: Q) -> Any:
    """Those with words that an index of trigrams finds. Few of all are looked up first, and the rest is about them
    alone; whoever has one of many is found as `are_many` says, or in any part of a list."""
    if not isinstance(queryset, MergedQuerySet) or connections[queryset.db].vendor != "postgresql":
        return queryset.filter(words)
    found = queryset.model._default_manager.using(queryset.db).filter(words).order_by()
    keys = list(found.values_list("pk", flat=True)[: FEW + 1])
    if len(keys) <= FEW:
        return queryset.merged(None).filter(pk__in=keys)
    return queryset.are_many(words) if queryset._parts is None else queryset.are_many_in_parts(words)


def _sql_of(part: Q | Part, rows: Any, order: Order, stop: int) -> Sql:
    if not isinstance(part, Q):
        return part.as_sql(rows, order, stop)
    return compiled(rows.filter(part), order, stop)


def compiled(rows: Any, order: Order, stop: int | None) -> Sql:
    """The query for the column of the order and the key of the first rows, or of all in no order; EmptyResultSet where
    there can be none."""
    ordered = rows.order_by() if stop is None else rows.order_by(*order.names)
    query = ordered.values_list(order.column, "id")[:stop].query
    sql, parameters = query.get_compiler(connection=connections[rows.db]).as_sql()
    return sql, tuple(parameters)
