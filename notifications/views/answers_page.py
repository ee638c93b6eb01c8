"""The page on which people answer the questions of an event, by the link of their emails.

Whoever has the link of a registration may answer for it. Programs that check mails open links, so a GET changes
nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
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
from registrations.forms.questions import QuestionsForm, field_name
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
    asked, given = questions_of(registration.event), answers.answers_of(registration).answers
    opens = answers.open_questions(registration, asked, given)
    sent = request.POST if request.method == "POST" and opens else None
    closed = {question.pk for question in asked} - {question.pk for question in opens}
    form = QuestionsForm(
        sent,
        questions=asked,
        answers=given,
        widgets=OFFICE,
        closed=closed,
        late={pk for pk in closed if _was_open(sent, pk)} if sent else (),
        notes=_notes(registration.event, asked, opens),
    )
    token = tokens.make_token(registration)
    if sent and form.is_valid():
        try:
            with audit.acting_through(audit.Channel.API, person.pk):
                answers.save(registration=registration, given=form.given(), by=person)
        except (Invalid, AnswersClosed) as refusal:
            if not refusal.errors:  # the event is over since a moment ago
                return redirect(f"{request.path}?{urlencode({'token': token})}")
            form.add_errors(refusal.errors)
        else:
            return redirect(f"{request.path}?{urlencode({'token': token, 'saved': 'yes'})}")
    sentence = _sentence(registration, given, opens, is_saved="saved" in request.GET)
    context = {"title": registration.event.title, "page_url": tokens.make_link(registration), "opens": opens}
    context |= {"sentence": sentence, "words": words().registration_page}
    return link_page(request, "notifications/my_answers.html", form=form, token=token, **context)


def _was_open(sent: QueryDict, pk: int) -> bool:
    """Return whether a question was open on the page that was sent. Browsers do not send boxes without a tick."""
    return field_name(pk) in sent or str(pk) in sent.getlist("open")


def _sentence(
    registration: Registration, given: Mapping[str, Any], opens: Sequence[Question], *, is_saved: bool
) -> str:
    said, event = words().registration_page, registration.event
    if not opens:
        return f"{said.answers_saved} {said.answers_closed}" if is_saved else said.answers_closed
    if is_saved:
        return said.answers_saved
    sentence = said.answer_these if unanswered(opens, given) else said.change_these if given else said.may_answer
    end = answers.closes_at(event)
    if end is None or end <= timezone.now():
        return sentence
    return f"{sentence} {fill(said.answers_until, {'date': written(end, None, event.zone)})}"


def _notes(event: Event, asked: Sequence[Question], opens: Sequence[Question]) -> dict[int, str]:
    """Return by question that it is closed while others are open, or its own deadline."""
    said, now = words().registration_page, timezone.now()
    notes = {question.pk: said.answer_closed for question in asked if question not in opens} if opens else {}
    for question in opens:
        end = answers.closes_at(event, question)
        if end is not None and end > now and end != answers.closes_at(event):
            notes[question.pk] = fill(said.answer_until, {"date": written(end, None, event.zone)})
    return notes
