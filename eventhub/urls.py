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
from checkin.views.bundles import BundleViewSet
from checkin.views.checkpoints import CheckpointViewSet, EventCheckpointViewSet
from checkin.views.doors import DoorViewSet
from checkin.views.gate_tokens import EventGateTokenViewSet, GateTokenSelfViewSet, GateTokenViewSet
from checkin.views.prints import PrintViewSet
from checkin.views.scan_page import scan_address, scan_manifest, scan_page, scan_script, scan_worker
from checkin.views.scans import ScanUndoViewSet, ScanViewSet
from checkin.views.ticket_page import ticket_page
from checkin.views.tickets import TicketViewSet
from eventhub.api.docs_views import docs, root, schema
from eventhub.api.routers import ContractRouter, both_spellings
from eventhub.http import error_views
from eventhub.observability import health_views, metrics_view
from events.views.discovery import EventBySlugViewSet, InterestViewSet, TagViewSet, UserInterestViewSet
from events.views.events import EventCalendarViewSet, EventViewSet, OwnEventViewSet, UserEventViewSet
from events.views.series import SeriesEventViewSet, SeriesViewSet
from events.views.team import EventTeamViewSet, MembershipViewSet, TeamInvitationViewSet, TeamViewSet
from notifications.views.attendee_notices import AttendeeNoticeViewSet
from notifications.views.clones import CloneViewSet
from notifications.views.messages import MessageViewSet
from notifications.views.preferences import PreferencesViewSet
from notifications.views.templates import TemplateViewSet
from public_pages.views import guests, pages, registration_page
from public_pages.views.events import PublicCalendarViewSet, PublicEventViewSet
from public_pages.views.guest_api import GuestConfirmationViewSet, GuestRequestViewSet
from public_pages.views.organizers import PublicOrganizerViewSet
from registrations.views.attendees import (
    AttendeeCalendarViewSet,
    AttendeeViewSet,
    EventAttendeeViewSet,
    ProspectViewSet,
    StatisticsViewSet,
)
from registrations.views.confirmations import AttendeeConfirmationViewSet
from registrations.views.questions import AnswersViewSet, EventQuestionViewSet, QuestionViewSet
from registrations.views.series import SeriesAttendeeViewSet

handler400 = "eventhub.http.error_views.bad_request"
handler403 = "eventhub.http.error_views.permission_denied"
handler404 = "eventhub.http.error_views.not_found"
handler500 = "eventhub.http.error_views.server_error"

router = ContractRouter()
router.register("users", SignUpViewSet, "sign-up")
router.register("users", SessionViewSet, "session")
router.register("users", UserViewSet, "user")
router.register("users", UserEventViewSet, "user-event")
router.register("users", UserInterestViewSet, "user-interest")
router.register("users", OwnEventViewSet, "own-event")
router.register("users", OrganizerProfileViewSet, "organizer")
router.register("users", ExportViewSet, "user-export")
router.register("users", PreferencesViewSet, "preferences")
router.register("users/me/tokens", ServiceTokenViewSet, "token")
router.register("users/me/calendar-feeds", CalendarFeedViewSet, "calendar-feed")
router.register("users/password", PasswordResetViewSet, "password")
router.register("users/email", EmailVerificationViewSet, "email")
router.register("users/email", OwnEmailViewSet, "own-email")
router.register("events", EventViewSet, "event")
router.register("events", EventBySlugViewSet, "event-by-slug")
router.register("events", InterestViewSet, "event-interest")
router.register("tags", TagViewSet, "tag")
router.register("events", EventAttendeeViewSet, "event-attendee")
router.register("events", ProspectViewSet, "prospect")
router.register("events", StatisticsViewSet, "event-statistics")
router.register("events", EventCalendarViewSet, "event-calendar")
router.register("events", TemplateViewSet, "event-template")
router.register("events", CloneViewSet, "event-clone")
router.register("events", BundleViewSet, "event-bundle")
router.register("events", PrintViewSet, "event-print")
router.register("events/<int:pk>/messages", MessageViewSet, "message")
router.register("events", EventCheckpointViewSet, "event-checkpoint")
router.register("events", DoorViewSet, "event-door")
router.register("events", EventTeamViewSet, "event-team")
router.register("team", TeamViewSet, "team")
router.register("team-members", MembershipViewSet, "team-member")
router.register("team-invitations", TeamInvitationViewSet, "team-invitation")
router.register("events", EventQuestionViewSet, "event-question")
router.register("questions", QuestionViewSet, "question")
router.register("checkpoints", CheckpointViewSet, "checkpoint")
router.register("series", SeriesViewSet, "series")
router.register("series", SeriesEventViewSet, "series-event")
router.register("series", SeriesAttendeeViewSet, "series-attendee")
router.register("attendees", AttendeeViewSet, "attendee")
router.register("attendees", AttendeeCalendarViewSet, "attendee-calendar")
router.register("attendees", AnswersViewSet, "attendee-answers")
router.register("attendees", AttendeeNoticeViewSet, "attendee-notice")
router.register("attendees", AttendeeConfirmationViewSet, "attendee-confirmation")
router.register("attendees", TicketViewSet, "attendee-ticket")
router.register("events", EventGateTokenViewSet, "event-gate-token")
router.register("gate-tokens", GateTokenViewSet, "gate-token")
router.register("events", ScanViewSet, "event-scan")
router.register("scans", ScanUndoViewSet, "scan")
router.register("public/events", PublicEventViewSet, "public-event")
router.register("public/events/<slug:name>/registrations", GuestRequestViewSet, "guest-request")
router.register("public/registrations", GuestConfirmationViewSet, "guest-confirmation")
router.register("public/organizers", PublicOrganizerViewSet, "public-organizer")


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
    *both_spellings("gate", GateTokenSelfViewSet.as_view({"get": "retrieve"}), "gate"),
    *both_spellings("t/<str:code>", page(ticket_page), "ticket"),
    # The public face, which looks at no token and no session.
    *both_spellings("public/events.ics", PublicCalendarViewSet.as_view({"get": "events"}), "public-calendar"),
    *both_spellings(
        "public/events/<slug:name>.ics", PublicCalendarViewSet.as_view({"get": "retrieve"}), "public-entry"
    ),
    *both_spellings("e/", page(pages.event_list), "public-pages"),
    path("e/theme.css", page(pages.site_styles), name="public-theme"),
    *both_spellings("e/<slug:name>", page(pages.event_page), "public-page"),
    *both_spellings("e/<slug:name>/register", guests.register, "public-register"),
    # The tokens are secrets: no log has these paths (docs/deploy/nginx-snippet.conf).
    *both_spellings("r/confirm/<str:token>", guests.confirm, "guest-confirmation"),
    path("r/<str:token>/calendar.ics", registration_page.calendar_file, name="my-registration-calendar"),
    *both_spellings("r/<str:token>", registration_page.my_registration, "my-registration"),
    *both_spellings("o/<int:pk>", page(pages.organizer_page), "public-organizer-page"),
    path("sitemap.xml", page(pages.sitemap), name="sitemap"),
    path("scan/", page(scan_page), name="scan"),
    path("scan", page(scan_address)),
    path("scan/worker.js", page(scan_worker)),
    path("scan/manifest.webmanifest", page(scan_manifest)),
    path("scan/<str:name>", page(scan_script)),
    path("admin/", admin.site.urls),
    # Everything else, so that a POST to a wrong path is this 404 too and not a CSRF page or a redirect.
    re_path(r"^(?!admin(?:/|\Z)|static/)", no_such_path),
]
