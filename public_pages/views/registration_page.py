"""The page of one registration that mails link to, for people who are not signed in.

Whoever has the link may see, change and cancel that registration. Programs that check mails open links, so a GET
changes nothing. The address is the secret, and every form is sent to it: no page of another site can send one.
"""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone, translation
from django.utils.html import format_html

from accounts.models import User
from accounts.services.password_reset import request_reset
from eventhub import audit
from eventhub.api.exception_handler import as_refusal
from eventhub.datetimes import written
from eventhub.exceptions import Refusal
from eventhub.languages import current_language, first_language
from events.calendar_entry import CONTENT_TYPE
from events.models import EventStatus
from notifications import tokens
from notifications.mails import reason_of
from notifications.texts import fill, words
from public_pages.forms.guests import OwnDetailsForm
from public_pages.guest_texts import guest_words
from public_pages.presentation import active_words, refusal_text
from public_pages.views.guests import secret_page
from public_pages.views.pages import render_page
from registrations.confirmation_extras import extras_of
from registrations.models import DETAILS, LIVE, Registration, RegistrationStatus, Required
from registrations.selectors.calendars import registration_entry
from registrations.services import deadlines, seats
from registrations.services.answers import answers_of, open_questions
from registrations.services.questions import left_open, questions_of

CAN_CANCEL = (RegistrationStatus.REGISTERED, RegistrationStatus.WAITLISTED)


@secret_page
def my_registration(request: HttpRequest, token: str) -> HttpResponse:
    registration = tokens.find_registration(token, even_hidden=True)
    if registration is None or registration.user is None:
        return _not_valid()
    with translation.override(first_language(registration.user.language, registration.event.language)):
        if request.method != "POST":
            return _page(registration)
        with audit.acting_through(audit.Channel.API, registration.user.pk):
            return _act(request, registration, registration.user)


@secret_page
def calendar_file(request: HttpRequest, token: str) -> HttpResponse:
    registration = tokens.find_registration(token)
    if registration is None:
        return _not_valid()
    headers = {"Content-Disposition": 'attachment; filename="event.ics"'}
    return HttpResponse(registration_entry(registration), content_type=CONTENT_TYPE, headers=headers)


@secret_page
def former_address(request: HttpRequest) -> HttpResponse:
    """Lead from the address that mails had before to the present one."""
    token = (request.POST or request.GET).get("token", "")
    if tokens.find_registration(token, even_hidden=True) is None:
        return _not_valid()
    ending = "/calendar.ics" if request.path.endswith(".ics") else ""
    return HttpResponseRedirect(f"/r/{token}{ending}")


def _act(request: HttpRequest, registration: Registration, person: User) -> HttpResponse:
    form = OwnDetailsForm(request.POST, initial=_details(registration))
    try:
        match request.POST.get("do"):
            case "cancel" if _may_cancel(registration):
                seats.cancel(registration=registration, by=person)
            case "details" if registration.status in LIVE:
                if not form.is_valid():
                    return _page(registration, form=form, status=400)
                changed = {name: form.cleaned_data[name] for name in form.changed_data}
                registration = seats.update(registration=registration, by=person, **changed)
                return _page(registration, note=_saved(registration))
            case "password" if not person.has_usable_password():
                request_reset(email=person.email)
                return _page(registration, note=guest_words().link_sent)
    except Exception as problem:
        # Such as a deadline that has passed a moment ago.
        if (refusal := as_refusal(problem)) is None:
            raise
        return _refused(registration, form, refusal)
    return HttpResponseRedirect(request.path, status=303)


def _refused(registration: Registration, form: OwnDetailsForm, refusal: Refusal) -> HttpResponse:
    form.is_valid()
    form.add_error(None, refusal_text(refusal, registration.event))
    registration.refresh_from_db()
    return _page(registration, form=form, status=refusal.status)


