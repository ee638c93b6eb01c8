"""The back office: Django's admin as organizers and admins see it."""

import functools
import time
from collections.abc import Callable
from typing import Any, cast

from django.contrib.admin.models import LogEntry
from django.contrib.auth.views import PasswordChangeView, RedirectURLMixin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from accounts.forms import AUTH_TIME, OwnPasswordForm, SignInForm
from eventhub import acting
from eventhub.office import own_pages, own_tokens, recovery, sign_in, typed
from eventhub.office.gate import Standing, standing
from eventhub.office.pages import REFUSALS, problems

View = Callable[..., Any]


class Office(UnfoldAdminSite):
    login_form = SignInForm
    login_template = "office/login.html"
    logout_template = "office/signed_out.html"
    index_title = "Dashboard"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether whoever asks is inside: has a role that has to do here, and has shown the second factor, if any."""
        return standing(request) is Standing.INSIDE

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """As Django's, with our own answers for whoever is not inside; what the page changes is written down as
        changed here, by who is signed in."""

        @functools.wraps(view)
        def here(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            with acting.through(acting.Channel.ADMIN, request.user.pk):
                return view(request, *args, **kwargs)

        inside = super().admin_view(here, cacheable)

        @functools.wraps(inside)
        def door(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            typist = sign_in.typist_of(request)
            if away := sign_in.turn_away(request, typist):
                return away
            typed.on_its_way(request)
            return inside(request, *args, **kwargs)

        return door

    def extra_urls(self) -> list[URLPattern]:
        """Pages of no model."""
        return [
            path("code/", never_cache(sign_in.Code.as_view()), name="code"),
            path("password-reset/", never_cache(recovery.ask_for_reset), name="password_reset"),
            path("new-password/", never_cache(recovery.new_password), name="new_password"),
            path("verify-email/", never_cache(recovery.verify_email), name="verify_email"),
            path("second-factor/", never_cache(own_pages.second_factor), name="second_factor"),
            path("send-again/", self.admin_view(sign_in.send_again), name="send_again"),
            path("profile/", self.admin_view(own_pages.profile), name="profile"),
            path("tokens/", self.admin_view(own_tokens.tokens), name="tokens"),
            path("end-sign-ins/", self.admin_view(own_pages.end_sign_ins), name="end_sign_ins"),
            # Whoever is signed in may sign out, also who may do nothing else here.
            path("logout/", never_cache(self.sign_out), name="logout"),
        ]

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """As Django's; whoever is inside already goes where they were going."""
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(_Onward(request).get_success_url())
        context = {"typed": request.POST.get("typed"), "title": "Sign in", **(extra_context or {})}
        response = super().login(request, context)
        if request.method == "POST" and isinstance(response, HttpResponseRedirect):
            request.session[AUTH_TIME] = int(time.time())
            return sign_in.arrived(request, response)
        return response  # type: ignore[no-any-return]

    def sign_out(self, request: HttpRequest) -> HttpResponse:
        """As Django's, by POST; who only types the address is not signed out."""
        return self.logout(request) if request.method == "POST" else redirect("admin:index")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """As Django's, through the rules."""
        view = _PasswordChange.as_view(
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return cast(HttpResponse, view(request))

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """unfold's, over the names of all models, is none of ours."""
        raise Http404

    def get_log_entries(self, request: HttpRequest) -> QuerySet[LogEntry]:
        """What one did oneself."""
        return super().get_log_entries(request).filter(user=request.user.pk)  # type: ignore[no-any-return]


class _Onward(RedirectURLMixin):
    """Where `next` leads, if that is a page of ours."""

    next_page = "admin:index"

    def __init__(self, request: HttpRequest) -> None:
        self.request = request


class _PasswordChange(PasswordChangeView):
    form_class = OwnPasswordForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def form_valid(self, form: OwnPasswordForm) -> HttpResponse:  # type: ignore[override]
        try:
            return super().form_valid(form)
        except REFUSALS as refusal:
            form.add_error("new_password1", [text for texts in problems(refusal).values() for text in texts])
            return self.form_invalid(form)
