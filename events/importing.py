"""Files of events, read: CSV, XLSX or iCalendar to rows. registrations/importing.py brings the rows in."""

from collections.abc import Mapping

from eventhub.tabular.entries import read_records
from eventhub.tabular.sheets import FileError, decode
from eventhub.tabular.workbooks import is_workbook
from events.calendars import is_calendar, read_calendar
from events.rows import Row
from events.tables import read_table

MAX_ROWS = 100_000


def read_rows(content: bytes, *, name: str, columns: Mapping[str, str]) -> list[Row]:
    """The events of a file, good and bad. It is a calendar where it begins as one or is called `.ics`, else a table,
    with `columns` as in `events.tables.read_table`.

    FileError, with a sentence for people, where it is neither.
    """
    if not is_workbook(content):
        text = decode(content)
        if is_calendar(text) or name.lower().endswith(".ics"):
            if columns:
                raise FileError("This is a calendar; only the columns of a CSV file can be mapped.")
            return list(read_calendar(text))
    return list(read_table(read_records(content, max_rows=MAX_ROWS), columns))
