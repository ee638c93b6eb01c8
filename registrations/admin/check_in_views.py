"""Check-in pages: the choice of an event, and the people of one. They work without JavaScript, on a phone."""

from typing import Any, NamedTuple, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from eventhub.admin.model_admin import ScopedModelAdmin
from eventhub.api.fields import could_be_id
from events.models import Event
from registrations.admin import actions, status
from registrations.models import Registration
from registrations.selectors import dashboard
from registrations.selectors.search import search
from registrations.services.check_in import seat_obstacle
from registrations.services.seats import ATTENDED, REGISTERED

MAX_ROWS = 30


class CheckInRow(NamedTuple):
    row: Registration
    name: str
    status: str
    colour: str
    action: str
    button: str
    is_expected: bool
    obstacle: str

    @classmethod
    def of(cls, row: Registration) -> "CheckInRow":
        action = actions.ACTIONS["undo_check_in" if row.status == ATTENDED else "check_in"]
        return cls(
            row=row,
            name=actions.name_of(row),
            status=status.label(row),
            colour=status.colour(row),
            action=action.name,
            button=action.label,
            is_expected=row.status == REGISTERED,
            obstacle=seat_obstacle(row, timezone.now()),
        )


def find_event(request: HttpRequest, event_id: int) -> Event:
    events = Event.objects.managed_by(cast(User, request.user))
    event: Event | None = events.filter(pk=event_id).first() if could_be_id(str(event_id)) else None
    if event is None:
        raise Http404
    return event


def choose_event(model_admin: ScopedModelAdmin, request: HttpRequest) -> HttpResponse:
    """Show the events that are on now, and the next ones."""
    user, now = cast(User, request.user), timezone.now()
    sections = [
        ("On now", dashboard.get_events_on_now(user=user, now=now)),
        ("Next events", dashboard.get_next_events(user=user, now=now)),
    ]
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Check-in",
        "sections": [(title, events) for title, events in sections if events],
        "events_url": reverse("admin:events_event_changelist"),
    }
    return TemplateResponse(request, "registrations/admin/check_in_events.html", context)


def check_in(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    """Show the people found by name; on POST, run a button's action and show its person on top."""
    event = find_event(request, event_id)
    here = reverse("admin:registrations_registration_door", args=[event.pk])
    if request.method == "POST":
        pk = request.POST.get(actions.DO, "").partition(":")[2]
        return actions.perform_one(model_admin, request, back=f"{here}?done={pk}" if could_be_id(pk) else here)
    return TemplateResponse(
        request,
        "registrations/admin/check_in.html",
        {
            **model_admin.admin_site.each_context(request),
            "title": f"Check-in: {event.title}",
            "opts": model_admin.opts,
            "event": event,
            "event_url": reverse("admin:events_event_change", args=[event.pk]),
            "add": event.takes_people(timezone.now())
            and f"{reverse('admin:registrations_registration_add')}?event={event.pk}&from=door",
            **_people(request, event),
        },
    )


def _people(request: HttpRequest, event: Event) -> dict[str, Any]:
    text = request.GET.get("q", "").replace("\x00", "").strip()
    people, last = Registration.objects.filter(event=event), _last(request, event)
    others = people.exclude(pk=last.row.pk) if last else people
    matching = search(others.with_successors(), text, by=cast(User, request.user))
    found = list(matching.order_by("name", "pk")[: MAX_ROWS + 1])
    for row in found:
        row.event = event
    return {
        "text": text,
        "last": last,
        "people": [CheckInRow.of(row) for row in found[:MAX_ROWS]],
        "is_cut": len(found) > MAX_ROWS,
        "checked_in": people.filter(status=ATTENDED).count(),
    }


def _last(request: HttpRequest, event: Event) -> CheckInRow | None:
    pk = request.GET.get("done", "")
    rows = Registration.objects.filter(event=event).with_successors()
    row = rows.select_related("event").filter(pk=pk).first() if could_be_id(pk) else None
    return CheckInRow.of(row) if row else None
