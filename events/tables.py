"""Events from CSV: a header that names the columns, then one event a line."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from eventhub import times
from events.rows import FileError, Row, checked_row

REQUIRED = ("title", "date_time", "location")
OPTIONAL = ("description", "end_time", "max_capacity", "status", "registration_opens", "registration_closes", "uid")
FIELDS = (*REQUIRED, *OPTIONAL)
# Which end of the day a bare date stands for.
MEANS_END_OF_DAY = {"date_time": False, "end_time": True, "registration_opens": False, "registration_closes": True}
# An empty cell here leaves the event what it has, or the default; elsewhere it says that there is nothing.
SILENT_IF_EMPTY = ("max_capacity", "status", "uid")


def read_table(text: str, columns: Mapping[str, str]) -> Iterator[Row]:
    """The events of a CSV text. `columns` names the column of a field where it is not the field's own name,
    in any case and with spaces or underscores.

    FileError where a column is missing or named twice, or the quoting is broken.
    """
    records = _records(text)
    _, header = next(records, (0, []))
    positions = _positions(header, columns)
    for line, cells in records:
        values, problems = _values({field: _cell(cells, position) for field, position in positions.items()})
        if any(cells[len(header) :]):
            problems["columns"] = f"There are {len(cells)}, and {len(header)} in the header."
        yield checked_row(f"line {line}", values, problems)


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, with the number of its first line."""
    # `strict`, as otherwise a quote that is never closed swallows the rest of the file without a word.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as problem:
            raise FileError(f"line {line}: {problem}") from None
        if any(cells):
            yield line, cells


def _positions(header: list[str], columns: Mapping[str, str]) -> dict[str, int]:
    found = {}
    folded = [_folded(name) for name in header]
    for field in FIELDS:
        column = columns.get(field, field).strip()
        occurrences = folded.count(_folded(column))
        if occurrences > 1:
            raise FileError(f'The column "{column}" is there {occurrences} times.')
        if occurrences == 1:
            found[field] = folded.index(_folded(column))
        elif field in columns or field in REQUIRED:
            raise FileError(f'{field}: There is no column "{column}", only {", ".join(header)}.')
    return found


def _folded(column: str) -> str:
    """People write "Max capacity" where a program writes max_capacity."""
    return column.strip().casefold().replace(" ", "_")


def _cell(cells: list[str], position: int) -> str:
    """Spreadsheets leave empty cells at the end of a line out."""
    return cells[position] if position < len(cells) else ""


def _values(texts: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """What the cells of a record say, and which do not say a time where they should."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for field, text in texts.items():
        if field in MEANS_END_OF_DAY:
            try:
                values[field] = _moment(field, text)
            except ValueError as problem:
                problems[field] = str(problem)
        elif text or field not in SILENT_IF_EMPTY:
            values[field] = text.lower() if field == "status" else text
    return values, problems


def _moment(field: str, text: str) -> datetime | None:
    if not text and field not in REQUIRED:
        return None
    return times.parse(text, end_of_day=MEANS_END_OF_DAY[field])
