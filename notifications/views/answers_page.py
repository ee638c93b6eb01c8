"""The page on which people answer the questions of an event, by the link of their emails.

Whoever has the link of a registration may answer for it. Programs that check mails open links, so a GET changes
nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.utils import timezone, translation

from accounts.models import User
from eventhub import audit
from eventhub.datetimes import written
from eventhub.exceptions import Invalid
from eventhub.languages import first_language
from events.models import Event
from notifications import tokens
from notifications.texts import fill, words
from notifications.views.links import link_not_valid, link_page
from registrations.exceptions import AnswersClosed
from registrations.forms.question_widgets import OFFICE
from registrations.forms.questions import QuestionsForm
from registrations.models import Question, Registration
from registrations.services import answers
from registrations.services.questions import questions_of, unanswered


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
    asked, given = questions_of(registration.event), answers.answers_of(registration).answers
    opens = answers.open_questions(registration, asked, given)
    form = QuestionsForm(
        request.POST if request.method == "POST" else None,
        questions=asked,
        answers=given,
        widgets=OFFICE,
        closed={question.pk for question in asked} - {question.pk for question in opens},
        notes=_notes(registration.event, asked, opens),
    )
    token = tokens.make_token(registration)
    if request.method == "POST" and form.is_valid():
        try:
            with audit.acting_through(audit.Channel.API, person.pk):
                answers.save(registration=registration, given=form.given(), by=person)
        except (Invalid, AnswersClosed) as refusal:
            form.add_errors(refusal.errors)
            sentence = "" if refusal.errors else said.answers_closed
        else:
            return redirect(f"{request.path}?{urlencode({'token': token, 'saved': 'yes'})}")
    if "saved" in request.GET:
        sentence = said.answers_saved
    context = {"title": registration.event.title, "page_url": tokens.make_link(registration), "may_save": bool(opens)}
    context |= {"sentence": sentence or _sentence(registration, given, opens), "words": said}
    return link_page(request, "notifications/my_answers.html", form=form, token=token, **context)


def _sentence(registration: Registration, given: Mapping[str, Any], opens: Sequence[Question]) -> str:
    said, event = words().registration_page, registration.event
    if not opens:
        return said.answers_closed
    sentence = said.answer_these if unanswered(opens, given) or not given else said.change_these
    if event.edit_until is None or event.edit_until <= timezone.now():
        return sentence
    until = fill(said.answers_until, {"date": written(event.edit_until, None, event.zone)})
    return f"{sentence} {until}"


def _notes(event: Event, asked: Sequence[Question], opens: Sequence[Question]) -> dict[int, str]:
    """Return by question that it is closed while others are open, or its own deadline."""
    said, now = words().registration_page, timezone.now()
    notes = {question.pk: said.answer_closed for question in asked if question not in opens} if opens else {}
    for question in opens:
        end = answers.closes_at(question, event)
        if end is not None and end > now and end != event.edit_until:
            notes[question.pk] = fill(said.answer_until, {"date": written(end, None, event.zone)})
    return notes
