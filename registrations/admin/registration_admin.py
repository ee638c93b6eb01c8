from functools import partial
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse

from accounts.models import User
from accounts.permissions import team_events
from checkin.admin import scan_section, ticket_section
from eventhub.admin.bulk import CONFIRMED
from eventhub.admin.model_admin import ScopedModelAdmin
from eventhub.spreadsheets.downloads import Kind, export_response
from notifications.admin import message_views, outcomes
from registrations.admin import answer_views, check_in_views, import_views, statistics_views
from registrations.admin.actions import ACTIONS, DO, bulk_actions, perform_one
from registrations.admin.changelist import RegistrationChangelist
from registrations.admin.detail_views import RegistrationDetailViews
from registrations.models import Registration
from registrations.selectors import attendee_rows


@admin.register(Registration)
class RegistrationAdmin(RegistrationDetailViews, RegistrationChangelist, ScopedModelAdmin):
    resource = "attendee"
    rights: ClassVar = {"view": "check_in", "change": "manage", "delete": "manage", "add": "create_for_others"}
    change_list_template = "registrations/admin/change_list.html"
    list_after_template = "registrations/admin/change_list_footer.html"
    actions: ClassVar = bulk_actions()
    search_help_text = "Name, email or phone"

    def may(self, request: HttpRequest, right: str, row: Any = None) -> bool:
        """Show no list of people to members of teams who see none."""
        if not super().may(request, right, row):
            return False
        user = cast(User, request.user)
        return row is not None or user.is_organizer or bool(team_events(user, "attendees"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        return super().get_queryset(request).select_related("event", "user")

    def get_urls(self) -> list[URLPattern]:
        pages: list[tuple[str, Any, str]] = [
            ("<int:pk>/do/", do, "do"),
            ("<int:pk>/answers/", answer_views.edit_answers, "answers"),
            ("<int:pk>/send-again/", outcomes.send_again, "send_again"),
            ("<int:pk>/reissue-ticket/", ticket_section.reissue, "reissue_ticket"),
            ("<int:pk>/undo-scan/", scan_section.undo, "undo_scan"),
            ("door/", check_in_views.choose_event, "doors"),
            ("door/<int:event_id>/", check_in_views.check_in, "door"),
            ("statistics/<int:event_id>/", statistics_views.statistics, "statistics"),
            ("import/<int:event_id>/", import_views.upload, "import"),
            ("import/<int:event_id>/example.<slug:kind>", import_views.example, "import_example"),
            ("export.<slug:kind>", export, "export"),
            ("messages/<int:event_id>/", message_views.write, "write"),
            ("messages/<int:event_id>/<int:message_id>/stop/", message_views.stop, "stop_message"),
        ]
        ours = [
            path(route, self.admin_site.admin_view(partial(page, self)), name=f"registrations_registration_{name}")
            for route, page, name in pages
        ]
        return ours + super().get_urls()  # type: ignore[no-any-return]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Leave out Django's bulk deletion, which bypasses the rules."""
        offered = super().get_actions(request)
        return {name: action for name, action in offered.items() if name in ACTIONS}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "POST" and DO in request.POST:
            return perform_one(self, request, back=request.get_full_path())
        query = request.META["QUERY_STRING"]
        links = [
            (kind, f"{reverse('admin:registrations_registration_export', args=[kind])}{query and '?'}{query}")
            for kind in ("csv", "xlsx")
        ]
        return super().changelist_view(request, {"exports": links, **(extra_context or {})})

    def name_in_log(self, row: Registration) -> str:
        return f"Registration {row.pk} for {row.event}"


def do(model_admin: RegistrationAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    page = reverse("admin:registrations_registration_change", args=[pk])
    removes = request.POST.get(DO, "").startswith("remove:") and CONFIRMED in request.POST
    if request.method != "POST":
        return HttpResponseRedirect(page)
    back = reverse("admin:registrations_registration_changelist") if removes else page
    return perform_one(model_admin, request, back=back)


def export(model_admin: RegistrationAdmin, request: HttpRequest, kind: str) -> HttpResponseBase:
    user = cast(User, request.user)
    if not (user.is_organizer or team_events(user, "export")):
        raise PermissionDenied
    try:
        listed = model_admin.get_changelist_instance(request)
    except IncorrectLookupParameters:
        return HttpResponseRedirect(reverse("admin:registrations_registration_changelist"))
    rows = listed.queryset.select_related(None).managed_by(user, "export")
    asked = attendee_rows.questions_shown(listed.event, user)
    chosen: Kind = "xlsx" if kind == "xlsx" else "csv"
    return export_response(chosen, "registrations", attendee_rows.header(asked), attendee_rows.rows(rows, asked))
