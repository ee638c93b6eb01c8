from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminPasswordWidget

from accounts import signed_links
from accounts.email_addresses import AddressFormField
from accounts.forms.account import REPEAT_LABEL, GuardedForm
from accounts.hashers import normalized
from accounts.services import password_reset
from accounts.throttle_subjects import by_email, by_id


class AskForResetForm(GuardedForm):
    email = AddressFormField(
        label="Email address",
        max_length=254,
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "email", "autofocus": ""}),
    )

    def account_tried(self, request: object) -> str | None:
        return by_email(self.cleaned_data["email"])

    def clean(self) -> dict[str, Any]:
        if "email" in self.cleaned_data:
            self.refuse_guessing()
        return self.cleaned_data

    def save(self) -> None:
        password_reset.request_reset(email=self.cleaned_data["email"])


class LinkForm(GuardedForm):
    purpose = signed_links.VERIFICATION
    token = forms.CharField(max_length=500, widget=forms.HiddenInput)

    def account_tried(self, request: object) -> str | None:
        return by_id(signed_links.read_account_id(self.cleaned_data.get("token"), self.purpose))

    def clean(self) -> dict[str, Any]:
        self.refuse_guessing()
        return self.cleaned_data

    def save(self) -> None:
        password_reset.verify_email(token=self.cleaned_data["token"])


def _password(label: str, **kwargs: Any) -> forms.CharField:
    widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, strip=False, widget=widget, **kwargs)


class ResetPasswordForm(LinkForm):
    purpose = signed_links.RESET
    password = _password("New password", help_text="At least eight characters, and not easy to guess.")
    password_again = _password(REPEAT_LABEL)

    def clean_password_again(self) -> str:
        again: str = self.cleaned_data["password_again"]
        if normalized(again) != normalized(self.cleaned_data.get("password", again)):
            raise ValidationError("The passwords do not match.")
        return again

    def save(self) -> None:
        password_reset.reset_password(token=self.cleaned_data["token"], password=self.cleaned_data["password"])
