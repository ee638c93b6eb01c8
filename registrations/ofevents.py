"""Reading the registrations for all events of an organizer in some order, event by event."""

from typing import Any, NamedTuple

from django.db import connections
from django.db.models import Exists, F, Q
from django.db.models.expressions import RawSQL

from eventhub.merging import Order, Sql, compiled, piece_by_piece, sql_of
from events.models import Event

# To go to an event in an index costs as much as reading so many rows of it.
GOING = 10


class OfEvents(NamedTuple):
    """The registrations for the events of an organizer, as a part of a list (eventhub/merging.py): event by event, out
    of an index that has them in their order within the event."""

    organizer_id: int
    is_read_through: bool = False

    def at_once(self, event_id: int | None = None) -> Q:
        """The same as a condition; or that this one event is the organizer's, which is asked but once."""
        events = Event.objects.filter(organizer=self.organizer_id).order_by()
        return Q(event__in=events.values("pk")) if event_id is None else Q(Exists(events.filter(pk=event_id)))

    def through(self, using: str, at_most: int) -> "OfEvents | None":
        """As of any part; who has cancelled is not counted."""
        people = F("seats_taken") + F("waitlisted") + GOING
        rows = self._events(using).values_list(people, flat=True)[: at_most // GOING + 1]
        return self._replace(is_read_through=True) if sum(rows) <= at_most else None

    def as_sql(self, rows: Any, order: Order, stop: int) -> Sql:
        if connections[rows.db].vendor != "postgresql":
            return compiled(rows.filter(self.at_once()), order, stop)
        own = self._events(rows.db).annotate(piece=F("pk")).values("piece")
        of_one = rows.filter(event=RawSQL("pieces.piece", ()))
        return piece_by_piece(sql_of(own), of_one, order, stop, through=self.is_read_through)

    def _events(self, using: str) -> Any:
        return Event.objects.using(using).filter(organizer=self.organizer_id).order_by()
