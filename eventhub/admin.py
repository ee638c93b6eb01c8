"""The admin's part in the permission table: what a model's pages show and allow."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Pages that show and never change: every change of seats has rules, which the API and the commands call."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What the user manages, and nothing of anyone else."""
        return super().get_queryset(request).managed_by(request.user)  # type: ignore[attr-defined, no-any-return]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.is_active and request.user.is_staff)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
