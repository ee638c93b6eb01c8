"""All texts of a row that a search looks through, as one: for one condition a word, and one index for them all."""

from collections.abc import Sequence
from typing import Any

from django.db.models import BigIntegerField, F, Func, Q, TextField
from django.db.models.lookups import IContains


class Texts(Func):
    """The texts one after the other, each behind a line feed, which no word contains.

    Two words may be in two columns. With an index for each column, a database would have to find all rows with the
    one and all with the other, which may be a tenth of a table; with one index it looks for rows that have both.
    """

    output_field = TextField()

    def __init__(self, *names: str) -> None:
        super().__init__(*(F(name) for name in sorted(names)))

    def _joined(self, compiler: Any, line_feed: str) -> tuple[str, list[Any]]:
        parts, params = zip(*(compiler.compile(part) for part in self.source_expressions), strict=True)
        sql = " || ".join(f"{line_feed} || {part}" for part in parts)
        return f"({sql})", [param for group in params for param in group]

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:
        return self._joined(compiler, "chr(10)")

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self._joined(compiler, "char(10)")


class Within(Func):
    """A key, as the index of the texts has it beside them (`search_index_within` in eventhub/db/operations.py):
    where this
    is asked for, PostgreSQL takes no other index of the key, out of which it would look at each of its rows."""

    template = "(%(expressions)s + 0)"
    output_field = BigIntegerField()


def stands_in(word: str, fields: Sequence[str]) -> Q:
    """That the word stands somewhere in one of the fields, in any case."""
    return Q(IContains(Texts(*fields), word))


def begins_in(word: str, fields: Sequence[str]) -> Q:
    """That a word of one of the fields begins with it."""
    return stands_in(f" {word}", fields) | stands_in(f"\n{word}", fields)
