"""Files of either kind as entries: of each row, what its cells say of the fields that their columns stand for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from eventhub.spreadsheets.cells import restored
from eventhub.spreadsheets.sheets import FileError, Record, csv_records, decode
from eventhub.spreadsheets.workbooks import is_workbook, workbook_records

MAX_HEADER_SHOWN = 500


class TableRow(NamedTuple):
    line: int
    texts: dict[str, str]  # no field without a column
    problem: str = ""  # empty if the cells fit


def read_records(content: bytes, *, max_rows: int) -> Iterator[Record]:
    """Yield the rows of a CSV file or an XLSX workbook, whatever its name, with the header.

    Raise FileError if it is neither, or if more than `max_rows` follow the header.
    """
    records = workbook_records(content) if is_workbook(content) else csv_records(decode(content))
    for count, record in enumerate(records):
        if count > max_rows:
            raise FileError(f"There are more than {max_rows:,} rows.")
        yield record


def read_entries(
    records: Iterator[Record],
    *,
    fields: Mapping[str, Sequence[str]],
    required: Sequence[str] = (),
    columns: Mapping[str, str],
) -> Iterator[TableRow]:
    """Yield the rows of a table below its header.

    A column has the name that `columns` gives its field; else the field's own, in any case, with spaces or
    underscores; else one of the other names in `fields`. Raise FileError if one is missing or occurs twice.
    """
    first = next(records, None)
    if first is None:
        raise FileError("The file is empty.")
    positions = _positions(first.cells, fields, required, columns)
    yield from entries_at(records, positions, width=len(first.cells))


def entries_at(records: Iterable[Record], positions: Mapping[str, int], *, width: int) -> Iterator[TableRow]:
    """Yield rows below a header of `width` columns; `positions` are those of the fields."""
    for line, cells in records:
        texts = {field: _cell(cells, position) for field, position in positions.items()}
        surplus = any(cells[width:])
        yield TableRow(line, texts, f"There are {len(cells)}, and {width} in the header." if surplus else "")


def _positions(
    header: list[str], fields: Mapping[str, Sequence[str]], required: Sequence[str], columns: Mapping[str, str]
) -> dict[str, int]:
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
            raise FileError(f'{field}: There is no column "{name}", only {_listed(header)}.')
    return found


def _folded(column: str) -> str:
    """People write "Max capacity" where a program writes max_capacity."""
    return column.strip().casefold().replace(" ", "_")


def _listed(header: list[str]) -> str:
    names = ", ".join(header)
    return names if len(names) <= MAX_HEADER_SHOWN else f"{names[:MAX_HEADER_SHOWN]}..."


def _cell(cells: list[str], position: int) -> str:
    """Return a cell as it was before an export defused it. Spreadsheets leave out empty cells at the end."""
    return restored(cells[position]).strip() if position < len(cells) else ""
