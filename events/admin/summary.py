from datetime import datetime
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Field
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts.models import User
from eventhub.admin.field_values import in_words
from eventhub.exceptions import ClosedReason
from events.admin.actions import COME_BACK, available
from events.admin.changelist import ALL, STATUS_COLOURS, percent_taken
from events.admin.exports import KINDS
from events.models import Event
from notifications.admin import event_messages


def summary(event: Event, user: User) -> dict[str, Any]:
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
        "messages": event_messages.rows(event, user),
        "attendees": f"{registrations}?{urlencode({'event__id__exact': event.pk})}",
        "check_in": reverse("admin:registrations_registration_door", args=[event.pk]),
        "statistics": reverse("admin:registrations_registration_statistics", args=[event.pk]),
        "emails": reverse("admin:events_event_emails", args=[event.pk]),
        "takes_people": event.takes_people(now),
        "add_attendee": f"{reverse('admin:registrations_registration_add')}?{urlencode({'event': event.pk})}",
        "import_attendees": reverse("admin:registrations_registration_import", args=[event.pk]),
    }


def registration_sentence(event: Event, now: datetime) -> str:
    match event.closed_reason(now):
        case ClosedReason.NOT_ANNOUNCED:
            return "Registration is not open: the event is a draft."
        case ClosedReason.CANCELLED:
            return "Registration is closed: the event is cancelled."
        case ClosedReason.OVER:
            return "Registration is closed: the event is over."
        case ClosedReason.NOT_OPEN_YET:
            return f"Registration opens {_when(event, 'registration_opens')}."
        case ClosedReason.CLOSED:
            return f"Registration closed {_when(event, 'registration_closes')}."
    if event.registration_closes is None:
        return "Registration is open."
    return f"Registration closes {_when(event, 'registration_closes')}."


def _when(event: Event, name: str) -> str:
    field: Field[Any, Any] = Event._meta.get_field(name)  # type: ignore[assignment]
    return in_words(field, getattr(event, name))
