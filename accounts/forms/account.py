from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django_otp.models import Device
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.hashers import normalized
from accounts.models import OrganizerProfile, User
from accounts.services import accounts, jwt, second_factor
from accounts.throttle_subjects import by_id, by_login
from eventhub.admin.model_admin import problems
from eventhub.api.throttling import CredentialsByAccount, CredentialsByAddress, pause_guessing
from eventhub.audit import Channel
from eventhub.exceptions import ReauthenticationRequired, Refusal
from events.services.team import has_open_invitation
from registrations.services import account_deletion

AUTH_TIME = "auth_time"  # session key: when the password was entered
REPEAT_LABEL = "Repeat new password"
NO_ACCESS = (
    "The back office is for organizers and admins, and your account is neither. Ask an admin to make you an organizer."
)


class Guarded:
    """A form that checks a secret, limited by the throttle of the API's login."""

    request: HttpRequest

    def account_tried(self, request: object) -> str | None:
        return by_id(self.request.user.pk)

    def refuse_guessing(self) -> None:
        for throttle in (CredentialsByAddress(), CredentialsByAccount()):
            if not throttle.allow_request(self.request, self):  # type: ignore[arg-type]
                pause_guessing(self.request, throttle.wait())
                raise ValidationError(f"Too many attempts. Try again in {throttle.wait()} seconds.")


class GuardedForm(Guarded, forms.Form):
    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request


class SignInForm(Guarded, AuthenticationForm):
    """The error is the same for a wrong name, a wrong password and an inactive account."""

    error_messages = {"invalid_login": "Wrong username or password."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = self.fields["username"]
        name.label, name.max_length = "Username or email address", User._meta.get_field("email").max_length
        name.widget.attrs["maxlength"] = name.max_length

    def clean(self) -> dict[str, Any]:
        self.refuse_guessing()
        return super().clean()  # type: ignore[no-any-return]

    def get_invalid_login_error(self) -> ValidationError:
        jwt.log_failed_sign_in(self.cleaned_data["username"], through=Channel.ADMIN)
        return super().get_invalid_login_error()  # type: ignore[no-any-return]

    def confirm_login_allowed(self, user: User) -> None:
        # Who is invited to a team signs in to accept (events/views/team_page.py).
        if not (user.is_staff or has_open_invitation(user)):
            raise ValidationError(NO_ACCESS, code="no_access")

    def account_tried(self, request: object) -> str | None:
        return by_login(self.cleaned_data.get("username"))


class CodeForm(GuardedForm):
    """A one-time code or a recovery code. Validation uses it up."""

    code = forms.CharField(
        label="One-time code",
        max_length=32,
        help_text="The six digits on your phone, or a recovery code.",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code", "autofocus": ""}),
    )
    device: Device

    def clean_code(self) -> str:
        self.refuse_guessing()
        code: str = self.cleaned_data["code"]
        try:
            self.use(code)
        except Refusal as refusal:
            raise ValidationError(problems(refusal)[""]) from None
        return code

    def use(self, code: str) -> None:
        self.device = second_factor.verify(account=self.request.user, code=code)  # type: ignore[arg-type]


class SetUpForm(CodeForm):
    made: second_factor.SecondFactorSetup

    def __init__(self, *args: Any, key: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = key
        self.fields["code"].help_text = "The six digits that your phone shows."

    def use(self, code: str) -> None:
        self.made = second_factor.enable(account=self.request.user, key=self.key, code=code)  # type: ignore[arg-type]
        self.device = self.made.device


class OwnPassword(forms.CharField):
    widget = UnfoldAdminPasswordWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label="Your password", required=False, strip=False, **kwargs)
        self.widget.attrs["autocomplete"] = "current-password"
        self.help_text = "You signed in more than 15 minutes ago. Enter your own password to confirm."

    def has_changed(self, initial: object, data: object) -> bool:
        return False


class Confirming(Guarded):
    """A form that needs a sign-in of the last 15 minutes or the password."""

    fields: dict[str, forms.Field]
    cleaned_data: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.fresh:
            del self.fields["current_password"]

    @property
    def fresh(self) -> bool:
        return signed_in_lately(self.request)

    def clean_current_password(self) -> str:
        given: str = self.cleaned_data["current_password"]
        if given:
            self.refuse_guessing()
        return given


class ConfirmForm(Confirming, GuardedForm):
    current_password = OwnPassword()

    def clean(self) -> dict[str, Any]:
        try:
            accounts.require_fresh_sign_in(
                by=self.request.user,  # type: ignore[arg-type]
                fresh=self.fresh,
                current_password=self.cleaned_data.get("current_password"),
            )
        except ReauthenticationRequired as refusal:
            if not self.errors:
                self.add_error("current_password", ValidationError(problems(refusal)[""]))
        return self.cleaned_data


class NewPasswords:
    """Compares a new password with its repetition however their letters are composed."""

    cleaned_data: dict[str, Any]

    def clean_new_password1(self) -> str:
        return normalized(self.cleaned_data["new_password1"])

    def clean_new_password2(self) -> str:
        return normalized(self.cleaned_data["new_password2"])


class OwnPasswordForm(NewPasswords, GuardedForm, AdminOwnPasswordChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password2"].label, self.fields["new_password2"].help_text = REPEAT_LABEL, ""

    def clean_old_password(self) -> str:
        self.refuse_guessing()
        given: str = self.cleaned_data["old_password"]
        try:
            accounts.require_fresh_sign_in(by=self.user, fresh=False, current_password=given)
        except ReauthenticationRequired:
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect") from None
        return given

    def save(self, commit: bool = True) -> User:
        changes: accounts.AccountChanges = {"password": self.cleaned_data["new_password1"]}
        account = account_deletion.change_account(
            account=User.objects.find(self.user.pk), by=self.user, changes=changes
        )
        self.user.password = account.password  # keeps the session valid
        return account


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = OrganizerProfile
        fields = ("name", "contact", "about")
        widgets = {
            "name": UnfoldAdminTextInputWidget,
            "contact": UnfoldAdminTextInputWidget,
            "about": UnfoldAdminTextareaWidget,
        }
        help_texts = {
            "name": "Leave empty to use your username.",
            "contact": "A public address or phone number for questions.",
        }


def signed_in_lately(request: HttpRequest) -> bool:
    return jwt.is_recent(request.session.get(AUTH_TIME, 0))
