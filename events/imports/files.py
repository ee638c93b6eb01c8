from collections.abc import Collection, Mapping

from eventhub.spreadsheets.entries import read_records
from eventhub.spreadsheets.sheets import FileError
from events.imports.components import is_calendar
from events.imports.icalendar import read_calendar
from events.imports.row_validation import ImportedEvent
from events.imports.spreadsheet import read_table

MAX_ROWS = 100_000


def read_rows(
    content: bytes, *, name: str, columns: Mapping[str, str], defaults: Collection[str] = ()
) -> list[ImportedEvent]:
    """Return valid and invalid events of a file: CSV, XLSX, or iCalendar by its start or name.

    `columns` and `defaults` are for `spreadsheet.read_table`. Raise FileError with a sentence for people.
    """
    if is_calendar(content) or name.lower().endswith(".ics"):
        if columns:
            raise FileError("Columns can be mapped for tables only, and this file is a calendar.")
        return list(read_calendar(content))
    return list(read_table(read_records(content, max_rows=MAX_ROWS), columns, defaults))
