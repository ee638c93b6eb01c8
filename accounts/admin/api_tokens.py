"""Everybody's service tokens, for admins to see and to revoke. Their texts are nowhere; one's own are on a page of
one's own (eventhub/admin/token_views.py)."""

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
    actions = None  # deleting in bulk would pass by the rule
    list_display = ("name", "user", "may_do", "created_at", "expires_at", "last_used_at")
    fields = readonly_fields = ("name", "user", "may_do", "created_at", "expires_at", "last_used_at")
    search_fields = ("user__username",)
    search_help_text = "Username of the owner"
    ordering = ("-pk",)
    sortable_by = ()

    def may(self, request: HttpRequest, right: str, row: Any = None) -> bool:
        """Only who may see everybody's has anything to do here."""
        return super().may(request, "view") and super().may(request, right, row)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServiceToken]:
        tokens = ServiceToken.objects.select_related("user").order_by(*self.ordering)
        return tokens if self.may(request, "view") else tokens.none()

    def delete_model(self, request: HttpRequest, obj: ServiceToken) -> None:
        api_tokens.revoke_token(token=obj, by=cast(User, request.user))

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        """As Django's, which leads to the list only who may change what is in it."""
        super().response_delete(request, obj_display, obj_id)
        return redirect("admin:accounts_servicetoken_changelist")

    def name_in_journal(self, row: ServiceToken) -> str:
        return f"Token {row.pk} of account {row.user_id}"

    @display(description="It may")  # type: ignore[untyped-decorator]
    def may_do(self, token: ServiceToken) -> str:
        return ", ".join(token.scopes)
