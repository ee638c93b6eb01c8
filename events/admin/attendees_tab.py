from collections.abc import Sequence
from functools import cached_property
from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.http import urlencode

from accounts.models import User
from eventhub.api.fields import could_be_id
from events.models import Event
from registrations.admin import status
from registrations.models import Registration
from registrations.selectors.search import search

PAGE_SIZE = 25
LAST_PAGE = 100_000
# Each is read from an index that begins with the event.
ORDERS = {"name": ("name", "id"), "newest": ("-registration_date", "-id")}


class AttendeesTab:
    """A dataset for unfold without Django's change list, which would count all rows."""

    tab = True
    title = "Attendees"
    id = "AttendeesTab"
    model = Registration
    model_name = "registration"

    def __init__(self, request: HttpRequest, extra_context: dict[str, Any]) -> None:
        self.request = request
        self.event_id = int(extra_context["object"])
        query = request.GET
        self.text = query.get("people-q", "").replace("\x00", "").strip()
        order = query.get("people-o", "")
        self.order = order if order in ORDERS else "name"
        number = query.get("people-p", "")
        self.number = min(int(number), LAST_PAGE) if could_be_id(number) else 1

    @cached_property
    def _found(self) -> Sequence[Registration]:
        by = cast(User, self.request.user)
        found: QuerySet[Registration] = Registration.objects.filter(event=self.event_id)
        # Not `managed_by` of registrations: its column would have SQLite read all rows of the organizer.
        if not Event.objects.managed_by(by, "attendees").filter(pk=self.event_id).exists():
            return []
        found = search(found, self.text, by=by) if self.text else found
        start = (self.number - 1) * PAGE_SIZE
        return list(found.order_by(*ORDERS[self.order])[start : start + PAGE_SIZE + 1])

    @property
    def contents(self) -> str:
        people = [(row, status.label(row), status.colour(row)) for row in self._found[:PAGE_SIZE]]
        has_more = len(self._found) > PAGE_SIZE
        context = {
            "tab": self,
            "people": people,
            "event_id": self.event_id,
            "previous": self._address(page=self.number - 1) if self.number > 1 else "",
            "next": self._address(page=self.number + 1) if has_more else "",
            "other_order": self._address(order="newest" if self.order == "name" else "name"),
        }
        return render_to_string("events/admin/attendees_tab.html", context, request=self.request)

    def _address(self, *, page: int = 1, order: str | None = None) -> str:
        query = {"people-q": self.text, "people-o": order or self.order, "people-p": str(page)}
        return f"?{urlencode({name: text for name, text in query.items() if text})}#dataset-{self.model_name}"
