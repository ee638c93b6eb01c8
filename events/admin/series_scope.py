"""The form of an event that belongs to a series: for this date, those after it, or all; shown before it is saved."""

from typing import Any, cast

from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import User
from accounts.permissions import allowed
from eventhub.admin import bulk
from eventhub.admin.model_admin import REFUSALS
from events.admin.series_views import kept_rows, when
from events.models import Event
from events.services.events import EventValues
from registrations.services import series_changes

SCOPES = {"this": "This date", "following": "This date and those after it", "all": "All dates to come"}


def scopes_of(event: Event, user: User) -> dict[str, str]:
    is_shown = event.series_id is not None and allowed(user, "series", "update", event)
    return SCOPES if is_shown else {}


def chosen_scope(request: HttpRequest) -> str:
    scope = request.POST.get("scope", "this")
    return scope if scope in SCOPES else "this"


class SeriesScope:
    """Of the admin of events: ask before a change of several dates."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if request.method == "POST" and chosen_scope(request) != "this" and bulk.CONFIRMED not in request.POST:
            asked = self._ask(request, object_id)
            if asked is not None:
                return asked
        return super().changeform_view(request, object_id, *args, **kwargs)  # type: ignore[misc, no-any-return]

    def _ask(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """Show what the change would do; None where the form itself has to say something."""
        admin: Any = self
        event = admin.get_object(request, unquote(object_id or ""))
        if event is None or not scopes_of(event, cast(User, request.user)):
            return None
        form = admin.get_form(request, event, change=True)(request.POST, request.FILES, instance=event)
        if not form.is_valid() or not form.changes:
            return None
        try:
            edit = edit_dates(request, event.pk, form.changes, dry_run=True)
        except REFUSALS:
            return None  # the form shows it
        rows = [when(each) for each in edit.changed] + [f"{row} (stays as it is)" for row in kept_rows(edit)]
        sent = [(name, value) for name, values in request.POST.lists() for value in values]
        return bulk.confirmation(
            admin,
            request,
            title=f"Change {len(edit.changed):,} dates?",
            what="Change them",
            question="Dates with registrations or with edits by hand are not moved.",
            variant="primary",
            rows=rows,
            selected=len(rows),
            hidden=[
                *((name, value) for name, value in sent if name != "csrfmiddlewaretoken"),
                (bulk.CONFIRMED, "yes"),
            ],
            post_to="",
            back=reverse("admin:events_event_change", args=[event.pk]),
        )


def edit_dates(
    request: HttpRequest, event_id: int, values: EventValues, *, dry_run: bool = False
) -> series_changes.SeriesEdit:
    following = chosen_scope(request) == "following"
    return series_changes.edit_dates(event_id=event_id, values=values, following=following, dry_run=dry_run)
