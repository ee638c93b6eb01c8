"""The page with the team of an event, for its organizer and admins; managers may read it."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget

from accounts.email_addresses import AddressFormField
from accounts.models import User
from accounts.permissions import allowed
from eventhub.admin import bulk
from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, problems, sentence
from eventhub.api.fields import could_be_id
from events.models import Event, Membership, TeamInvitation, TeamRole
from events.services import team
from registrations.admin.check_in_views import find_event

LABEL = "Remove from team"
QUESTION = "They can do nothing at this event any more, at once. What they have done stays."


class InvitationForm(forms.Form):
    email = AddressFormField(
        label="Email address",
        max_length=254,
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "off"}),
        help_text="They get a link to accept, and need an account with this address. They can make one then.",
    )
    role = forms.ChoiceField(choices=TeamRole.choices, initial=TeamRole.HELPER, widget=UnfoldAdminSelectWidget)

    def attempt(self, event: Event, by: User) -> bool:
        """Send the invitation. Put a refusal into the form."""
        if not self.is_valid():
            return False
        try:
            team.invite(event=event, by=by, **self.cleaned_data)
        except REFUSALS as refusal:
            for field, texts in problems(refusal).items():
                self.add_error(field if field in self.fields else None, texts)
            return False
        return True


def event_urls(model_admin: ScopedModelAdmin) -> list[URLPattern]:
    page = model_admin.admin_site.admin_view(partial(members, model_admin))
    return [path("<int:event_id>/team/", page, name="events_event_team")]


def members(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    event, by = find_event(request, event_id, "team"), cast(User, request.user)
    for name, act in _ACTIONS.items():
        if name in request.POST:
            return act(model_admin, request, event, request.POST[name])
    form = InvitationForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.attempt(event, by):
        messages.success(request, f"The invitation to {form.cleaned_data['email']} is on its way.")
        return redirect(request.path)
    context = {
        "title": f"Team: {event.title}",
        "form": form,
        "team": team.team_of(event),
        "roles": [(role.value, role.label.partition(":")[0]) for role in TeamRole],
        "organizer": event.organizer.public_profile.public_name,
        "may_change": allowed(by, "event", "invite", event),
        "back": reverse("admin:events_event_change", args=[event.pk]),
    }
    return bulk.page(model_admin, request, "events/admin/team.html", context)


def _find(rows: Any, number: str) -> Any:
    row = rows.filter(pk=int(number)).first() if could_be_id(number) else None
    if row is None:
        raise Http404
    return row


def _attempt(request: HttpRequest, done: str, act: Callable[[], Any]) -> HttpResponse:
    try:
        act()
    except REFUSALS as refusal:
        messages.error(request, sentence(refusal))
    else:
        messages.success(request, done)
    return redirect(request.path)


def _give_role(model_admin: ScopedModelAdmin, request: HttpRequest, event: Event, number: str) -> HttpResponse:
    member: Membership = _find(event.memberships.select_related("event", "user"), number)
    role = request.POST.get(f"role-{number}", "")
    if role not in TeamRole.values:
        raise Http404
    by = cast(User, request.user)
    done = f"{member.user.username} is now {TeamRole(role).label.partition(':')[0].lower()}."
    return _attempt(request, done, lambda: team.change_role(membership=member, role=role, by=by))


def _remove(model_admin: ScopedModelAdmin, request: HttpRequest, event: Event, number: str) -> HttpResponse:
    member: Membership = _find(event.memberships.select_related("event", "user"), number)
    if bulk.CONFIRMED not in request.POST:
        return bulk.confirmation(
            model_admin,
            request,
            title=f"{LABEL}?",
            what=LABEL,
            question=QUESTION,
            variant="danger",
            rows=[member.user.username],
            selected=1,
            hidden=[("remove", str(member.pk)), (bulk.CONFIRMED, "yes")],
            post_to=request.path,
            back=request.path,
        )
    by = cast(User, request.user)
    done = f"{member.user.username} is not in the team any more."
    return _attempt(request, done, lambda: team.remove(membership=member, by=by))


def _withdraw(model_admin: ScopedModelAdmin, request: HttpRequest, event: Event, number: str) -> HttpResponse:
    invitation: TeamInvitation = _find(event.team_invitations.select_related("event"), number)
    by = cast(User, request.user)
    return _attempt(request, "The invitation was withdrawn.", lambda: team.withdraw(invitation=invitation, by=by))


_ACTIONS = {"give_role": _give_role, "remove": _remove, "withdraw": _withdraw}
