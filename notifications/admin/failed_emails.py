"""Emails that could not be sent, for admins, who can let them be tried again."""

from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesRadioFilter
from unfold.decorators import display

from accounts.models import User
from eventhub.admin.model_admin import ScopedModelAdmin
from notifications.admin.outcomes import reason_in_words
from notifications.models import Notice, State
from notifications.services import confirmations


@admin.register(Notice)
class FailedEmailAdmin(ScopedModelAdmin):
    resource = "notification"
    rights: ClassVar = {"view": "list_failed"}
    actions: ClassVar = ["try_again"]
    list_display = ("email", "event_link", "person", "error", "attempts", "failed_at")
    list_display_links = None
    list_filter = (("kind", ChoicesRadioFilter),)
    ordering = ("-done_at", "-id")
    sortable_by = ("failed_at",)
    fields = readonly_fields = list_display

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Failed emails", **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = Notice.objects.filter(state=State.FAILED).select_related("event", "registration", "user")
        return rows.order_by(*self.ordering) if self.may(request, "view") else rows.none()

    @admin.action(description="Try again")
    def try_again(self, request: HttpRequest, queryset: QuerySet[Notice]) -> None:
        number = confirmations.try_again(queryset, by=cast(User, request.user))
        messages.success(request, f"{number} email{'' if number == 1 else 's'} will be tried again.")

    @display(description="Email")  # type: ignore[untyped-decorator]
    def email(self, notice: Notice) -> str:
        return str(notice.get_kind_display())

    @display(description="Event")  # type: ignore[untyped-decorator]
    def event_link(self, notice: Notice) -> str | None:
        if notice.event is None:
            return None
        link = reverse("admin:events_event_emails", args=[notice.event_id])
        return format_html('<a href="{}" class="underline">{}</a>', link, notice.event)

    @display(description="Person")  # type: ignore[untyped-decorator]
    def person(self, notice: Notice) -> str:
        if notice.registration is None:
            return str(notice.user)
        link = reverse("admin:registrations_registration_change", args=[notice.registration_id])
        return format_html('<a href="{}" class="underline">{}</a>', link, notice.registration.name or notice.user)

    @display(description="Error")  # type: ignore[untyped-decorator]
    def error(self, notice: Notice) -> str:
        return reason_in_words(str(notice.why))

    @display(description="Failed", ordering="done_at")  # type: ignore[untyped-decorator]
    def failed_at(self, notice: Notice) -> Any:
        return notice.done_at
