from collections.abc import Collection, Mapping

from eventhub.spreadsheets.entries import load_table
from eventhub.spreadsheets.sheets import FileError
from events.imports.components import is_calendar
from events.imports.icalendar import read_calendar
from events.imports.row_validation import EventFile
from events.imports.spreadsheet import read_table

MAX_ROWS = 100_000


def read_rows(content: bytes, *, name: str, columns: Mapping[str, str], defaults: Collection[str] = ()) -> EventFile:
    """Read events from CSV, XLSX, or iCalendar by its start or name.

    `columns` and `defaults` are for `spreadsheet.read_table`. Raise FileError with a sentence for people.
    """
    if is_calendar(content) or name.lower().endswith(".ics"):
        if columns:
            raise FileError("Columns can be mapped for tables only, and this file is a calendar.")
        return read_calendar(content)
    table = load_table(content, max_rows=MAX_ROWS)
    return EventFile(list(read_table(table, columns, defaults)), table.notes)
