"""The ticket on the page of a registration, and replacing it."""

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from checkin import ticket_files
from checkin.services import tickets
from eventhub.admin import bulk
from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, sentence
from registrations.models import Registration

LABEL = "Reissue ticket"
QUESTION = (
    "The ticket so far is refused at the entrance from now on, on paper too. The person gets the new one by email,"
    " unless the event sends none."
)


def registration_context(row: Registration) -> dict[str, Any]:
    if not tickets.has_ticket(row):
        return {"ticket": None}
    ticket = tickets.ticket_of(row)
    return {"ticket": ticket, "ticket_picture": ticket_files.data_uri(ticket)}


def reissue(model_admin: ScopedModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    row: Registration | None = model_admin.get_queryset(request).filter(pk=pk).first()
    if row is None:
        raise Http404
    back = reverse("admin:registrations_registration_change", args=[pk])
    if request.method != "POST":
        return redirect(back)
    if bulk.CONFIRMED not in request.POST:
        return _confirm(model_admin, request, row, back)
    try:
        tickets.reissue(registration=row, by=cast(User, request.user))
    except REFUSALS as refusal:
        messages.error(request, sentence(refusal))
    else:
        messages.success(request, "The ticket was reissued.")
    return redirect(back)


def _confirm(model_admin: ScopedModelAdmin, request: HttpRequest, row: Registration, back: str) -> HttpResponse:
    return bulk.confirmation(
        model_admin,
        request,
        title=f"{LABEL}?",
        what=LABEL,
        question=QUESTION,
        variant="danger",
        rows=[f"{row.name or '(no name)'}, {row.event}"],
        selected=1,
        hidden=[(bulk.CONFIRMED, "yes")],
        post_to="",
        back=back,
    )
