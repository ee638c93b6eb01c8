from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.models import User
from accounts.views import by_name
from eventhub.admin import OfficeAdmin
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


@admin.register(User)
class UserAdmin(OfficeAdmin):
    resource = "user"
    rights: ClassVar = {"view": "list"}
    list_display = ("username", "email", "role", "is_active", "created_at")
    list_filter = ("role", "is_active")
    search_fields = ("username", "email")
    exclude = ("password",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """All: who may see any account here may see every one."""
        return User.objects.all()
