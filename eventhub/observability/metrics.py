"""What is counted for Prometheus, where METRICS=1. The page that shows it is eventhub/observability/metrics_view.py.

Without METRICS nothing is counted, and the library is not even loaded. What a transaction does counts once it is
committed. gunicorn's workers each count in a file of their own, which are added up (gunicorn.conf.py).
"""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, ParamSpec, TypeVar

from django.conf import settings
from django.db import transaction

from eventhub.exceptions import Refusal

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

P = ParamSpec("P")
R = TypeVar("R")

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
    """Those of this process, made when they are first asked for: by the middleware, before there are threads."""
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

    registry = CollectorRegistry()

    def counter(name: str, about: str, *labels: str) -> Counter:
        return Counter(f"eventhub_{name}", about, labels, registry=registry)

    return Counters(
        registry=registry,
        requests=counter("requests", "Requests by how they were answered.", "route", "method", "status"),
        seconds=Histogram(
            "eventhub_request_seconds", "Their durations.", ("route", "method"), buckets=SECONDS, registry=registry
        ),
        in_progress=Gauge(
            "eventhub_requests_in_progress",
            "Requests that are being answered.",
            multiprocess_mode="livesum",
            registry=registry,
        ),
        registrations=counter("registrations", "People who got a seat, or a place in a queue.", "outcome"),
        refusals=counter("registrations_refused", "People who got neither, by the code of the refusal.", "code"),
        cancellations=counter("cancellations", "Registrations that were cancelled or removed."),
        promotions=counter("promotions", "Seats that were given to people who waited."),
    )


# Requests ------------------------------------------------------------------------------------------------------------


def begun() -> None:
    if settings.METRICS:
        counters().in_progress.inc()


def ended(*, route: str, method: str, status: int, seconds: float) -> None:
    if settings.METRICS:
        known = counters()
        known.in_progress.dec()
        known.requests.labels(route, method, str(status)).inc()
        known.seconds.labels(route, method).observe(seconds)


# Seats ---------------------------------------------------------------------------------------------------------------


def registered(outcome: str) -> None:
    """Somebody came in, with this status."""
    if settings.METRICS:
        transaction.on_commit(lambda: counters().registrations.labels(outcome).inc())


def cancelled() -> None:
    if settings.METRICS:
        transaction.on_commit(lambda: counters().cancellations.inc())


def promoted(number: int) -> None:
    """So many got a seat who had waited for it."""
    if settings.METRICS and number:
        transaction.on_commit(lambda: counters().promotions.inc(number))


def counting_refusals(rule: Callable[P, R]) -> Callable[P, R]:
    """Counts what `rule`, which lets somebody in, refuses."""

    @functools.wraps(rule)
    def counted(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return rule(*args, **kwargs)
        except Refusal as refusal:
            if settings.METRICS:
                counters().refusals.labels(refusal.code).inc()
            raise

    return counted
