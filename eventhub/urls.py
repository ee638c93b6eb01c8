"""Every URL of the service."""

import functools
from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from accounts.views.calendar_feeds import CalendarFeedViewSet, CalendarViewSet
from accounts.views.me import ExportViewSet, ServiceTokenViewSet
from accounts.views.organizers import OrganizerProfileViewSet
from accounts.views.password_reset import EmailVerificationViewSet, OwnEmailViewSet, PasswordResetViewSet
from accounts.views.sessions import SessionViewSet, SignUpViewSet
from accounts.views.users import UserViewSet
from checkin.views.ticket_page import ticket_page
from checkin.views.tickets import TicketViewSet
from eventhub.api.docs_views import docs, root, schema
from eventhub.api.routers import ContractRouter, both_spellings
from eventhub.http import error_views
from eventhub.observability import health_views, metrics_view
from events.views import EventCalendarViewSet, EventViewSet, UserEventViewSet
from notifications.views.attendee_notices import AttendeeNoticeViewSet
from notifications.views.messages import MessageViewSet
from notifications.views.preferences import PreferencesViewSet
from notifications.views.templates import TemplateViewSet
from registrations.views import (
    AttendeeCalendarViewSet,
    AttendeeViewSet,
    EventAttendeeViewSet,
    ProspectViewSet,
    StatisticsViewSet,
)

handler400 = "eventhub.http.error_views.bad_request"
handler403 = "eventhub.http.error_views.permission_denied"
handler404 = "eventhub.http.error_views.not_found"
handler500 = "eventhub.http.error_views.server_error"

router = ContractRouter()
router.register("users", SignUpViewSet, "sign-up")
router.register("users", SessionViewSet, "session")
router.register("users", UserViewSet, "user")
router.register("users", UserEventViewSet, "user-event")
router.register("users", OrganizerProfileViewSet, "organizer")
router.register("users", ExportViewSet, "user-export")
router.register("users", PreferencesViewSet, "preferences")
router.register("users/me/tokens", ServiceTokenViewSet, "token")
router.register("users/me/calendar-feeds", CalendarFeedViewSet, "calendar-feed")
router.register("users/password", PasswordResetViewSet, "password")
router.register("users/email", EmailVerificationViewSet, "email")
router.register("users/email", OwnEmailViewSet, "own-email")
router.register("events", EventViewSet, "event")
router.register("events", EventAttendeeViewSet, "event-attendee")
router.register("events", ProspectViewSet, "prospect")
router.register("events", StatisticsViewSet, "event-statistics")
router.register("events", EventCalendarViewSet, "event-calendar")
router.register("events", TemplateViewSet, "event-template")
router.register("events/<int:pk>/messages", MessageViewSet, "message")
router.register("attendees", AttendeeViewSet, "attendee")
router.register("attendees", AttendeeCalendarViewSet, "attendee-calendar")
router.register("attendees", AttendeeNoticeViewSet, "attendee-notice")
router.register("attendees", TicketViewSet, "attendee-ticket")


def page(view: Callable[..., Any]) -> Callable[..., Any]:
    """Answer anything but GET and HEAD with the contract's 405, not a CSRF page."""

    @csrf_exempt
    @functools.wraps(view)
    def only_read(request: HttpRequest, **names: str) -> Any:
        return view(request, **names) if request.method in {"GET", "HEAD"} else error_views.only_read(request)

    return only_read


@csrf_exempt
def no_such_path(request: HttpRequest) -> HttpResponse:
    return error_views.not_found(request)


urlpatterns = [
    path("", page(root), name="root"),
    *both_spellings("schema/", page(schema), "schema"),
    *both_spellings("docs/", page(docs), "docs"),
    *both_spellings("healthz", page(health_views.healthz), "healthz"),
    *both_spellings("readyz", page(health_views.readyz), "readyz"),
    *both_spellings("metrics", metrics_view.metrics, "metrics"),
    *router.urls,
    *both_spellings("calendars/<str:secret>.ics", CalendarViewSet.as_view({"get": "retrieve"}), "calendar"),
    *both_spellings("t/<str:code>", page(ticket_page), "ticket"),
    path("admin/", admin.site.urls),
    # Everything else, so that a POST to a wrong path is this 404 too and not a CSRF page or a redirect.
    re_path(r"^(?!admin(?:/|\Z)|static/)", no_such_path),
]
