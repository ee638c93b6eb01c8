"""Pages for guests: the request on the page of an event, and the page that its email leads to.

Nobody is signed in here, and no cookie is looked at, so a page of another site gains nothing by sending these forms
but emails to an address of its choice, from the places of its visitors. Browsers say where a form comes from
(Sec-Fetch-Site), and forms of other sites are refused. Programs that check mails open links, so a GET changes nothing.
"""

import functools
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt

from eventhub.api.exception_handler import as_refusal
from eventhub.exceptions import EventFull, Invalid, Refusal, TokenNotValid
from eventhub.http import captcha, error_views
from eventhub.languages import first_language
from events.services.slugs import page_path
from notifications.tokens import make_token
from public_pages.forms.guests import GuestForm, questions_form
from public_pages.guest_limits import count_request
from public_pages.guest_texts import guest_words
from public_pages.presentation import event_context, refusal_text
from public_pages.selectors.events import find_event
from public_pages.texts import language_of
from public_pages.views.pages import render_page
from registrations import guest_links
from registrations.models import GuestRequest
from registrations.services import guests
from registrations.services.guests import GuestDetails

HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store"}
OURS = {"", "none", "same-origin", "same-site"}

View = Callable[..., HttpResponse]


def secret_page(view: View) -> View:
    """Take forms of our own pages alone. Neither the address of the page nor a copy of it goes anywhere."""

    @csrf_exempt
    @functools.wraps(view)
    def answered(request: HttpRequest, **names: Any) -> HttpResponse:
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "") not in OURS:
            return error_views.permission_denied(request)
        with translation.override(language_of(request)):
            try:
                response = view(request, **names)
            except Exception as problem:
                if (refusal := as_refusal(problem)) is None:
                    raise
                response = refused_page(refusal)
        for name, value in HEADERS.items():
            response.headers[name] = value
        return response

    return answered


@secret_page
def register(request: HttpRequest, name: str) -> HttpResponse:
    """Take the form of an event's page."""
    if not settings.PUBLIC_PAGES:
        return error_views.not_found(request)
    event, now = find_event(name), timezone.now()
    if request.method != "POST":
        return HttpResponseRedirect(page_path(event))
    form = GuestForm(request.POST, can_wait=event.takes_queue(now))
    questions = questions_form(event, request.POST)
    context = event_context(event, now=now) | {"guest_form": form, "guest_questions": questions}
    if not all([form.is_valid(), questions is None or questions.is_valid()]):
        return render_page("public/event.html", status=400, **context)
    try:
        _request(request, event.pk, form)
        details: GuestDetails = {key: form.cleaned_data.get(key) or default for key, default in DEFAULTS}  # type: ignore[assignment]
        details["answers"] = questions.given() if questions else {}
        guests.request_registration(
            event=event, name=form.cleaned_data["name"], email=form.cleaned_data["email"], details=details, now=now
        )
    except Exception as problem:
        if (refusal := as_refusal(problem)) is None:
            raise
        form.add_error(None, refusal_text(refusal, event, of_guest=True))
        return render_page("public/event.html", status=refusal.status, **context)
    said = guest_words()
    text = said.sent_long.format(email=form.cleaned_data["email"])
    return render_page("public/message.html", title=said.sent, texts=[text], back=page_path(event))


DEFAULTS: tuple[tuple[str, Any], ...] = (("language", ""), ("wait", False))


def _request(request: HttpRequest, event_id: int, form: GuestForm) -> None:
    count_request(request.META, email=form.cleaned_data["email"], event_id=event_id)
    captcha.require(captcha.response_in(request.POST))


@secret_page
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Show one button, and register by it."""
    asked = guest_links.find_request(token, now=timezone.now())
    with translation.override(first_language(asked.payload.get("language", ""), asked.event.language)):
        if request.method != "POST":
            return _confirm_page(asked)
        questions = questions_form(asked.event, request.POST) if request.POST.get("questions") else None
        if questions is not None and not questions.is_valid():
            return _confirm_page(asked, questions=questions, status=400)
        try:
            registration = guests.confirm(
                token=token, wait="wait" in request.POST, given=questions.given() if questions else None
            )
        except EventFull as refusal:
            return _confirm_page(asked, refusal=refusal, status=refusal.status)
        except Invalid as refusal:
            return _ask_again(asked, refusal)
        return HttpResponseRedirect(f"/r/{make_token(registration)}", status=303)


def _ask_again(asked: GuestRequest, refusal: Invalid) -> HttpResponse:
    """Show the questions, which have changed since the request."""
    questions = questions_form(asked.event, answers=asked.payload.get("answers") or {})
    return _confirm_page(asked, questions=questions, refusal=refusal, status=400)


def _confirm_page(
    asked: GuestRequest, *, questions: Any = None, refusal: Refusal | None = None, status: int = 200
) -> HttpResponse:
    is_full = isinstance(refusal, EventFull)
    context = event_context(asked.event, now=timezone.now()) | {
        "asked": asked,
        "said": guest_words(),
        "problem": refusal_text(refusal, asked.event, of_guest=True) if refusal else "",
        "can_confirm": not is_full,
        "can_wait": is_full and refusal is not None and refusal.extra["can_wait"],
        "guest_questions": questions,
    }
    return render_page("public/confirm.html", status=status, **context)


def refused_page(refusal: Refusal) -> HttpResponse:
    """Return the page of a refusal, with the same words for every link that is not valid."""
    said = guest_words()
    if isinstance(refusal, TokenNotValid):
        return render_page("public/message.html", status=404, title=said.expired, texts=[said.expired_long])
    if refusal.status == 404:
        return render_page("public/not_found.html", status=404)
    texts = [refusal_text(refusal, of_guest=True)]
    return render_page("public/message.html", status=refusal.status, title=said.refused, texts=texts)
