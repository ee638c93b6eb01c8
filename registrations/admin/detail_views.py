from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import ForeignKey
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display

from accounts.models import User
from accounts.permissions import allowed
from checkin.admin import scan_section, ticket_section
from eventhub.admin.bulk import CONFIRMED
from eventhub.admin.field_values import begins_at
from eventhub.admin.model_admin import RowSelect
from eventhub.api.fields import could_be_id
from events.models import Event
from notifications.admin import outcomes
from registrations.admin import actions, history, status
from registrations.admin.answer_views import answers_context
from registrations.admin.forms import AddForm, DetailsForm, EventField
from registrations.forms.questions import ANSWER, field_name
from registrations.models import DETAILS, LIVE, Question, Registration
from registrations.services import attendee_import, check_in, seats
from registrations.services.questions import questions_of

READ_ONLY = ("event_link", "registered_at")
LOST_ANSWERS = "The answers about the person were deleted, since the name is another one. Ask for them again."


class RegistrationDetailViews:
    autocomplete_fields = ("event",)
    change_form_outer_before_template = "registrations/admin/action_buttons.html"
    change_form_outer_after_template = "registrations/admin/below_form.html"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = DetailsForm if obj else AddForm.asking(self._asked(request))
        return super().get_form(request, obj, change, form=form, **kwargs)  # type: ignore[misc]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[str | None, dict[str, Any]]]:
        if obj is None:
            names = [field_name(question.pk) for question in self._asked(request)]
            questions = [("Questions", {"fields": names})] if names else []
            return [(None, {"fields": ("event", "email", *DETAILS, "may_queue")}), *questions]
        return [("Attendee", {"fields": DETAILS}), ("Registration", {"fields": self.get_readonly_fields(request, obj)})]

    def _asked(self, request: HttpRequest) -> list[Question]:
        """Return the questions of the event that a form to add somebody is about, as far as it says so."""
        if not hasattr(request, "asked"):
            chosen = request.POST.get("event") or request.GET.get("event") or ""
            events = Event.objects.managed_by(cast(User, request.user), "manage").filter(asks_questions=True)
            event = events.filter(pk=chosen).first() if could_be_id(chosen) else None
            request.asked = questions_of(event) if event else []  # type: ignore[attr-defined]
        return request.asked  # type: ignore[attr-defined,no-any-return]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return (*READ_ONLY, "account_link") if cast(User, request.user).is_admin else READ_ONLY

    def formfield_for_foreignkey(self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        widget = RowSelect(db_field, self.admin_site)  # type: ignore[attr-defined]
        return EventField(Event.objects.managed_by(cast(User, request.user), "manage"), label="Event", widget=widget)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if db_field.name == "event":
            for right in ("add", "change", "delete", "view"):
                setattr(field.widget, f"can_{right}_related", False)
        return field

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"event": request.GET.get("event"), "may_queue": "queue" in request.GET}

    def save_model(self, request: HttpRequest, obj: Registration, form: Any, change: bool) -> None:
        by = cast(User, request.user)
        if change:
            changed = {name: form.cleaned_data[name] for name in form.changed_data if name in DETAILS}
            if seats.update(registration=obj, by=by, **changed).lost_answers:
                messages.warning(request, LOST_ANSWERS)
            return
        event = form.cleaned_data["event"]
        may_queue = form.cleaned_data["may_queue"]
        added = attendee_import.add_attendee(
            event_id=event.pk, guest=form.guest, by=by, may_queue=may_queue, answers=form.given
        )
        obj.__dict__.update(added.__dict__)

    def response_add(self, request: HttpRequest, obj: Registration, post_url_continue: Any = None) -> HttpResponse:
        place = obj.waitlist_position()
        who = actions.name_of(obj)
        messages.success(request, f"{who} is number {place} on the waiting list." if place else f"{who} has a seat.")
        if obj.event.asks_questions and not any(name.startswith(ANSWER) for name in request.POST):
            return HttpResponseRedirect(reverse("admin:registrations_registration_answers", args=[obj.pk]))
        if "_addanother" in request.POST:
            return HttpResponseRedirect(f"{request.path}?event={obj.event_id}")
        if request.GET.get("from") == "door":
            door = reverse("admin:registrations_registration_door", args=[obj.event_id])
            return HttpResponseRedirect(f"{door}?done={obj.pk}")
        return HttpResponseRedirect(actions.page_of(obj))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        row, by = self._find(request, object_id), cast(User, request.user)
        if row is not None:
            place, obstacle = row.waitlist_position(), check_in.seat_obstacle(row, by, timezone.now())
            context = {
                "row": row,
                "row_pk": str(row.pk),
                "place": place,
                "obstacle": obstacle,
                "can_cancel": row.status in LIVE and allowed(by, "attendee", "edit", row),
                "status": status.label(row),
                "colour": status.colour(row),
                "actions": actions.available(row, by, obstacle=obstacle, place=place),
                "do_url": reverse("admin:registrations_registration_do", args=[row.pk]),
                "show_delete": False,  # there is a button for it
                "show_save_and_add_another": False,
                "show_history": False,  # it is on the page
                **answers_context(row),
                **(ticket_section.registration_context(row) if allowed(by, "attendee", "ticket", row) else {}),
                **scan_section.scans_context(row, by),
                **(outcomes.registration_context(row, by) if allowed(by, "attendee", "notifications", row) else {}),
                "history": history.entries(row, reader=by),
            }
            kwargs["extra_context"] = {**(kwargs.get("extra_context") or {}), **context}
        return super().change_view(request, object_id, *args, **kwargs)  # type: ignore[misc, no-any-return]

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        row = self._find(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined, no-any-return]
        if not allowed(cast(User, request.user), "attendee", "manage", row):
            raise PermissionDenied
        return actions.confirm(
            self,  # type: ignore[arg-type]
            request,
            actions.ACTIONS["remove"],
            [row],
            hidden=[(actions.DO, f"remove:{row.pk}"), (CONFIRMED, "yes")],
            post_to=reverse("admin:registrations_registration_do", args=[row.pk]),
            back=actions.page_of(row),
        )

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Redirect: Django's own view shows usernames."""
        return HttpResponseRedirect(reverse("admin:registrations_registration_change", args=[object_id]))

    def _find(self, request: HttpRequest, object_id: str) -> Registration | None:
        rows = self.get_queryset(request)  # type: ignore[attr-defined]
        return rows.with_successors().filter(pk=object_id).first() if could_be_id(object_id) else None

    @display(description="event")  # type: ignore[untyped-decorator]
    def event_link(self, row: Registration) -> str:
        link = reverse("admin:events_event_change", args=[row.event_id])
        return format_html('<a href="{}" class="underline">{}</a>', link, row.event)

    @display(description="registration date")  # type: ignore[untyped-decorator]
    def registered_at(self, row: Registration) -> str:
        return begins_at(row.registration_date, row.event.zone)

    @display(description="account")  # type: ignore[untyped-decorator]
    def account_link(self, row: Registration) -> str:
        if row.user is None:
            return "deleted"
        link = reverse("admin:accounts_user_change", args=[row.user_id])
        return format_html('<a href="{}" class="underline">{}</a> {}', link, row.user.username, row.user.email)
