"""Deployment checks of accounts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security, deploy=True)
def organizer_sign_up(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.ORGANIZER_SIGNUP == "closed":
        return []
    return [
        Warning(
            "ORGANIZER_SIGNUP is open: anyone who signs up may become an organizer.",
            hint="Set ORGANIZER_SIGNUP=closed, and let admins make organizers.",
            id="accounts.W001",
        )
    ]


@register(Tags.security, deploy=True)
def links_in_mails(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.PUBLIC_URL.startswith("http://127.0.0.1"):
        return []
    return [
        Warning(
            f"PUBLIC_URL is {settings.PUBLIC_URL}: links in mails do not work.",
            hint="Set PUBLIC_URL to the public address of the service, such as https://events.example.org.",
            id="accounts.W002",
        )
    ]


@register(Tags.security, deploy=True)
def mails_that_go_nowhere(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.EMAIL_BACKEND.endswith(("console.EmailBackend", "dummy.EmailBackend")):
        return []
    return [
        Warning(
            "EMAIL_URL sends mails to the console: password reset links reach nobody.",
            hint="Set EMAIL_URL to a mail server, such as smtp+tls://USER:PASSWORD@HOST:587.",
            id="accounts.W003",
        )
    ]


@register(Tags.security, deploy=True)
def sender_of_mails(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.DEFAULT_FROM_EMAIL.rstrip(">").endswith("@localhost"):
        return []
    return [
        Warning(
            f"DEFAULT_FROM_EMAIL is {settings.DEFAULT_FROM_EMAIL}: mail servers refuse such a sender.",
            hint="Set DEFAULT_FROM_EMAIL to an address of your domain, such as EventHub <events@example.org>.",
            id="accounts.W004",
        )
    ]
