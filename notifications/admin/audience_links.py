from collections.abc import Mapping

from django.urls import reverse
from django.utils.http import urlencode

from events.models import Event

STATUS_VAR, SEARCH_VAR = "status__exact", "q"  # of the list of registrations


def audience_link(event: Event, query: Mapping[str, str]) -> str:
    """Return the page that writes to the people of a filtered list of registrations."""
    kept = {name: query[name] for name in (STATUS_VAR, SEARCH_VAR) if query.get(name)}
    page = reverse("admin:registrations_registration_write", args=[event.pk])
    return f"{page}?{urlencode(kept)}" if kept else page
