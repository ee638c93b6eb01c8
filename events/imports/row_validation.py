"""What a file says of one event: values that fit the contract, or what is wrong with them."""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from django.core.exceptions import ValidationError

from events.models import Event
from events.services.events import EventValues

LABEL_LENGTH = 60


class ImportedEvent(NamedTuple):
    """An event of a file. `place` is where it stands, for people; `problem` is empty where the values are good.

    What the file does not say is not among the values, so that a known event keeps it.
    """

    place: str
    values: EventValues
    problem: str = ""


def validate_row(number: str, values: Mapping[str, Any], problems: Mapping[str, str]) -> ImportedEvent:
    """The row of `values`, held against the model's own bounds, which are the contract's. `problems`, by field or
    property, are those that its reader found."""
    title = values.get("title")
    place = f"{number} ({title[:LABEL_LENGTH]!r})" if title else number
    event = Event(**values)
    unsaid = {field.name for field in Event._meta.get_fields()} - values.keys()
    try:
        event.full_clean(exclude=unsaid, validate_unique=False, validate_constraints=False)
    except ValidationError as invalid:
        problems = {**problems, **{name: " ".join(texts) for name, texts in invalid.message_dict.items()}}
    if problems:
        return ImportedEvent(
            place, EventValues(), "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        )
    # Read back from the model, which has turned the text of a number into one.
    return ImportedEvent(place, cast(EventValues, {name: getattr(event, name) for name in values}))
