"""The history of an event, on its page and on one of its own."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from eventhub.identifiers import could_be_id
from events.history import Page, read_history
from events.models import Event


class HistoryTab:
    """The last changes, beside the form; what unfold calls a dataset."""

    tab = True
    title = "History"
    id = "HistoryTab"
    model = Event.history.model
    model_name = "history"

    def __init__(self, request: HttpRequest, extra_context: dict[str, Any]) -> None:
        self.request = request
        self.event_id = int(extra_context["object"])

    @property
    def contents(self) -> str:
        page = read_history(event_id=self.event_id, reader=self.request.user)  # type: ignore[arg-type]
        context = {"page": page, "event_id": self.event_id, "is_tab": True}
        return render_to_string("events/office/history_tab.html", context, request=self.request)


def asked_page(request: HttpRequest, event: Event) -> Page:
    """The page of the history that the address names."""
    before = request.GET.get("before", "")
    return read_history(
        event_id=event.pk,
        reader=request.user,  # type: ignore[arg-type]
        before=int(before) if could_be_id(before) else None,
    )
