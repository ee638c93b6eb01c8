"""Lists of events of a stretch of time, of those that are not over, and of those that are: where in the indexes they
stand.

A list by date begins with what is over; reading on until the first that is not would be reading nearly everything. But
all that begins from today on stands together, and what began before today and goes on is few, and found by its span.
"""

from datetime import datetime
from typing import Any

from django.db.models import BooleanField, F, Func, Q, Value

from eventhub import datetimes
from eventhub.merging import Order, Part, Sql, gathered, said_by_the_row
from events.models import EventQuerySet, EventStatus, is_to_come
from events.weeks import InWeeks


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


class _IsCompletedBefore(Func):
    """That it is said to be completed, and begins only after a time. Of events in the future hardly any is; PostgreSQL,
    which would expect as many as of all events, knows so from an index of what this compares."""

    output_field = BooleanField()
    conditional = True

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> Any:  # type: ignore[override]
        status, begins, at = (compiler.compile(part) for part in self.source_expressions)
        return f"({status[0]} = '{EventStatus.COMPLETED}' AND {begins[0]} > {at[0]})", (*status[1], *begins[1], *at[1])

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        status, begins, at = (compiler.compile(part) for part in self.source_expressions)
        sql = f"(CASE WHEN {status[0]} = '{EventStatus.COMPLETED}' THEN {begins[0]} END > {at[0]})"
        return sql, (*status[1], *begins[1], *at[1])


class _Few:
    """What meets a condition that hardly any event does, as a part of a list: found first, and sorted."""

    def __init__(self, condition: Q) -> None:
        self.condition = condition

    def through(self, using: str, at_most: int) -> Part:
        return self

    def as_sql(self, rows: Any, order: Order, stop: int) -> Sql:
        return gathered(rows.filter(self.condition), order, stop)


def between(events: EventQuerySet, since: datetime | None, until: datetime | None) -> EventQuerySet:
    """Those that begin from `since` to `until`."""
    stretch = InWeeks(since, until)
    return events.filter(stretch.at_once()).merged(lambda order: None if order.column == "date_time" else [stretch])


def not_over(
    events: EventQuerySet, now: datetime, since: datetime | None = None, until: datetime | None = None
) -> EventQuerySet:
    """As `EventQuerySet.not_over`, for lists; those of them that begin from `since` to `until`."""
    today = datetimes.start_of_day(now)
    begun = Q(date_time__lt=today) & Q(_GoesOnAt(F("date_time"), F("last_mark"), Value(today)))
    to_come = InWeeks(max(since or today, today), until)
    # Of nearly all that begin from today on it is true, where the database would expect it of one in twenty-five.
    found = events.filter(said_by_the_row([is_to_come(now)]), InWeeks(since, until).at_once())
    return found.merged(lambda order: [_Few(begun), to_come])


def over(
    events: EventQuerySet, now: datetime, since: datetime | None = None, until: datetime | None = None
) -> EventQuerySet:
    """As `EventQuerySet.over`, for lists; those of them that begin from `since` to `until`."""
    begun = InWeeks(since, min(until or now, now))
    found = events.over(now).filter(InWeeks(since, until).at_once())
    completed = Q(_IsCompletedBefore(F("status"), F("date_time"), Value(now)))
    return found.merged(lambda order: [begun, _Few(completed)])
