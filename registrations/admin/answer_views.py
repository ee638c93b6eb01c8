"""The answers of one person: on the page of the registration, and the form to change them."""

from typing import Any, NamedTuple, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from eventhub.admin import bulk
from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, problems
from registrations.admin import actions
from registrations.forms.question_widgets import OFFICE
from registrations.forms.questions import QuestionsForm
from registrations.models import Question, Registration
from registrations.services import answers
from registrations.services.answer_texts import answer_text
from registrations.services.questions import is_shown, questions_of, unanswered


class Answered(NamedTuple):
    question: Question
    text: str
    is_owed: bool


def answers_context(row: Registration) -> dict[str, Any]:
    """Return the answers for the page of a registration. An event without questions costs nothing."""
    if not row.event.asks_questions:
        return {}
    given = answers.answers_of(row).answers
    asked = questions_of(row.event, archived=True)
    owed = {question.pk for question in unanswered([one for one in asked if not one.archived], given, at_door=True)}
    answered = [
        Answered(question, answer_text(question, given.get(str(question.pk))), question.pk in owed)
        for question in asked
        if str(question.pk) in given or (not question.archived and is_shown(question, given))
    ]
    return {
        "answers": answered,
        "answers_url": reverse("admin:registrations_registration_answers", args=[row.pk]),
    }


def edit_answers(model_admin: ScopedModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Show the questions with the answers so far. The organizer may leave required ones open."""
    rows: Any = model_admin.get_queryset(request)
    row: Registration | None = rows.filter(pk=pk).first()
    if row is None or not row.event.asks_questions:
        raise Http404
    form = QuestionsForm(
        request.POST if request.method == "POST" else None,
        questions=questions_of(row.event),
        answers=answers.answers_of(row).answers,
        for_organizer=True,
        widgets=OFFICE,
    )
    page = actions.page_of(row)
    if request.method == "POST" and form.is_valid():
        try:
            answers.save(registration=row, given=form.given(), by=cast(User, request.user))
        except REFUSALS as refusal:
            form.add_errors(problems(refusal))
        else:
            messages.success(request, f"The answers of {actions.name_of(row)} were saved.")
            return redirect(page)
    context = {"title": f"Answers: {actions.name_of(row)}", "form": form, "back": page}
    return bulk.page(model_admin, request, "registrations/admin/edit_answers.html", context)
