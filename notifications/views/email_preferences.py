"""The back office's page of one's own email preferences. The rules are in notifications/services/preferences.py."""

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import User
from eventhub.admin.login import page
from notifications.forms import PreferencesForm
from notifications.selectors.opt_outs import NamedOptOut, named_opt_outs
from notifications.services import preferences


def email_preferences(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    named = named_opt_outs(user)
    if "on" in request.POST:
        return _turn_on(request, named)
    form = PreferencesForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_valid():
        form.save()
        messages.success(request, "Your email preferences were saved.")
        return redirect("admin:email_preferences")
    context: dict[str, Any] = {"title": "Email preferences", "form": form, "turned_off": named}
    return page(request, "notifications/admin/email_preferences.html", **context)


def _turn_on(request: HttpRequest, named: list[NamedOptOut]) -> HttpResponse:
    chosen = next((each for each in named if str(each.pk) == request.POST["on"]), None)
    if chosen is None:
        raise Http404
    preferences.opt_in(cast(User, request.user).pk, *chosen.unwanted)
    messages.success(request, f"You will get messages again: {chosen.name}.")
    return redirect("admin:email_preferences")
