"""Counters for Prometheus, with METRICS=1; `/metrics` shows them (eventhub/observability/metrics_view.py).

Without METRICS the library is not even loaded. A transaction counts once it is committed. Each of gunicorn's workers
counts in a file of its own, and the page adds them up.
"""

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, ParamSpec, TypeVar

from django.conf import settings

from eventhub.exceptions import Refusal

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

P = ParamSpec("P")
R = TypeVar("R")

Reading = tuple[str, str, float]
# What apps have to show whenever the page is read: name, description and value of each gauge.
gauges: list[Callable[[], Iterable[Reading]]] = []

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Counters(NamedTuple):
    registry: "CollectorRegistry"
    requests: "Counter"
    seconds: "Histogram"
    in_progress: "Gauge"
    registrations: "Counter"
    refusals: "Counter"
    cancellations: "Counter"
    promotions: "Counter"


@functools.cache
def counters() -> Counters:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

    registry = CollectorRegistry()

    def counter(name: str, about: str, *labels: str) -> Counter:
        return Counter(f"eventhub_{name}", about, labels, registry=registry)

    return Counters(
        registry=registry,
        requests=counter("requests", "Requests by status.", "route", "method", "status"),
        seconds=Histogram(
            "eventhub_request_seconds",
            "Durations of requests.",
            ["route", "method"],
            buckets=SECONDS,
            registry=registry,
        ),
        in_progress=Gauge(
            "eventhub_requests_in_progress", "Requests in progress.", multiprocess_mode="livesum", registry=registry
        ),
        registrations=counter("registrations", "Registrations by outcome: a seat or the waiting list.", "outcome"),
        refusals=counter("registrations_refused", "Refused registrations by code.", "code"),
        cancellations=counter("cancellations", "Cancelled and removed registrations."),
        promotions=counter("promotions", "Seats given to people on the waiting list."),
    )


def begun() -> None:
    if settings.METRICS:
        counters().in_progress.inc()


def ended(*, route: str, method: str, status: int, seconds: float) -> None:
    if settings.METRICS:
        known = counters()
        known.in_progress.dec()
        known.requests.labels(route, method, str(status)).inc()
        known.seconds.labels(route, method).observe(seconds)


def counting_refusals(rule: Callable[P, R]) -> Callable[P, R]:
    @functools.wraps(rule)
    def counted(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return rule(*args, **kwargs)
        except Refusal as refusal:
            if settings.METRICS:
                counters().refusals.labels(refusal.code).inc()
            raise

    return counted
