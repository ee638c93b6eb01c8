"""Reading the events of a stretch of time in another order than that of time, eight weeks by eight weeks.

What begins between two moments stands together in the index by date, and anywhere in the indexes by title and by
creation: a database that wants the first 51 of them by title reads either all that begin then, and sorts them, or
everybody's titles until it has met 51. But within eight weeks an index has the events by title and by creation, and
there are only so many of those, however many events. Where a stretch begins or ends within eight weeks, those are read
by four days: fewer of its neighbours are passed over.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connections
from django.db.models import F, Func, IntegerField, Q
from django.db.models.expressions import RawSQL

from eventhub.api.pagination import RowComparison
from eventhub.merging import Order, Sql, compiled, gathered, piece_by_piece, said_by_the_row, split, sql_of, together
from eventhub.searching import expected
from events.models import Event

EPOCH = datetime(2001, 1, 1, tzinfo=UTC)  # when the first of all pieces begins
# Shorter: more pieces to merge, 51 rows of each. Longer: more rows to pass over where a stretch ends within one.
WEEKS, DAYS = timedelta(days=56), timedelta(days=4)
EARLIEST = -1_000_000  # the number of no piece: all are behind it
# Where fewer of a stretch are asked for, other conditions say better where to look.
SHARE = 0.02
# A row that is looked at in the table costs as much as so many in an index.
IN_THE_TABLE = 4


class Piece(Func):
    """The number of the piece, so many days long (UTC), that a time is in, as PostgreSQL's indexes `event_by_weeks_...`
    and `event_by_days_...` have it."""

    template = f"((((%(expressions)s) AT TIME ZONE 'UTC')::date - DATE '{EPOCH:%Y-%m-%d}') / %(days)s)"
    arity = 1
    output_field = IntegerField()

    def __init__(self, moment: Any, length: timedelta) -> None:
        super().__init__(moment, days=length.days)

    @staticmethod
    def number(moment: datetime, length: timedelta) -> int:
        """The same, said here: the database rounds towards the first piece."""
        return int((moment - EPOCH).days / length.days)


class InWeeks(NamedTuple):
    """The events that begin from `since` to `until`, either of which may be left open, as a part of a list
    (eventhub/merging.py)."""

    since: datetime | None = None
    until: datetime | None = None

    def at_once(self) -> Q:
        """The same as a condition."""
        bounds = zip(("gte", "lte"), self, strict=True)
        return Q(**{f"date_time__{way}": moment for way, moment in bounds if moment is not None})

    def through(self, using: str, at_most: int) -> "InWeeks | None":
        """As of any part; to look for words, the table is read as well as an index, and for some rows twice."""
        in_it = Event.objects.using(using).filter(self.at_once())
        (rows,) = expected(Order("date_time", descending=False), in_it)
        return self if IN_THE_TABLE * rows <= at_most else None

    def as_sql(self, rows: Any, order: Order, stop: int) -> Sql:
        found = rows.filter(self.at_once())
        if order.column == "date_time":
            return compiled(found, order, stop)
        if not self._are_most(found, order):
            return gathered(found, order, stop)
        return together(stretch._by_pieces(rows, length, order, stop) for length, stretch in self.in_pieces())

    def _are_most(self, found: Any, order: Order) -> bool:
        """Whether PostgreSQL expects the other conditions, beside the position of a page, to leave enough."""
        if connections[found.db].vendor != "postgresql":
            return False
        everything = found.model.objects.using(found.db)
        _, others = split(found, RowComparison)
        all_of_it, left = expected(order, everything.filter(self.at_once()), everything.filter(*others))
        return left >= SHARE * all_of_it

    def in_pieces(self) -> "Iterator[tuple[timedelta, InWeeks]]":
        """The length of the pieces by which each part of it is read: its whole weeks, and the days in front of and
        behind them."""
        try:
            first = self.since and self.since + (EPOCH - self.since) % WEEKS
            last = self.until and self.until - (self.until - EPOCH) % WEEKS
        except OverflowError:  # less than eight weeks from an end of time
            yield DAYS, self
            return
        if first and last and first > last:
            yield DAYS, self
            return
        if first:
            yield DAYS, InWeeks(self.since, first - timedelta.resolution)
        yield WEEKS, InWeeks(first, last and last - timedelta.resolution)
        if last:
            yield DAYS, InWeeks(last, self.until)

    def _by_pieces(self, rows: Any, length: timedelta, order: Order, stop: int) -> Sql:
        # Of all conditions, the index is asked for the piece and the position alone: by the others the database expects
        # a handful of rows, and would look for them elsewhere.
        positions, others = split(rows.filter(self.at_once()), RowComparison)
        everything = rows.model.objects.using(rows.db).annotate(piece=Piece(F("date_time"), length))
        of_one = everything.filter(*positions, said_by_the_row(others), piece=RawSQL("pieces.piece", ()))
        return piece_by_piece(self._pieces(everything, length), of_one, order, stop)

    def _pieces(self, everything: Any, length: timedelta) -> Sql:
        """The pieces in which anything begins: each found in an index behind those before."""
        before = EARLIEST if self.since is None else Piece.number(self.since, length) - 1
        following = everything.filter(piece__gt=RawSQL("found.piece", ()))
        if self.until is not None:
            following = following.filter(piece__lte=Piece.number(self.until, length))
        sql, parameters = sql_of(following.order_by("piece").values("piece")[:1])
        return (
            f"WITH RECURSIVE found(piece) AS (SELECT {before} UNION ALL SELECT ({sql}) FROM found"
            f" WHERE found.piece IS NOT NULL) SELECT found.piece FROM found WHERE found.piece > {before}"
        ), parameters
