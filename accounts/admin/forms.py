from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.forms import SetPasswordForm
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.email_addresses import AddressFormField
from accounts.forms.account import REPEAT_LABEL, ConfirmForm, Confirming, NewPasswords, OwnPassword
from accounts.models import OrganizerProfile, User
from accounts.services.accounts import AccountChanges
from eventhub.admin.model_admin import RefusableModelForm
from eventhub.admin.optimistic_form import OptimisticForm
from eventhub.text_fields import LineFormField
from registrations.services import account_deletion

ACCOUNT = ("username", "email", "role", "is_active", "is_trusted_to_write")
WRITING = "If on, this organizer may send emails to the attendees of their events, also to people from an import."
PROFILE = {f"profile_{name}": name for name in ("name", "contact", "about")}
FIELDS_OF_CODES = {
    "username_exists": "username",
    "email_exists": "email",
    "has_events": "role",
    "reauthentication_required": "current_password",
}


class AccountModelForm(RefusableModelForm):
    """Leaves uniqueness to the rules, which also hold in a race."""

    fields_of_codes: ClassVar[Mapping[str, str]] = FIELDS_OF_CODES

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.validate_constraints = lambda exclude=None: None
        self.fields["username"].help_text = "Only letters, digits and @ . + - _"
        if "is_active" in self.fields:
            self.fields["is_active"].help_text = "If off, the account cannot sign in."
        if "is_trusted_to_write" in self.fields:
            self.fields["is_trusted_to_write"].help_text = WRITING

    def validate_unique(self) -> None:
        pass


class NewAccountForm(Confirming, AccountModelForm):
    email = AddressFormField(label="Email address", max_length=254, widget=UnfoldAdminEmailInputWidget)
    new_password = forms.CharField(
        label="Password",
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Leave empty to create an account without a password. Its owner can set one by resetting it.",
    )
    current_password = OwnPassword()
    fields_of_codes: ClassVar[Mapping[str, str]] = {**FIELDS_OF_CODES, "password": "new_password"}

    def account(self) -> dict[str, Any]:
        values = {name: self.cleaned_data[name] for name in ("username", "email", "role")}
        return {**values, "password": self.cleaned_data["new_password"] or None}


class AccountForm(Confirming, AccountModelForm, OptimisticForm):
    email = AddressFormField(label="Email address", max_length=254, widget=UnfoldAdminEmailInputWidget)
    profile_name = LineFormField(
        label="Name",
        max_length=255,
        required=False,
        help_text="Leave empty to use the username.",
        widget=UnfoldAdminTextInputWidget,
    )
    profile_contact = LineFormField(
        label="Contact",
        max_length=255,
        required=False,
        help_text="A public address or phone number for questions.",
        widget=UnfoldAdminTextInputWidget,
    )
    profile_about = forms.CharField(label="About", required=False, widget=UnfoldAdminTextareaWidget)
    current_password = OwnPassword()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in PROFILE:
            self.fields[name].initial = self._present(name)
            if not self.instance.is_organizer:
                del self.fields[name]

    def clean(self) -> dict[str, Any] | None:
        given = self.cleaned_data.get("current_password")
        super().clean()
        return {**self.cleaned_data, "current_password": given}  # not a field of the account

    @property
    def changed_data(self) -> list[str]:
        return [name for name in super().changed_data if name != "current_password"]

    def changes(self, prefix: str) -> Any:
        names = PROFILE if prefix else dict.fromkeys(ACCOUNT)
        return {names[name] or name: self.cleaned_data[name] for name in self.changed_data if name in names}

    def _present(self, name: str) -> Any:
        if name in PROFILE:
            return getattr(self.instance.public_profile, PROFILE[name])
        return super()._present(name)

    def _field_of(self, name: str) -> Any:
        model = OrganizerProfile if name in PROFILE else User
        return model._meta.get_field(PROFILE.get(name, name))


class SetPasswordForAccountForm(NewPasswords, ConfirmForm, SetPasswordForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("new_password1", "new_password2"):
            self.fields[name].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
        self.fields["new_password2"].label, self.fields["new_password2"].help_text = REPEAT_LABEL, ""
        self.order_fields(["new_password1", "new_password2", "current_password"])

    def clean(self) -> dict[str, Any]:
        super().clean()
        SetPasswordForm.clean(self)
        return self.cleaned_data

    def save(self, commit: bool = True) -> User:
        changes: AccountChanges = {"password": self.cleaned_data["new_password1"]}
        return account_deletion.change_account(account=self.user, by=self.request.user, changes=changes)  # type: ignore[arg-type]
