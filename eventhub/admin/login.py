"""Signing in to the back office: the steps after the password, and forms sent without a session."""

from typing import Any
from urllib.parse import urlsplit

import django_otp
from django.contrib import admin, messages
from django.contrib.auth import REDIRECT_FIELD_NAME, SESSION_KEY
from django.contrib.auth.views import RedirectURLMixin, redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import Resolver404, resolve, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import urlencode
from django.views.generic import FormView

from accounts.forms.account import CodeForm, SignInForm
from eventhub.admin import form_recovery
from eventhub.admin.access import Access, access_of
from eventhub.exceptions import Forbidden
from eventhub.http import error_views

NOT_VERIFIED = "We could not verify that this form came from our site. Go back, reload the page and try again"
OUTDATED = "This page is out of date"


def page(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    response = TemplateResponse(request, template, {**admin.site.each_context(request), **context}, status=status)
    add_never_cache_headers(response)
    return response


def session_user_id(request: HttpRequest) -> str | None:
    """Return the user id of the session, even of an invalid one. Call before `request.user`, which flushes it."""
    return request.session.get(SESSION_KEY)


def deny(request: HttpRequest, user_id: str | None) -> HttpResponse | None:
    match access_of(request):
        case Access.GRANTED:
            return None
        case Access.NO_ROLE:
            return page(request, "eventhub/admin/no_access.html", status=403, title="No access")
        case Access.SIGNED_OUT:
            return _to_login(request, user_id)
        case Access.NEEDS_CODE:
            return _to_step(request, "admin:code")
        case Access.NEEDS_SECOND_FACTOR:
            return _to_step(request, "admin:second_factor")


def _to_login(request: HttpRequest, user_id: str | None) -> HttpResponse:
    form = form_recovery.from_request(request, user_id) if request.method == "POST" else None
    if form is None:
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))
    context = {
        "title": "Sign in",
        "app_path": f"{reverse('admin:login')}?{urlencode({REDIRECT_FIELD_NAME: reverse('admin:index')})}",
        "form": SignInForm(request),
        "ended": True,
        "typed": form_recovery.sign(form),
        "files": form.files,
    }
    return page(request, "eventhub/admin/login.html", status=403, **context)


def _to_step(request: HttpRequest, name: str) -> HttpResponse:
    onward = request.get_full_path()
    if request.method == "POST":
        onward = reverse("admin:send_again") if _store_form(request) else reverse("admin:index")
    return redirect_to_login(onward, reverse(name))


def _store_form(request: HttpRequest) -> bool:
    form = form_recovery.from_request(request, str(request.user.pk))
    text = form and form_recovery.sign(form)
    return bool(text) and form_recovery.store(request, str(text))


def after_login(request: HttpRequest, onward: HttpResponse) -> HttpResponse:
    text = request.POST.get(form_recovery.NAME)
    if not text:
        return onward
    if form_recovery.store(request, text):
        return redirect("admin:send_again")
    messages.warning(request, "We could not restore your unsaved changes: they were too old or not yours.")
    return onward


class CodeView(RedirectURLMixin, FormView):  # type: ignore[type-arg]
    template_name = "eventhub/admin/code.html"
    form_class = CodeForm
    next_page = "admin:index"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        match access_of(request):
            case Access.NEEDS_CODE:
                return super().dispatch(request, *args, **kwargs)  # type: ignore[return-value]
            case Access.SIGNED_OUT | Access.NO_ROLE:
                return redirect("admin:login")
        return HttpResponseRedirect(self.get_success_url())

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        onward = {REDIRECT_FIELD_NAME: self.get_redirect_url()}
        context = {**admin.site.each_context(self.request), "title": "Enter your code", **onward}
        return {**context, **super().get_context_data(**kwargs)}

    def form_valid(self, form: CodeForm) -> HttpResponse:
        mark_verified(self.request, form.device)
        return HttpResponseRedirect(self.get_success_url())


def mark_verified(request: HttpRequest, device: django_otp.models.Device) -> None:
    request.session.cycle_key()
    django_otp.login(request, device)


def send_again(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        form_recovery.clear(request)
        return redirect("admin:index")
    typed = form_recovery.stored(request)
    shown = typed.shown(_labels(request, typed.path)) if typed else []
    return page(request, "eventhub/admin/send_again.html", title="Unsaved changes", typed=typed, shown=shown)


def _labels(request: HttpRequest, path: str) -> dict[str, str]:
    """Return the labels of a model's form by the names of its fields, or nothing for other pages."""
    try:
        model_admin = getattr(resolve(urlsplit(path).path).func, "model_admin", None)
    except Resolver404:
        return {}
    fields = model_admin.get_form(request).base_fields if model_admin else {}
    return {name: str(field.label) for name, field in fields.items() if field.label}


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a failed CSRF check (Django's CSRF_FAILURE_VIEW).

    In the back office the usual cause is a page opened before signing in from another tab. If the browser confirms
    that the form came from our site, the form is offered again.
    """
    if not error_views.in_office(request):
        return error_views.permission_denied(request)
    user_id = session_user_id(request)
    if request.path == reverse("admin:login"):
        return error_views.office_page(Forbidden(f"{OUTDATED}. Sign in again"), request.get_full_path())
    if request.path in {reverse(f"admin:{name}") for name in ("password_reset", "new_password", "verify_email")}:
        return error_views.office_page(Forbidden(f"{OUTDATED}. Open it again"), reverse("admin:login"))
    if request.headers.get("Origin") != f"{request.scheme}://{request.get_host()}":
        return error_views.office_page(Forbidden(NOT_VERIFIED))
    if response := deny(request, user_id):
        return response
    return redirect("admin:send_again" if _store_form(request) else "admin:index")
