from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from django.core.exceptions import ValidationError

from events.imports.series import ImportedSeries
from events.models import Event
from events.services.events import BESIDE_FIELDS, EventValues

LABEL_LENGTH = 60


class ImportedEvent(NamedTuple):
    """`place` is its position for people; `problem` is empty where it is valid; `event_id` is that of an export.

    Fields without a column are not among the values, so that a known event keeps its own. `sequence` is the revision
    of a calendar's event, where it says so; `is_cancellation`: it calls off an event, and creates none. `series`: it is
    the first date of that series; `recurrence`: it changes that date of the series with its UID, and where it
    `changes_following` all after it.
    """

    place: str
    values: EventValues
    problem: str = ""
    event_id: int | None = None
    sequence: int | None = None
    is_cancellation: bool = False
    series: ImportedSeries | None = None
    recurrence: datetime | None = None
    changes_following: bool = False


class EventFile(NamedTuple):
    """Valid and invalid events of a file, and sentences about how it was read."""

    rows: list[ImportedEvent]
    notes: Sequence[str] = ()


def validate_row(number: str, values: Mapping[str, Any], problems: Mapping[str, str]) -> ImportedEvent:
    """Validate values against the model. `problems` are the reader's."""
    title = values.get("title")
    place = f"{number} ({title[:LABEL_LENGTH]!r})" if title else number
    fields = {name: value for name, value in values.items() if name not in BESIDE_FIELDS}
    event = Event(**fields)
    unsaid = {field.name for field in Event._meta.get_fields()} - values.keys()
    unsaid.add("remind_hours")  # the reader has checked it; the model would take no reminders for a missing value
    try:
        event.full_clean(exclude=unsaid, validate_unique=False, validate_constraints=False)
    except ValidationError as invalid:
        problems = {**problems, **{name: " ".join(texts) for name, texts in invalid.message_dict.items()}}
    if problems:
        text = " ".join(f"{name}: {problem}" for name, problem in problems.items())
        return ImportedEvent(place, EventValues(), text)
    # Validation has converted the model's values, such as numbers from text.
    return ImportedEvent(place, cast(EventValues, {**values, **{name: getattr(event, name) for name in fields}}))
