"""The page of one registration that mails link to, for people who are not signed in.

Whoever has the link may see and cancel that registration. Programs that check mails open links, so a GET changes
nothing.
"""

from collections.abc import Iterator
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.utils import timezone, translation

from eventhub import audit
from eventhub.datetimes import written
from eventhub.languages import first_language
from events.calendar_entry import CONTENT_TYPE
from events.models import EventStatus
from notifications import tokens
from notifications.mails import reason_of
from notifications.texts import fill, words
from notifications.views.links import link_not_valid, link_page
from registrations.confirmation_extras import extras_of
from registrations.models import Registration, RegistrationStatus
from registrations.selectors.calendars import registration_entry
from registrations.services import seats

CAN_CANCEL = (RegistrationStatus.REGISTERED, RegistrationStatus.WAITLISTED)


def my_registration(request: HttpRequest) -> HttpResponse:
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponseNotAllowed(["GET", "POST"])
    registration = tokens.find_registration((request.POST or request.GET).get("token", ""))
    if registration is None:
        return _not_valid(request)
    person = registration.user
    if request.method != "POST" or person is None or not _may_cancel(registration):
        with translation.override(first_language(person.language if person else "", registration.event.language)):
            return _page(request, registration)
    with audit.acting_through(audit.Channel.API, person.pk):
        seats.cancel(registration=registration, by=person)
    return redirect(f"{request.path}?{urlencode({'token': request.POST['token']})}")


def calendar_file(request: HttpRequest) -> HttpResponse:
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET"])
    registration = tokens.find_registration(request.GET.get("token", ""))
    if registration is None:
        return _not_valid(request)
    headers = {"Content-Disposition": 'attachment; filename="event.ics"'}
    return HttpResponse(registration_entry(registration), content_type=CONTENT_TYPE, headers=headers)


def _may_cancel(registration: Registration) -> bool:
    return registration.status in CAN_CANCEL and not registration.event.is_over(timezone.now())


def _page(request: HttpRequest, registration: Registration) -> HttpResponse:
    event, profile = registration.event, registration.event.organizer.public_profile
    said = words().registration_page
    context = {
        "title": event.title,
        "sentence": _sentence(registration),
        "words": said,
        "facts": [
            (said.name, registration.name or str(registration.user)),
            (said.when, written(event.date_time, event.end_time)),
            (said.where, event.location),
            *_reason(registration),
            (said.organizer, ", ".join(filter(None, (profile.public_name, profile.contact)))),
        ],
        "token": tokens.make_token(registration),
        "extras": extras_of(registration),
        "may_cancel": _may_cancel(registration),
        "has_entry": registration.status != RegistrationStatus.CANCELLED and event.status != EventStatus.CANCELLED,
        "is_waiting": registration.status == RegistrationStatus.WAITLISTED,
    }
    return link_page(request, "notifications/my_registration.html", **context)


def _reason(registration: Registration) -> Iterator[tuple[str, str]]:
    last = registration.transitions.last()
    if last and registration.status == RegistrationStatus.CANCELLED and (reason := reason_of(registration, last)):
        yield words().registration_page.reason, reason


def _sentence(registration: Registration) -> str:
    said = words().registration_page
    if registration.status == RegistrationStatus.CANCELLED:
        return said.is_cancelled
    if registration.event.status == EventStatus.CANCELLED:
        return said.event_cancelled
    if registration.event.is_over(timezone.now()):
        return said.over
    if registration.status == RegistrationStatus.WAITLISTED:
        return fill(said.waiting, {"position": str(registration.waitlist_position())})
    if registration.status == RegistrationStatus.ATTENDED:
        return said.checked_in
    return said.registered


def _not_valid(request: HttpRequest) -> HttpResponse:
    return link_not_valid(request, of="registration")
