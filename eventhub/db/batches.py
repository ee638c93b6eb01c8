"""Much data, a bounded piece at a time."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from django.db.models import Max, Min

T = TypeVar("T")

# Rows that one query reads.
READ = 2000
# Rows that one statement writes, which takes them as one parameter (eventhub/db/json_rows.py) or finds them by
# itself. Of
# a hundred thousand these are few pieces, in each of which the triggers run once; and a piece is written within
# seconds, so that a request does not wait longer for an answer of the database.
AT_ONCE = 20_000


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in their order, `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def by_key(rows: Any, size: int = READ) -> Iterator[Any]:
    """All rows of a queryset, in the order of the key. Its own order is no matter; it must not be sliced.

    Every query begins behind the last row, so that the last costs what the first does. Nothing is being read between
    two rows: a cursor left open keeps what it read, and beside another process that has written since, SQLite then
    refuses to write; on PostgreSQL it would keep a transaction open for as long as somebody's download takes.
    """
    ordered = rows.order_by("pk")
    batch = list(ordered[:size])
    while batch:
        yield from batch
        batch = list(ordered.filter(pk__gt=batch[-1].pk)[:size])


def by_range(rows: Any, size: int = AT_ONCE) -> Iterator[list[Any]]:
    """The rows of a queryset that no index finds in their table: a list for every `size` numbers of its key, many of
    them empty. Each query reads so much of the table and no more."""
    ends = rows.model._base_manager.aggregate(first=Min("pk"), last=Max("pk"))
    for start in range((ends["first"] or 1) - 1, ends["last"] or 0, size):
        yield list(rows.filter(pk__gt=start, pk__lte=start + size).order_by("pk"))
