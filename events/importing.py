"""Files of events, read: CSV or iCalendar to rows. registrations/importing.py brings the rows in."""

from collections.abc import Mapping

from events.calendars import is_calendar, read_calendar
from events.rows import FileError, Row
from events.tables import read_table


def read_rows(content: bytes, *, name: str, columns: Mapping[str, str]) -> list[Row]:
    """The events of a file, good and bad. It is a calendar where it begins as one or is called `.ics`, else CSV, with
    `columns` as in `events.tables.read_table`.

    FileError, with a sentence for people, where it is neither.
    """
    text = _decode(content)
    if not (is_calendar(text) or name.lower().endswith(".ics")):
        return list(read_table(text, columns))
    if columns:
        raise FileError("This is a calendar; only the columns of a CSV file can be mapped.")
    return list(read_calendar(text))


def _decode(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise FileError(f"line {line}: This is not UTF-8.") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise FileError(f"line {line}: There is a NUL byte; this is not a text.")
    if not text.strip():
        raise FileError("The file is empty.")
    return text
