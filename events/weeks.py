"""Reading the events of a stretch of time in another order than that of time, eight weeks by eight weeks.

What begins between two moments stands together in the index by date, and anywhere in the indexes by title and by
creation: a database that wants the first 51 of them by title reads either all that begin then, and sorts them, or
everybody's titles until it has met 51. But within eight weeks an index has the events by title and by creation, and
there are only so many of those, however many events. (Less time: more pieces of 51 rows each to merge. More: more rows
to pass over where a stretch ends within one.)
"""

from datetime import datetime
from typing import Any

from django.db import connections
from django.db.models import F, Func, IntegerField, Q, Value
from django.db.models.expressions import RawSQL

from eventhub.merging import Order, Sql, compiled, piece_by_piece, said_by_the_row, split, sql_of
from eventhub.pagination import RowComparison
from eventhub.searching import expected

# Where fewer of a stretch are asked for, other conditions say better where to look.
SHARE = 0.02


class EightWeeks(Func):
    """The number of the eight weeks (UTC) that a time is in, as PostgreSQL's indexes `event_by_weeks_...` have it."""

    template = "((((%(expressions)s) AT TIME ZONE 'UTC')::date - DATE '2001-01-01') / 56)"
    arity = 1
    output_field = IntegerField()


class InWeeks:
    """The events that begin from `since` to `until`, either of which may be left open, as a part of a list
    (eventhub/merging.py)."""

    def __init__(self, since: datetime | None = None, until: datetime | None = None) -> None:
        self.bounds = {"gte": since, "lte": until}

    def at_once(self) -> Q:
        """The same as a condition."""
        return Q(**{f"date_time__{way}": moment for way, moment in self.bounds.items() if moment is not None})

    def as_sql(self, rows: Any, order: Order, stop: int) -> Sql:
        found = rows.filter(self.at_once())
        if order.column == "date_time" or not self._are_most(found, order):
            return compiled(found, order, stop)
        # Of all conditions, the index is asked for the weeks and the position alone: by the others the database expects
        # a handful of rows, and would look for them elsewhere.
        positions, others = split(found, RowComparison)
        of_one = rows.model.objects.using(rows.db).annotate(weeks=EightWeeks(F("date_time")))
        of_one = of_one.filter(*positions, said_by_the_row(others), weeks=RawSQL("pieces.piece", ()))
        return piece_by_piece(self._pieces(rows), of_one, order, stop)

    def _are_most(self, found: Any, order: Order) -> bool:
        """Whether PostgreSQL expects the other conditions, beside the position of a page, to leave enough."""
        if connections[found.db].vendor != "postgresql":
            return False
        everything = found.model.objects.using(found.db)
        _, others = split(found, RowComparison)
        likely = expected(everything.filter(self.at_once()), everything.filter(*others), order)
        return likely.found >= SHARE * likely.rows

    def _pieces(self, rows: Any) -> Sql:
        """The eight weeks in which anything begins, in that stretch: each found in an index behind those before."""
        pieces = rows.model.objects.using(rows.db).order_by().annotate(weeks=EightWeeks(F("date_time"))).values("weeks")
        for way, moment in self.bounds.items():
            if moment is not None:
                pieces = pieces.filter(**{f"weeks__{way}": EightWeeks(Value(moment))})
        first, parameters = sql_of(pieces.order_by("weeks")[:1])
        following = pieces.filter(weeks__gt=RawSQL("found.piece", ())).order_by("weeks")[:1]
        then, parameters_of_following = sql_of(following)
        sql = (
            f"WITH RECURSIVE found(piece) AS (({first}) UNION ALL SELECT ({then}) FROM found WHERE found.piece IS NOT"
            " NULL) SELECT found.piece FROM found WHERE found.piece IS NOT NULL"
        )
        return sql, (*parameters, *parameters_of_following)
