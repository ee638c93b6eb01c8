"""The page `/metrics`, as Prometheus reads it. Without METRICS=1 there is no such page."""

import hmac
import logging
import os
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from eventhub import tasks
from eventhub.exceptions import Forbidden, NotAuthenticated, Refusal, TokenNotValid
from eventhub.http import client_ip, error_views
from eventhub.observability import redaction
from eventhub.observability.metrics import counters
from registrations.selectors import dashboard

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
    """With METRICS_TOKEN whoever has it may read, from anywhere; without it, METRICS_ADDRESSES may."""
    if not settings.METRICS_TOKEN:
        return None if _is_near(request) else Forbidden()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return NotAuthenticated()
    same = hmac.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    return None if same else TokenNotValid()


def _is_near(request: HttpRequest) -> bool:
    """Whether it comes from one of METRICS_ADDRESSES. Through a proxy that NUM_PROXIES does not know of, everybody
    would seem to come from the proxy's: then nobody is."""
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
    at_present = CollectorRegistry()
    at_present.register(_AtPresent())
    return HttpResponse(generate_latest(registry) + generate_latest(at_present), content_type=CONTENT_TYPE_LATEST)


class _AtPresent:
    """What is not counted but asked for when the page is read."""

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily

        def gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
            return GaugeMetricFamily(f"eventhub_{name}", about, value=value)

        build = GaugeMetricFamily("eventhub_build_info", "The version that answers.", labels=["version"])
        build.add_metric([str(settings.SPECTACULAR_SETTINGS["VERSION"])], 1)
        yield build
        try:
            waiting = tasks.backlog()
        except Exception as problem:  # whatever keeps the tasks may be away, which is no reason to tell nothing
            logger.warning("The backlog of tasks is not known: %s", redaction.said(problem))
        else:
            yield gauge("tasks_waiting", "Background tasks that wait or are under way.", waiting)
        try:
            now = dashboard.totals(user=None, now=timezone.now())
        except (Error, ImproperlyConfigured):
            yield gauge("database_up", "Whether the database answers.", 0)
            return
        yield gauge("database_up", "Whether the database answers.", 1)
        yield gauge("events_to_come", "Announced events of today and later.", now.events)
        yield gauge("seats", "Their seats.", now.seats)
        yield gauge("seats_taken", "Their seats that are taken.", now.taken)
        yield gauge("queue_length", "People who wait for a seat of theirs.", now.waiting)
