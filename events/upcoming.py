"""Lists of events that are not over, and of those that are: where in the indexes they stand.

A list by date begins with what is over, one by creation too; reading on until the first that is not would be reading
nearly everything. But by date, all that begins from today on stands together; under another order, those of a status
that is not `completed` are mostly to come. What began before today and goes on is few, and found by its span.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, F, Func, Q, Value

from eventhub import times
from eventhub.merging import Order
from events.models import EventQuerySet, EventStatus, is_to_come

NOT_COMPLETED = [status for status in EventStatus if status != EventStatus.COMPLETED]


class _GoesOnAt(Func):
    """That a time lies between the beginning and the last mark: PostgreSQL has an index of spans."""

    output_field = BooleanField()
    conditional = True

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> Any:  # type: ignore[override]
        begins, ends, at = (compiler.compile(part) for part in self.source_expressions)
        return f"({begins[0]} <= {at[0]} AND {ends[0]} >= {at[0]})", (*begins[1], *at[1], *ends[1], *at[1])

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        begins, ends, at = (compiler.compile(part) for part in self.source_expressions)
        return f"(tstzrange({begins[0]}, {ends[0]}, '[]') @> {at[0]})", (*begins[1], *ends[1], *at[1])


def not_over(events: EventQuerySet, now: datetime) -> EventQuerySet:
    """As `EventQuerySet.not_over`, for lists."""
    today = times.start_of_day(now)
    to_come = Q(date_time__gte=today)
    begun = Q(date_time__lt=today) & Q(_GoesOnAt(F("date_time"), F("last_mark"), Value(today)))

    def parts(order: Order) -> list[Q]:
        return [begun, *([to_come] if order.column == "date_time" else _in(NOT_COMPLETED, to_come))]

    # Each condition more would make the database expect fewer rows than there are, and sort them all.
    return events.filter(is_to_come(now)).merged(parts)


def over(events: EventQuerySet, now: datetime) -> EventQuerySet:
    """As `EventQuerySet.over`, for lists."""
    begun = Q(date_time__lte=now)

    def parts(order: Order) -> list[Q]:
        """What is over without being completed has begun."""
        if order.column == "date_time":
            return [begun, Q(date_time__gt=now, status=EventStatus.COMPLETED)]
        return [Q(status=EventStatus.COMPLETED), *_in(NOT_COMPLETED, begun)]

    return events.over(now).merged(parts)


def _in(statuses: Sequence[EventStatus], condition: Q) -> list[Q]:
    return [Q(status=status) & condition for status in statuses]
