"""Warnings of `manage.py check --deploy`."""

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

GUESSABLE = re.compile("insecure|change|secret|example|password|default", re.IGNORECASE)
NO_REPLY = re.compile(r"\b(no|do.?not).?reply", re.IGNORECASE)
LOCAL_CACHES = ("LocMemCache", "DummyCache")


@register(Tags.security, deploy=True)
def check_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [*_warnings(), *_warnings_of_invites()]


def _warnings() -> Iterator[CheckMessage]:
    if GUESSABLE.search(settings.SECRET_KEY):
        yield Warning(
            "SECRET_KEY looks guessable: whoever guesses it can sign in as anybody.",
            hint='Make one with: python -c "import secrets; print(secrets.token_urlsafe(50))"',
            id="eventhub.W001",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield Warning(
            "ALLOWED_HOSTS accepts every name: a client can make links in responses lead anywhere.",
            hint="List the hosts of the service.",
            id="eventhub.W002",
        )
    for name in ("CSRF_TRUSTED_ORIGINS", "CORS_ALLOWED_ORIGINS"):
        if any(origin.startswith("http:") for origin in getattr(settings, name)):
            yield Warning(
                f"{name} trusts pages over plain HTTP, which anybody on the network can change.",
                hint="List origins with https:// only.",
                id="eventhub.W003",
            )
    if settings.CACHES["default"]["BACKEND"].endswith(LOCAL_CACHES):
        yield Warning(
            "CACHE_URL is a cache of one process: each worker allows as many guesses at a password as all should.",
            hint="Leave it out to use the database, or set CACHE_URL=rediscache://HOST:PORT/0.",
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


def _warnings_of_invites() -> Iterator[CheckMessage]:
    if settings.INVITES == "request" and NO_REPLY.search(settings.INVITES_FROM):
        yield Warning(
            f"INVITES_FROM is {settings.INVITES_FROM}: calendars send people's answers to invitations there.",
            hint="Set INVITES_FROM to a mailbox that takes mail, or INVITES=publish.",
            id="eventhub.W007",
        )
