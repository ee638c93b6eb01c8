"""What badges and name lists share: the form that leads to a page to print, and the links between its parts."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from checkin.forms import PeopleForm
from checkin.selectors.people import Part
from eventhub.admin import bulk
from eventhub.admin.model_admin import ScopedModelAdmin
from eventhub.admin.theme import bare_context
from eventhub.api.fields import could_be_id
from events.models import Event


def form_page(
    model_admin: ScopedModelAdmin, request: HttpRequest, event: Event, form: PeopleForm, *, title: str, page: str
) -> HttpResponse:
    context = {
        "title": f"{title}: {event.title}",
        "form": form,
        "what": title.lower(),
        "print_url": reverse(f"admin:events_event_{page}", args=[event.pk]),
        "back": reverse("admin:events_event_change", args=[event.pk]),
    }
    return bulk.page(model_admin, request, "checkin/admin/print_form.html", context)


def requested_part(request: HttpRequest) -> int:
    text = request.GET.get("part", "")
    return max(1, int(text)) if could_be_id(text) else 1


def printed_page(
    request: HttpRequest, event: Event, part: Part, template: str, *, back: str, **context: Any
) -> HttpResponse:
    """Return a page to print, without the menus of the back office. Its links keep the options of the form."""
    query = request.GET.copy()
    links = []
    for number in range(1, part.parts + 1) if part.parts > 1 else ():
        query["part"] = str(number)
        links.append((number, f"?{query.urlencode()}"))
    chosen = request.GET.copy()
    chosen.pop("part", None)
    back_url = f"{reverse(f'admin:events_event_{back}', args=[event.pk])}?{chosen.urlencode()}"
    common = {**bare_context(), "event": event, "part": part, "links": links, "back": back_url}
    return render(request, f"checkin/admin/{template}.html", {**common, **context})
