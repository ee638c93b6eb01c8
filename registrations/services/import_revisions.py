"""Which revision of a calendar's entry was imported last: an older one changes nothing."""

from eventhub.exceptions import Invalid
from events.imports.row_validation import ImportedEvent
from events.models import EventStatus

NOTHING_TO_CANCEL = "There is no such event to cancel."
OUT_OF_DATE = "SEQUENCE {} is out of date: SEQUENCE {} was imported before."
CANCELLED_HERE = (
    "Your event is cancelled, and this newer calendar says that it takes place. To change it, reopen it first."
)


def check_sequence(row: ImportedEvent, *, imported: int | None, status: str) -> None:
    """Raise a 400 for what is older than an import before, or would silently leave a cancelled event cancelled."""
    if row.sequence is None or imported is None:
        return
    if row.sequence < imported:
        raise Invalid({"non_field_errors": [OUT_OF_DATE.format(row.sequence, imported)]})
    stays_cancelled = status == EventStatus.CANCELLED != row.values.get("status")
    if row.sequence > imported and stays_cancelled:
        raise Invalid({"status": [CANCELLED_HERE]})


def is_revised(row: ImportedEvent, *, imported: int | None) -> bool:
    return row.sequence is not None and row.sequence != imported
