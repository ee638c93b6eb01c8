"""The forms of a registration: to add somebody by hand, and to change what is written of a person."""

from typing import Any, ClassVar

from django import forms
from django.forms import BooleanField, EmailField, ModelChoiceField
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldBooleanSwitchWidget

from accounts.models import User
from eventhub.admin.model_admin import RefusableModelForm
from eventhub.admin.optimistic_form import OptimisticForm
from eventhub.api.fields import could_be_id
from eventhub.spreadsheets.entries import Entry
from events.models import Event
from registrations.models import Registration
from registrations.services.attendee_file import Guest, as_guest

DETAILS = ("name", "contact_details")


class EventField(ModelChoiceField):  # type: ignore[type-arg]
    def to_python(self, value: Any) -> Any:
        if value not in self.empty_values and not could_be_id(str(value)):
            raise forms.ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return super().to_python(value)


class DetailsForm(OptimisticForm):
    class Meta:
        model = Registration
        fields = DETAILS

    def validate_constraints(self) -> None:
        """Left to the rules: what they are about is not to be changed here."""


class AddForm(RefusableModelForm):
    fields_of_codes: ClassVar = {
        "already_registered": "email",
        "event_full": "event",
        "registration_closed": "event",
        "not_found": "event",
    }

    email = EmailField(
        label="E-mail address",
        max_length=254,
        widget=UnfoldAdminEmailInputWidget,
        help_text="The registration belongs to the account with this address. Where there is none, one is made, which "
        "its owner can claim by resetting the password.",
    )
    may_queue = BooleanField(
        label="Join the queue if it is full",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Without this, an event without a free seat refuses.",
    )

    class Meta:
        model = Registration
        fields = ("event", *DETAILS)
        help_texts: ClassVar = {
            "name": "Empty: what stands before the @.",
            "contact_details": "How to reach the person. Empty: the e-mail address.",
        }

    def validate_constraints(self) -> None:
        """Left to the rules, which say it beside the field that it is about."""

    @property
    def guest(self) -> Guest:
        """The person, as a row of a list would have them."""
        return as_guest(Entry(1, {name: self.cleaned_data[name] for name in ("email", *DETAILS)}))


def event_field(user: User, **kwargs: Any) -> EventField:
    """A choice among the events that the user runs."""
    return EventField(queryset=Event.objects.managed_by(user), **kwargs)
