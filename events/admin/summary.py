from datetime import datetime
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Field
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from eventhub.admin.field_values import in_words
from events.admin.actions import COME_BACK, available
from events.admin.changelist import ALL, STATUS_COLOURS, percent_taken
from events.admin.exports import KINDS
from events.models import ANNOUNCED, Event, EventStatus


def summary(event: Event) -> dict[str, Any]:
    registrations, now = reverse("admin:registrations_registration_changelist"), timezone.now()
    return {
        "event": event,
        "colour": STATUS_COLOURS[event.get_status_display()],
        "percent": percent_taken(event),
        "registration": registration_sentence(event, now),
        "actions": available(event),
        "kinds": KINDS,
        # `when`: the default filter would hide an event that is over.
        "post_to": f"{reverse('admin:events_event_changelist')}?{urlencode({'when': ALL})}",
        "checkbox": ACTION_CHECKBOX_NAME,
        "come_back": COME_BACK,
        "attendees": f"{registrations}?{urlencode({'event__id__exact': event.pk})}",
        "check_in": reverse("admin:registrations_registration_door", args=[event.pk]),
        "takes_people": event.takes_people(now),
        "add_attendee": f"{reverse('admin:registrations_registration_add')}?{urlencode({'event': event.pk})}",
        "import_attendees": reverse("admin:registrations_registration_import", args=[event.pk]),
    }


def registration_sentence(event: Event, now: datetime) -> str:
    if event.status not in ANNOUNCED:
        status = event.get_status_display().lower()
        article = "a " if event.status == EventStatus.DRAFT else ""
        return f"Registration is not open: the event is {article}{status}."
    if event.is_over(now):
        return "Registration is closed: the event is over."
    opens, closes = event.registration_opens, event.registration_closes
    if opens is not None and now < opens:
        return f"Registration opens {_when('registration_opens', opens)}."
    if closes is None:
        return "Registration is open."
    verb = "closes" if now < closes else "closed"
    return f"Registration {verb} {_when('registration_closes', closes)}."


def _when(name: str, moment: datetime) -> str:
    field: Field[Any, Any] = Event._meta.get_field(name)  # type: ignore[assignment]
    return in_words(field, moment)
