"""A page of rows that meet one of two conditions, read from an index for each.

`WHERE a OR b ORDER BY c LIMIT 51` makes PostgreSQL sort all rows that meet either, or walk the whole index on `c`. The
first 51 rows of the union are among the first 51 of each part, and an index has each of those in order. Measured with
1.2 million registrations: docs/performance.md.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any, Self

from django.db import connections
from django.db.models import Q, QuerySet


class UnionQuerySet(QuerySet[Any, Any]):
    """A queryset whose rows `either` splits into parts; filters added later narrow every part."""

    _parts: tuple[Self, ...] = ()

    def either(self, *conditions: Q) -> Self:
        """Keep the rows that meet one of these conditions. No row may meet two of them."""
        found = self.filter(reduce(or_, conditions))
        found._parts = tuple(self.filter(condition) for condition in conditions)
        return found

    def filter(self, *args: Any, **kwargs: Any) -> Self:
        found: Self = super().filter(*args, **kwargs)
        found._parts = tuple(part.filter(*args, **kwargs) for part in self._parts)
        return found

    def exclude(self, *args: Any, **kwargs: Any) -> Self:
        return self.filter(~Q(*args, **kwargs))

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone._parts = self._parts
        return clone


def first_rows(queryset: QuerySet[Any, Any], order: Sequence[str], count: int) -> Any:
    """Return the first `count` rows in that order. SQLite has no slices within a union."""

    def first(rows: QuerySet[Any, Any]) -> Any:
        return rows.order_by(*order)[:count]

    parts = getattr(queryset, "_parts", ())
    if not parts or not connections[queryset.db].features.supports_slicing_ordering_in_compound:
        return first(queryset)
    one, *others = map(first, parts)
    return one.union(*others, all=True).order_by(*order)[:count]
