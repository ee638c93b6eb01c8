"""The text of a PDF that typst made, as a reader would copy it."""

import re
import zlib

_OBJECT = re.compile(rb"\n(\d+) 0 obj\n(.*?)\nendobj", re.S)
_STREAM = re.compile(rb"stream\n(.*)\nendstream", re.S)
_FONT = re.compile(rb"/(f\d+) (\d+) 0 R")
_PLAIN = rb"\\.|[^\\()]"  # a pair of brackets in a string has no backslashes
_SHOWN = re.compile(rb"/(f\d+) [\d.]+ Tf|\(((?:%b|\((?:%b)*\))*)\)|(ET)" % (_PLAIN, _PLAIN), re.S)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.S)
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def text_of(pdf: bytes) -> str:
    """Return the text of the only page, without the ends of lines and paragraphs."""
    objects = dict(_OBJECT.findall(pdf))
    letters = {}
    for resources in objects.values():
        for name, number in _FONT.findall(resources.partition(b"/Font<<")[2]):
            (table,) = re.findall(rb"/ToUnicode (\d+) 0 R", objects[number])
            letters[name] = _letters(_unpacked(objects[table]))
    (contents,) = re.findall(rb"/Contents (\d+) 0 R", pdf)
    text, font = "", None  # strings outside of a text are what a picture says to those who cannot see it
    for name, shown, end in _SHOWN.findall(_unpacked(objects[contents])):
        if name:
            font = letters[name]
        elif end:
            font = None
        elif font is not None:
            codes = _ESCAPE.sub(_unescaped, shown)
            text += "".join(font[codes[place : place + 2]] for place in range(0, len(codes), 2))
    return text


def _letters(table: bytes) -> dict[bytes, str]:
    found = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n", table)
    return {bytes.fromhex(code.decode()): bytes.fromhex(text.decode()).decode("utf-16-be") for code, text in found}


def _unescaped(found: re.Match[bytes]) -> bytes:
    letter = found[1]
    return bytes([int(letter, 8)]) if len(letter) == 3 else _NAMED.get(letter, letter)


def _unpacked(item: bytes) -> bytes:
    found = _STREAM.search(item)
    assert found
    return zlib.decompress(found[1])
