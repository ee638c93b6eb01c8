"""The way into the back office: what comes after the password, and what becomes of a form that came without it."""

from typing import Any

import django_otp
from django.contrib import admin, messages
from django.contrib.auth import REDIRECT_FIELD_NAME, SESSION_KEY
from django.contrib.auth.views import RedirectURLMixin, redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import urlencode
from django.views.generic import FormView

from accounts.forms.account import CodeForm, SignInForm
from eventhub.admin import form_recovery
from eventhub.admin.access import Standing, standing
from eventhub.exceptions import Forbidden
from eventhub.http import error_views

UNREADABLE = "It could not be made sure that this came from a page of ours."


def page(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """A page of the back office, which no cache keeps."""
    response = TemplateResponse(request, template, {**admin.site.each_context(request), **context}, status=status)
    add_never_cache_headers(response)
    return response


def typist_of(request: HttpRequest) -> str | None:
    """Whose session this was, also where it has ended. To be asked before `request.user`, which forgets it."""
    return request.session.get(SESSION_KEY)


def turn_away(request: HttpRequest, typist: str | None) -> HttpResponse | None:
    """What whoever is not inside gets instead of the page that they asked for; None for who is."""
    match standing(request):
        case Standing.INSIDE:
            return None
        case Standing.STRANGER:
            return page(request, "eventhub/admin/no_access.html", status=403, title="No access")
        case Standing.OUT:
            return _to_sign_in(request, typist)
        case Standing.NEEDS_CODE:
            return _first(request, "admin:code")
        case Standing.NEEDS_SECOND_FACTOR:
            return _first(request, "admin:second_factor")


def _to_sign_in(request: HttpRequest, typist: str | None) -> HttpResponse:
    """The login form; with what was typed in it, where something was."""
    path = request.get_full_path()
    written = form_recovery.of(request, typist) if request.method == "POST" else None
    if written is None:
        return redirect_to_login(path, reverse("admin:login"))
    login = f"{reverse('admin:login')}?{urlencode({REDIRECT_FIELD_NAME: reverse('admin:index')})}"
    context = {"title": "Log in", "app_path": login, "form": SignInForm(request)}
    kept = {"ended": True, "typed": form_recovery.sign(written), "files": written.files}
    return page(request, "eventhub/admin/login.html", status=403, **context, **kept)


def _first(request: HttpRequest, name: str) -> HttpResponse:
    """To the page that has to be passed first, which leads on to this one, or to what was typed."""
    onward = request.get_full_path()
    if request.method == "POST":
        onward = reverse("admin:send_again") if _set_aside(request) else reverse("admin:index")
    return redirect_to_login(onward, reverse(name))


def _set_aside(request: HttpRequest) -> bool:
    """Keeps what somebody who is signed in has sent, for `send_again`."""
    written = form_recovery.of(request, str(request.user.pk))
    text = written and form_recovery.sign(written)
    return bool(text) and form_recovery.keep(request, str(text))


def arrived(request: HttpRequest, onward: HttpResponse) -> HttpResponse:
    """Where a sign-in that has just succeeded leads: onward, or to what was typed before it."""
    text = request.POST.get(form_recovery.KEPT)
    if not text:
        return onward
    if form_recovery.keep(request, text):
        return redirect("admin:send_again")
    messages.warning(request, "What had been typed before could not be kept: it was too old, or another person's.")
    return onward


class Code(RedirectURLMixin, FormView):  # type: ignore[type-arg]
    """The second step of signing in, for whoever has a second factor."""

    template_name = "eventhub/admin/code.html"
    form_class = CodeForm
    next_page = "admin:index"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        match standing(request):
            case Standing.NEEDS_CODE:
                return super().dispatch(request, *args, **kwargs)  # type: ignore[return-value]
            case Standing.OUT | Standing.STRANGER:
                return redirect("admin:login")
        return HttpResponseRedirect(self.get_success_url())

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        onward = {REDIRECT_FIELD_NAME: self.get_redirect_url()}
        context = {**admin.site.each_context(self.request), "title": "One-time code", **onward}
        return {**context, **super().get_context_data(**kwargs)}

    def form_valid(self, form: CodeForm) -> HttpResponse:
        shown(self.request, form.device)
        return HttpResponseRedirect(self.get_success_url())


def shown(request: HttpRequest, device: django_otp.models.Device) -> None:
    """From here on this session has shown its second factor; under another key, as after any change of rights."""
    request.session.cycle_key()
    django_otp.login(request, device)


def send_again(request: HttpRequest) -> HttpResponse:
    """What had been typed before a sign-in, and a button that sends it; a POST here throws it away."""
    if request.method == "POST":
        form_recovery.forget(request)
        return redirect("admin:index")
    return page(
        request, "eventhub/admin/send_again.html", title="What you had typed", typed=form_recovery.kept(request)
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's hook. In the back office the usual reason is a page from before a sign-in in another tab; what was
    typed there is then offered again, if the browser vouches that it was a page of ours."""
    if not error_views.in_office(request):
        return error_views.permission_denied(request)
    typist = typist_of(request)
    if request.path == reverse("admin:login"):
        return error_views.office_page(Forbidden("This page was out of date. Sign in again"), request.get_full_path())
    if request.path in {reverse(f"admin:{name}") for name in ("password_reset", "new_password", "verify_email")}:
        return error_views.office_page(Forbidden("This page was out of date. Open it again"), reverse("admin:login"))
    if request.headers.get("Origin") != f"{request.scheme}://{request.get_host()}":
        return error_views.office_page(Forbidden(f"{UNREADABLE} Nothing was changed. Go back, reload, send it again"))
    if away := turn_away(request, typist):
        return away
    return redirect("admin:send_again" if _set_aside(request) else "admin:index")
