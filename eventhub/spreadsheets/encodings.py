"""The text of a file in whatever encoding spreadsheets write: UTF-8, UTF-16, UTF-32, or else Windows-1252."""

import codecs
import re

from eventhub.spreadsheets.sheets import MAX_BYTES, UNDECODED, FileError

OLD_OFFICE_FILE = b"\xd0\xcf\x11\xe0"
UTF_8, UTF_8_ERRORS = "utf-8-sig", "surrogateescape"
FALLBACK = "cp1252"
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
# Byte order marks; that of UTF-16 begins like that of UTF-32.
_MARKS = {
    codecs.BOM_UTF8: UTF_8,
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def decode(content: bytes) -> str:
    """Return the text, in which single bytes may be UNDECODED. Raise FileError if it is none, or too long."""
    if content.startswith(OLD_OFFICE_FILE):
        raise FileError("This is an Excel file of the old kind, or one with a password; save it as .xlsx, or as CSV.")
    if len(content) > MAX_BYTES:
        raise FileError(f"The file is larger than {MAX_BYTES // 2**20} MB.")
    encoding = detect_encoding(content)
    try:
        text = content.decode(encoding, UTF_8_ERRORS if encoding == UTF_8 else "strict").removeprefix("\ufeff")
    except UnicodeDecodeError as problem:
        line = problem.object.count(b"\n", 0, problem.start) + 1
        raise FileError(f"line {line}: This is not {encoding_name(encoding)}. Save the file in UTF-8.") from None
    if not text.strip():
        raise FileError("The file is empty.")
    return text


def detect_encoding(content: bytes) -> str:
    """Return the encoding of the byte order mark; without one, UTF-8 or UTF-16 where it fits, or FALLBACK."""
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return encoding
    # The first two characters are of a header, and Latin.
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if content[first:4:2] == b"\0\0":
            return encoding
    try:
        content.decode()
    except UnicodeDecodeError:
        return UTF_8 if _is_mostly_utf_8(content) else FALLBACK
    return UTF_8


def _is_mostly_utf_8(content: bytes) -> bool:
    """Return whether most that is not ASCII is UTF-8, which texts of other encodings are not by chance."""
    text = content.decode(errors=UTF_8_ERRORS)
    strange = len(text) - len(UNDECODED.sub("", text))
    return 0 < 2 * strange <= len(text) - len(_NOT_ASCII.sub("", text))


def encoding_name(encoding: str) -> str:
    return {FALLBACK: "Windows-1252", UTF_8: "UTF-8"}.get(encoding, encoding.upper()[:6])


def encoding_note(content: bytes) -> str:
    """Say which encoding was assumed, or nothing for UTF-8."""
    encoding = detect_encoding(content)
    if encoding == UTF_8:
        return ""
    if encoding == FALLBACK:
        return "The file is not in UTF-8. It was read as Windows-1252; if letters look wrong, save it in UTF-8."
    return f"The file was read as {encoding_name(encoding)}."
