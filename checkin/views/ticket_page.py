"""The page of a ticket, for whoever has its link: to show at the door, on a phone or on paper."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.html import format_html

from checkin import ticket_files
from checkin.services import tickets
from checkin.services.tickets import CodeState, Ticket
from checkin.texts import words
from eventhub.admin.theme import bare_context
from eventhub.datetimes import written
from eventhub.languages import first_language
from events.models import EventStatus

# The address is the ticket, so no link and no search engine may pass it on.
HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


def ticket_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show the ticket, or the same 404 for every code that is not good."""
    state, registration = tickets.read_code(code)
    if registration is None or state != CodeState.GOOD or registration.event.status == EventStatus.DRAFT:
        with translation.override(first_language()):
            return _page("checkin/ticket_not_valid.html", 404, title=words().not_valid)
    ticket = tickets.ticket_of(registration)
    with translation.override(ticket.language):
        return _page("checkin/ticket.html", 200, **_shown(ticket))


def _shown(ticket: Ticket) -> dict[str, Any]:
    registration, said = ticket.registration, words()
    event = registration.event
    sentences = {EventStatus.CANCELLED: said.cancelled, EventStatus.COMPLETED: said.over}
    facts = [
        (said.name, registration.name),
        (said.when, written(event.date_time, event.end_time, event.zone)),
        (said.where, event.place),
    ]
    if link := registration.online_link(timezone.now()):
        facts.append((said.online, format_html('<a href="{0}">{0}</a>', link)))
    return {
        "title": event.title,
        "ticket": ticket,
        "picture": ticket_files.data_uri(ticket),
        "sentence": sentences.get(EventStatus(event.status)),
        "facts": [(label, value) for label, value in facts if value],
    }


def _page(template: str, status: int, **context: object) -> HttpResponse:
    # Without the request: there is no session here, and nobody is signed in.
    html = render_to_string(template, {**bare_context(), "words": words(), **context})
    return HttpResponse(html, status=status, headers=HEADERS)
