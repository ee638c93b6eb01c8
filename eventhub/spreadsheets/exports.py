"""Tables out, as CSV and as XLSX, row by row: a million rows take no more memory than one."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain, islice
from typing import IO, Any, NamedTuple

from xlsxwriter import Workbook

from eventhub.spreadsheets.cells import CELL_LENGTH, NOT_IN_XML, defused, local

Cell = str | int | date | None
Row = Sequence[Cell]


class Formats(NamedTuple):
    day: Any
    time: Any


BYTE_ORDER_MARK = "\ufeff"  # without it, Excel takes UTF-8 for the encoding of its country
CHUNK = 64 * 1024
# Excel's own limits.
SHEET_ROWS = 1_048_576
# Before it Excel counts a day that never was.
FIRST_DAY = date(1900, 3, 1)
TITLE_LENGTH = 31

_FORBIDDEN_IN_TITLES = re.compile(r"[\x00-\x1f\\/*?:\[\]\ufffe\uffff]")


def csv_lines(header: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield the table as CSV in UTF-8, in pieces of many lines, with formulas defused and times in TIME_ZONE."""
    lines = io.StringIO(newline="")
    lines.write(BYTE_ORDER_MARK)
    writer = csv.writer(lines)
    for row in chain([header], rows):
        writer.writerow([_plain(cell) for cell in row])
        if lines.tell() >= CHUNK:
            yield lines.getvalue().encode()
            lines.seek(0)
            lines.truncate()
    yield lines.getvalue().encode()


def _plain(cell: Cell) -> object:
    if isinstance(cell, str):
        return defused(cell)
    return local(cell) if isinstance(cell, datetime) else cell


def write_xlsx(file: IO[bytes], title: str, header: Sequence[str], rows: Iterable[Row]) -> None:
    """Write the table as a workbook, with formulas defused and times in TIME_ZONE.

    Texts are cut at CELL_LENGTH. Rows that a sheet cannot hold go on in a further one, under the same header.
    """
    rest = iter(rows)
    next_row = list(islice(rest, 1))
    sheets = 0
    with Workbook(file, {"constant_memory": True, "use_zip64": True}) as book:
        formats = Formats(*(book.add_format({"num_format": code}) for code in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss")))
        while next_row or not sheets:
            sheets += 1
            sheet = book.add_worksheet(_title(title, sheets))
            sheet.set_column(0, len(header) - 1, 20)  # a narrower column shows nothing of a time
            for number, row in enumerate(chain([header], next_row, islice(rest, SHEET_ROWS - 2))):
                if len(row) != len(header):
                    raise ValueError(f"A row is longer or shorter than the header: {len(row)} cells")
                for column, cell in enumerate(row):
                    _write_cell(sheet, number, column, cell, formats)
            next_row = list(islice(rest, 1))


def _write_cell(sheet: Any, row: int, column: int, cell: Cell, formats: Formats) -> None:
    value = local(cell) if isinstance(cell, datetime) else cell
    if isinstance(value, datetime) and value.date() >= FIRST_DAY and not value.microsecond:
        sheet.write_datetime(row, column, value, formats.time)
    elif isinstance(value, date) and not isinstance(value, datetime) and value >= FIRST_DAY:
        sheet.write_datetime(row, column, value, formats.day)
    elif isinstance(value, int):
        sheet.write_number(row, column, value)
    elif value:
        text = NOT_IN_XML.sub("\ufffd", defused(str(value)).replace("\r\n", "\n"))
        if len(text) > CELL_LENGTH:
            text = f"{text[: CELL_LENGTH - 1]}…"
        if text.startswith("<r>") and text.endswith("</r>"):  # else XlsxWriter takes it for XML of ours
            text = f"{text[: CELL_LENGTH - 1]} "
        sheet.write_string(row, column, text)


def _title(title: str, number: int) -> str:
    """Return a name that Excel allows for a sheet, with its number from the second on."""
    suffix = f" {number}" if number > 1 else ""
    plain = _FORBIDDEN_IN_TITLES.sub(" ", title).strip(" '") or "Sheet"
    # Excel counts in UTF-16.
    cut = plain.encode("utf-16-le", "replace")[: 2 * (TITLE_LENGTH - len(suffix))].decode("utf-16-le", "ignore")
    return cut.rstrip(" '") + suffix
