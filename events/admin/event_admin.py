from collections.abc import Iterable
from copy import copy
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.timezone import get_default_timezone_name
from unfold.decorators import display

from accounts.models import User
from accounts.permissions import team_events
from checkin.admin import event_pages as checkin_pages
from eventhub.admin.model_admin import ScopedModelAdmin
from eventhub.api.fields import could_be_id
from events.admin import deletion, exports, series_views, team_views
from events.admin.actions import bulk_actions, seated_sentence
from events.admin.attendees_tab import AttendeesTab
from events.admin.changelist import EventChangeList, EventChangelist
from events.admin.forms import READ_ONLY, EventForm, fieldsets
from events.admin.history import HistoryTab, requested_page
from events.admin.series_scope import SeriesScope, chosen_scope, edit_dates, scopes_of
from events.admin.summary import summary
from events.models import Event, EventStatus
from events.models.tag_list import in_order
from events.services import events
from notifications.admin import event_pages
from registrations.admin import question_views
from registrations.services import event_changes


@admin.register(Event)
class EventAdmin(SeriesScope, EventChangelist, ScopedModelAdmin):
    resource = "event"
    rights: ClassVar = {
        "view": "open",
        "add": "create",
        "change": "update",
        "delete": "destroy",
        "manage": "manage",
        "export": "export",
    }
    form = EventForm
    autocomplete_fields = ("organizer",)
    readonly_fields = READ_ONLY
    actions: ClassVar = [*bulk_actions(), *exports.attendee_actions()]
    warn_unsaved_form = True
    delete_confirmation_template = "events/admin/delete_confirmation.html"
    change_list_template = "events/admin/change_list.html"
    list_after_template = "events/admin/change_list_footer.html"
    change_form_before_template = "eventhub/admin/original_values.html"
    change_form_outer_before_template = "events/admin/summary.html"
    change_form_after_template = "events/admin/series_scope.html"

    def get_urls(self) -> list[URLPattern]:
        export = path("export/<str:kind>/", self.admin_site.admin_view(self.export_view), name="events_event_export")
        pages = [
            *team_views.event_urls(self),
            *event_pages.event_urls(self),
            *checkin_pages.event_urls(self),
            *question_views.event_urls(self),
            *series_views.event_urls(self),
        ]
        return [export, *pages, *super().get_urls()]

    def export_view(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        return exports.export_events(self, request, kind)

    # The list --------------------------------------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[EventChangeList]:
        return EventChangeList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"zone": get_default_timezone_name(), "kinds": exports.KINDS, **(extra_context or {})}
        return super().changelist_view(request, context)

    # The form --------------------------------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list[tuple[str, dict[str, Any]]]:
        event = cast("Event | None", obj)
        return fieldsets(request, event, may_change=event is None or self.has_change_permission(request, event))

    def has_manage_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, "manage", obj)

    def has_export_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, "export", obj)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if obj is not None and not self.may(request, "manage", obj):
            for name in form.base_fields.keys() - events.TEXT_FIELDS:
                form.base_fields[name] = copy(form.base_fields[name])
                form.base_fields[name].disabled = True
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"organizer": request.user.pk}

    @display(description="waiting list")  # type: ignore[untyped-decorator]
    def waiting(self, event: Event) -> int:
        return event.waitlisted  # type: ignore[no-any-return]

    @display(description="categories and tags")  # type: ignore[untyped-decorator]
    def tags(self, event: Event) -> str:
        """For who may read the form but not change it."""
        return ", ".join(tag["name"] for tag in in_order(event.tag_list))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "organizer":
            for right in ("add", "change", "delete", "view"):
                setattr(field.widget, f"can_{right}_related", False)
        return field

    def save_model(self, request: HttpRequest, obj: Event, form: EventForm, change: bool) -> None:
        by: Any = request.user
        chosen = form.cleaned_data.get("organizer")
        owner_id = form.initial.get("organizer", by.pk)
        organizer = events.find_organizer(user_id=chosen and chosen.pk, by=by, owner_id=owner_id)
        values = form.changes
        if not change:
            values["status"] = EventStatus.DRAFT
            obj.pk = events.create_event(organizer=organizer or by, values=values).pk
            return
        if organizer is not None:
            values["organizer"] = organizer
        if chosen_scope(request) != "this" and scopes_of(form.instance, by):
            edit_dates(request, obj.pk, values)
            return
        # Shown after the commit: a transaction that is retried must not show it twice.
        edited = event_changes.edit_event(event_id=obj.pk, values=values, by=by)
        request.seated = edited.promoted  # type: ignore[attr-defined]

    def response_change(self, request: HttpRequest, obj: Event) -> HttpResponse:
        if seated := getattr(request, "seated", 0):
            messages.success(request, seated_sentence(seated))
        return super().response_change(request, obj)  # type: ignore[no-any-return]

    def response_post_save_add(self, request: HttpRequest, obj: Event) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:events_event_change", args=[obj.pk]))

    # The page of one event -------------------------------------------------------------------------------------------

    def get_changeform_datasets(self, request: HttpRequest) -> list[type]:
        """Return the tabs. They have no actions, so a POST of one gets none."""
        match = request.resolver_match
        is_page = match is not None and could_be_id(match.kwargs.get("object_id", ""))
        if not is_page or "dataset" in request.POST:
            return []
        event_id, by = int(match.kwargs["object_id"]), cast(User, request.user)  # type: ignore[union-attr]
        sees_people = event_id not in by.team_roles or event_id in team_events(by, "attendees") or by.is_admin
        return [AttendeesTab, HistoryTab] if sees_people else [HistoryTab]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Event | None = None, **kwargs: Any
    ) -> HttpResponse:
        if obj is not None and obj.pk:
            context["summary"] = summary(self._stored(request, obj), cast(User, request.user))
            context["show_history"] = False  # it is a tab
            context["series_scopes"] = scopes_of(obj, cast(User, request.user))
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)  # type: ignore[no-any-return]

    def _stored(self, request: HttpRequest, event: Event) -> Event:
        """Return the stored event: a refused form has changed its instance."""
        return (request.method == "POST" and self.get_queryset(request).filter(pk=event.pk).first()) or event

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        event = self.get_object(request, unquote(object_id))
        if event is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, event):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {event}",
            "opts": self.opts,
            "object": event,
            "page": requested_page(request, event),
            "event_id": event.pk,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "events/admin/history.html", context)

    # Deleting --------------------------------------------------------------------------------------------------------

    def get_deleted_objects(self, objs: Iterable[Event], request: HttpRequest) -> tuple[Any, Any, set[str], list[Any]]:
        return (*deletion.deleted_objects(objs), set(), [])

    def delete_model(self, request: HttpRequest, obj: Event) -> None:
        event_changes.delete_event(event_id=obj.pk)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Replace Django's deletion, and offer ours last."""
        actions: dict[str, Any] = super().get_actions(request)
        names = [name for name in actions if name != "delete_selected"]
        return {name: actions[name] for name in sorted(names, key="delete".__eq__)}
