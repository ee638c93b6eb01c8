from collections.abc import Mapping

from eventhub.spreadsheets.entries import read_records
from eventhub.spreadsheets.sheets import FileError, decode
from eventhub.spreadsheets.workbooks import is_workbook
from events.imports.icalendar import is_calendar, read_calendar
from events.imports.row_validation import ImportedEvent
from events.imports.spreadsheet import read_table

MAX_ROWS = 100_000


def read_rows(content: bytes, *, name: str, columns: Mapping[str, str]) -> list[ImportedEvent]:
    """Return valid and invalid events of a file: CSV, XLSX, or iCalendar by its start or name.

    `columns` is for `spreadsheet.read_table`. Raise FileError with a sentence for people.
    """
    if not is_workbook(content):
        text = decode(content)
        if is_calendar(text) or name.lower().endswith(".ics"):
            if columns:
                raise FileError("Columns can be mapped for tables only, and this file is a calendar.")
            return list(read_calendar(text))
    return list(read_table(read_records(content, max_rows=MAX_ROWS), columns))
