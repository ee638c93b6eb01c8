"""What an import's preview page carries to its confirmation: the signed table, and what was shown of it."""

import hashlib
import json
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from django.core import signing
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget

from eventhub.spreadsheets.entries import Table
from eventhub.spreadsheets.sheets import Record
from events.models import Event
from registrations.selectors.attendee_rows import columns_of
from registrations.services.answer_columns import AnswerColumns
from registrations.services.attendee_columns import FIELDS, LABELS, Columns, choose_columns, find_columns
from registrations.services.attendee_import import RowResult

SECONDS = 60 * 60
SALT = "registrations.import"
NOT_USED = "Not used"
# Of a column, in the preview.
EXAMPLES = 2
EXAMPLE_ROWS = 100
EXAMPLE_LENGTH = 40


class ImportState(NamedTuple):
    """`fields` are those of the columns, empty for none; `shown` is the digest of the results on the page."""

    table: Table
    columns: Columns
    questions: AnswerColumns
    reinstate: bool = False
    shown: str = ""


class ColumnChoice(NamedTuple):
    header: str
    examples: list[str]
    select: str


def new_state(table: Table, event: Event) -> ImportState:
    questions = columns_of(event)
    return ImportState(table, find_columns(table.header, {}, questions.labels), questions)


def sign(request: HttpRequest, event: Event, state: ImportState) -> str:
    parts = [event.pk, request.user.pk, state.table, state.columns.fields, state.shown]
    return signing.dumps(parts, salt=SALT, compress=True)


def read_state(request: HttpRequest, event: Event) -> ImportState | None:
    """Return the state with the choices that were posted, or None if it has expired or is another's."""
    try:
        event_id, user_id, (header, records, notes), fields, shown = signing.loads(
            request.POST["rows"], salt=SALT, max_age=SECONDS
        )
    except signing.BadSignature:
        return None
    if (event_id, user_id) != (event.pk, request.user.pk):
        return None
    chosen = [request.POST.get(_name(place), field) for place, field in enumerate(fields)]
    questions = columns_of(event)
    labels = questions.labels
    known = [field if field in FIELDS or field in labels else "" for field in chosen]
    columns = choose_columns(header, known, labels)
    table = Table(header, [Record(*record) for record in records], notes)
    return ImportState(table, columns, questions, "reinstate" in request.POST, shown)


def digest(results: Sequence[RowResult]) -> str:
    return hashlib.sha256(json.dumps(results).encode()).hexdigest()


def column_choices(state: ImportState) -> tuple[list[ColumnChoice], list[ColumnChoice]]:
    """Return the used and the unused columns, each with its first texts and a widget to change its field."""
    used, unused = [], []
    offered = [("", NOT_USED), *LABELS.items(), *state.questions.labels.items()]
    for place, (header, field) in enumerate(zip(state.columns.header, state.columns.fields, strict=True)):
        texts = (record.cells[place] for record in state.table.records[:EXAMPLE_ROWS] if place < len(record.cells))
        examples = [text[:EXAMPLE_LENGTH] for text in islice(dict.fromkeys(filter(None, texts)), EXAMPLES)]
        title = header or f"Column {place + 1}"
        widget = UnfoldAdminSelectWidget({"aria-label": f"Use “{title}” as"}, offered)
        choice = ColumnChoice(title, examples, widget.render(_name(place), field))
        if field:
            used.append(choice)
        elif header or examples:
            unused.append(choice)
    return used, unused


def _name(place: int) -> str:
    return f"column-{place}"
