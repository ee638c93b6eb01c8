"""How often guests may request a registration: from one place, for one address, for one event.

Requests are counted before anything is looked up, so a refusal says nothing of the address.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.throttling import SimpleRateThrottle

from accounts.email_addresses import normalize_email
from eventhub.api import credential_limit
from eventhub.http import client_ip


def count_request(meta: Mapping[str, Any], *, email: str, event_id: int) -> None:
    """Count a request. Raise Throttled; what one place asks too often does not count for the event."""
    _count(f"place {client_ip.throttle_key(meta)}", settings.THROTTLE_CREDENTIALS)
    _count(f"address {normalize_email(email)}", settings.THROTTLE_CREDENTIALS)
    _count(f"event {event_id}", settings.THROTTLE_GUESTS)


def _count(subject: str, rate: str | None) -> None:
    number, seconds = SimpleRateThrottle.parse_rate(None, rate)  # type: ignore[arg-type]
    if number is None or seconds is None:
        return
    digest = hashlib.sha256(f"guest {subject}".encode(errors="surrogatepass")).hexdigest()
    attempts = credential_limit.count(f"throttle:{digest}", seconds=seconds)
    if attempts.so_far > number:
        raise Throttled(attempts.wait)
