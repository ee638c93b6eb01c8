"""Base classes of the back office: scope and rights from the permission table, refusals as form errors."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import DateTimeField, Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList

from accounts.permissions import allowed
from eventhub.admin import bulk
from eventhub.admin.changelist import CountedChangeList, count_up_to_bound, is_within_bound
from eventhub.admin.time_field import TimeOfDayField, TimeWidget
from eventhub.api.fields import could_be_id
from eventhub.api.filters import MAX_SEARCH_LENGTH, found_in
from eventhub.db.retry import retried
from eventhub.exceptions import Invalid, ReauthenticationRequired, Refusal, Unavailable, invalid
from eventhub.text_fields import search_words

if TYPE_CHECKING:
    from accounts.models import User

REFUSALS = (Refusal, DjangoValidationError, IntegrityError, OperationalError)


def problems(refusal: Exception) -> Mapping[str, list[str]]:
    """Return sentences for people by field, or under "" if the problem belongs to no field."""
    if isinstance(refusal, DjangoValidationError):
        refusal = invalid(refusal)
    if isinstance(refusal, Invalid):
        return {"" if field == "non_field_errors" else field: texts for field, texts in refusal.errors.items()}
    if isinstance(refusal, IntegrityError):
        refusal = Refusal()
    elif isinstance(refusal, OperationalError):
        refusal = Unavailable()
    elif isinstance(refusal, ReauthenticationRequired):
        return {"": ["Enter your current password."]}  # of the field that the form has for it
    return {"": [f"{refusal}."]}


def sentence(refusal: Exception) -> str:
    return " ".join(text for texts in problems(refusal).values() for text in texts)


class RefusableModelForm(ModelForm):  # type: ignore[type-arg]
    """A form that is shown again, with the reason beside its field, if a rule refuses to save it."""

    refusal: ClassVar[Exception | None] = None
    # Field for each refusal code, if the refusal names none.
    fields_of_codes: ClassVar[Mapping[str, str]] = {}

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.refusal is not None:
            about = self.fields_of_codes.get(getattr(self.refusal, "code", ""), "")
            for field, texts in problems(self.refusal).items():
                name = field or about
                self.add_error(name if name in self.fields else None, DjangoValidationError(texts))
        return cleaned


class RowSelect(AutocompleteSelect):
    def optgroups(self, name: str, value: Sequence[Any], attr: dict[str, Any] | None = None) -> Any:
        return super().optgroups(name, [text for text in value if could_be_id(str(text))], attr)


class ScopedModelAdmin(ModelAdmin):
    """Admin of one model, scoped by its `managed_by` and allowed by the permission table.

    `rights` maps Django's four permissions to actions of the table; a missing one is denied.
    """

    resource: ClassVar[str]
    rights: ClassVar[Mapping[str, str]] = {}
    form = RefusableModelForm
    formfield_overrides: ClassVar[Any] = {DateTimeField: {"form_class": TimeOfDayField, "widget": TimeWidget}}
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator = InfinitePaginator
    list_per_page = 50
    list_filter_submit = True
    actions_on_top = True

    class Media:
        js = ("eventhub/dates.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).managed_by(request.user)  # type: ignore[no-any-return]

    def may(self, request: HttpRequest, right: str, row: Model | None = None) -> bool:
        user = cast("User", request.user)
        return bool(
            right in self.rights
            and user.is_active
            and user.is_staff
            and allowed(user, self.resource, self.rights[right], row)
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "view")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, "view", obj)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, "delete", obj)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search like the API; a word of one or two letters matches the beginning of a word."""
        words = search_words(search_term.replace("\x00", "")[:MAX_SEARCH_LENGTH])
        fields = self.get_search_fields(request)
        return queryset.filter(*(found_in(word, fields) for word in words)), False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CountedChangeList

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Handle dates beyond the calendar, which Django does not."""
        try:
            return super().get_changelist_instance(request)
        except (OverflowError, ValueError) as problem:
            raise IncorrectLookupParameters(problem) from problem

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "POST" and bulk.ROWS in request.POST:
            done = self.response_action(request, self.get_queryset(request))
            return done or HttpResponseRedirect(request.get_full_path())
        return super().changelist_view(request, extra_context)  # type: ignore[no-any-return]

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Run an action on the selected rows, ignoring values that cannot be ids, or on all rows of the filter."""
        sent = request.POST.copy()
        ids = [text for text in sent.getlist(ACTION_CHECKBOX_NAME) if could_be_id(text)]
        sent["select_across"] = "1" if bulk.wants_all(request) and bulk.ROWS not in sent else "0"
        if bulk.ROWS in sent:
            run = bulk.read_run(request, self.opts)
            if run is None:
                messages.warning(request, bulk.EXPIRED)
                return None
            request.bulk_run = run  # type: ignore[attr-defined]
            ids = [str(pk) for pk in run.piece]
            sent["action"] = run.action
        elif bulk.wants_all(request) and not is_within_bound(count_up_to_bound(queryset)):
            messages.error(request, bulk.TOO_MANY)
            return None
        sent.setlist(ACTION_CHECKBOX_NAME, ids)
        request.POST = sent  # type: ignore[assignment]
        return super().response_action(request, queryset)  # type: ignore[no-any-return]

    # Django's log, which must not keep personal names ----------------------------------------------------------------

    def get_paginator(self, request: HttpRequest, queryset: Any, per_page: int, *args: Any, **kwargs: Any) -> Any:
        """Count the log of one row, unlike a list, and begin with its latest line."""
        if getattr(queryset, "model", None) is LogEntry:
            return Paginator(queryset.reverse(), per_page, *args, **kwargs)
        return super().get_paginator(request, queryset, per_page, *args, **kwargs)

    def name_in_log(self, row: Any) -> str:
        return str(row)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        self._log(request, obj, ADDITION, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        self._log(request, obj, CHANGE, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset:
            self._log(request, row, DELETION, "")

    def _log(self, request: HttpRequest, row: Model, flag: int, message: Any) -> None:
        line = LogEntry(
            user=cast("User", request.user),
            content_type=ContentType.objects.get_for_model(row),
            object_id=str(row.pk),
            object_repr=self.name_in_log(row)[:200],
            action_flag=flag,
            change_message=json.dumps(message) if isinstance(message, list) else message,
        )
        # What is done is done, also where the account has been deleted meanwhile, and its lines with it.
        with suppress(IntegrityError), transaction.atomic():
            line.save()

    # Forms ------------------------------------------------------------------------------------------------------------

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        messages.warning(request, f"This {opts.verbose_name} does not exist, or you do not have access to it.")
        return redirect("admin:index")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", RowSelect(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"refusal": getattr(request, "refusal", None)})

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return self._retried_changeform_view(request, *args, **kwargs)
        except REFUSALS as refusal:
            if request.method != "POST":
                raise
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)  # type: ignore[no-any-return]

    @retried
    def _retried_changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Retry the whole view, whose transaction is the outermost, after a deadlock."""
        return super().changeform_view(request, *args, **kwargs)  # type: ignore[no-any-return]

    @retried
    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return super().delete_view(request, object_id, extra_context)  # type: ignore[no-any-return]
