"""The page of a ticket, for whoever has its link: to show at the door, on a phone or on paper."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from checkin import ticket_files
from checkin.services import tickets
from checkin.services.tickets import CodeState
from eventhub.admin.theme import bare_context
from eventhub.datetimes import written
from events.models import EventStatus

# The address is the ticket, so no link and no search engine may pass it on.
HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
SENTENCES = {
    EventStatus.CANCELLED: "The event is cancelled.",
    EventStatus.COMPLETED: "The event is over.",
}


def ticket_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show the ticket, or the same 404 for every code that is not good."""
    state, registration = tickets.read_code(code)
    if registration is None or state != CodeState.GOOD or registration.event.status == EventStatus.DRAFT:
        return _page("checkin/ticket_not_valid.html", 404, title="This ticket is not valid")
    event, ticket = registration.event, tickets.ticket_of(registration)
    facts = [
        ("Name", registration.name),
        ("When", written(event.date_time, event.end_time)),
        ("Where", event.location),
    ]
    context = {
        "title": event.title,
        "ticket": ticket,
        "picture": ticket_files.data_uri(ticket),
        "sentence": SENTENCES.get(EventStatus(event.status)),
        "facts": [(label, value) for label, value in facts if value],
    }
    return _page("checkin/ticket.html", 200, **context)


def _page(template: str, status: int, **context: object) -> HttpResponse:
    # Without the request: there is no session here, and nobody is signed in.
    html = render_to_string(template, {**bare_context(), **context})
    return HttpResponse(html, status=status, headers=HEADERS)
