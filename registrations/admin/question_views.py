"""The questions of an event: their list with a form for a new one, the page of one, and the preview."""

from functools import partial
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode

from accounts.models import User
from accounts.permissions import allowed
from eventhub.admin import bulk
from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, sentence
from eventhub.api.fields import could_be_id
from events.admin.actions import counted_people
from events.models import Event
from notifications.services.open_questions import ask_for_answers
from registrations.admin.changelist import ANSWERS_VAR, EVENT_VAR, OWED, SECONDARY_BUTTON
from registrations.admin.check_in_views import find_event
from registrations.admin.question_forms import TYPES, QuestionForm
from registrations.forms.question_widgets import OFFICE
from registrations.forms.questions import QuestionsForm
from registrations.models import Question
from registrations.selectors import open_answers
from registrations.services import question_edits
from registrations.services.questions import questions_of


def question_list(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    event, by = find_event(request, event_id, "create_question"), cast(User, request.user)
    asked = questions_of(event, archived=True)
    if "ask" in request.POST:
        return _ask_by_mail(request, event, by)
    if "move" in request.POST:
        return _move(request, event, [row for row in asked if not row.archived], by)
    rows = [row for row in asked if not row.archived]
    form = QuestionForm(request.POST if request.method == "POST" else None, zone=event.zone, earlier=rows)
    if request.method == "POST" and form.attempt(question_edits.create_question, event=event, by=by):
        messages.success(request, f"The question “{form.cleaned_data['text']}” was added.")
        return redirect(request.path)
    context = {
        "title": f"Questions: {event.title}",
        "form": form,
        "event": event,
        "rows": [(row, TYPES[row.type]) for row in rows],
        "archived": [row for row in asked if row.archived],
        "moved": request.GET.get("moved", ""),
        "button": SECONDARY_BUTTON,
        "owing": open_answers.people_owing(event).count() if allowed(by, "event", "manage", event) else 0,
        "owing_url": open_answers_url(event),
        "back": reverse("admin:events_event_change", args=[event.pk]),
    }
    return bulk.page(model_admin, request, "registrations/admin/questions.html", context)


def open_answers_url(event: Event) -> str:
    query = urlencode({EVENT_VAR: str(event.pk), ANSWERS_VAR: OWED})
    return f"{reverse('admin:registrations_registration_changelist')}?{query}"


def question_page(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int, pk: int) -> HttpResponse:
    event, by = find_event(request, event_id, "create_question"), cast(User, request.user)
    asked = questions_of(event, archived=True)
    question = next((row for row in asked if row.pk == pk), None)
    if question is None:
        raise Http404
    back = reverse("admin:events_event_questions", args=[event.pk])
    if "archive" in request.POST or "restore" in request.POST:
        return _archive(request, question, by, back)
    earlier = [row for row in asked if not row.archived and (row.place, row.pk) < (question.place, question.pk)]
    answered = question_edits.has_answers(question)
    data = request.POST if request.method == "POST" else None
    form = QuestionForm(data, zone=event.zone, earlier=earlier, question=question, answered=answered)
    if request.method == "POST" and form.attempt(question_edits.update_question, question=question, by=by):
        messages.success(request, f"The question “{form.cleaned_data['text']}” was changed.")
        return redirect(back)
    context = {"title": question.text, "form": form, "question": question, "answered": answered, "back": back}
    return bulk.page(model_admin, request, "registrations/admin/question.html", context)


def preview(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    """Show the questions as people see them. Answers are checked, and not stored."""
    event = find_event(request, event_id, "create_question")
    form = QuestionsForm(request.POST or None, questions=questions_of(event), widgets=OFFICE)
    if request.method == "POST" and form.is_valid():
        messages.success(request, "These answers would be accepted. Nothing was stored.")
    context = {
        "title": f"Preview: {event.title}",
        "form": form,
        "event": event,
        "back": reverse("admin:events_event_questions", args=[event.pk]),
    }
    return bulk.page(model_admin, request, "registrations/admin/question_preview.html", context)


def _move(request: HttpRequest, event: Event, rows: list[Question], by: User) -> HttpResponse:
    """Swap a question with its neighbour: the value of the button is "12:up" or "12:down"."""
    text, _, direction = request.POST["move"].partition(":")
    ids = [row.pk for row in rows]
    if not could_be_id(text) or int(text) not in ids:
        return redirect(request.path)
    place = ids.index(int(text))
    other = min(max(place + (-1 if direction == "up" else 1), 0), len(ids) - 1)
    ids[place], ids[other] = ids[other], ids[place]
    try:
        question_edits.order_questions(event=event, ids=ids, by=by)
    except REFUSALS as refusal:
        messages.error(request, sentence(refusal))
    return redirect(f"{request.path}?moved={text}")


def _ask_by_mail(request: HttpRequest, event: Event, by: User) -> HttpResponse:
    try:
        people = ask_for_answers(event=event, by=by)
    except REFUSALS as refusal:
        messages.error(request, sentence(refusal))
    else:
        messages.success(request, f"{counted_people(people)} will get an email.")
    return redirect(request.path)


def _archive(request: HttpRequest, question: Question, by: User, back: str) -> HttpResponse:
    try:
        if "restore" in request.POST:
            question_edits.update_question(question=question, values={"archived": False}, by=by)
            done = "is asked again"
        else:
            kept = question_edits.delete_question(question=question, by=by)
            done = "is no longer asked. Its answers are kept" if kept else "was deleted"
    except REFUSALS as refusal:
        messages.error(request, sentence(refusal))
        return redirect(back)
    messages.success(request, f"The question “{question}” {done}.")
    return redirect(back)


def event_urls(model_admin: ScopedModelAdmin) -> list[URLPattern]:
    pages: list[tuple[str, Any, str]] = [
        ("<int:event_id>/questions/", question_list, "questions"),
        ("<int:event_id>/questions/preview/", preview, "questions_preview"),
        ("<int:event_id>/questions/<int:pk>/", question_page, "question"),
    ]
    return [
        path(route, model_admin.admin_site.admin_view(partial(page, model_admin)), name=f"events_event_{name}")
        for route, page, name in pages
    ]
