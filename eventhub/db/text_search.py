"""All searched texts of a row as one expression: one condition for each word, and one index for them all."""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, Func, Q, TextField
from django.db.models.lookups import IContains


class SearchedText(Func):
    """The texts in a row, each behind a line feed, which no word contains.

    The words of a search may be in different columns: an index for each column would find all rows for each word first.
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


def stands_in(word: str, fields: Sequence[str]) -> Q:
    """Match rows with the word anywhere in one of the fields, in any case."""
    return Q(IContains(SearchedText(*fields), word))


def begins_in(word: str, fields: Sequence[str]) -> Q:
    """Match rows in which a word of one of the fields begins with it."""
    return stands_in(f" {word}", fields) | stands_in(f"\n{word}", fields)
