"""Count the values in a column of JSON objects, in the database."""

import json
from collections.abc import Collection
from typing import NamedTuple

from django.db import connections
from django.db.models import QuerySet

# An array counts as each of its values; `first` counts it once.
_COUNTS = {
    "postgresql": """
        SELECT pair.key, listed.value #>> '{{}}', count(*), count(*) FILTER (WHERE listed.place = 1)
          FROM ({rows}) AS held (contents), jsonb_each(held.contents) AS pair, jsonb_array_elements(
            CASE jsonb_typeof(pair.value) WHEN 'array' THEN pair.value ELSE jsonb_build_array(pair.value) END
          ) WITH ORDINALITY AS listed (value, place)
         WHERE pair.key IN (SELECT json_array_elements_text(CAST(%s AS json)))
         GROUP BY 1, 2 ORDER BY 1, 2
    """,
    "sqlite": """
        SELECT pair.key, CAST(listed.value AS text), count(*), count(*) FILTER (WHERE listed.key = 0)
          FROM ({rows}) AS held, json_each(held.{column}) AS pair, json_each(
            CASE pair.type WHEN 'array' THEN pair.value ELSE json_array(pair.value) END
          ) AS listed
         WHERE pair.key IN (SELECT value FROM json_each(%s))
         GROUP BY 1, 2 ORDER BY 1, 2
    """,
}


class ValueCount(NamedTuple):
    """How many rows have a value, and of how many it is the first. SQLite writes true as 1."""

    key: str
    value: str
    rows: int
    first: int


def count_values(rows: QuerySet, column: str, *, keys: Collection[str]) -> list[ValueCount]:  # type: ignore[type-arg]
    """Count the values of these keys in one statement."""
    connection = connections[rows.db]
    inner, params = rows.order_by().values_list(column).query.get_compiler(rows.db).as_sql()
    statement = _COUNTS[connection.vendor].format(rows=inner, column=column)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*params, json.dumps(list(keys))])
        return [ValueCount(*row) for row in cursor.fetchall()]
