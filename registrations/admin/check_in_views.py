"""Check-in pages: the choice of an event, and the people of one. They work without JavaScript, on a phone."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts.models import User
from accounts.permissions import allowed
from checkin.admin import code_field
from eventhub.admin.field_values import begins_at
from eventhub.admin.model_admin import ScopedModelAdmin
from eventhub.api.fields import could_be_id
from events.models import Event
from registrations.admin import actions, status
from registrations.models import LIVE, Question, Registration
from registrations.selectors import dashboard
from registrations.selectors.open_answers import questions_to_ask
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
    # What to ask at the door, and where to enter it.
    to_ask: Sequence[Question] = ()
    answers_url: str = ""

    @classmethod
    def of(cls, row: Registration, by: User) -> "CheckInRow":
        action = actions.ACTIONS["undo_check_in" if row.status == ATTENDED else "check_in"]
        return cls(
            row=row,
            name=actions.name_of(row),
            status=status.label(row),
            colour=status.colour(row),
            action=action.name,
            button=action.label,
            is_expected=row.status == REGISTERED,
            obstacle=seat_obstacle(row, by, timezone.now()),
        )


def find_event(request: HttpRequest, event_id: int, action: str = "manage") -> Event:
    """Return an event to which the user may do that, by the permission table. Raise Http404."""
    events = Event.objects.managed_by(cast(User, request.user), action)
    event: Event | None = events.filter(pk=event_id).first() if could_be_id(str(event_id)) else None
    if event is None:
        raise Http404
    return event


def choose_event(model_admin: ScopedModelAdmin, request: HttpRequest) -> HttpResponse:
    """Show the events that are on now, and the next ones."""
    user, now = cast(User, request.user), timezone.now()
    sections = [
        ("On now", dashboard.get_events_on_now(user=user, now=now, action="attendees")),
        ("Next events", dashboard.get_next_events(user=user, now=now, action="attendees")),
    ]
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Check-in",
        "sections": [
            (title, [(event, begins_at(event.date_time, event.zone)) for event in events])
            for title, events in sections
            if events
        ],
        "events_url": reverse("admin:events_event_changelist"),
    }
    return TemplateResponse(request, "registrations/admin/check_in_events.html", context)


def check_in(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    """Show the people found by name; on POST, run a button's action and show its person on top."""
    event = find_event(request, event_id, "attendees")
    here = reverse("admin:registrations_registration_door", args=[event.pk])
    if request.method == "POST" and "q" in request.POST:
        return _look_up(request, event, here)
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
            "begins": begins_at(event.date_time, event.zone),
            "event_url": reverse("admin:events_event_change", args=[event.pk]),
            "add": allowed(cast(User, request.user), "attendee", "create_for_others", event)
            and event.takes_people(timezone.now())
            and f"{reverse('admin:registrations_registration_add')}?event={event.pk}&from=door",
            **_people(request, event),
        },
    )


def _look_up(request: HttpRequest, event: Event, here: str) -> HttpResponse:
    """Let in whose ticket code was typed, or scanned by a device that types; search for any other text.

    The form is a POST, because a code checks in.
    """
    text = request.POST["q"].strip()
    if not code_field.is_code(text):
        return redirect(f"{here}?{urlencode({'q': text})}" if text else here)
    pk = code_field.check_in_by_code(request, event, text)
    return redirect(f"{here}?done={pk}" if pk else here)


def _people(request: HttpRequest, event: Event) -> dict[str, Any]:
    text = request.GET.get("q", "").replace("\x00", "").strip()
    people, last = Registration.objects.filter(event=event), _last(request, event)
    others = people.exclude(pk=last.row.pk) if last else people
    by = cast(User, request.user)
    matching = search(others.with_successors(), text, by=by)
    found = list(matching.order_by("name", "pk")[: MAX_ROWS + 1])
    for row in found:
        row.event = event
    shown = [CheckInRow.of(row, by) for row in found[:MAX_ROWS]]
    open_ones = questions_to_ask(event, [person.row.pk for person in [*shown, *([last] if last else [])]])
    return {
        "text": text,
        "last": last and _asking(last, open_ones),
        "people": [_asking(person, open_ones) for person in shown],
        "is_cut": len(found) > MAX_ROWS,
        "checked_in": people.filter(status=ATTENDED).count(),
    }


def _asking(person: CheckInRow, open_ones: Mapping[int, Sequence[Question]]) -> CheckInRow:
    """Add the questions that the person still has to answer. Who has cancelled is asked nothing."""
    pk, asked = person.row.pk, open_ones.get(person.row.pk, ())
    if not asked or person.row.status not in LIVE:
        return person
    return person._replace(to_ask=asked, answers_url=reverse("admin:registrations_registration_answers", args=[pk]))


def _last(request: HttpRequest, event: Event) -> CheckInRow | None:
    pk = request.GET.get("done", "")
    rows = Registration.objects.filter(event=event).with_successors()
    row = rows.select_related("event").filter(pk=pk).first() if could_be_id(pk) else None
    return CheckInRow.of(row, cast(User, request.user)) if row else None
