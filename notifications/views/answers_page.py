"""The page on which people answer the questions of an event, by the link of their emails.

Whoever has the link of a registration may answer for it. Programs that check mails open links, so a GET changes
nothing.
"""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.utils import translation

from accounts.models import User
from eventhub import audit
from eventhub.exceptions import Invalid
from eventhub.languages import first_language
from notifications import tokens
from notifications.texts import words
from notifications.views.links import link_not_valid, link_page
from registrations.exceptions import AnswersClosed
from registrations.forms.question_widgets import OFFICE
from registrations.forms.questions import QuestionsForm
from registrations.models import Registration
from registrations.services import answers
from registrations.services.questions import questions_of


def my_answers(request: HttpRequest) -> HttpResponse:
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponseNotAllowed(["GET", "POST"])
    registration = tokens.find_registration((request.POST or request.GET).get("token", ""))
    if registration is None or registration.user is None or not registration.event.asks_questions:
        return link_not_valid(request, of="registration")
    person = registration.user
    with translation.override(first_language(person.language, registration.event.language)):
        return _answer(request, registration, person)


def _answer(request: HttpRequest, registration: Registration, person: User) -> HttpResponse:
    said, sentence = words().registration_page, ""
    form = QuestionsForm(
        request.POST if request.method == "POST" else None,
        questions=questions_of(registration.event),
        answers=answers.answers_of(registration).answers,
        widgets=OFFICE,
    )
    token = tokens.make_token(registration)
    if request.method == "POST" and form.is_valid():
        try:
            with audit.acting_through(audit.Channel.API, person.pk):
                answers.save(registration=registration, given=form.given(), by=person)
        except Invalid as refusal:
            form.add_errors(refusal.errors)
        except AnswersClosed:
            sentence = said.answers_closed
        else:
            return redirect(f"{request.path}?{urlencode({'token': token, 'saved': 'yes'})}")
    if "saved" in request.GET:
        sentence = said.answers_saved
    context = {"title": registration.event.title, "sentence": sentence or said.answer_these, "words": said}
    context["page_url"] = tokens.make_link(registration)
    return link_page(request, "notifications/my_answers.html", form=form, token=token, **context)
