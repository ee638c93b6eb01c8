"""Files of events, read: CSV, XLSX or iCalendar to rows. registrations/services/event_import.py brings the rows in."""

from collections.abc import Mapping

from eventhub.spreadsheets.entries import read_records
from eventhub.spreadsheets.sheets import FileError, decode
from eventhub.spreadsheets.workbooks import is_workbook
from events.imports.icalendar import is_calendar, read_calendar
from events.imports.row_validation import ImportedEvent
from events.imports.spreadsheet import read_table

MAX_ROWS = 100_000


def read_rows(content: bytes, *, name: str, columns: Mapping[str, str]) -> list[ImportedEvent]:
    """The events of a file, good and bad. It is a calendar where it begins as one or is called `.ics`, else a table,
    with `columns` as in `events.imports.spreadsheet.read_table`.

    FileError, with a sentence for people, where it is neither.
    """
    if not is_workbook(content):
        text = decode(content)
        if is_calendar(text) or name.lower().endswith(".ics"):
            if columns:
                raise FileError("This is a calendar; only the columns of a CSV file can be mapped.")
            return list(read_calendar(text))
    return list(read_table(read_records(content, max_rows=MAX_ROWS), columns))
