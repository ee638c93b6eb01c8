from typing import Any, ClassVar, cast

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesRadioFilter
from unfold.decorators import display

from accounts.admin.account_actions import AccountActionViews
from accounts.admin.api_tokens import ServiceTokenAdmin as ServiceTokenAdmin
from accounts.admin.forms import AccountForm, NewAccountForm
from accounts.forms.account import signed_in_lately
from accounts.models import Role, User
from accounts.services import accounts as rules
from accounts.services import second_factor
from eventhub.admin.model_admin import ScopedModelAdmin
from registrations.services import account_deletion

# Rights follow from the role. Groups, tokens and devices would only mislead.
for model in (Group, OutstandingToken, BlacklistedToken, StaticDevice, TOTPDevice):
    admin.site.unregister(model)

TO_CHANGE = "Required to change the email address or to make someone an admin."
TO_ADD = "Required to create an admin."
IS_VERIFIED = {True: "Yes", False: "No", None: "Not asked"}
ROLE_COLOURS = {Role.USER: "", Role.ORGANIZER: "primary", Role.ADMIN: "warning"}


class EmailVerifiedFilter(BooleanRadioFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "email confirmed"


@admin.register(User)
class UserAdmin(AccountActionViews, ScopedModelAdmin):
    resource = "user"
    rights: ClassVar = {"view": "list", "add": "create", "change": "update", "delete": "destroy"}
    actions = None  # bulk deletion would bypass the rules
    list_display = ("username", "email", "email_is_verified", "labelled_role", "is_active", "created_at")
    list_filter = (
        ("role", ChoicesRadioFilter),
        ("is_active", BooleanRadioFilter),
        ("email_verified", EmailVerifiedFilter),
    )
    search_fields = ("username", "email")
    search_help_text = "Search by username or email address"
    ordering = ("username",)
    sortable_by = ("username", "created_at")  # the others have no index
    readonly_fields = ("email_is_verified", "created_at")
    change_form_before_template = "eventhub/admin/original_values.html"
    change_form_outer_after_template = "accounts/admin/action_buttons.html"

    def may(self, request: HttpRequest, right: str, row: Model | None = None) -> bool:
        return super().may(request, "view") and super().may(request, right, row)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        accounts = User.objects.select_related("profile").order_by(*self.ordering)
        return accounts if self.may(request, "view") else accounts.none()

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "password": self.password_view,
            "end-sign-ins": self.end_sign_ins_view,
            "reset-second-factor": self.reset_second_factor_view,
        }
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"accounts_user_{name.replace('-', '_')}")
            for name, view in pages.items()
        ]
        return [*own, *super().get_urls()]

    def name_in_log(self, row: User) -> str:
        return f"Account {row.pk}"

    # The list --------------------------------------------------------------------------------------------------------

    @display(description="Role", label=ROLE_COLOURS)  # type: ignore[untyped-decorator]
    def labelled_role(self, account: User) -> tuple[str, str]:
        return account.role, account.get_role_display()

    @display(description="Email confirmed")  # type: ignore[untyped-decorator]
    def email_is_verified(self, account: User) -> str:
        return IS_VERIFIED[account.email_verified]

    # The form --------------------------------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        if obj is None:
            recent = signed_in_lately(request)
            confirm = ("Confirmation", {"description": TO_ADD, "fields": ["current_password"]})
            return [(None, {"fields": ["username", "email", "role", "new_password"]}), *([] if recent else [confirm])]
        account = cast(User, obj)
        sets: list[tuple[str | None, dict[str, Any]]] = [
            (None, {"fields": ["username", "email", "email_is_verified", "role", "is_active", "created_at"]})
        ]
        if account.is_organizer:
            if not account.is_admin:
                sets[0][1]["fields"].insert(-1, "is_trusted_to_write")
            sets.append(("Public profile", {"fields": ["profile_name", "profile_contact", "profile_about"]}))
        if not signed_in_lately(request):
            sets.append(("Confirmation", {"description": TO_CHANGE, "fields": ["current_password"]}))
        return sets

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **{"form": AccountForm if obj else NewAccountForm, **kwargs})
        form.request = request
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.readonly_fields if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, str]:
        return {}

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        by = cast(User, request.user)
        account = User.objects.find(obj.pk) if change else User()
        changes: rules.AccountChanges = form.changes("") if change else {"role": obj.role}
        rules.require_reauthentication(
            account=account,
            by=by,
            email=changes.get("email"),
            password=None,
            role=changes.get("role"),
            fresh=form.fresh,
            current_password=form.cleaned_data.get("current_password"),
        )
        if not change:
            obj.pk = rules.create_account(by=by, **form.account()).pk
            return
        account_deletion.change_account(account=account, by=by, changes=changes)
        if profile := form.changes("profile_"):
            rules.update_profile(organizer=account, by=by, changes=profile)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kw: Any) -> HttpResponse:
        if account := context.get("original"):
            context["has_second_factor"] = second_factor.is_set_up(account)
        return super().render_change_form(request, context, *args, **kw)  # type: ignore[no-any-return]
