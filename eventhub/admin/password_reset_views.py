"""Pages that mails link to, for people who are not signed in: choose a password, verify an address.

Anybody who knows the URL of such a page can use its token. So the URL is sent to no other page (Referrer-Policy), and
the page acts on POST only, because mail scanners open links.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import reverse

from accounts.forms.password_reset import AskForResetForm, LinkForm, ResetPasswordForm
from accounts.services import password_reset
from eventhub.admin.login import page
from eventhub.admin.model_admin import REFUSALS, problems
from eventhub.exceptions import TokenNotValid


def ask_for_reset(request: HttpRequest) -> HttpResponse:
    """Mail a reset link. The response is the same for every address."""
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponseNotAllowed(["GET", "POST"])
    form = AskForResetForm(request.POST if request.method == "POST" else None, request=request)
    if form.is_valid():
        form.save()
        return _page(request, "sent", title="Check your email")
    return _page(request, "request", title="Forgot your password?", form=form)


def new_password(request: HttpRequest) -> HttpResponse:
    return _by_link(request, ResetPasswordForm, "new_password", "Choose a new password")


def verify_email(request: HttpRequest) -> HttpResponse:
    return _by_link(request, LinkForm, "verify_email", "Confirm your email address")


def _by_link(request: HttpRequest, form_class: type[LinkForm], template: str, title: str) -> HttpResponse:
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponseNotAllowed(["GET", "POST"])
    sent = request.POST if request.method == "POST" else None
    token = (sent or request.GET).get("token", "")
    form = form_class(sent, request=request, initial={"token": token})
    if sent is not None and form.is_valid():
        try:
            form.save()
        except TokenNotValid:
            return _link_expired(request, form_class)
        except REFUSALS as refusal:
            for field, texts in problems(refusal).items():
                form.add_error(field if field in form.fields else None, texts)
        else:
            return _page(request, "done", title="Done", is_reset=form_class is ResetPasswordForm)
    elif not form.non_field_errors() and not password_reset.is_valid_link(token, form_class.purpose):
        return _link_expired(request, form_class)
    return _page(request, template, title=title, form=form, path=request.path)


def _link_expired(request: HttpRequest, form_class: type[LinkForm]) -> HttpResponse:
    context = {"is_reset": form_class is ResetPasswordForm, "ask": reverse("admin:password_reset")}
    return _page(request, "link_expired", status=401, title="This link is no longer valid", **context)


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """Return a page whose URL the browser passes on as the bare origin, which the CSRF check needs."""
    response = page(request, f"eventhub/admin/password_reset/{template}.html", **context)
    response.headers["Referrer-Policy"] = "strict-origin"
    return response
