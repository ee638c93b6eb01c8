"""The first sheet of an XLSX workbook, read as a stream.

openpyxl builds the tree of a row before one can look at it, so that a hostile file of 12 KB takes 600 MB of memory.
Here the XML parser's events are taken as they come, and both their number and what is kept of them are limited: 64 MB
of empty cells pack to 68 KB, and took 27 seconds.
"""

import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from typing import NamedTuple
from xml.parsers import expat

from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel, to_excel

from eventhub.spreadsheets.cells import NOT_COMPUTED, is_error
from eventhub.spreadsheets.number_formats import BUILTIN, Format, NumberFormat, number_format
from eventhub.spreadsheets.sheets import MAX_BYTES, MAX_CELL, MAX_COLUMNS, TOO_LONG, TOO_WIDE, FileError, Record

SIGNATURE = b"PK"
MAX_PARTS = 10_000
# Of a part that only lists others or formats: kilobytes, in any workbook that people make.
MAX_SMALL_PART = 4 * 1024 * 1024
CHUNK = 64 * 1024
# Of a tag or a comment, which the parser keeps until it is complete.
MAX_TOKEN = 1024 * 1024
MAX_ATTRIBUTES = 100
# Numbers that a float holds exactly are written out, as a telephone number is.
EXACT_INTEGERS = 10**15

TRUE = ("1", "true")

_COORDINATE = re.compile(r"([A-Z]{1,3})\d{1,7}", re.ASCII)
# How XML keeps a control character. NUL stays as it is written: the database takes none.
_ESCAPED = re.compile(r"_x(00(?:0[1-9A-F]|1[0-9A-F])|005F)_", re.IGNORECASE)


class SharedParts(NamedTuple):
    texts: list[str]
    formats: list[str]
    epoch: datetime


class Package:
    """A workbook's archive, and how many XML elements of it may still be read."""

    def __init__(self, archive: zipfile.ZipFile, max_elements: int) -> None:
        self.archive = archive
        self.max_elements = max_elements
        self._left = max_elements

    def spend(self, elements: int = 1) -> None:
        self._left -= elements
        if self._left < 0:
            raise FileError(
                f"The workbook has more than {self.max_elements:,} rows, cells and texts, with the empty ones. Copy "
                "what you need into a new workbook, or save the sheet as CSV."
            )


def is_workbook(content: bytes) -> bool:
    return content.startswith(SIGNATURE)


def workbook_records(content: bytes, *, max_elements: int) -> Iterator[Record]:
    """Yield the rows of the first sheet: 5.0 as `5`, dates in ISO 8601, formulas as their values.

    Raise FileError if the file is no workbook, is broken, has more than `max_elements` rows, cells and texts (with the
    empty ones), or unpacks to more than MAX_BYTES.
    """
    with _opened_workbook(content, max_elements) as package:
        yield from _rows(package, _book(package))


def unread_sheets(content: bytes, *, max_elements: int) -> list[str]:
    """Return the names of the other tables of a workbook."""
    with _opened_workbook(content, max_elements) as package:
        return _book(package).unread


@contextmanager
def _opened_workbook(content: bytes, max_elements: int) -> Iterator[Package]:
    # Counted before the directory is read into memory.
    if content.count(b"PK\x01\x02") > MAX_PARTS:
        raise FileError(f"The workbook has more than {MAX_PARTS} parts.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield Package(archive, max_elements)
    except FileError:
        raise
    except Exception as problem:  # whatever the archive or the parser trips over
        raise FileError(f"The workbook is broken: {problem}") from problem


class Book(NamedTuple):
    """A workbook's parts by kind, the part that has the first visible table, and the names of the other tables."""

    parts: dict[str, str]
    epoch: datetime
    sheet: str
    unread: list[str]


def _book(package: Package) -> Book:
    relations = _relations(package, "") if "_rels/.rels" in package.archive.namelist() else ()
    book = next((part for _, kind, part in relations if kind == "officeDocument"), None)
    if book is None:
        raise FileError("This is an archive, and no XLSX workbook.")
    parts = {key: (kind, part) for key, kind, part in _relations(package, book)}
    epoch, sheet, unread = WINDOWS_EPOCH, "", []
    for name, attributes in _elements(package, book):
        if name == "workbookPr" and attributes.get("date1904") in TRUE:
            epoch = MAC_EPOCH
        elif name == "sheet":
            key = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            kind, part = parts.get(key, ("", ""))
            if kind != "worksheet":  # a sheet may be a chart
                continue
            if sheet or attributes.get("state", "visible") != "visible":
                unread.append(attributes.get("name", ""))
            else:
                sheet = part
    if not sheet:
        raise FileError("There is no table in the workbook.")
    return Book(dict(parts.values()), epoch, sheet, unread)


def _rows(package: Package, book: Book) -> Iterator[Record]:
    by_kind = book.parts
    texts = _shared_texts(package, by_kind["sharedStrings"]) if "sharedStrings" in by_kind else []
    formats = _formats(package, by_kind["styles"]) if "styles" in by_kind else []
    rows = RowCollector(SharedParts(texts, formats, book.epoch), package)
    for _ in _parsed(package, book.sheet, rows.start, rows.end, rows.text):
        yield from rows.drain()


def _relations(package: Package, part: str) -> Iterator[tuple[str, str, str]]:
    """Yield id, kind and name of each part that `part` refers to; "" is the package."""
    folder, name = posixpath.split(part)
    for tag, attributes in _elements(package, posixpath.join(folder, "_rels", f"{name}.rels")):
        if tag == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes["Target"]))
            yield attributes["Id"], attributes["Type"].rpartition("/")[2], target.lstrip("/")


