"""What the XML parser tells of a sheet of a workbook, gathered piece by piece: its texts, its rows, what people see."""

import re
from datetime import datetime, time
from typing import NamedTuple

from openpyxl.utils.datetime import from_excel

from eventhub.spreadsheets.sheets import MAX_BYTES, MAX_CELL, FileError, Record, check_width

# Numbers that a float holds to the unit are written out, as a telephone number is.
EXACT_INTEGERS = 10**15

_COORDINATE = re.compile(r"([A-Z]{1,3})\d{1,7}", re.ASCII)
# How XML keeps a control character. NUL stays as it is written: no text of ours may hold one.
_ESCAPED = re.compile(r"_x(00(?:0[1-9A-F]|1[0-9A-F])|005F)_", re.IGNORECASE)


class Format(NamedTuple):
    """What a cell's format makes of its number."""

    is_date: bool
    has_time: bool


NUMBER = Format(is_date=False, has_time=False)


class Look(NamedTuple):
    """What the cells of a sheet refer to."""

    texts: list[str]
    formats: list[Format]
    epoch: datetime


class Texts:
    """Gathers the texts of an XML part: each `t`, or `v`, but those that say how the others are pronounced."""

    whole = "si"

    def __init__(self) -> None:
        self.found: list[str] = []
        self._pieces: list[str] = []
        self._length = 0
        self._listens = self._is_pronunciation = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in ("t", "v"):
            self._listens = not self._is_pronunciation
        elif name == "rPh":
            self._is_pronunciation = True

    def end(self, name: str) -> None:
        if name in ("t", "v"):
            self._listens = False
        elif name == "rPh":
            self._is_pronunciation = False
        elif name == self.whole:
            self.take()

    def text(self, data: str) -> None:
        if self._listens:
            self._length += len(data)
            if self._length > MAX_CELL:
                raise FileError(f"There is a cell of more than {MAX_CELL} characters.")
            self._pieces.append(data)

    def take(self) -> None:
        """Is told that a text is whole."""
        self.found.append(self.gathered().strip())

    def gathered(self) -> str:
        text = "".join(self._pieces)
        self._pieces, self._length = [], 0
        return _ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), text)


class Rows(Texts):
    """Gathers the rows of a sheet. Cells and rows may leave out where they are, and are after the last one then."""

    whole = "c"

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._records: list[Record] = []
        self._cells: list[str] = []
        self._line = 0
        self._column = -1
        self._cell: dict[str, str] = {}
        self._total = 0

    def drain(self) -> list[Record]:
        """The rows that have become whole since the last call."""
        records, self._records = self._records, []
        return records

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._cell = attributes
            self._column = _column(attributes["r"]) if "r" in attributes else self._column + 1
        elif name == "row":
            self._line = int(attributes.get("r", self._line + 1))
            self._cells, self._column = [], -1
        else:
            super().start(name, attributes)

    def end(self, name: str) -> None:
        if name != "row":
            super().end(name)
        elif any(self._cells):
            self._records.append(Record(self._line, self._cells))

    def take(self) -> None:
        text = _value(self.gathered(), self._cell, self._look).strip()
        if text:
            # Before the row is made that wide. An empty cell may be anywhere: people format whole rows.
            check_width(self._line, self._column + 1)
            self._cells.extend([""] * (self._column + 1 - len(self._cells)))
            self._cells[self._column] = text
            # A text that is kept once may be in a million cells.
            self._total += len(text)
            if self._total > MAX_BYTES:
                raise FileError(f"The workbook is too large: its cells have more than {MAX_BYTES:,} characters.")


def _column(coordinate: str) -> int:
    """0 for A1, 26 for AA1."""
    found = _COORDINATE.fullmatch(coordinate)
    if not found:
        raise ValueError(f"There is no cell {coordinate[:20]}.")
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1


def _value(text: str, cell: dict[str, str], look: Look) -> str:
    """What people see in a cell, whose element says `text`."""
    kind = cell.get("t", "n")
    if not text:
        return ""
    if kind == "s":
        return look.texts[int(text)]
    if kind == "b":
        return "TRUE" if text == "1" else "FALSE"
    return _number(float(text), cell, look) if kind == "n" else text


def _number(number: float, cell: dict[str, str], look: Look) -> str:
    style = int(cell.get("s", "0"))
    how = look.formats[style] if style < len(look.formats) else NUMBER
    if how.is_date:
        try:
            return _moment(from_excel(number, look.epoch), how)
        except (ValueError, OverflowError):
            pass  # no date is so far away: Excel shows no more than that it is a number
    return str(int(number)) if abs(number) < EXACT_INTEGERS and number.is_integer() else repr(number)


def _moment(moment: datetime | time, how: Format) -> str:
    if isinstance(moment, datetime) and not how.has_time:
        return moment.date().isoformat()
    return moment.isoformat()
