from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.models import OrganizerProfile, User
from accounts.permissions import allowed
from eventhub.admin import ReadOnlyAdmin

# Rights follow from the role; Django's groups and the token tables would only mislead.
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
