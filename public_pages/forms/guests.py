"""What guests fill in: to register, and to change their details."""

from typing import Any

from django import forms

from accounts.email_addresses import AddressFormField
from eventhub.form_errors import TranslatedForm
from eventhub.languages import Language
from eventhub.text_fields import DetailsFormField, LineFormField
from events.models import Event
from public_pages.guest_texts import guest_words
from registrations.forms.questions import QuestionsForm
from registrations.services.questions import questions_of

LONGEST = 255


class GuestForm(TranslatedForm):
    """A request of a guest. It is the same for everybody, so that caches may keep its page."""

    name = LineFormField(max_length=LONGEST, widget=forms.TextInput({"autocomplete": "name"}))
    email = AddressFormField(max_length=254, widget=forms.EmailInput({"autocomplete": "email"}))
    wait = forms.BooleanField(required=False)
    language = forms.ChoiceField(choices=Language.choices, required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, can_wait: bool, initial: Any = None) -> None:
        super().__init__(data, initial=initial, label_suffix="")
        words = guest_words()
        self.fields["email"].error_messages["invalid"] = "Enter an email address."  # Django's German is informal
        if not can_wait:
            del self.fields["wait"]
        for name in ("name", "email", "wait"):
            if name in self.fields:
                self.fields[name].label = getattr(words, name)


class OwnDetailsForm(TranslatedForm):
    name = LineFormField(max_length=LONGEST, widget=forms.TextInput({"autocomplete": "name"}))
    contact_details = DetailsFormField(max_length=LONGEST, required=False, widget=forms.Textarea({"rows": 2}))
    phone = LineFormField(max_length=LONGEST, required=False, widget=forms.TextInput({"autocomplete": "tel"}))

    def __init__(self, data: Any = None, *, initial: Any = None) -> None:
        super().__init__(data, initial=initial, label_suffix="")
        for name, field in self.fields.items():
            field.label = getattr(guest_words(), name)


def questions_form(event: Event, data: Any = None, **options: Any) -> QuestionsForm | None:
    """Return the form of the event's questions, or None where it asks none."""
    questions = questions_of(event) if event.asks_questions else []
    return QuestionsForm(data, questions=questions, **options) if questions else None
