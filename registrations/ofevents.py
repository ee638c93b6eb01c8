"""Reading the registrations for all events of an organizer in some order, event by event."""

from typing import Any

from django.db import connections
from django.db.models import Exists, F, Q
from django.db.models.expressions import RawSQL

from eventhub.merging import Order, Sql, compiled, piece_by_piece, sql_of
from events.models import Event


class OfEvents:
    """The registrations for the events of an organizer, as a part of a list (eventhub/merging.py): event by event, out
    of an index that has them in their order within the event."""

    def __init__(self, organizer_id: int) -> None:
        self.organizer_id = organizer_id

    def at_once(self, event_id: int | None = None) -> Q:
        """The same as a condition; or that this one event is the organizer's, which is asked but once."""
        events = Event.objects.filter(organizer=self.organizer_id).order_by()
        return Q(event__in=events.values("pk")) if event_id is None else Q(Exists(events.filter(pk=event_id)))

    def as_sql(self, rows: Any, order: Order, stop: int) -> Sql:
        if connections[rows.db].vendor != "postgresql":
            return compiled(rows.filter(self.at_once()), order, stop)
        own = Event.objects.using(rows.db).filter(organizer=self.organizer_id).order_by()
        of_one = rows.filter(event=RawSQL("pieces.piece", ()))
        return piece_by_piece(sql_of(own.annotate(piece=F("pk")).values("piece")), of_one, order, stop)
