from functools import partial
from typing import Any, cast, get_args

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.models import User
from accounts.permissions import allowed
from eventhub.admin.model_admin import ScopedModelAdmin
from eventhub.spreadsheets.downloads import Kind, export_response
from events import exports
from events.models import Event
from registrations.models import Registration
from registrations.selectors import attendee_rows as people

KINDS: tuple[Kind, ...] = get_args(Kind)
ATTENDEES = "attendees_as_"


def export_events(model_admin: ScopedModelAdmin, request: HttpRequest, kind: str) -> HttpResponseBase:
    chosen = next((known for known in KINDS if known == kind), None)
    if chosen is None:
        raise Http404
    if not model_admin.may(request, "view"):
        raise PermissionDenied
    try:
        events = model_admin.get_changelist_instance(request).queryset
    except IncorrectLookupParameters:
        return HttpResponseRedirect(reverse("admin:events_event_changelist"))
    return export_response(chosen, "Events", exports.header(), exports.rows(events))


def export_attendees(
    model_admin: ScopedModelAdmin, request: HttpRequest, queryset: QuerySet[Event], *, kind: Kind
) -> HttpResponseBase:
    reader = cast(User, request.user)
    events = [event for event in queryset if allowed(reader, "event", "export", event)]
    if not events:
        raise PermissionDenied
    registrations = Registration.objects.managed_by(reader, "export").filter(event__in=[event.pk for event in events])
    only = events[0] if len(events) == 1 else None
    name = f"{only} attendees" if only else "Attendees"
    asked = people.questions_shown(only, reader)
    return export_response(kind, name, people.header(asked), people.rows(registrations, asked))


def attendee_actions() -> list[Any]:
    return [_as_action(kind) for kind in KINDS]


def _as_action(kind: Kind) -> Any:
    action: Any = partial(export_attendees, kind=kind)
    action.__name__ = f"{ATTENDEES}{kind}"
    action.short_description = f"Export attendees ({kind.upper()})"
    action.allowed_permissions = ["export"]
    return action
