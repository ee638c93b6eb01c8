"""Two throttles, each answering 429 with `Retry-After`.

The general one bounds whoever asks for anything: a signed-in user, else an address. It counts in memory that the
workers share (eventhub/tallies.py), so that it costs a request nothing. The one on credentials bounds an address and an
account, exactly, in the cache that all servers share (eventhub/api/credential_limit.py): it is what stands between an
attacker and
a password.
"""

import functools
import hashlib
import math
import time
from collections.abc import Callable
from typing import Any, Protocol

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from eventhub.api import credential_limit
from eventhub.exceptions import as_api_exception
from eventhub.http import client_ip, error_views
from eventhub.tallies import tallies

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# Whoever watches a worker asks often, and must be answered most of all when it is busy.
HEALTH = {"/healthz", "/healthz/", "/readyz", "/readyz/"}
SIGN_IN = "/admin/login/"


@functools.lru_cache
def parse_rate(rate: str | None) -> tuple[int, int] | None:
    """`20/min` as (20 requests, 60 seconds); None for no limit."""
    if rate is None:
        return None
    count, period = rate.split("/")
    return int(count), SECONDS[period[0]]


# Everything ----------------------------------------------------------------------------------------------------------


class GeneralThrottle(BaseThrottle):
    """THROTTLE_GENERAL, in the API: for a signed-in user, or for the address of who is not."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Once a request: one that names nobody was counted before it came to a view."""
        asked = request._request
        return _is_counted(asked) or _allow(asked, _user(request.user) or _address(asked))

    def wait(self) -> int:
        return _wait()


class ThrottleEverything:
    """Middleware: THROTTLE_GENERAL for every request but those for health and for static files.

    A request that names nobody counts for its address, before anything is done for it. One with a token counts for the
    user in the API's view; where it never came to that (a bad token, a wrong path or verb), for its address after all.
    So a crowd behind one address does not hold up those of it who are signed in.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        bounded = settings.THROTTLE_GENERAL is not None and request.path_info not in HEALTH
        try:
            subject = _subject(request) if bounded else None
        except (DatabaseError, InterfaceError) as problem:  # whose session it is, nobody could say
            if known := as_api_exception(problem):
                return error_views.refused(request, known)
            raise
        if subject and not _allow(request, subject):
            return error_views.refused(request, Throttled(_wait()))
        response = self.get_response(request)
        if bounded and not _is_counted(request) and not _allow(request, _address(request)):
            return error_views.refused(request, Throttled(_wait()))
        if "guessing_wait" in request.__dict__:
            response.status_code, response.headers["Retry-After"] = 429, str(request.__dict__["guessing_wait"])
        return response


def pause_guessing(request: HttpRequest, wait: int) -> None:
    """For a form that tells a person so: the page that it stands on is a 429, too."""
    request.__dict__["guessing_wait"] = wait


def _subject(request: HttpRequest) -> str | None:
    """Whom to count before anything is done; None for who may turn out to be somebody."""
    if error_views.in_office(request):
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.path_info != SIGN_IN:
            # Whose session it is, or was: `request.user` would forget the latter, and what was typed in it.
            user_id = request.session.get(SESSION_KEY)
            return f"user {user_id}" if user_id else _address(request)
        return _address(request)
    return None if "HTTP_AUTHORIZATION" in request.META else _address(request)


def _user(user: Any) -> str | None:
    return f"user {user.pk}" if user.is_authenticated else None


def _address(request: HttpRequest) -> str:
    return f"address {client_ip.neighbourhood(request.META)}"


def _is_counted(request: HttpRequest) -> bool:
    return "throttle_counted" in request.__dict__


def _allow(request: HttpRequest, subject: str) -> bool:
    request.__dict__["throttle_counted"] = True
    limit = parse_rate(settings.THROTTLE_GENERAL)
    return limit is None or tallies.count(subject, most=limit[0], seconds=limit[1])


def _wait() -> int:
    _, seconds = parse_rate(settings.THROTTLE_GENERAL) or (0, 1)
    return math.ceil(seconds - time.time() % seconds)


# Credentials ---------------------------------------------------------------------------------------------------------


class _CredentialThrottle(BaseThrottle):
    """THROTTLE_CREDENTIALS, for whatever `subject`, in the two below, names: so many attempts in a window that begins
    with the first of them. However many come at once, no more get through; and the window ends, whatever comes."""

    subject: Callable[[Request, Any], str | None]

    def allow_request(self, request: Request, view: Any) -> bool:
        limit = parse_rate(settings.THROTTLE_CREDENTIALS)
        subject = limit and self.subject(request, view)
        if limit is None or subject is None:
            return True
        # A subject is whatever somebody sent: no cache takes every character and length of that as a key.
        digest = hashlib.sha256(f"{type(self).__name__} {subject}".encode(errors="surrogatepass")).hexdigest()
        self.attempts = credential_limit.count(f"throttle:{digest}", seconds=limit[1])
        return self.attempts.so_far <= limit[0]

    def wait(self) -> int:
        return self.attempts.wait


class CredentialsByAddress(_CredentialThrottle):
    def subject(self, request: Request, view: Any) -> str | None:
        return client_ip.neighbourhood(request.META)


class NamesAccount(Protocol):
    """A view that can say whose credentials a request tries: the same text for the same account, or None."""

    def account_tried(self, request: Request) -> str | None: ...


class CredentialsByAccount(_CredentialThrottle):
    def subject(self, request: Request, view: NamesAccount) -> str | None:
        return view.account_tried(request)
