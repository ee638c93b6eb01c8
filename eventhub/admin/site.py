"""The admin site of the back office."""

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

from accounts.forms.account import AUTH_TIME, OwnPasswordForm, SignInForm
from eventhub import audit
from eventhub.admin import account_views, calendar_feed_views, form_recovery, login, password_reset_views, token_views
from eventhub.admin.access import Access, access_of
from eventhub.admin.model_admin import REFUSALS, problems
from events.views import team_page
from notifications.views import answers_page, email_preferences, unsubscribe_page
from public_pages.views import account_registration, registration_page

View = Callable[..., Any]


class BackOfficeSite(UnfoldAdminSite):
    login_form = SignInForm
    login_template = "eventhub/admin/login.html"
    logout_template = "eventhub/admin/signed_out.html"
    index_title = "Dashboard"

    def has_permission(self, request: HttpRequest) -> bool:
        return access_of(request) is Access.GRANTED

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Wrap Django's with our own sign-in, and record changes as made in the back office."""

        @functools.wraps(view)
        def audited(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            with audit.acting_through(audit.Channel.ADMIN, request.user.pk):
                return view(request, *args, **kwargs)

        inside = super().admin_view(audited, cacheable)

        @functools.wraps(inside)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            user_id = login.session_user_id(request)
            if response := login.deny(request, user_id):
                return response
            form_recovery.clear_if_resent(request)
            return inside(request, *args, **kwargs)

        return guarded

    def extra_urls(self) -> list[URLPattern]:
        return [
            path("code/", never_cache(login.CodeView.as_view()), name="code"),
            path("password-reset/", never_cache(password_reset_views.ask_for_reset), name="password_reset"),
            path("new-password/", never_cache(password_reset_views.new_password), name="new_password"),
            path("verify-email/", never_cache(password_reset_views.verify_email), name="verify_email"),
            path("my-registration/", registration_page.former_address, name="my_registration"),
            path("my-registration/calendar.ics", registration_page.former_address, name="my_registration_calendar"),
            path("team-invitation/", never_cache(team_page.team_invitation), name="team_invitation"),
            path("my-answers/", never_cache(answers_page.my_answers), name="my_answers"),
            path("unsubscribe/", never_cache(unsubscribe_page.unsubscribe), name="unsubscribe"),
            path("second-factor/", never_cache(account_views.second_factor), name="second_factor"),
            path("send-again/", self.admin_view(login.send_again), name="send_again"),
            path("profile/", self.admin_view(account_views.profile), name="profile"),
            path("tokens/", self.admin_view(token_views.tokens), name="tokens"),
            path("email-preferences/", self.admin_view(email_preferences.email_preferences), name="email_preferences"),
            path("calendar-feeds/", self.admin_view(calendar_feed_views.feeds), name="calendar_feeds"),
            path("end-sign-ins/", self.admin_view(account_views.end_sign_ins), name="end_sign_ins"),
            # Without access control: users without a role can sign out too.
            path("register/<slug:name>/", never_cache(account_registration.register), name="register"),
            path("logout/", never_cache(self.sign_out), name="logout"),
        ]

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(_NextPage(request).get_success_url())
        context = {"typed": request.POST.get("typed"), "title": "Sign in", **(extra_context or {})}
        response = super().login(request, context)
        if request.method == "POST" and isinstance(response, HttpResponseRedirect):
            request.session[AUTH_TIME] = int(time.time())
            return login.after_login(request, response)
        return response  # type: ignore[no-any-return]

    def sign_out(self, request: HttpRequest) -> HttpResponse:
        return self.logout(request) if request.method == "POST" else redirect("admin:index")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        view = _PasswordChange.as_view(
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return cast(HttpResponse, view(request))

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Turn off unfold's search over the names of all models."""
        raise Http404

    def get_log_entries(self, request: HttpRequest) -> QuerySet[LogEntry]:
        return super().get_log_entries(request).filter(user=request.user.pk)  # type: ignore[no-any-return]


class _NextPage(RedirectURLMixin):
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
