from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.forms import BooleanField, ModelChoiceField
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldBooleanSwitchWidget

from accounts.email_addresses import TypedAddressFormField
from eventhub.admin.model_admin import RefusableModelForm
from eventhub.admin.optimistic_form import OptimisticForm
from eventhub.api.fields import could_be_id
from eventhub.spreadsheets.entries import TableRow
from registrations.forms.question_widgets import OFFICE
from registrations.forms.questions import QuestionsForm
from registrations.models import DETAILS, Question, Registration
from registrations.services.attendee_file import Guest, build_guest


class EventField(ModelChoiceField):  # type: ignore[type-arg]
    def to_python(self, value: Any) -> Any:
        if value not in self.empty_values and not could_be_id(str(value)):
            raise forms.ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return super().to_python(value)


class DetailsForm(OptimisticForm):
    class Meta:
        model = Registration
        fields = DETAILS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "name" in self.fields and self.instance.event.asks_questions:
            self.fields["name"].help_text = "A new name passes the seat on: answers to personal questions are deleted."

    def validate_constraints(self) -> None:
        """Do nothing: this form cannot change what the constraints are about."""


class AddForm(RefusableModelForm):
    fields_of_codes: ClassVar = {
        "already_registered": "email",
        "event_full": "event",
        "registration_closed": "event",
        "not_found": "event",
    }

    email = TypedAddressFormField(
        label="Email address",
        max_length=254,
        widget=UnfoldAdminEmailInputWidget,
        help_text="Registers the account with this address. If there is none, one is created; the person can claim it "
        "by resetting the password.",
    )
    may_queue = BooleanField(
        label="Add to the waiting list if the event is full",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="If off, nobody is added to a full event.",
    )

    given: dict[str, Any] | None = None

    class Meta:
        model = Registration
        fields = ("event", *DETAILS)
        help_texts: ClassVar = {
            "name": "Leave empty to use the part of the address before the @.",
            "contact_details": "How else to reach the person. The email address is always kept.",
        }

    def validate_constraints(self) -> None:
        """Do nothing: the rules report the same problems beside the right field."""

    questions: ClassVar[Sequence[Question]] = ()

    @classmethod
    def asking(cls, questions: Sequence[Question]) -> "type[AddForm]":
        """Return the form with the questions of an event, which may be left open."""
        fields = QuestionsForm(questions=questions, for_organizer=True, widgets=OFFICE).fields
        return type("AddForm", (cls,), {"questions": questions, **fields})

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.questions and not self.errors:
            form = QuestionsForm(self.data, questions=self.questions, for_organizer=True, widgets=OFFICE)
            for name, texts in form.errors.items():
                self.add_error(name if name in self.fields else None, list(texts))
            self.given = form.given() if form.is_valid() else {}
        return cleaned

    @property
    def guest(self) -> Guest:
        return build_guest(TableRow(1, {name: self.cleaned_data[name] for name in ("email", *DETAILS)}))
