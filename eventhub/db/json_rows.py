"""Pass thousands of rows to a statement as one parameter: JSON that the database turns into a table.

A parameter for each value costs ten times the work in Python and in the parser, and SQLite takes few. COPY, which only
PostgreSQL has, was no faster.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
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
    return json.dumps(rows, ensure_ascii=False)


def unfolded(columns: Mapping[str, str]) -> str:
    """SQL for a table with these columns, each with its type on PostgreSQL, and `place`, the order of the rows.

    It takes one parameter, `folded` rows, whose values are in the order of the columns.
    """
    cell, table = _CELL[connection.vendor], _TABLE[connection.vendor]
    cells = [cell.format(place=place, name=name, kind=kind) for place, (name, kind) in enumerate(columns.items())]
    return f"(SELECT place, {', '.join(cells)} FROM {table}) AS unfolded"


def insert_new(
    table: str, columns: Mapping[str, str], rows: Sequence[Sequence[str | int | None]], same: Mapping[str, Any]
) -> None:
    """Insert rows in their order in one statement, except those that violate a unique constraint.

    `columns` are those of `unfolded`; `same` holds the values of other columns, which are the same for all rows.
    """
    adapt: Any = connection.ops.adapt_datetimefield_value
    constants = [adapt(value) if isinstance(value, datetime) else value for value in same.values()]
    # WHERE is for SQLite, which reads "ON" after a table as the condition of a join.
    statement = (
        f"INSERT INTO {table} ({', '.join([*columns, *same])})"
        f" SELECT {', '.join([*columns, *['%s'] * len(same)])} FROM {unfolded(columns)} WHERE true ORDER BY place"
        " ON CONFLICT DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*constants, folded(rows)])


def among(values: Sequence[str | int], kind: str) -> Any:
    """The values, all of that type on PostgreSQL, for a condition such as `filter(pk__in=among(keys, "bigint"))`."""
    one_column = unfolded({"value": kind})
    return RawSQL(f"SELECT value FROM {one_column}", [folded([[value] for value in values])])  # noqa: S611  (ours)
