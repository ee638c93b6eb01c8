"""Two throttles, each answering 429 with `Retry-After`.

The general one is DRF's, on the cache "throttling" (eventhub/settings.py). The one on credentials, which stands between
an attacker and a password, counts exactly, in the cache that all servers share (eventhub/api/credential_limit.py).
"""

import hashlib
import logging
from collections.abc import Callable
from typing import Any, Protocol

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.cache import caches
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.utils.connection import ConnectionProxy
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from eventhub.api import credential_limit
from eventhub.api.exception_handler import as_refusal
from eventhub.http import client_ip, error_views

logger = logging.getLogger("eventhub.throttling")

# Monitoring asks often, and needs an answer most of all from a busy server.
HEALTH = {"/healthz", "/healthz/", "/readyz", "/readyz/"}
SIGN_IN = "/admin/login/"


# Everything ----------------------------------------------------------------------------------------------------------


class GeneralThrottle(SimpleRateThrottle):
    """THROTTLE_GENERAL: requests of a signed-in user, or of a client address. A request counts once."""

    duration: int
    cache = ConnectionProxy(caches, "throttling")  # type: ignore[assignment]

    def __init__(self, subject: str | None = None) -> None:
        super().__init__()
        self.subject = subject

    def get_rate(self) -> str | None:
        rate: str | None = settings.THROTTLE_GENERAL
        return rate

    def get_cache_key(self, request: Any, view: Any) -> str | None:
        if self.subject:  # the middleware has chosen
            return self.subject
        if _is_counted(request._request):
            return None
        return _user(request.user.pk) if request.user.is_authenticated else _address(request._request)

    def allow_request(self, request: Any, view: Any) -> bool:
        try:
            is_allowed = super().allow_request(request, view)
        except Exception as problem:  # each cache has its own errors; its outage must not be ours
            logger.warning("The cache did not answer: %s", type(problem).__name__)
            is_allowed = True
        getattr(request, "_request", request).throttle_counted = True
        return is_allowed

    def wait(self) -> float:
        return super().wait() or self.duration  # None: the rate has been lowered since


class ThrottleMiddleware:
    """Apply THROTTLE_GENERAL to all requests except health checks.

    A request without a token counts for its address, before any work is done. A request with a token counts for its
    user in the API's view, or for its address if it does not reach one (a bad token, a wrong path or verb). So a crowd
    behind one address does not slow down its signed-in users.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        bounded = settings.THROTTLE_GENERAL is not None and request.path_info not in HEALTH
        try:
            subject = _subject(request) if bounded else None
        except (DatabaseError, InterfaceError) as problem:  # the session could not be read
            if known := as_refusal(problem):
                return error_views.refused(request, known)
            raise
        if subject and (refusal := _refusal(request, subject)):
            return refusal
        response = self.get_response(request)
        if bounded and not _is_counted(request) and (refusal := _refusal(request, _address(request))):
            return refusal
        if "guessing_wait" in request.__dict__:
            response.status_code, response.headers["Retry-After"] = 429, str(request.__dict__["guessing_wait"])
        return response


def pause_guessing(request: HttpRequest, wait: int) -> None:
    """Turn the answer into a 429, for a form that shows the wait itself."""
    request.__dict__["guessing_wait"] = wait


def _refusal(request: HttpRequest, subject: str) -> HttpResponse | None:
    throttle = GeneralThrottle(subject)
    return None if throttle.allow_request(request, None) else error_views.refused(request, Throttled(throttle.wait()))


def _subject(request: HttpRequest) -> str | None:
    """Return the key to count before the view, or None where the view will know the user."""
    if (session := getattr(request, "session", None)) is None:  # not in the back office
        return None if "HTTP_AUTHORIZATION" in request.META else _address(request)
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or request.path_info == SIGN_IN:
        return _address(request)
    # Not `request.user`, which would end an expired session and lose what was typed in it.
    user_id = session.get(SESSION_KEY)
    return _user(user_id) if user_id else _address(request)


def _user(user_id: Any) -> str:
    return f"throttle:user:{user_id}"


def _address(request: HttpRequest) -> str:
    return f"throttle:address:{client_ip.throttle_key(request.META)}"


def _is_counted(request: HttpRequest) -> bool:
    return "throttle_counted" in request.__dict__


# Credentials ---------------------------------------------------------------------------------------------------------


class _CredentialThrottle(SimpleRateThrottle):
    """THROTTLE_CREDENTIALS: attempts at one subject, in a window that begins with the first of them.

    The limit holds for concurrent attempts too, and no attempt extends the window.
    """

    num_requests: int
    duration: int
    subject: Callable[[Request, Any], str | None]

    def get_rate(self) -> str | None:
        rate: str | None = settings.THROTTLE_CREDENTIALS
        return rate

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        if (subject := self.subject(request, view)) is None:
            return None
        # The subject is client input: no cache takes every character and length of that as a key.
        digest = hashlib.sha256(f"{type(self).__name__} {subject}".encode(errors="surrogatepass")).hexdigest()
        return f"throttle:{digest}"

    def allow_request(self, request: Request, view: Any) -> bool:
        key = self.get_cache_key(request, view) if self.rate else None
        if key is None:
            return True
        self.attempts = credential_limit.count(key, seconds=self.duration)
        return self.attempts.so_far <= self.num_requests

    def wait(self) -> int:
        return self.attempts.wait


class CredentialsByAddress(_CredentialThrottle):
    def subject(self, request: Request, view: Any) -> str | None:
        return client_ip.throttle_key(request.META)


class NamesAccount(Protocol):
    """A view that names the account whose credentials a request tries, in one spelling, or None."""

    def account_tried(self, request: Request) -> str | None: ...


class CredentialsByAccount(_CredentialThrottle):
    def subject(self, request: Request, view: NamesAccount) -> str | None:
        return view.account_tried(request)
