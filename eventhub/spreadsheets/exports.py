"""Tables out, as CSV and as XLSX, row by row: a million rows take no more memory than one.

The few tags of a sheet are written here: openpyxl takes seven times as long, a minute for 200,000 rows of eight cells.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import IO
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel

from eventhub.spreadsheets.cells import defused, local

Cell = str | int | datetime | None
Row = Sequence[Cell]

BYTE_ORDER_MARK = "\ufeff"  # without it, Excel takes UTF-8 for the alphabet of its country
CHUNK = 64 * 1024
# Excel's own bounds.
SHEET_ROWS = 1_048_576
CELL_LENGTH = 32_767
TITLE_LENGTH = 31


# CSV -----------------------------------------------------------------------------------------------------------------


def csv_lines(header: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """The table as CSV in UTF-8, in pieces of many lines. Texts are `cells.defused`, times `cells.local`."""
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


# XLSX ----------------------------------------------------------------------------------------------------------------

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

_TYPES = (
    f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{{}}</Types>'
)
_SHEET_TYPE = f'<Override PartName="/xl/worksheets/sheet{{}}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
_RELATIONS = f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{{}}</Relationships>'
_RELATION = f'<Relationship Id="{{}}" Type="{_OFFICE}/{{}}" Target="{{}}"/>'
_BOOK = f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{{}}</sheets></workbook>'
_BOOK_SHEET = '<sheet name="{}" sheetId="{}" r:id="sheet{}"/>'
# The second of the two formats of cells is that of times. Excel wants two fills.
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
# Wide enough for a time, of which a narrower column shows nothing.
_SHEET_BEGINS = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><cols><col min="1" max="{{}}" width="20" customWidth="1"/></cols><sheetData>'
)
_SHEET_ENDS = "</sheetData></worksheet>"

_FORBIDDEN_IN_TITLES = re.compile(r"[\x00-\x1f\\/*?:\[\]\ufffe\uffff]")
# XML holds no other control characters; and what looks like their spelling must not be read as one.
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b-\x1f]|_(?=x[0-9A-Fa-f]{4}_)")
_NO_CHARACTER = re.compile(r"[\ud800-\udfff\ufffe\uffff]")


def write_xlsx(file: IO[bytes], title: str, header: Sequence[str], rows: Iterable[Row]) -> None:
    """The table as a workbook. Texts are `cells.defused` and cut at CELL_LENGTH, times `cells.local`; what a sheet does
    not hold goes on in a further one, under the same header."""
    rest = iter(rows)
    next_row = list(islice(rest, 1))
    sheets = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        while next_row or not sheets:
            sheets += 1
            with archive.open(f"xl/worksheets/sheet{sheets}.xml", "w", force_zip64=True) as sheet:
                _write_sheet(sheet, header, chain(next_row, islice(rest, SHEET_ROWS - 2)))
            next_row = list(islice(rest, 1))
        _write_book(archive, [_title(title, number) for number in range(1, sheets + 1)])


def _write_sheet(sheet: IO[bytes], header: Sequence[str], rows: Iterable[Row]) -> None:
    letters = [get_column_letter(number) for number in range(1, len(header) + 1)]
    pieces = [_SHEET_BEGINS.format(len(header))]
    size = 0
    for number, row in enumerate(chain([header], rows), start=1):
        cells = [_element(f"{letter}{number}", cell) for letter, cell in zip(letters, row, strict=True)]
        pieces.append(f'<row r="{number}">{"".join(cells)}</row>')
        size += len(pieces[-1])
        if size >= CHUNK:
            sheet.write("".join(pieces).encode())
            pieces, size = [], 0
    sheet.write("".join([*pieces, _SHEET_ENDS]).encode())


def _element(place: str, cell: Cell) -> str:
    if cell is None or cell == "":
        return ""
    if isinstance(cell, datetime):
        return f'<c r="{place}" s="1"><v>{to_excel(local(cell))}</v></c>'
    if isinstance(cell, int):
        return f'<c r="{place}"><v>{cell}</v></c>'
    # A text by its type, which no spreadsheet takes for a formula, a number or an error.
    text = _in_xml(defused(cell))
    space = ' xml:space="preserve"' if text != text.strip() else ""
    return f'<c r="{place}" t="inlineStr"><is><t{space}>{text}</t></is></c>'


def _in_xml(text: str) -> str:
    """The text as a cell's element holds it: a control character as `_x0001_`, a line's end as a line feed."""
    text = text.replace("\r\n", "\n")[:CELL_LENGTH]
    spelled = _UNSPEAKABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return escape(_NO_CHARACTER.sub("\ufffd", spelled))


def _title(title: str, number: int) -> str:
    """A sheet's name as Excel wants it, with its number from the second on."""
    suffix = f" {number}" if number > 1 else ""
    plain = _FORBIDDEN_IN_TITLES.sub(" ", title).strip(" '") or "Sheet"
    # Excel counts in UTF-16.
    cut = plain.encode("utf-16-le", "replace")[: 2 * (TITLE_LENGTH - len(suffix))].decode("utf-16-le", "ignore")
    return cut.rstrip(" '") + suffix


def _write_book(archive: zipfile.ZipFile, titles: Sequence[str]) -> None:
    numbers = range(1, len(titles) + 1)
    parts = [_RELATION.format(f"sheet{number}", "worksheet", f"worksheets/sheet{number}.xml") for number in numbers]
    sheets = [_BOOK_SHEET.format(escape(title, {'"': "&quot;"}), n, n) for n, title in enumerate(titles, start=1)]
    for name, content in {
        "[Content_Types].xml": _TYPES.format("".join(_SHEET_TYPE.format(number) for number in numbers)),
        "_rels/.rels": _RELATIONS.format(_RELATION.format("book", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": _BOOK.format("".join(sheets)),
        "xl/_rels/workbook.xml.rels": _RELATIONS.format(
            "".join([*parts, _RELATION.format("styles", "styles", "styles.xml")])
        ),
        "xl/styles.xml": _STYLES,
    }.items():
        archive.writestr(name, content)
