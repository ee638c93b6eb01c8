"""Iterate over many rows in bounded batches."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from django.db.models import Max, Min

T = TypeVar("T")

# Rows that one query reads.
READ = 2000
# Rows that one statement writes, as one parameter (eventhub/db/json_rows.py) or from a query. A hundred thousand rows
# are few batches, in each of which the triggers run once; and each is written within seconds.
AT_ONCE = 20_000


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def by_key(rows: Any, size: int = READ) -> Iterator[Any]:
    """Yield all rows of a queryset in the order of the key. The queryset must not be sliced.

    Every query starts after the last row, so that all cost the same. No cursor stays open: on SQLite it would make
    writes fail after another process has written, on PostgreSQL keep a transaction open for a whole download.
    """
    ordered = rows.order_by("pk")
    batch = list(ordered[:size])
    while batch:
        yield from batch
        batch = list(ordered.filter(pk__gt=batch[-1].pk)[:size])


def by_range(rows: Any, size: int = AT_ONCE) -> Iterator[list[Any]]:
    """Yield lists of a queryset's rows, many of them empty, one for each range of `size` keys.

    For conditions without an index: each query reads that much of the table and no more.
    """
    ends = rows.model._base_manager.aggregate(first=Min("pk"), last=Max("pk"))
    for start in range((ends["first"] or 1) - 1, ends["last"] or 0, size):
        yield list(rows.filter(pk__gt=start, pk__lte=start + size).order_by("pk"))
