"""The pages of this app below the page of an event."""

from functools import partial
from typing import Any

from django.urls import URLPattern, path

from checkin.admin import badge_views, checkpoint_views, door_views, gate_views, name_list_views
from eventhub.admin.model_admin import ScopedModelAdmin


def event_urls(model_admin: ScopedModelAdmin) -> list[URLPattern]:
    pages: list[tuple[str, Any, str]] = [
        ("<int:event_id>/badges/", badge_views.choose, "badges"),
        ("<int:event_id>/badges/print/", badge_views.print_page, "print_badges"),
        ("<int:event_id>/names/", name_list_views.choose, "names"),
        ("<int:event_id>/names/print/", name_list_views.print_page, "print_names"),
        ("<int:event_id>/helpers/", gate_views.helpers, "helpers"),
        ("<int:event_id>/doors/", door_views.live, "doors"),
        ("<int:event_id>/checkpoints/", checkpoint_views.checkpoint_list, "checkpoints"),
        ("<int:event_id>/checkpoints/<int:pk>/", checkpoint_views.checkpoint_page, "checkpoint"),
    ]
    return [
        path(route, model_admin.admin_site.admin_view(partial(page, model_admin)), name=f"events_event_{name}")
        for route, page, name in pages
    ]