def _page(
    registration: Registration, *, form: OwnDetailsForm | None = None, note: str = "", status: int = 200
) -> HttpResponse:
    event, person, said = registration.event, registration.user, words().registration_page
    is_visible = person is None or event.is_visible_to(person)
    response = render_page(
        "public/registration.html",
        status=status,
        title=event.title if is_visible else active_words().registration,
        sentence=_sentence(registration),
        note=note,
        page=said,
        said=guest_words(),
        facts=[
            (said.name, registration.name or str(person)),
            *_reason(registration),
            *(_about_event(registration) if is_visible else ()),
        ],
        token=tokens.make_token(registration),
        extras=extras_of(registration),
        may_cancel=_may_cancel(registration),
        cancel_closed=_cancel_closed(registration),
        has_entry=registration.status != RegistrationStatus.CANCELLED and event.status != EventStatus.CANCELLED,
        is_waiting=registration.status == RegistrationStatus.WAITLISTED,
        questions=_questions(registration) if is_visible else None,
        may_claim=person is not None and not person.has_usable_password(),
        form=(form or OwnDetailsForm(initial=_details(registration))) if registration.status in LIVE else None,
    )
    response.headers["Content-Language"] = current_language()
    return response


def _details(registration: Registration) -> dict[str, Any]:
    return {name: getattr(registration, name) for name in DETAILS}


def _may_cancel(registration: Registration) -> bool:
    return _could_cancel(registration) and deadlines.may_cancel(registration, timezone.now())


def _could_cancel(registration: Registration) -> bool:
    return registration.status in CAN_CANCEL and not registration.event.is_over(timezone.now())


def _cancel_closed(registration: Registration) -> str:
    event = registration.event
    if not _could_cancel(registration) or _may_cancel(registration) or event.cancel_until is None:
        return ""
    return fill(words().registration_page.cancel_closed, {"date": written(event.cancel_until, None, event.zone)})


def _about_event(registration: Registration) -> Iterator[tuple[str, str]]:
    event, profile, said = registration.event, registration.event.organizer.public_profile, words().registration_page
    yield said.when, written(event.date_time, event.end_time, event.zone)
    yield said.where, event.place
    yield from _online(registration)
    yield said.organizer, ", ".join(filter(None, (profile.public_name, profile.contact)))


def _online(registration: Registration) -> Iterator[tuple[str, str]]:
    if link := registration.online_link(timezone.now()):
        yield words().registration_page.online, format_html('<a href="{0}">{0}</a>', link)


def _saved(registration: Registration) -> str:
    said = guest_words()
    return f"{said.saved} {said.lost_answers}" if registration.lost_answers else said.saved


def _questions(registration: Registration) -> dict[str, Any] | None:
    """Return what is left to answer, and what the button to the answers says; None where there are none to see."""
    if not registration.event.asks_questions or registration.status not in LIVE:
        return None
    asked, given, said = questions_of(registration.event), answers_of(registration).answers, guest_words()
    opens = open_questions(registration, asked, given)
    if not opens and not given:
        return None
    left = [question for question in left_open(asked, given) if question in opens]
    labels = {Required.YES: said.owed, Required.AT_DOOR: said.at_door, Required.NO: said.optional}
    by_label = [(label, [each for each in left if each.required == needed]) for needed, label in labels.items()]
    if left:
        button = said.answer_or_change if given else words().registration_page.answer
    else:
        button = said.change_answers if opens else said.see_answers
    return {
        "left": [(label, some) for label, some in by_label if some],
        "button": button,
    }


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
    return guest_words().on_hold if registration.is_on_hold else said.registered


def _not_valid() -> HttpResponse:
    """Return the 404 for every token that is not valid, whatever the reason."""
    with translation.override(first_language()):
        said = words().invalid_link_page
        response = render_page("public/message.html", status=404, title=said.title, texts=[said.registration])
        response.headers["Content-Language"] = current_language()
        return response
