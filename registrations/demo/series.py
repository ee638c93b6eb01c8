"""One event of the demo takes place every week."""

from collections.abc import Sequence

from events.models import Event
from registrations.services.series_changes import repeat_event

WEEKLY = "Community Choir: Open Rehearsal"
RULE = "FREQ=WEEKLY;COUNT=6"


def write(events: Sequence[Event]) -> None:
    (first,) = (event for event in events if event.title == WEEKLY)
    repeat_event(event_id=first.pk, rule=RULE)
