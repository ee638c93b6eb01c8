"""Health for those who run the service: is the process alive, and can it serve?"""

from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from eventhub.exceptions import RETRY_AFTER_SECONDS
from registrations.triggers import missing_triggers


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """The process lives. It asks nothing of anybody else, so that a database's outage restarts no worker."""
    return JsonResponse({"status": "ok"})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers and its schema is this code's; else a 503 that says what is missing."""
    reason = _why_not()
    if reason is None:
        return JsonResponse({"status": "ok"})
    body = {"msg": f"Temporarily unavailable: {reason}", "code": "unavailable"}
    return JsonResponse(body, status=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def _why_not() -> str | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return "migrations are not applied"
        if missing_triggers():
            return "the seat triggers are missing; run migrate"
    except (Error, ImproperlyConfigured):
        return "the database does not answer"
    return None
