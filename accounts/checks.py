"""What `manage.py check --deploy` says about accounts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security, deploy=True)
def organizer_sign_up(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.ORGANIZER_SIGNUP == "closed":
        return []
    return [
        Warning(
            "ORGANIZER_SIGNUP is open: whoever signs up may become an organizer.",
            hint="Set ORGANIZER_SIGNUP=closed, and let admins make organizers.",
            id="accounts.W001",
        )
    ]
