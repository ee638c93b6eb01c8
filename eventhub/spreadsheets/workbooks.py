"""The first sheet of an XLSX workbook, read as a stream.

A workbook comes from anybody. openpyxl builds the tree of a row before one can look at it, so that a hostile file of
12 KB takes 600 MB of memory. Here the XML parser's events are taken as they come; what is kept of them has bounds.
"""

import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator
from xml.parsers import expat

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

from eventhub.spreadsheets.sheets import MAX_BYTES, FileError, Record
from eventhub.spreadsheets.worksheets import Format, Look, Rows, Texts

SIGNATURE = b"PK"
MAX_PARTS = 10_000
# Parts that say where the others are and how they look: kilobytes, in any workbook that people make.
MAX_SMALL_PART = 4 * 1024 * 1024
CHUNK = 64 * 1024
# Of a tag or a comment, which the parser keeps until it is whole.
MAX_TOKEN = 1024 * 1024


def is_workbook(content: bytes) -> bool:
    """Whether the file is one by its content, whatever its name."""
    return content.startswith(SIGNATURE)


def workbook_records(content: bytes) -> Iterator[Record]:
    """The rows of the first sheet, by their numbers there: 5.0 as `5`, dates in ISO 8601, formulas by their value.

    FileError where it is no workbook, is broken, or unpacks to more than MAX_BYTES.
    """
    # Each part is listed once; a list that is too long would take memory before anything else could be asked.
    if content.count(b"PK\x01\x02") > MAX_PARTS:
        raise FileError(f"The workbook has more than {MAX_PARTS} parts.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from _first_sheet(archive)
    except FileError:
        raise
    except Exception as problem:  # Whatever it is that the archive or the parser trips over, the file is at fault.
        raise FileError(f"The workbook is broken: {problem}") from problem


# Where the parts are -------------------------------------------------------------------------------------------------


def _first_sheet(archive: zipfile.ZipFile) -> Iterator[Record]:
    package = _relations(archive, "") if "_rels/.rels" in archive.namelist() else ()
    book = next((part for _, kind, part in package if kind == "officeDocument"), None)
    if book is None:
        raise FileError("This is an archive, and no XLSX workbook.")
    parts = {key: (kind, part) for key, kind, part in _relations(archive, book)}
    epoch, sheet = WINDOWS_EPOCH, ""
    for name, attributes in _elements(archive, book):
        if name == "workbookPr" and attributes.get("date1904") in ("1", "true"):
            epoch = MAC_EPOCH
        elif name == "sheet" and not sheet and attributes.get("state", "visible") == "visible":
            key = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            kind, part = parts.get(key, ("", ""))
            sheet = part if kind == "worksheet" else ""  # a sheet may be a chart
    if not sheet:
        raise FileError("There is no table in the workbook.")
    by_kind = dict(parts.values())
    texts = _shared_texts(archive, by_kind["sharedStrings"]) if "sharedStrings" in by_kind else []
    formats = _formats(archive, by_kind["styles"]) if "styles" in by_kind else []
    rows = Rows(Look(texts, formats, epoch))
    for _ in _parsed(archive, sheet, rows.start, rows.end, rows.text):
        yield from rows.drain()


def _relations(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[str, str, str]]:
    """The key, the kind and the name of each part that `part` refers to; "" is the package."""
    folder, name = posixpath.split(part)
    for tag, attributes in _elements(archive, posixpath.join(folder, "_rels", f"{name}.rels")):
        if tag == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes["Target"]))
            yield attributes["Id"], attributes["Type"].rpartition("/")[2], target.lstrip("/")


def _formats(archive: zipfile.ZipFile, part: str) -> list[Format]:
    """The formats that cells name by their number."""
    codes, formats, section = dict(BUILTIN_FORMATS), [], ""
    for name, attributes in _elements(archive, part):
        if name == "numFmt":
            codes[int(attributes["numFmtId"])] = attributes["formatCode"][:255]
        elif name in ("cellStyleXfs", "cellXfs"):
            section = name
        elif name == "xf" and section == "cellXfs":
            code = codes.get(int(attributes.get("numFmtId", "0")), "")
            formats.append(Format(is_date_format(code), bool(re.search("[hHsS]", code))))
    return formats


def _shared_texts(archive: zipfile.ZipFile, part: str) -> list[str]:
    texts = Texts()
    for _ in _parsed(archive, part, texts.start, texts.end, texts.text):
        pass
    return texts.found


# Reading a part ------------------------------------------------------------------------------------------------------


def _elements(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The tags of a small part, in their order."""
    found: list[tuple[str, dict[str, str]]] = []
    for _ in _parsed(archive, part, lambda name, attributes: found.append((name, attributes)), limit=MAX_SMALL_PART):
        yield from found
        found.clear()


def _parsed(
    archive: zipfile.ZipFile,
    part: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
    limit: int = MAX_BYTES,
) -> Iterator[None]:
    """Tells of the tags and texts of a part, by names without a prefix, and pauses after every CHUNK of it."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
    parser.EndElementHandler = end and (lambda name: end(name.rpartition(":")[2]))
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse_entities
    read = 0
    with _opened(archive, part, limit) as stream:
        while chunk := stream.read(CHUNK):
            read += len(chunk)
            parser.Parse(chunk)
            if read - parser.CurrentByteIndex > MAX_TOKEN:
                raise FileError(f"The workbook is broken: {part} has a tag without an end.")
            yield
        parser.Parse(b"", True)
        yield


def _opened(archive: zipfile.ZipFile, part: str, limit: int) -> "zipfile.ZipExtFile":
    """The part, to be read. No more comes out of it than the directory of the archive says."""
    entry = archive.getinfo(part)
    if entry.file_size > limit:
        raise FileError(f"The workbook is too large: {part} unpacks to more than {limit // 2**20} MB.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileError(f"The workbook is broken: {part} is packed as no workbook is.")
    return archive.open(entry)  # type: ignore[return-value]


def _refuse_entities(*doctype: object) -> None:
    """Only a document type can define an entity, and a workbook has none."""
    raise FileError("The workbook is broken: it defines entities.")
