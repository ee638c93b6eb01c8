"""Is the process alive (/healthz), and can it serve (/readyz)?"""

from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from eventhub.exceptions import RETRY_AFTER_SECONDS

_requirements: dict[str, Callable[[], bool]] = {}


def require(is_met: Callable[[], bool], *, otherwise: str) -> None:
    """Have /readyz answer 503 with the reason `otherwise` unless `is_met`."""
    _requirements[otherwise] = is_met


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Depends on nothing else, so that an outage of the database restarts no worker."""
    return JsonResponse({"status": "ok"})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
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
        return next((reason for reason, is_met in _requirements.items() if not is_met()), None)
    except (Error, ImproperlyConfigured):
        return "the database does not answer"
