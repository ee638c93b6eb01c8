"""Waiting and failed background tasks with their reasons, read-only for admins."""

from typing import Any, ClassVar

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import formats, timezone
from django.utils.text import capfirst
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult, get_date_max
from unfold.contrib.filters.admin import ChoicesRadioFilter
from unfold.decorators import display

from eventhub.admin.model_admin import ScopedModelAdmin
from eventhub.tasks import NotDone

# The libraries' own pages have another theme and show more than needed.
REPLACED = {"django_tasks_database", "django_rq"}
for model in [model for model in admin.site._registry if model._meta.app_label in REPLACED]:
    admin.site.unregister(model)

# Plain names for the library's model.
apps.get_app_config("django_tasks_database").verbose_name = "Administration"
DBTaskResult._meta.verbose_name, DBTaskResult._meta.verbose_name_plural = "background task", "background tasks"
DBTaskResult.add_to_class("__str__", lambda row: _name(row.task_path))

COLOURS = {"READY": "info", "RUNNING": "primary", "FAILED": "danger", "SUCCESSFUL": "success"}


@admin.register(DBTaskResult)
class TaskAdmin(ScopedModelAdmin):
    resource = "task"
    rights: ClassVar = {"view": "list"}
    actions = None
    list_display = ("what", "labelled_status", "attempt", "why", "enqueued_at", "next_attempt")
    list_display_links = ("what",)
    list_filter = (("status", ChoicesRadioFilter),)
    ordering = ("-enqueued_at", "id")
    sortable_by = ("enqueued_at",)
    fields = readonly_fields = (
        *("what", "arguments", "status_in_words", "attempt", "why"),
        *("enqueued_at", "started_at", "finished_at", "next_attempt"),
    )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Background tasks", **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = DBTaskResult.objects.order_by(*self.ordering)
        return rows if self.may(request, "view") else rows.none()

    @display(description="Task")  # type: ignore[untyped-decorator]
    def what(self, row: Any) -> str:
        return _name(row.task_path)

    @display(description="Arguments")  # type: ignore[untyped-decorator]
    def arguments(self, row: Any) -> str:
        return ", ".join(str(argument) for argument in row.args_kwargs["args"])

    @display(description="Status", label=COLOURS)  # type: ignore[untyped-decorator]
    def labelled_status(self, row: Any) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description="Status")  # type: ignore[untyped-decorator]
    def status_in_words(self, row: Any) -> str:
        return str(row.get_status_display())

    @display(description="Attempt")  # type: ignore[untyped-decorator]
    def attempt(self, row: Any) -> int:
        return int(row.args_kwargs["kwargs"].get("attempt", 1))

    @display(description="Error")  # type: ignore[untyped-decorator]
    def why(self, row: Any) -> str | None:
        if row.status == TaskResultStatus.FAILED:
            last = str((row.traceback.strip().splitlines() or [row.exception_class_path])[-1])
            return last.removeprefix(f"{NotDone.__module__}.{NotDone.__name__}: ")
        return str(row.args_kwargs["kwargs"].get("problem", "")) or None

    @display(description="Next attempt")  # type: ignore[untyped-decorator]
    def next_attempt(self, row: Any) -> str | None:
        if row.status != TaskResultStatus.READY or row.run_after == get_date_max():
            return None
        return str(formats.localize(timezone.localtime(row.run_after)))


def _name(task_path: str) -> str:
    return str(capfirst(task_path.rpartition(".")[2].replace("_", " ")))
