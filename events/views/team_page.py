"""The page of an invitation to a team, for whoever has its link. It acts on POST only: mail scanners open links."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import User
from eventhub import audit
from eventhub.admin.access import Access, access_of
from eventhub.admin.login import page
from eventhub.admin.model_admin import REFUSALS, sentence
from events.exceptions import InvitationGone
from events.models import TeamInvitation, TeamRole
from events.services import team


def team_invitation(request: HttpRequest) -> HttpResponse:
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponseNotAllowed(["GET", "POST"])
    token = (request.POST if request.method == "POST" else request.GET).get("token", "")
    try:
        invitation = team.find_invitation(token)
        if request.method != "POST":
            return _show(request, invitation, token)
        if "account" in request.POST:
            team.make_account(invitation)
            return _page(request, "team_invitation_account", title="Check your email", email=invitation.email)
        return _accept(request, invitation, token)
    except InvitationGone:
        return _page(request, "team_invitation_gone", status=410, title="This invitation is no longer valid")


def _accept(request: HttpRequest, invitation: TeamInvitation, token: str) -> HttpResponse:
    if access_of(request) not in (Access.GRANTED, Access.NO_ROLE):
        return _to_sign_in(request, token)
    user = cast(User, request.user)
    try:
        with audit.acting_through(audit.Channel.ADMIN, user.pk):
            membership = team.accept(token=token, user=user)
    except InvitationGone:
        raise
    except REFUSALS as refusal:
        return _show(request, invitation, token, problem=sentence(refusal))
    messages.success(request, f"You are in the team of “{invitation.event.title}”.")
    return redirect("admin:events_event_change", membership.event_id)


def _to_sign_in(request: HttpRequest, token: str) -> HttpResponse:
    step = {Access.NEEDS_CODE: "admin:code", Access.NEEDS_SECOND_FACTOR: "admin:second_factor"}
    name = step.get(access_of(request), "admin:login")
    return redirect(f"{reverse(name)}?{urlencode({REDIRECT_FIELD_NAME: f'{request.path}?token={token}'})}")


def _show(request: HttpRequest, invitation: TeamInvitation, token: str, problem: str = "") -> HttpResponse:
    name, _, about = TeamRole(invitation.role).label.partition(": ")
    return _page(
        request,
        "team_invitation",
        title=f"Join the team of “{invitation.event.title}”",
        invitation=invitation,
        token=token,
        problem=problem,
        role=name.lower(),
        about=about,
        organizer=invitation.event.organizer.public_profile.public_name,
        is_signed_in=request.user.is_authenticated,
        path=request.path,
    )


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """Return a page whose URL the browser passes on as the bare origin, which the CSRF check needs."""
    response = page(request, f"events/admin/{template}.html", **context)
    response.headers["Referrer-Policy"] = "strict-origin"
    return response
