from collections.abc import Iterable

from django.db.models import Count

from events.models import Event
from registrations.models import Registration


def deleted_objects(events: Iterable[Event]) -> tuple[list[str], dict[str, int]]:
    chosen = list(events)
    counted = Registration.objects.filter(event__in=[event.pk for event in chosen]).order_by()
    counts = dict(counted.values_list("event").annotate(Count("pk")))
    sentences = [_sentence(event, counts.get(event.pk, 0)) for event in chosen]
    return sentences, {"events": len(chosen), "registrations": sum(counts.values())}


def _sentence(event: Event, registrations: int) -> str:
    if not registrations:
        return f"{event.title} (no registrations)"
    return (
        f"{event.title} and {registrations:,} registration{'' if registrations == 1 else 's'}: "
        f"{event.seats_taken:,} with a seat, {event.waitlisted:,} on the waiting list, "
        f"{registrations - event.seats_taken - event.waitlisted:,} cancelled"
    )
