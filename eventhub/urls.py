"""The whole API on one screen. Collections end in a slash, items and actions do not; the other spelling works too."""

import functools
from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path
from django.views.decorators.csrf import csrf_exempt

from accounts.views.me import Export, ServiceTokens
from accounts.views.password_reset import EmailVerification, OwnEmail, PasswordReset
from accounts.views.users import OrganizerProfiles, Sessions, SignUp, Users
from eventhub.api.docs_views import docs, root, schema
from eventhub.http import error_views
from eventhub.observability import health_views, metrics_view
from events.views import Events, UserEvents
from registrations.views import Attendees, EventAttendees, Prospects

handler400 = "eventhub.http.error_views.bad_request"
handler403 = "eventhub.http.error_views.permission_denied"
handler404 = "eventhub.http.error_views.not_found"
handler500 = "eventhub.http.error_views.server_error"


def both(route: str, view: Callable[..., Any], name: str) -> list[URLPattern]:
    """`route` as the contract spells it, and its other spelling, which no document mentions."""

    @functools.wraps(view)
    def alias(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    alias.is_slash_alias = True  # type: ignore[attr-defined]
    return [path(route, view, name=name), path(route[:-1] if route.endswith("/") else f"{route}/", alias)]


def page(view: Callable[..., Any]) -> Callable[..., Any]:
    """A page outside the API, which is only read: any other verb is the contract's 405 and not a CSRF page."""

    @csrf_exempt
    @functools.wraps(view)
    def only_read(request: HttpRequest) -> Any:
        return view(request) if request.method in {"GET", "HEAD"} else error_views.only_read(request)

    return only_read


@csrf_exempt
def no_such_path(request: HttpRequest) -> HttpResponse:
    return error_views.not_found(request)


item: Any = {"get": "retrieve", "put": "update", "patch": "update", "delete": "destroy"}
profile: Any = {"get": "retrieve", "put": "update", "patch": "update"}
collection: Any = {"get": "list", "post": "create"}

urlpatterns = [
    path("", page(root), name="root"),
    *both("schema/", page(schema), "schema"),
    *both("docs/", page(docs), "docs"),
    *both("healthz", page(health_views.healthz), "healthz"),
    *both("readyz", page(health_views.readyz), "readyz"),
    *both("metrics", metrics_view.metrics, "metrics"),
    *both("users/register", SignUp.as_view({"post": "create"}), "user-register"),
    *both("users/login", Sessions.as_view({"post": "login"}), "user-login"),
    *both("users/token/refresh", Sessions.as_view({"post": "refresh"}), "token-refresh"),
    *both("users/logout", Users.as_view({"post": "logout"}), "user-logout"),
    *both("users/me", Users.as_view({"get": "me"}), "user-me"),
    *both("users/me/export", Export.as_view({"get": "export"}), "user-export"),
    *both("users/me/tokens/", ServiceTokens.as_view(collection), "token-list"),
    *both("users/me/tokens/<int:pk>", ServiceTokens.as_view({"delete": "destroy"}), "token-detail"),
    *both("users/password/reset", PasswordReset.as_view({"post": "reset"}), "user-password-reset"),
    *both("users/password/reset/confirm", PasswordReset.as_view({"post": "confirm"}), "user-password-reset-confirm"),
    *both("users/email/verify", EmailVerification.as_view({"post": "verify"}), "email-verify"),
    *both("users/email/verification", OwnEmail.as_view({"post": "send_verification"}), "email-verification"),
    *both("users/", Users.as_view({"get": "list"}), "user-list"),
    *both("users/<int:pk>", Users.as_view(item), "user-detail"),
    *both("users/<int:pk>/events", UserEvents.as_view({"get": "events"}), "user-events"),
    *both("users/<int:pk>/organizer", OrganizerProfiles.as_view(profile), "user-organizer"),
    *both("events/", Events.as_view(collection), "event-list"),
    *both("events/<int:pk>", Events.as_view(item), "event-detail"),
    *both("events/<int:pk>/attendees", EventAttendees.as_view({"get": "attendees"}), "event-attendees"),
    *both("events/<int:pk>/registration", Prospects.as_view({"get": "registration"}), "event-registration"),
    *both("attendees/", Attendees.as_view(collection), "attendee-list"),
    *both("attendees/<int:pk>", Attendees.as_view(item), "attendee-detail"),
    path("admin/", admin.site.urls),
    # Everything else, so that a POST to a wrong path is this 404 too and not a CSRF page or a redirect.
    re_path(r"^(?!admin(?:/|\Z)|static/)", no_such_path),
]
