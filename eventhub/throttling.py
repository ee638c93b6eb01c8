"""Two throttles, each answering 429 with `Retry-After`.

The general one bounds a user, in the memory of a worker, so that it costs a request nothing; with n workers a user
may have up to n times the rate. The one on credentials bounds an address and an account, in the cache that all
workers share: it is what stands between an attacker and a password.
"""

import hashlib
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_rate(rate: str | None) -> tuple[int, int] | None:
    """`20/min` as (20 requests, 60 seconds); None for no limit."""
    if rate is None:
        return None
    count, period = rate.split("/")
    return int(count), SECONDS[period[0]]


class _Counter:
    """Requests by user in the current window of a fixed length."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.window = -1
        self.counts: dict[int, int] = {}

    def count(self, key: int, seconds: int) -> int:
        window = int(time.time()) // seconds
        with self.lock:
            if window != self.window:
                self.window, self.counts = window, {}
            self.counts[key] = count = self.counts.get(key, 0) + 1
        return count


class GeneralThrottle(BaseThrottle):
    """THROTTLE_GENERAL, for a signed-in user."""

    counter = _Counter()

    def allow_request(self, request: Request, view: Any) -> bool:
        limit = parse_rate(settings.THROTTLE_GENERAL)
        if limit is None or not request.user.is_authenticated:
            return True
        requests, self.seconds = limit
        return self.counter.count(request.user.pk, self.seconds) <= requests

    def wait(self) -> float:
        return self.seconds - time.time() % self.seconds


class _CredentialThrottle(SimpleRateThrottle):
    """THROTTLE_CREDENTIALS, for whatever `subject`, in the two below, names."""

    subject: Callable[[Request, Any], str | None]

    def __init__(self) -> None:
        self.rate = settings.THROTTLE_CREDENTIALS
        self.num_requests, self.duration = parse_rate(self.rate) or (0, 0)

    def allow_request(self, request: Request, view: Any) -> bool:
        return self.rate is None or super().allow_request(request, view)

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        subject = self.subject(request, view)
        if subject is None:
            return None
        # A subject is whatever somebody sent: no cache takes every character and length of that as a key.
        return f"throttle:{type(self).__name__}:{hashlib.sha256(subject.encode()).hexdigest()}"

    def wait(self) -> float:
        # After a rate was lowered DRF does not know when enough of the requests counted so far will be too old.
        return super().wait() or self.duration


class CredentialsByAddress(_CredentialThrottle):
    def subject(self, request: Request, view: Any) -> str | None:
        return self.get_ident(request)


class NamesAccount(Protocol):
    """A view that can say whose credentials a request tries: the same text for the same account, or None."""

    def account_tried(self, request: Request) -> str | None: ...


class CredentialsByAccount(_CredentialThrottle):
    def subject(self, request: Request, view: NamesAccount) -> str | None:
        return view.account_tried(request)
