"""Badges: what to print, the pages to print, and marking them as printed."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from checkin.admin.print_pages import form_page, printed_page, requested_part
from checkin.badges import badges_of, layout_of
from checkin.forms import BadgesForm
from checkin.selectors.people import part_of, people_of, without_current_badge
from checkin.services import prints
from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, sentence
from events.models import Event
from registrations.admin.check_in_views import find_event

TITLE = "Badges"
MOST = 500  # on a page of the browser


def choose(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    event = find_event(request, event_id, "badges")
    form = BadgesForm(initial=BadgesForm.read_initial(request.GET))
    return form_page(model_admin, request, event, form, title=TITLE, page="print_badges")


def print_page(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    """Show the badges. Opening them marks nothing as printed; the button on the page does, by a POST."""
    event = find_event(request, event_id, "badges")
    if request.method == "POST":
        return _mark(request, event)
    form = BadgesForm(request.GET)
    if not form.is_valid():
        return form_page(model_admin, request, event, form, title=TITLE, page="print_badges")
    chosen = form.cleaned_data
    people = people_of(event, statuses=chosen["status"])
    part = part_of(
        without_current_badge(people) if chosen["new"] else people, number=requested_part(request), most=MOST
    )
    paper, layout = form.paper, layout_of(form.paper, chosen["show"])
    badges = badges_of(event, part.people, layout)
    starts = range(0, len(badges), paper.on_a_page)
    context = {
        "paper": paper,
        "layout": layout,
        "sheets": [badges[start : start + paper.on_a_page] for start in starts],
        "has_lines": chosen["lines"],
        "shown": prints.sign(event, part.people),
        "is_new": chosen["new"],
    }
    return printed_page(request, event, part, "print_badges", back="badges", **context)


def _mark(request: HttpRequest, event: Event) -> HttpResponse:
    try:
        number = prints.mark_printed(event=event, shown=request.POST.get("shown", ""), by=cast(User, request.user))
    except REFUSALS as refusal:
        messages.error(request, sentence(refusal))
    else:
        messages.success(request, f"{number:,} {'badge is' if number == 1 else 'badges are'} marked as printed.")
    return redirect(f"{reverse('admin:events_event_badges', args=[event.pk])}?{request.GET.urlencode()}")
