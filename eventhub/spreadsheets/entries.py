"""Rows of CSV and XLSX files as entries: the text of each cell by the field of its column."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from eventhub.spreadsheets.cells import CELL_LENGTH, NOT_COMPUTED, is_error, restored
from eventhub.spreadsheets.encodings import decode, encoding_note
from eventhub.spreadsheets.sheets import FileError, Record, csv_records
from eventhub.spreadsheets.workbooks import is_workbook, unread_sheets, workbook_records

MAX_SHOWN = 500
# Of lines and of a workbook's elements, with the empty ones, for each row that the caller takes: people format columns
# that they leave empty.
PARTS_PER_ROW = 100
MIN_PARTS = 10_000
ERROR = "{} shows {}, an error of the spreadsheet."
UNCOMPUTED = "{} is a formula whose value is not in the file. Open it in a spreadsheet program and save it there."


class Table(NamedTuple):
    """A file's first row, the rows below it, and sentences about how the file was read.

    Hidden rows of a workbook are left out; the notes list them.
    """

    header: Sequence[str]
    records: Sequence[Record]
    notes: Sequence[str] = ()


class TableRow(NamedTuple):
    line: int
    texts: dict[str, str]  # no field without a column
    problem: str = ""  # empty if the cells fit


def load_table(content: bytes, *, max_rows: int) -> Table:
    """Read a CSV file or an XLSX workbook. Raise FileError as `read_records`, or without a header."""
    records: list[Record] = []
    hidden: list[int] = []
    for record in read_records(content, max_rows=max_rows):
        if record.hidden:
            hidden.append(record.line)
        else:
            records.append(record)
    if not records:
        raise FileError("The file is empty.")
    header = records.pop(0)
    if header.problem:
        raise FileError(f"line {header.line}: {header.problem}")
    notes = [sheets_note(content, max_rows) if is_workbook(content) else encoding_note(content)]
    if hidden:
        notes.append(f"Hidden rows were left out: {_shortened(_ranges(hidden))}.")
    return Table(header.cells, records, [note for note in notes if note])


def sheets_note(content: bytes, max_rows: int) -> str:
    names = unread_sheets(content, max_elements=MIN_PARTS + PARTS_PER_ROW * max_rows)
    listed = _shortened(", ".join(f"“{name}”" for name in names))
    return f"Only the first sheet was read. Not read: {listed}." if names else ""


def read_records(content: bytes, *, max_rows: int) -> Iterator[Record]:
    """Yield the rows of a CSV file or an XLSX workbook, whatever its name, with the header.

    Raise FileError if it is neither, or if more than `max_rows` follow the header.
    """
    limit = MIN_PARTS + PARTS_PER_ROW * max_rows
    if is_workbook(content):
        records = workbook_records(content, max_elements=limit)
    else:
        records = csv_records(decode(content), max_lines=limit)
    for count, record in enumerate(records):
        if count > max_rows:
            raise FileError(f"There are more than {max_rows:,} rows.")
        yield record


def read_entries(
    table: Table, *, fields: Mapping[str, Sequence[str]], required: Sequence[str] = (), columns: Mapping[str, str]
) -> Iterator[TableRow]:
    """Yield the rows of a table below its header.

    A column has the name that `columns` gives its field; else the field's own, in any case, with spaces or
    underscores; else one of the other names in `fields`. Raise FileError if one is missing or occurs twice.
    """
    positions = column_positions(table.header, fields, required, columns)
    return entries_at(table.records, positions, width=len(table.header))


def entries_at(records: Iterable[Record], positions: Mapping[str, int], *, width: int) -> Iterator[TableRow]:
    """Yield rows below a header of `width` columns; `positions` are those of the fields."""
    for record in records:
        texts = {field: _cell(record.cells, position) for field, position in positions.items()}
        yield TableRow(record.line, texts, record.problem or _problem(record.cells, positions, width))


def _problem(cells: list[str], positions: Mapping[str, int], width: int) -> str:
    if any(cells[width:]):
        return f"There are {len(cells)}, and {width} in the header."
    used = [(field, cells[position]) for field, position in positions.items() if position < len(cells)]
    errors = [
        UNCOMPUTED.format(field) if text == NOT_COMPUTED else ERROR.format(field, text)
        for field, text in used
        if is_error(text)
    ]
    cut = [
        f"{field} may be cut off: it has {CELL_LENGTH:,} characters, all that a spreadsheet holds."
        for field, text in used
        if len(text) == CELL_LENGTH
    ]
    return " ".join(errors + cut)


def column_positions(
    header: Sequence[str], fields: Mapping[str, Sequence[str]], required: Sequence[str], columns: Mapping[str, str]
) -> dict[str, int]:
    """Return where the column of each field is. Raise FileError as `read_entries`."""
    found = {}
    folded = [_folded(restored(name)) for name in header]
    for field, others in fields.items():
        names = [columns[field].strip()] if field in columns else [field, *others]
        name = next((name for name in names if _folded(name) in folded), names[0])
        occurrences = folded.count(_folded(name))
        if occurrences > 1:
            raise FileError(f'The column "{name}" is there {occurrences} times.')
        if occurrences == 1:
            found[field] = folded.index(_folded(name))
        elif field in columns or field in required:
            raise FileError(f'{field}: There is no column "{name}", only {_shortened(", ".join(header))}.')
    return found


def _folded(column: str) -> str:
    """People write "Max capacity" where a program writes max_capacity, and copy spaces that are none."""
    plain = unicodedata.normalize("NFKC", column).replace("_", " ").casefold()
    return "_".join("".join(mark for mark in plain if unicodedata.category(mark) != "Cf").split())


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def _ranges(lines: Sequence[int]) -> str:
    """Write ascending numbers as people do: `3, 7-9`."""
    ranges: list[list[int]] = []
    for line in lines:
        if ranges and line == ranges[-1][-1] + 1:
            ranges[-1][1:] = [line]
        else:
            ranges.append([line])
    return ", ".join("-".join(map(str, bounds)) for bounds in ranges)


def _cell(cells: list[str], position: int) -> str:
    """Return a cell as it was before an export defused it. Spreadsheets leave out empty cells at the end."""
    return restored(cells[position]).strip() if position < len(cells) else ""
