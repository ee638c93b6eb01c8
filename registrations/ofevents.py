"""Reading the registrations for all events of an organizer in some order, event by event."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connections
from django.db.models import BigIntegerField, Exists, F, Q
from django.db.models.expressions import RawSQL
from django.db.models.lookups import Exact

from eventhub.db.text_search import Within
from eventhub.merging import Order, Sql, all_of_the_pieces, compiled, piece_by_piece, sql_of
from events.models import Event

# To go to an event in an index costs as much as reading so many rows of it; to ask an index of words about it, as much
# as looking at so many.
GOING, ASKING = 10, 100


class OfEvents(NamedTuple):
    """The registrations for the events of an organizer, as a part of a list (eventhub/merging.py): event by event, out
    of an index that has them in their order within the event."""

    organizer_id: int
    is_read_through: bool = False
    conditions: tuple[Any, ...] = ()  # what an index is asked for in each event

    def at_once(self, event_id: int | None = None) -> Q:
        """The same as a condition; or that this one event is the organizer's, which is asked but once."""
        events = Event.objects.filter(organizer=self.organizer_id).order_by()
        return Q(event__in=events.values("pk")) if event_id is None else Q(Exists(events.filter(pk=event_id)))

    def through(self, using: str, at_most: int) -> "OfEvents | None":
        """As of any part."""
        return self._replace(is_read_through=True) if self._costs_at_most(at_most, using, GOING) else None

    def asked(self, using: str, conditions: Sequence[Any], for_each_row: float, at_most: int) -> "OfEvents | None":
        """As of any searched part."""
        is_sooner = self._costs_at_most(at_most, using, ASKING, for_each_row)
        return self._replace(conditions=tuple(conditions)) if is_sooner else None

    def as_sql(self, rows: Any, order: Order, stop: int) -> Sql:
        if connections[rows.db].vendor != "postgresql":
            return compiled(rows.filter(self.at_once()), order, stop)
        own = self._events(rows.db).annotate(piece=F("pk")).values("piece")
        piece = RawSQL("pieces.piece", (), BigIntegerField())
        if self.conditions:
            asked = rows.filter(*self.conditions, Exact(Within("event"), piece))
            return all_of_the_pieces(sql_of(own), asked, order, stop)
        of_one = rows.filter(event=piece)
        return piece_by_piece(sql_of(own), of_one, order, stop, through=self.is_read_through)

    def _costs_at_most(self, rows: int, using: str, each_event: int, each_row: float = 1) -> bool:
        """Whether that is as much as looking at no more rows; who has cancelled is not counted."""
        people = self._events(using).values_list(F("seats_taken") + F("waitlisted"), flat=True)
        # Of fewer PostgreSQL would expect to meet them soon in the table, and scan it.
        some = people[: max(rows // each_event, 1_000) + 1]
        return bool(sum(each_event + each_row * count for count in some) <= rows)

    def _events(self, using: str) -> Any:
        return Event.objects.using(using).filter(organizer=self.organizer_id).order_by()
