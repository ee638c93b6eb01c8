"""Request ids, for responses and for all log lines of a request.

With LOG_FORMAT=json each request is a line, too: user, route, status, duration, number of statements. It contains
nothing that a client has chosen: no path, no query, no body.
"""

import functools
import logging
import re
import secrets
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject

from eventhub.http import client_ip
from eventhub.observability import metrics
from eventhub.observability.redaction import method_of, route_of

logger = logging.getLogger("eventhub.requests")

HEADER = "X-Request-ID"
# Nothing that would have to be escaped anywhere.
_GOOD_ID = re.compile(r"[A-Za-z0-9._=-]{1,128}")


@dataclass(slots=True)
class Trace:
    request_id: str
    address: str = ""  # empty unless LOG_CLIENT_ADDRESS
    queries: int = 0


_trace: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current() -> Trace | None:
    """Return the request of this thread, or its last one: Django logs a failure after the middleware."""
    return _trace.get()


class RequestIdMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        if settings.METRICS:
            metrics.counters()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        trace = Trace(_id_of(request))
        _trace.set(trace)
        if settings.LOG_CLIENT_ADDRESS:
            trace.address = client_ip.address(request.META)
        if settings.LOG_FORMAT == "json" or settings.METRICS:
            response = self._watched(request, trace)
        else:
            response = self.get_response(request)
        response.headers[HEADER] = trace.request_id
        return response

    def _watched(self, request: HttpRequest, trace: Trace) -> HttpResponseBase:
        began = time.perf_counter()
        for connection in connections.all():
            if _count not in connection.execute_wrappers:
                connection.execute_wrappers.append(_count)
        metrics.begun()
        response = self.get_response(request)
        end = functools.partial(_end, request, response, trace, began)
        if response.streaming:  # the work is done while the response is being sent
            response._resource_closers.append(end)  # type: ignore[attr-defined]
        else:
            end()
        return response


def _id_of(request: HttpRequest) -> str:
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    return given if _GOOD_ID.fullmatch(given) else secrets.token_hex(16)


def _count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    if (trace := _trace.get()) is not None:
        trace.queries += 1
    return execute(sql, params, many, context)


def _end(request: HttpRequest, response: HttpResponseBase, trace: Trace, began: float) -> None:
    seconds = time.perf_counter() - began
    route, method = route_of(request), method_of(request)
    metrics.ended(route=route, method=method, status=response.status_code, seconds=seconds)
    if settings.LOG_FORMAT == "json":
        facts = {
            "user_id": user_id_of(request),
            "route": route,
            "method": method,
            "status": response.status_code,
            "milliseconds": round(1000 * seconds, 1),
            "queries": trace.queries,
        }
        logger.info("request", extra={"facts": facts})


def user_id_of(request: HttpRequest) -> int | None:
    user = getattr(request, "user", None)
    if type(user) is SimpleLazyObject:  # of a session: to evaluate it would cost a statement
        user = getattr(request, "_cached_user", None)
    return getattr(user, "pk", None)
