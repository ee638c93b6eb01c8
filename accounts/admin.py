from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.models import OrganizerProfile, User
from accounts.permissions import allowed
from accounts.views import by_name
from eventhub.admin import ReadOnlyAdmin
from eventhub.throttling import CredentialsByAccount, CredentialsByAddress

# Rights follow from the role; Django's groups and the token tables would only mislead.


class ThrottledLogin(AdminAuthenticationForm):
    """Django's, with the throttles of the API's login: it is the same password."""

    def clean(self) -> dict[str, Any]:
        for throttle in (CredentialsByAddress(), CredentialsByAccount()):
            if not throttle.allow_request(self.request, self):  # type: ignore[arg-type]
                raise ValidationError(f"Too many attempts. Try again in {throttle.wait():.0f} seconds.")
        return super().clean()

    def account_tried(self, request: object) -> str | None:
        return by_name(self.cleaned_data.get("username"))


admin.site.login_form = ThrottledLogin
for model in (Group, OutstandingToken, BlacklistedToken):
    admin.site.unregister(model)


class ProfileInline(admin.StackedInline):  # type: ignore[type-arg]
    model = OrganizerProfile
    can_delete = False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    has_add_permission = has_change_permission

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return True


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("username", "email", "role", "is_active", "created_at")
    list_filter = ("role", "is_active")
    search_fields = ("username", "email")
    exclude = ("password",)
    inlines = (ProfileInline,)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return User.objects.all()

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return super().has_view_permission(request) and allowed(request.user, "user", "list")  # type: ignore[arg-type]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)