def _formats(package: Package, part: str) -> list[str]:
    codes, formats, section = dict(BUILTIN), [], ""
    for name, attributes in _elements(package, part):
        if name == "numFmt":
            codes[int(attributes["numFmtId"])] = attributes["formatCode"]
        elif name in ("cellStyleXfs", "cellXfs"):
            section = name
        elif name == "xf" and section == "cellXfs":
            formats.append(codes.get(int(attributes.get("numFmtId", "0")), ""))
    return formats


def _shared_texts(package: Package, part: str) -> list[str]:
    texts = TextCollector()
    for _ in _parsed(package, part, texts.start, texts.end, texts.text):
        pass
    return texts.found


def _elements(package: Package, part: str) -> Iterator[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    for _ in _parsed(package, part, lambda name, attributes: found.append((name, attributes)), limit=MAX_SMALL_PART):
        yield from found
        found.clear()


def _parsed(
    package: Package,
    part: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
    limit: int = MAX_BYTES,
) -> Iterator[None]:
    """Call back for the tags, without prefix, and texts of a part; yield after every CHUNK of it."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def begin(name: str, attributes: dict[str, str]) -> None:
        package.spend()
        if len(attributes) > MAX_ATTRIBUTES:
            raise FileError(f"The workbook is broken: {part} has a tag with more than {MAX_ATTRIBUTES} attributes.")
        start(name.rpartition(":")[2], attributes)

    parser.StartElementHandler = begin
    parser.EndElementHandler = end and (lambda name: end(name.rpartition(":")[2]))
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse_entities
    read = 0
    with _opened(package.archive, part, limit) as stream:
        while chunk := stream.read(CHUNK):
            read += len(chunk)
            parser.Parse(chunk)
            if read - parser.CurrentByteIndex > MAX_TOKEN:
                raise FileError(f"The workbook is broken: {part} has a tag without an end.")
            yield
        parser.Parse(b"", True)
        yield


def _opened(archive: zipfile.ZipFile, part: str, limit: int) -> "zipfile.ZipExtFile":
    """Open a part. zipfile reads no more of it than the directory says."""
    entry = archive.getinfo(part)
    if entry.file_size > limit:
        raise FileError(f"The workbook is too large: {part} unpacks to more than {limit // 2**20} MB.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileError(f"The workbook is broken: {part} is packed as no workbook is.")
    return archive.open(entry)  # type: ignore[return-value]


def _refuse_entities(*doctype: object) -> None:
    raise FileError("The workbook is broken: it defines entities.")


class TextCollector:
    """Collect the texts of an XML part: each `t` or `v` that is no phonetic hint."""

    whole = "si"

    def __init__(self) -> None:
        self.found: list[str] = []
        self._pieces: list[str] = []
        self._length = 0
        self._is_text = self._is_phonetic = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in ("t", "v"):
            self._is_text = not self._is_phonetic
        elif name == "rPh":
            self._is_phonetic = True

    def end(self, name: str) -> None:
        if name in ("t", "v"):
            self._is_text = False
        elif name == "rPh":
            self._is_phonetic = False
        elif name == self.whole:
            self.take()

    def text(self, data: str) -> None:
        if self._is_text:
            self._length += len(data)
            if self._length > MAX_CELL:
                raise FileError(TOO_LONG)
            self._pieces.append(data)

    def take(self) -> None:
        self.found.append(self.collected().strip())

    def collected(self) -> str:
        if not self._pieces:
            return ""
        text = "".join(self._pieces)
        self._pieces, self._length = [], 0
        return _ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), text)


class RowCollector(TextCollector):
    """Collect the rows of a sheet. A cell or row without a position follows the last one."""

    whole = "c"

    def __init__(self, shared: SharedParts, package: Package) -> None:
        super().__init__()
        self._shared = shared
        self._package = package
        self._records: list[Record] = []
        self._cells: list[str] = []
        self._line = 0
        self._is_hidden = False
        self._problem = ""
        self._column = -1
        self._cell: dict[str, str] = {}
        self._is_formula = False
        self._total = 0

    def drain(self) -> list[Record]:
        records, self._records = self._records, []
        return records

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._cell, self._is_formula = attributes, False
            self._column = _column(attributes["r"]) if "r" in attributes else self._column + 1
        elif name == "row":
            self._line = int(attributes.get("r", self._line + 1))
            self._is_hidden = attributes.get("hidden") in TRUE
            self._cells, self._column, self._problem = [], -1, ""
        elif name == "f":
            self._is_formula = True
        else:
            super().start(name, attributes)

    def end(self, name: str) -> None:
        if name != "row":
            super().end(name)
        elif self._problem or any(self._cells):
            cells = [] if self._problem else self._cells
            self._records.append(Record(self._line, cells, self._problem, self._is_hidden))

    def take(self) -> None:
        is_empty = not self._pieces
        text = "" if is_empty else _value(self.collected(), self._cell, self._shared).strip()
        if is_empty and self._is_formula and self._cell.get("t") != "str":  # an empty text has that type
            text = NOT_COMPUTED
        if not text:
            return
        # Before the row is made that wide. An empty cell may be anywhere: people format whole rows.
        if self._column >= MAX_COLUMNS:
            self._problem = TOO_WIDE
            return
        missing = self._column + 1 - len(self._cells)
        if missing > 0:
            self._package.spend(missing)
            self._cells.extend([""] * missing)
        self._cells[self._column] = text
        # A text that is kept once may be in a million cells.
        self._total += len(text)
        if self._total > MAX_BYTES:
            raise FileError(f"The workbook is too large: its cells have more than {MAX_BYTES:,} characters.")


def _column(coordinate: str) -> int:
    found = _COORDINATE.fullmatch(coordinate)
    if not found:
        raise ValueError(f"There is no cell {coordinate[:20]}.")
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1


def _value(text: str, cell: dict[str, str], shared: SharedParts) -> str:
    kind = cell.get("t", "n")
    if not text:
        return ""
    if kind == "s":
        return shared.texts[int(text)]
    if kind == "b":
        return "TRUE" if text == "1" else "FALSE"
    if kind == "e":
        return text if is_error(text) else "#VALUE!"
    if kind == "d":
        moment = datetime.fromisoformat(text)
        return _moment(moment, _format(to_excel(moment, shared.epoch), cell, shared))
    return _number(float(text), cell, shared) if kind == "n" else text


def _number(number: float, cell: dict[str, str], shared: SharedParts) -> str:
    how = _format(number, cell, shared)
    try:
        if how.is_elapsed:
            return _duration(timedelta(days=number))
        if how.has_date or how.has_time:
            return _moment(from_excel(number, shared.epoch), how)
    except (ValueError, OverflowError):
        pass  # no date is so far away: Excel shows no more than that it is a number
    if text := _code(cell, shared).plain(number):
        return text
    return str(int(number)) if abs(number) < EXACT_INTEGERS and number.is_integer() else repr(number)


def _format(number: float, cell: dict[str, str], shared: SharedParts) -> Format:
    return _code(cell, shared).of(number)


def _code(cell: dict[str, str], shared: SharedParts) -> NumberFormat:
    style = int(cell.get("s", "0"))
    return number_format(shared.formats[style] if style < len(shared.formats) else "")


def _moment(moment: datetime | time, how: Format) -> str:
    if isinstance(moment, datetime) and not how.has_time:
        return moment.date().isoformat()
    return moment.isoformat()


def _duration(length: timedelta) -> str:
    minutes, seconds = divmod(round(length.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
