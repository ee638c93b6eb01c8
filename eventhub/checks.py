"""What `manage.py check --deploy` says about the configuration, beside what Django says itself."""

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

MADE_UP = re.compile("insecure|change|secret|example|password|default", re.IGNORECASE)
OF_ONE_PROCESS = ("LocMemCache", "DummyCache")


@register(Tags.security, deploy=True)
def safe_in_the_open(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return list(_warnings())


def _warnings() -> Iterator[CheckMessage]:
    if MADE_UP.search(settings.SECRET_KEY):
        yield Warning(
            "SECRET_KEY looks made up: whoever guesses it signs in as anybody.",
            hint='Make one with: python -c "import secrets; print(secrets.token_urlsafe(50))"',
            id="eventhub.W001",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield Warning(
            "ALLOWED_HOSTS takes every name: links in answers can be made to lead anywhere.",
            hint="Name the hosts that the service answers to.",
            id="eventhub.W002",
        )
    for name in ("CSRF_TRUSTED_ORIGINS", "CORS_ALLOWED_ORIGINS"):
        if any(origin.startswith("http:") for origin in getattr(settings, name)):
            yield Warning(
                f"{name} trusts a page that came over plain HTTP, which anybody on its way may have written.",
                hint="Name origins with https:// alone.",
                id="eventhub.W003",
            )
    if settings.CACHES["default"]["BACKEND"].endswith(OF_ONE_PROCESS):
        yield Warning(
            "CACHE_URL is of one process: every worker lets through as many guesses at a password as all may.",
            hint="Leave it to the database, or set CACHE_URL=redis://HOST:PORT/0.",
            id="eventhub.W004",
        )
    if not settings.NUM_PROXIES:
        yield Warning(
            "NUM_PROXIES is 0, as if the internet talked to gunicorn directly: any slow client would hold its threads.",
            hint="Put a proxy in front that buffers requests (docs/deploy/nginx.conf), and set NUM_PROXIES=1.",
            id="eventhub.W006",
        )
    for name in ("THROTTLE_CREDENTIALS", "THROTTLE_GENERAL"):
        if getattr(settings, name) is None:
            yield Warning(f"{name} is off.", hint="Leave it out, or set a rate such as 600/min.", id="eventhub.W005")
