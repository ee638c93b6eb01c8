from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from eventhub.admin import bulk

MAX_TEXTS = 10  # of one outcome

Message = tuple[int, str]


class ActionReport(ABC):
    """Count the rows by outcome, and keep the first texts about each. A run passes it on from piece to piece."""

    def __init__(self, request: HttpRequest) -> None:
        run = bulk.run_of(request)
        self.tallies: bulk.Tallies = dict(run.tallies) if run else {}

    def note(self, outcome: str, *about: str) -> None:
        count, texts = self.of(outcome)
        self.tallies[outcome] = (count + len(about), [*texts, *about][:MAX_TEXTS])

    def of(self, outcome: str) -> tuple[int, list[str]]:
        return self.tallies.get(outcome, (0, []))

    @abstractmethod
    def title(self, number: int) -> str:
        """Name the action on that many rows."""

    @abstractmethod
    def counted(self, number: int) -> str:
        """Write a number with its noun: "3 events"."""

    @abstractmethod
    def done(self) -> Iterator[Message]:
        """Yield the messages about rows that were changed."""

    def messages(self) -> Iterator[Message]:
        yield from self.done()
        refused, reasons = self.of("refused")
        yield from ((messages.ERROR, reason) for reason in reasons)
        if refused > len(reasons):
            yield messages.ERROR, f"And {self.counted(refused - len(reasons))} more."
        if gone := self.of("gone")[0]:
            yield messages.WARNING, f"No longer there: {self.counted(gone)}."

    def finish(self, model_admin: Any, request: HttpRequest, rows: Sequence[Any]) -> HttpResponse | None:
        """Add the messages for the list. If rows are left, return the page that continues with them instead."""
        run = bulk.run_of(request)
        if run:
            self.note("gone", *[""] * (len(run.piece) - len(rows)))
            if run.rest:
                return self._progress(model_admin, request, run)
        for level, text in self.messages():
            messages.add_message(request, level, text)
        return None

    def _progress(self, model_admin: Any, request: HttpRequest, run: bulk.Run) -> HttpResponse:
        left = run.after_piece(self.tallies)
        context = {
            "title": self.title(run.total),
            "done": f"{left.done:,}",
            "total": f"{left.total:,}",
            "percent": 100 * left.done // left.total,
            "texts": [text for _, text in self.messages()],
            "hidden": bulk.hidden_fields(request, model_admin.opts, left),
            "back": request.get_full_path(),
        }
        return bulk.page(model_admin, request, "eventhub/admin/bulk_progress.html", context)
