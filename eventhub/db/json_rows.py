"""Pass thousands of rows to a statement as one parameter: JSON that the database turns into a table.

A parameter for each value costs ten times the work in Python and in the parser, and SQLite takes few. COPY, which only
PostgreSQL has, was no faster.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

_CELL = {
    "postgresql": "CAST(cells ->> {place} AS {kind}) AS {name}",
    "sqlite": "json_extract(cells, '$[{place}]') AS {name}",
}
_TABLE = {
    "postgresql": "json_array_elements(CAST(%s AS json)) WITH ORDINALITY AS listed (cells, place)",
    "sqlite": "(SELECT value AS cells, key AS place FROM json_each(%s)) AS listed",
}


def folded(rows: Sequence[Sequence[str | int | None]]) -> str:
    """The parameter that `unfolded` takes."""
    return json.dumps(rows, ensure_ascii=False)


def unfolded(columns: Mapping[str, str]) -> str:
    """SQL for a table with these columns, each with its type on PostgreSQL, and `place`, the order of the rows.

    It takes one parameter, `folded` rows, whose values are in the order of the columns.
    """
    cells = [
        _CELL[connection.vendor].format(place=place, name=name, kind=kind)
        for place, (name, kind) in enumerate(columns.items())
    ]
    return f"(SELECT place, {', '.join(cells)} FROM {_TABLE[connection.vendor]}) AS unfolded"


def among(values: Sequence[str | int], kind: str) -> Any:
    """The values, all of that type on PostgreSQL, for a condition such as `filter(pk__in=among(keys, "bigint"))`."""
    one_column = unfolded({"value": kind})
    return RawSQL(f"SELECT value FROM {one_column}", [folded([[value] for value in values])])  # noqa: S611  (ours)
