"""Name lists to print, with boxes to tick at the entrance."""

from django.http import HttpRequest, HttpResponse

from checkin.admin.print_pages import form_page, printed_page, requested_part
from checkin.forms import NamesForm
from checkin.name_lists import labels_of, lines_by_letter
from checkin.selectors.people import part_of, people_of
from eventhub.admin.field_values import begins_at
from eventhub.admin.model_admin import ScopedModelAdmin
from registrations.admin.check_in_views import find_event

TITLE = "Name list"
MOST = 5_000  # on a page of the browser


def choose(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    event = find_event(request, event_id, "names")
    form = NamesForm(initial=NamesForm.read_initial(request.GET))
    return form_page(model_admin, request, event, form, title=TITLE, page="print_names")


def print_page(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    event = find_event(request, event_id, "names")
    form = NamesForm(request.GET)
    if not form.is_valid():
        return form_page(model_admin, request, event, form, title=TITLE, page="print_names")
    chosen = form.cleaned_data
    part = part_of(people_of(event, statuses=chosen["status"]), number=requested_part(request), most=MOST)
    context = {
        "labels": labels_of(chosen["show"]),
        "groups": lines_by_letter(part.people, chosen["show"]),
        "has_pages": chosen["letters"],
        "begins": begins_at(event.date_time, event.zone),
    }
    return printed_page(request, event, part, "print_names", back="names", **context)
