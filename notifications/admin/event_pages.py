"""The pages about an event's emails, below the page of the event."""

from functools import partial
from typing import Any

from django.urls import URLPattern, path

from eventhub.admin.model_admin import ScopedModelAdmin
from notifications.admin import template_views


def event_urls(model_admin: ScopedModelAdmin) -> list[URLPattern]:
    pages: list[tuple[str, Any, str]] = [
        ("<int:event_id>/emails/", template_views.emails, "emails"),
        ("<int:event_id>/emails/<str:kind>/", template_views.email, "email"),
    ]
    return [
        path(route, model_admin.admin_site.admin_view(partial(page, model_admin)), name=f"events_event_{name}")
        for route, page, name in pages
    ]
