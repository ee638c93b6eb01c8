from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security, deploy=True)
def check_accounts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    checks = (
        (
            settings.ORGANIZER_SIGNUP != "closed",
            "ORGANIZER_SIGNUP is open: anyone who signs up may become an organizer.",
            "Set ORGANIZER_SIGNUP=closed, and let admins make organizers.",
        ),
        (
            settings.PUBLIC_URL.startswith("http://127.0.0.1"),
            f"PUBLIC_URL is {settings.PUBLIC_URL}: links in mails do not work.",
            "Set PUBLIC_URL to the public address of the service, such as https://events.example.org.",
        ),
        (
            settings.EMAIL_BACKEND.endswith(("console.EmailBackend", "dummy.EmailBackend")),
            "EMAIL_URL sends mails to the console: password reset links reach nobody.",
            "Set EMAIL_URL to a mail server, such as smtp+tls://USER:PASSWORD@HOST:587.",
        ),
        (
            settings.DEFAULT_FROM_EMAIL.rstrip(">").endswith("@localhost"),
            f"DEFAULT_FROM_EMAIL is {settings.DEFAULT_FROM_EMAIL}: mail servers refuse such a sender.",
            "Set DEFAULT_FROM_EMAIL to an address of your domain, such as EventHub <events@example.org>.",
        ),
    )
    return [
        Warning(message, hint=hint, id=f"accounts.W{number:03}")
        for number, (applies, message, hint) in enumerate(checks, start=1)
        if applies
    ]
