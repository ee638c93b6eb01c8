"""The page on which somebody with an account registers for a public event.

It is under /admin/, where sessions are: with one, a button is enough. Everybody else enters their password, which
registers and leaves no session behind.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone, translation

from accounts.forms.account import SignInForm
from accounts.models import User
from accounts.services import second_factor
from eventhub import audit
from eventhub.admin.access import Access, access_of
from eventhub.api.exception_handler import as_refusal
from eventhub.datetimes import written
from eventhub.exceptions import EventNotFound, Invalid
from eventhub.form_errors import in_active_language
from eventhub.http import error_views
from eventhub.http.security_headers import of_pages
from events.models import Event
from public_pages.presentation import active_words, refusal_text
from public_pages.selectors.events import find_event
from public_pages.texts import language_of
from public_pages.views.pages import render_page
from registrations.forms.questions import QuestionsForm
from registrations.models import Registration, RegistrationStatus
from registrations.services import seats
from registrations.services.eligibility import get_event_for_registration
from registrations.services.questions import questions_of


class EnteringForm(SignInForm):
    """The sign-in of anybody who has an account, for this one request."""

    def confirm_login_allowed(self, user: User) -> None:
        if second_factor.is_set_up(user):
            raise ValidationError("Sign in to the back office first.", code="second_factor")


def register(request: HttpRequest, name: str) -> HttpResponse:
    if not settings.PUBLIC_PAGES:
        return error_views.not_found(request)
    with translation.override(language_of(request)):
        try:
            response = _page(request, find_event(name))
        except EventNotFound:
            response = render_page("public/not_found.html", status=404)
    response.headers["Content-Security-Policy"] = of_pages(settings.SITE_LOGO)["content-security-policy"][1]
    return response


def _page(request: HttpRequest, event: Event) -> HttpResponse:
    member: Any = request.user if access_of(request) is Access.GRANTED else None
    sent = request.POST if request.method == "POST" else None
    account = None if member else EnteringForm(request, sent)
    questions = QuestionsForm(sent, questions=questions_of(event)) if event.asks_questions else None
    problem = ""
    if sent is not None and all(form.is_valid() for form in (questions, account) if form):
        user: Any = member or (account and account.get_user())
        answers = questions.answers if questions else None
        try:
            return _done(event, _enter(event, user, waits="wait" in sent, answers=answers))
        except Exception as exc:
            problem = _problem(exc, event, questions)
    now = timezone.now()
    context = {
        "event": event,
        "when": written(event.date_time, event.end_time, event.zone),
        "member": member,
        "account": account,
        "account_problems": _problems(account) if account else [],
        "questions": questions,
        "problem": problem,
        "is_open": event.is_open(now),
        "can_wait": event.free_for_newcomers(now) <= 0 and event.takes_queue(now),
        "csrf_token": get_token(request),
    }
    return render_page("public/register.html", **context)


def _enter(event: Event, user: User, *, waits: bool, answers: Any) -> Registration:
    with audit.acting_through(audit.Channel.API, user.pk):
        asked = get_event_for_registration(event_id=event.pk, user_id=user.pk, by=user)
        enter = seats.join_queue if waits else seats.register
        return enter(event=asked, user=user, by=user, answers=answers)


def _done(event: Event, registration: Registration) -> HttpResponse:
    is_waiting = registration.status == RegistrationStatus.WAITLISTED
    return render_page("public/registered.html", event=event, is_waiting=is_waiting)


def _problem(exc: Exception, event: Event, questions: QuestionsForm | None) -> str:
    """Return the refusal for people, beside its question if it is about one. Raise what is none."""
    refusal = as_refusal(exc)
    if refusal is None or refusal.status >= 500:
        raise exc
    if isinstance(refusal, Invalid) and questions is not None:
        questions.add_errors(refusal.errors)
    return refusal_text(refusal, event)


def _problems(form: EnteringForm) -> list[str]:
    errors = form.non_field_errors().as_data()
    texts = active_words().refusals
    return [texts.get(str(error.code)) or in_active_language(error.messages[0]) for error in errors]
