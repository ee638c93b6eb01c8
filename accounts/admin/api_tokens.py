from typing import Any, ClassVar, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.decorators import display

from accounts.models import ServiceToken, User
from accounts.services import api_tokens
from eventhub.admin.model_admin import ScopedModelAdmin


@admin.register(ServiceToken)
class ServiceTokenAdmin(ScopedModelAdmin):
    resource = "token"
    rights: ClassVar = {"view": "see_all", "delete": "destroy"}
    actions = None  # bulk deletion would bypass the rules
    list_display = ("name", "user", "scopes_text", "created_at", "expires_at", "last_used_at")
    fields = readonly_fields = ("name", "user", "scopes_text", "created_at", "expires_at", "last_used_at")
    search_fields = ("user__username",)
    search_help_text = "Search by owner's username"
    ordering = ("-pk",)
    sortable_by = ()

    def may(self, request: HttpRequest, right: str, row: Any = None) -> bool:
        return super().may(request, "view") and super().may(request, right, row)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServiceToken]:
        tokens = ServiceToken.objects.select_related("user").order_by(*self.ordering)
        return tokens if self.may(request, "view") else tokens.none()

    def delete_model(self, request: HttpRequest, obj: ServiceToken) -> None:
        api_tokens.revoke_token(token=obj, by=cast(User, request.user))

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        super().response_delete(request, obj_display, obj_id)
        return redirect("admin:accounts_servicetoken_changelist")

    def name_in_log(self, row: ServiceToken) -> str:
        return f"Token {row.pk} of account {row.user_id}"

    @display(description="Scopes")  # type: ignore[untyped-decorator]
    def scopes_text(self, token: ServiceToken) -> str:
        return ", ".join(token.scopes)
