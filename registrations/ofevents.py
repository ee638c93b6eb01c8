"""Reading the registrations for all events of an organizer in some order, event by event."""

from typing import Any

from django.db import connections
from django.db.models import Exists, Q
from django.db.models.expressions import RawSQL

from eventhub.merging import Order, Sql, compiled
from events.models import Event


class OfEvents:
    """The registrations for the events of an organizer, as a part of a list (eventhub/merging.py).

    The first row of each event says which events the first rows of all can be in; so many rows of so many events are
    read, out of an index that has them in their order within the event. What others' events hold is never looked at.
    """

    def __init__(self, organizer_id: int) -> None:
        self.organizer_id = organizer_id

    def at_once(self, event_id: int | None = None) -> Q:
        """The same as a condition; or that this one event is the organizer's, which is asked but once."""
        events = Event.objects.filter(organizer=self.organizer_id).order_by()
        return Q(event__in=events.values("pk")) if event_id is None else Q(Exists(events.filter(pk=event_id)))

    def as_sql(self, rows: Any, order: Order, stop: int) -> Sql:
        if connections[rows.db].vendor != "postgresql":
            return compiled(rows.filter(self.at_once()), order, stop)
        of_one = rows.filter(event=RawSQL('own."id"', ()))
        first, parameters_of_first = compiled(of_one, order, 1)
        firsts, parameters_of_firsts = compiled(of_one, order, stop)
        own = (
            f'SELECT own."id" FROM "events_event" AS own CROSS JOIN LATERAL ({first}) AS one'
            f' WHERE own."organizer_id" = %s {order.sql("one")} LIMIT {stop}'
        )
        sql = (
            f"SELECT theirs.* FROM ({own}) AS own CROSS JOIN LATERAL ({firsts}) AS theirs"
            f" {order.sql('theirs')} LIMIT {stop}"
        )
        return sql, (*parameters_of_first, self.organizer_id, *parameters_of_firsts)
