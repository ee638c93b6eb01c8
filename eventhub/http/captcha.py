"""An optional captcha for forms that anybody may send: CAPTCHA_VERIFY_URL and the settings beside it.

The protocol is that of hCaptcha, Turnstile and reCAPTCHA: a POST of `secret` and `response`, answered with
`{"success": true}`. Where the service does not answer so, nobody gets through.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from django.conf import settings

from eventhub.exceptions import CaptchaFailed, Unavailable

logger = logging.getLogger("eventhub.captcha")

SECONDS, MOST_BYTES, LONGEST = 5, 65_536, 8192
# What the services' own scripts call the field of a form.
FIELDS = ("captcha", "h-captcha-response", "cf-turnstile-response", "g-recaptcha-response")


def is_on() -> bool:
    return bool(settings.CAPTCHA_VERIFY_URL)


def response_in(form: Mapping[str, Any]) -> str:
    return next((str(form[name]) for name in FIELDS if form.get(name)), "")


def require(response: str) -> None:
    """Raise CaptchaFailed for a response that the service refuses, and Unavailable without its answer."""
    if not is_on():
        return
    if not response or len(response) > LONGEST:
        raise CaptchaFailed()
    body = urlencode({"secret": settings.CAPTCHA_SECRET, "response": response}).encode()
    try:
        with urlopen(Request(settings.CAPTCHA_VERIFY_URL, body), timeout=SECONDS) as answer:  # noqa: S310  (a setting)
            verdict = json.loads(answer.read(MOST_BYTES))
    except (OSError, ValueError) as problem:
        logger.warning("The captcha service did not answer: %s", type(problem).__name__)
        raise Unavailable() from None
    if not (isinstance(verdict, dict) and verdict.get("success") is True):
        raise CaptchaFailed()
