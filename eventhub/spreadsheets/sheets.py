"""The reader of CSV, and what it shares with the reader of XLSX (eventhub/spreadsheets/workbooks.py)."""

import csv
import io
from collections.abc import Iterator
from typing import NamedTuple

# Of a file, or of an unpacked part of a workbook.
MAX_BYTES = 64 * 1024 * 1024
MAX_COLUMNS = 1000
# Of a cell, in characters; csv's own limit.
MAX_CELL = 131_072
# Excel in much of Europe writes the second, and the third as "Text".
DELIMITERS = ",;\t"
OLD_OFFICE_FILE = b"\xd0\xcf\x11\xe0"


class FileError(ValueError):
    """A file that cannot be read, with a sentence for people."""


class Record(NamedTuple):
    """A row that is not blank: the line on which it begins, and its stripped cells."""

    line: int
    cells: list[str]


def decode(content: bytes) -> str:
    if content.startswith(OLD_OFFICE_FILE):
        raise FileError("This is an Excel file of the old kind, or one with a password; save it as .xlsx, or as CSV.")
    if len(content) > MAX_BYTES:
        raise FileError(f"The file is larger than {MAX_BYTES // 2**20} MB.")
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


def csv_records(text: str) -> Iterator[Record]:
    """Yield the rows. The delimiter is the one that finds the most columns in the first row."""
    for record in _records(text, max(DELIMITERS, key=lambda delimiter: _width(text, delimiter))):
        check_width(record.line, len(record.cells))
        yield record


def check_width(line: int, width: int) -> None:
    if width > MAX_COLUMNS:
        raise FileError(f"line {line}: There are more than {MAX_COLUMNS} columns.")


def _records(text: str, delimiter: str) -> Iterator[Record]:
    # `strict`, as otherwise a quote that is never closed swallows the rest of the file.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as problem:
            raise FileError(f"line {line}: {problem}") from None
        if any(cells):
            yield Record(line, cells)


def _width(text: str, delimiter: str) -> int:
    try:
        return len(next(_records(text, delimiter)).cells)
    except (FileError, StopIteration):
        return 0
