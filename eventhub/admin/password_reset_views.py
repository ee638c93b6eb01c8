"""Pages that mails lead to, for whoever is not signed in: a new password, a verified address.

Whoever sees such a page's address can do what it is for. So it is told to no other page, and what the page does takes
a POST, as mailboxes open links by themselves.
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
    """Asks for the address, and says the same for every one."""
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponseNotAllowed(["GET", "POST"])
    form = AskForResetForm(request.POST if request.method == "POST" else None, request=request)
    if form.is_valid():
        form.save()
        return _private(request, "eventhub/admin/password_reset/sent.html", title="Look into your mailbox")
    return _private(request, "eventhub/admin/password_reset/request.html", title="Forgot your password?", form=form)


def new_password(request: HttpRequest) -> HttpResponse:
    """Takes the new password, with the token of the link."""
    return _by_link(
        request, ResetPasswordForm, "eventhub/admin/password_reset/new_password.html", "Choose a new password"
    )


def verify_email(request: HttpRequest) -> HttpResponse:
    """A button that says: this address is mine."""
    return _by_link(request, LinkForm, "eventhub/admin/password_reset/verify_email.html", "Is this your address?")


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
            return _used_up(request, form_class)
        except REFUSALS as refusal:
            for field, texts in problems(refusal).items():
                form.add_error(field if field in form.fields else None, texts)
        else:
            return _private(
                request,
                "eventhub/admin/password_reset/done.html",
                title="Done",
                is_reset=form_class is ResetPasswordForm,
            )
    elif not form.non_field_errors() and not password_reset.is_valid_link(token, form_class.purpose):
        return _used_up(request, form_class)
    return _private(request, template, title=title, form=form, path=request.path)


def _used_up(request: HttpRequest, form_class: type[LinkForm]) -> HttpResponse:
    context = {"is_reset": form_class is ResetPasswordForm, "ask": reverse("admin:password_reset")}
    return _private(
        request,
        "eventhub/admin/password_reset/link_expired.html",
        status=401,
        title="This link works no more",
        **context,
    )


def _private(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """A page whose address no browser passes on, neither to where it leads nor to what it loads: only its host is told,
    without which our forms would not be known as ours."""
    response = page(request, template, **context)
    response.headers["Referrer-Policy"] = "strict-origin"
    return response
