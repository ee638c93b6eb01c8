"""The people of an event, on its page: a page of them at a time, whatever their number."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, cast

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.http import urlencode

from accounts.models import User
from eventhub.api.fields import could_be_id
from registrations.admin.changelist import COLOURS
from registrations.models import Registration, RegistrationStatus
from registrations.selectors.search import search

PAGE_SIZE = 25
LAST_PAGE = 100_000
# Each from an index that begins with the event.
ORDERS = {"name": ("name", "id"), "newest": ("-registration_date", "-id")}


class AttendeesTab:
    """What unfold calls a dataset, without a list of Django's behind it: that one would count, and would have to be
    told which event it is about."""

    tab = True
    title = "People"
    id = "AttendeesTab"
    model = Registration
    model_name = "registration"

    def __init__(self, request: HttpRequest, extra_context: dict[str, Any]) -> None:
        self.request = request
        self.event_id = int(extra_context["object"])
        asked = request.GET
        self.text = asked.get("people-q", "").replace("\x00", "").strip()
        order = asked.get("people-o", "")
        self.order = order if order in ORDERS else "name"
        number = asked.get("people-p", "")
        self.number = min(int(number), LAST_PAGE) if could_be_id(number) else 1

    @cached_property
    def _found(self) -> Sequence[Registration]:
        """This page's, and one more where there is another page."""
        by = cast(User, self.request.user)
        own = Registration.objects.managed_by(by).filter(event=self.event_id)
        found = search(own, self.text, by=by) if self.text else own
        start = (self.number - 1) * PAGE_SIZE
        return list(found.order_by(*ORDERS[self.order])[start : start + PAGE_SIZE + 1])

    @property
    def contents(self) -> str:
        people = [(person, COLOURS[RegistrationStatus(person.status)]) for person in self._found[:PAGE_SIZE]]
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
        asked = {"people-q": self.text, "people-o": order or self.order, "people-p": str(page)}
        return f"?{urlencode({name: text for name, text in asked.items() if text})}#dataset-{self.model_name}"
