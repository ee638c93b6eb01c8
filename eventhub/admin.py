"""What every page of the back office is made of: the permission table's scope and rights, and refusals as messages."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, OperationalError
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException, ValidationError
from unfold.admin import ModelAdmin

from accounts.permissions import allowed
from eventhub.errors import Refusal, Unavailable, error_body
from eventhub.transactions import retried

if TYPE_CHECKING:
    from accounts.models import User

REFUSALS = (APIException, IntegrityError, OperationalError)


def problems(refusal: Exception) -> Mapping[str, list[str]]:
    """What was refused, as sentences for people: by field, or under "" where no field is to blame."""
    if isinstance(refusal, ValidationError):
        body = error_body(refusal)["errors"]
        return {"" if field == "non_field_errors" else field: texts for field, texts in body.items()}
    if isinstance(refusal, IntegrityError):
        refusal = Refusal()
    elif isinstance(refusal, OperationalError):
        refusal = Unavailable()
    return {"": [f"{refusal}."]}


class OfficeForm(ModelForm):  # type: ignore[type-arg]
    """A form whose save may be refused: it is shown again with what was typed, and the refusal beside its field."""

    refusal: ClassVar[Exception | None] = None
    # Which field a refusal is about, by its code, where the rule does not say.
    fields_of_codes: ClassVar[Mapping[str, str]] = {}

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.refusal is not None:
            about = self.fields_of_codes.get(getattr(self.refusal, "default_code", ""), "")
            for field, texts in problems(self.refusal).items():
                name = field or about
                self.add_error(name if name in self.fields else None, DjangoValidationError(texts))
        return cleaned


class OfficeAdmin(ModelAdmin):
    """The pages of one model, scoped by its `managed_by` and allowed by the permission table.

    `rights` names the table's action behind each of Django's four; what is missing is nobody's.
    """

    resource: ClassVar[str]
    rights: ClassVar[Mapping[str, str]] = {}
    form = OfficeForm
    show_full_result_count = False
    actions_on_top = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What the user manages, and nothing of anyone else."""
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

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"refusal": getattr(request, "refusal", None)})

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """As Django's; where a rule or the database refuses to save, the same form again, with the reason."""
        try:
            return self._changed(request, *args, **kwargs)
        except REFUSALS as refusal:
            if request.method != "POST":
                raise
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)  # type: ignore[no-any-return]

    @retried
    def _changed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The outermost transaction is the view's own, so that it is what a deadlock begins again."""
        return super().changeform_view(request, *args, **kwargs)  # type: ignore[no-any-return]
