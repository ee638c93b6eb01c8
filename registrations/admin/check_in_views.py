"""The door of one event: find who stands there, and let them in. It works without JavaScript, on a phone."""

from typing import NamedTuple, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.models import User
from eventhub.admin.model_admin import ScopedModelAdmin
from eventhub.api.fields import could_be_id
from events.models import Event
from registrations.admin import actions
from registrations.admin.changelist import COLOURS
from registrations.models import Registration, RegistrationStatus
from registrations.selectors.search import search
from registrations.services.seats import ATTENDED

SHOWN = 30
# What is done, and how the button is called. Who is not expected, having cancelled or waiting for a seat, gets another.
BUTTONS = {
    RegistrationStatus.REGISTERED: ("check_in", "Is here"),
    RegistrationStatus.ATTENDED: ("undo_check_in", "Undo"),
}


class Person(NamedTuple):
    """A line at the door: who, and the one thing to do with them."""

    row: Registration
    name: str
    status: str
    colour: str
    action: str
    button: str
    is_expected: bool

    @classmethod
    def of(cls, row: Registration) -> "Person":
        status = RegistrationStatus(row.status)
        action, button = BUTTONS.get(status, ("check_in", "Let in"))
        is_expected = status == RegistrationStatus.REGISTERED
        return cls(row, actions.called(row), str(status.label), COLOURS[status], action, button, is_expected)


def find_event(request: HttpRequest, event_id: int) -> Event:
    """The event, if the user runs it; a 404 like for none."""
    events = Event.objects.managed_by(cast(User, request.user))
    event: Event | None = events.filter(pk=event_id).first() if could_be_id(str(event_id)) else None
    if event is None:
        raise Http404
    return event


def check_in(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    """GET: the people that the words find, by name. POST: a button, and back with an empty box for the next person, and
    the one it was about on top."""
    event = find_event(request, event_id)
    here = reverse("admin:registrations_registration_door", args=[event.pk])
    if request.method == "POST":
        pk = request.POST.get(actions.DO, "").partition(":")[2]
        return actions.perform_one(model_admin, request, back=f"{here}?done={pk}" if could_be_id(pk) else here)
    text = request.GET.get("q", "").replace("\x00", "").strip()
    people, last = Registration.objects.filter(event=event), _last(request, event)
    others = people.exclude(pk=last.row.pk) if last else people
    found = list(search(others, text, by=cast(User, request.user)).order_by("name", "pk")[: SHOWN + 1])
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"At the door: {event.title}",
        "opts": model_admin.opts,
        "event": event,
        "text": text,
        "last": last,
        "people": [Person.of(row) for row in found[:SHOWN]],
        "is_cut": len(found) > SHOWN,
        "here": people.filter(status=ATTENDED).count(),
        "add": f"{reverse('admin:registrations_registration_add')}?event={event.pk}&from=door",
    }
    return TemplateResponse(request, "registrations/admin/check_in.html", context)


def _last(request: HttpRequest, event: Event) -> Person | None:
    """Whom the last button was about."""
    pk = request.GET.get("done", "")
    row = Registration.objects.filter(event=event, pk=pk).first() if could_be_id(pk) else None
    return Person.of(row) if row else None
