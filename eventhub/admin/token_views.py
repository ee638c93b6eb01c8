"""The page of one's own service tokens."""

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts.forms.api_tokens import TokenForm
from accounts.models import User
from accounts.services import api_tokens
from eventhub.admin.login import page
from eventhub.admin.model_admin import REFUSALS, problems
from eventhub.api.fields import could_be_id


def tokens(request: HttpRequest) -> HttpResponse:
    if "revoke" in request.POST:
        return _revoke(request)
    form = TokenForm(request.POST if request.method == "POST" else None, request=request)
    if form.is_valid():
        try:
            made = form.save()
        except REFUSALS as refusal:
            form.add_error(None, [text for texts in problems(refusal).values() for text in texts])
        else:
            # The secret is shown once, as the response to the POST that created it.
            return page(request, "eventhub/admin/new_token.html", title="New service token", made=made)
    context: dict[str, Any] = {
        "form": form,
        "tokens": api_tokens.list_tokens(cast(User, request.user)).order_by("-created_at", "-pk"),
        "now": timezone.now(),
    }
    return page(request, "eventhub/admin/tokens.html", title="My service tokens", **context)


def _revoke(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    number = request.POST["revoke"]
    token = api_tokens.list_tokens(user).filter(pk=int(number)).first() if could_be_id(number) else None
    if token is None:
        raise Http404
    api_tokens.revoke_token(token=token, by=user)
    messages.success(request, f"The token “{token}” was revoked.")
    return redirect("admin:tokens")
