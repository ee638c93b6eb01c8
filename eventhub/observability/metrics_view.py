"""The page `/metrics` for Prometheus, with METRICS=1."""

import hmac
import logging
import os
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from eventhub import tasks
from eventhub.exceptions import Forbidden, NotAuthenticated, Refusal, TokenNotValid
from eventhub.http import client_ip, error_views
from eventhub.observability import redaction
from eventhub.observability.metrics import counters, gauges

logger = logging.getLogger("eventhub.monitoring")

OF_PROXIES = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


@csrf_exempt
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    if not settings.METRICS:
        return error_views.not_found(request)
    if request.method not in {"GET", "HEAD"}:
        return error_views.only_read(request)
    if refusal := _refusal(request):
        return error_views.plain(refusal)
    return _page()


def _refusal(request: HttpRequest) -> Refusal | None:
    if not settings.METRICS_TOKEN:
        return None if _is_near(request) else Forbidden()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return NotAuthenticated()
    same = hmac.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    return None if same else TokenNotValid()


def _is_near(request: HttpRequest) -> bool:
    """Return False behind a proxy that NUM_PROXIES does not count: everybody would seem to come from it."""
    if not settings.NUM_PROXIES and any(name in request.headers for name in OF_PROXIES):
        return False
    address = client_ip.parsed(client_ip.address(request.META))  # None: of a socket of the file system
    return address is not None and any(address in network for network in settings.METRICS_ADDRESSES)


def _page() -> HttpResponse:
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    of_workers = "PROMETHEUS_MULTIPROC_DIR" in os.environ
    registry = CollectorRegistry() if of_workers else counters().registry
    if of_workers:
        MultiProcessCollector(registry)
    current = CollectorRegistry()
    current.register(_Gauges())
    return HttpResponse(generate_latest(registry) + generate_latest(current), content_type=CONTENT_TYPE_LATEST)


class _Gauges:
    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily

        def gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
            return GaugeMetricFamily(f"eventhub_{name}", about, value=value)

        build = GaugeMetricFamily("eventhub_build_info", "The version of the service.", labels=["version"])
        build.add_metric([str(settings.SPECTACULAR_SETTINGS["VERSION"])], 1)
        yield build
        try:
            waiting = tasks.backlog()
        except Exception as problem:  # Redis may be away; the rest is shown all the same
            logger.warning("The backlog of tasks is not known: %s", redaction.said(problem))
        else:
            yield gauge("tasks_waiting", "Background tasks that are waiting or running.", waiting)
        try:
            readings = [reading for read in gauges for reading in read()]
        except (Error, ImproperlyConfigured):
            yield gauge("database_up", "Whether the database answers.", 0)
            return
        yield gauge("database_up", "Whether the database answers.", 1)
        yield from (gauge(*reading) for reading in readings)
