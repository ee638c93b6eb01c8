"""What stands above an event's form: how it is doing, and what one can do with it now."""

from datetime import datetime
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Field
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from eventhub.admin.field_values import in_words
from events.admin.actions import COME_BACK, buttons
from events.admin.changelist import ALL, STATUS_COLOURS, percent_taken
from events.admin.exports import KINDS
from events.models import ANNOUNCED, Event


def summary(event: Event) -> dict[str, Any]:
    registrations = reverse("admin:registrations_registration_changelist")
    return {
        "event": event,
        "colour": STATUS_COLOURS[event.get_status_display()],
        "percent": percent_taken(event),
        "registration": registration_sentence(event, timezone.now()),
        "buttons": buttons(event),
        "kinds": KINDS,
        # The list's filter for what is to come must not hide an event that is over.
        "do": f"{reverse('admin:events_event_changelist')}?{urlencode({'when': ALL})}",
        "checkbox": ACTION_CHECKBOX_NAME,
        "come_back": COME_BACK,
        "in_list": f"{registrations}?{urlencode({'event__id__exact': event.pk})}",
        "add": f"{reverse('admin:registrations_registration_add')}?{urlencode({'event': event.pk})}",
        "import_people": reverse("admin:registrations_registration_import", args=[event.pk]),
    }


def registration_sentence(event: Event, now: datetime) -> str:
    """Whether people can register, and until when, or from when on."""
    if event.status not in ANNOUNCED:
        return f"Nobody can register: the event is {event.get_status_display().lower()}."
    if event.is_over(now):
        return "Nobody can register: the event is over."
    opens, closes = event.registration_opens, event.registration_closes
    if opens is not None and now < opens:
        return f"Registration opens {_when('registration_opens', opens)}."
    if closes is None:
        return "Registration is open."
    verb = "is open until" if now < closes else "has been closed since"
    return f"Registration {verb} {_when('registration_closes', closes)}."


def _when(name: str, moment: datetime) -> str:
    field: Field[Any, Any] = Event._meta.get_field(name)  # type: ignore[assignment]
    return in_words(field, moment)
