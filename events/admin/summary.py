from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Field
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode

from accounts.models import User
from accounts.permissions import allowed
from eventhub.admin.field_values import in_words
from eventhub.datetimes import is_alike
from eventhub.exceptions import ClosedReason
from events.admin.actions import COME_BACK, available
from events.admin.changelist import ALL, STATUS_COLOURS, percent_taken
from events.admin.exports import KINDS
from events.models import Event, Visibility
from events.services.interests import count_interested
from events.services.slugs import page_url
from notifications.admin import event_messages

# What the links of the summary lead to, by the permission table.
LINKED = (
    *("attendees", "badges", "create_checkpoint", "create_question", "doors", "export", "gate_tokens", "manage"),
    *("names", "statistics", "team", "templates"),
)


def summary(event: Event, user: User) -> dict[str, Any]:
    registrations, now = reverse("admin:registrations_registration_changelist"), timezone.now()
    may = {name: allowed(user, "event", name, event) for name in LINKED}
    return {
        "event": event,
        "when": when(event),
        "colour": STATUS_COLOURS[event.get_status_display()],
        "percent": percent_taken(event),
        "registration": registration_sentence(event, now),
        "interested": count_interested(event),
        "actions": available(event, user),
        "may": may,
        "kinds": KINDS if may["export"] else (),
        # `when`: the default filter would hide an event that is over.
        "post_to": f"{reverse('admin:events_event_changelist')}?{urlencode({'when': ALL})}",
        "checkbox": ACTION_CHECKBOX_NAME,
        "come_back": COME_BACK,
        "messages": event_messages.rows(event, user) if may["manage"] else [],
        "attendees": f"{registrations}?{urlencode({'event__id__exact': event.pk})}",
        "check_in": reverse("admin:registrations_registration_door", args=[event.pk]),
        "doors": reverse("admin:events_event_doors", args=[event.pk]),
        "checkpoints": reverse("admin:events_event_checkpoints", args=[event.pk]),
        "questions": reverse("admin:events_event_questions", args=[event.pk]),
        "helpers": reverse("admin:events_event_helpers", args=[event.pk]),
        "team": reverse("admin:events_event_team", args=[event.pk]),
        "statistics": reverse("admin:registrations_registration_statistics", args=[event.pk]),
        "emails": reverse("admin:events_event_emails", args=[event.pk]),
        "series": allowed(user, "series", "update", event) and reverse("admin:events_event_series", args=[event.pk]),
        "badges": reverse("admin:events_event_badges", args=[event.pk]),
        "names": reverse("admin:events_event_names", args=[event.pk]),
        "public_page": page_url(event),
        "embed": _embed(event),
        "takes_people": event.takes_people(now),
        "add_attendee": f"{reverse('admin:registrations_registration_add')}?{urlencode({'event': event.pk})}",
        "import_attendees": reverse("admin:registrations_registration_import", args=[event.pk]),
    }


def _embed(event: Event) -> str:
    """Return the HTML that shows the organizer's public events on another website. Empty: the event is not there."""
    if not page_url(event) or event.visibility != Visibility.PUBLIC:
        return ""
    script = f"{settings.PUBLIC_URL}{static('public/widget.js')}"
    tag = f'<eventhub-events src="{settings.PUBLIC_URL}" organizer="{event.organizer_id}"></eventhub-events>'
    return f'<script src="{script}" defer></script>\n{tag}'


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
    return in_words(field, getattr(event, name), event.zone)


def when(event: Event) -> str:
    """Return the beginning for people: where the event takes place, and here where that differs."""
    local = date_format(event.date_time.astimezone(event.zone), "DATETIME_FORMAT")
    if is_alike(event.date_time, event.zone):
        return local
    here = date_format(timezone.localtime(event.date_time), "DATETIME_FORMAT")
    return f"{local} ({event.zone.key}), {here} here"
