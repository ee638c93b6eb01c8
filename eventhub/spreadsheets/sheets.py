"""The reader of CSV, and what it shares with the reader of XLSX (eventhub/spreadsheets/workbooks.py)."""

import csv
import io
import re
from collections.abc import Iterator
from typing import NamedTuple

# Of a file, or of an unpacked part of a workbook.
MAX_BYTES = 64 * 1024 * 1024
MAX_COLUMNS = 1000
# Of a cell, in characters; csv's own limit.
MAX_CELL = 131_072
TOO_WIDE = f"There are more than {MAX_COLUMNS:,} columns."
TOO_LONG = f"There is a cell of more than {MAX_CELL:,} characters."
STRAY_QUOTE = "A quotation mark is not closed, or is not doubled within a quoted cell."
NOT_UTF_8 = "This is not UTF-8. Save the file in UTF-8."
HAS_NUL = "There is a NUL character; this is not a text."
# Excel in much of Europe writes the second, and the third as "Text".
DELIMITERS = ",;\t"
SAMPLE = 20  # lines, to find the delimiter
# Bytes that are not UTF-8, by Python's `surrogateescape`.
UNDECODED = re.compile("[\udc80-\udcff]")
# A line before the header that tells Excel the delimiter.
_DELIMITER_LINE = re.compile(r'"?sep=([^"\r\n])"?[ ,;\t]*[\r\n]*', re.IGNORECASE)


class FileError(ValueError):
    """A file that cannot be read, with a sentence for people."""


class Record(NamedTuple):
    """A row that is not blank: the line on which it begins, and its stripped cells.

    `problem` says why the row cannot be read; a `hidden` row is one that the workbook does not show.
    """

    line: int
    cells: list[str]
    problem: str = ""
    hidden: bool = False


def csv_records(text: str, *, max_lines: int) -> Iterator[Record]:
    """Yield the rows, also those that cannot be read.

    The delimiter is the one of a `sep=` line, else the one under which most rows are as wide as the first.
    """
    if text.count("\n") > max_lines:
        raise FileError(f"There are more than {max_lines:,} lines, with the empty ones.")
    lines = io.StringIO(text, newline="").readlines()
    first = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    said = _DELIMITER_LINE.fullmatch(lines[first]) if first < len(lines) else None
    if said:
        return _records(lines, first + 1, said[1])
    return _records(lines, first, max(DELIMITERS, key=lambda delimiter: _fit(lines, first, delimiter)))


def _records(lines: list[str], first: int, delimiter: str) -> Iterator[Record]:
    """Yield the rows from the line at `first`. A row that cannot be read ends with its line."""
    # In characters: a quote that is never closed is read to the end of the file, and any line may have one.
    patience = 1024 * 1024 + 4 * sum(map(len, lines))
    while first < len(lines):
        # `strict`, as otherwise a stray quote swallows lines in silence.
        reader = csv.reader(map(lines.__getitem__, range(first, len(lines))), delimiter=delimiter, strict=True)
        begins = first
        try:
            for cells in reader:
                yield from _record(begins + 1, cells)
                begins = first + reader.line_num
            return
        except csv.Error as problem:
            patience -= sum(map(len, lines[begins : first + reader.line_num]))
            if patience < 0:
                raise FileError(f"line {begins + 1}: {STRAY_QUOTE} There are too many of them.") from None
            yield Record(begins + 1, [], TOO_LONG if "limit" in str(problem) else STRAY_QUOTE)
            first = begins + 1


def _record(line: int, cells: list[str]) -> Iterator[Record]:
    if len(cells) > MAX_COLUMNS:
        yield Record(line, [], TOO_WIDE)
    elif any(stripped := [cell.strip() for cell in cells]):
        whole = "".join(stripped)
        problem = HAS_NUL if "\0" in whole else NOT_UTF_8 if UNDECODED.search(whole) else ""
        yield Record(line, [] if problem else stripped, problem)


def _fit(lines: list[str], first: int, delimiter: str) -> tuple[int, int, int]:
    """Rank a delimiter: by the rows that it fits, then lower if it is punctuation in the header, then by columns."""
    sample = lines[first : first + SAMPLE]
    widths = [MAX_COLUMNS + 1 if row.problem == TOO_WIDE else len(row.cells) for row in _records(sample, 0, delimiter)]
    if not widths or widths[0] < 2:
        return 0, 0, 0
    return widths.count(widths[0]), -sample[0].count(f"{delimiter} "), widths[0]
