from functools import partial
from typing import Any, cast, get_args

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.models import User
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
    events = list(queryset.values_list("pk", "title"))
    registrations = Registration.objects.managed_by(cast(User, request.user)).filter(event__in=[pk for pk, _ in events])
    name = f"{events[0][1]} attendees" if len(events) == 1 else "Attendees"
    return export_response(kind, name, people.header(), people.rows(registrations))


def attendee_actions() -> list[Any]:
    return [_as_action(kind) for kind in KINDS]


def _as_action(kind: Kind) -> Any:
    action: Any = partial(export_attendees, kind=kind)
    action.__name__ = f"{ATTENDEES}{kind}"
    action.short_description = f"Export attendees ({kind.upper()})"
    action.allowed_permissions = ["view"]
    return action
