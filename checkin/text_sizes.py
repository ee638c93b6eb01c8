"""Sizes of texts that must fit a box on paper, reckoned without a browser: printing needs no JavaScript.

Fonts differ, so the widths are those of a wide one (DejaVu Sans Bold), and a text in a narrower one is a little smaller
than it could be.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

LINE = 1.3  # height of a line, in sizes of the letters
SMALLEST = 1.7  # millimetres; about five points
UNBROKEN = 3.2  # a word is broken rather than set in smaller letters than these
STEP = 0.94
# Widths in sizes of the letters. Of scripts without capitals, those of their widest common letters.
WIDTHS = {**dict.fromkeys("mwMW@%&—Ѡ", 1.13), **dict.fromkeys("ijlItfr.,'\u2019:;!|()- ", 0.5), "\ufdfd": 12.0}
CAPITAL, SMALL, OTHER, WIDE, SYMBOL = 0.86, 0.74, 0.92, 1.05, 1.5
FULL_WIDTH = {"W", "F"}  # a line may break before and after such a letter
HYPHEN = "-"
ZERO_WIDTH_SPACE = "\u200b"
MOST_CHARACTERS = 255
CUT = "…"

Piece = tuple[float, float]  # widths of what a line does not break, and of the space after it


class Fitted(NamedTuple):
    text: str
    size: float  # of the letters, in millimetres


def fit(text: str, *, width: float, height: float, largest: float) -> Fitted:
    """Return a text with the largest size in which its lines fit the box. What fits in no size is cut.

    Letters become smaller before a word is broken, and a word is broken before they become hard to read.
    """
    text = " ".join(text.split())[:MOST_CHARACTERS]
    pieces, smallest = list(_pieces(text)), min(SMALLEST, height / LINE)
    widest = max(piece for piece, _ in pieces)
    whole = [size for size in _sizes(largest, UNBROKEN) if widest * size <= width]
    for size in (*whole, *_sizes(largest, smallest)):
        if _lines(pieces, width / size) * size * LINE <= height:
            return Fitted(text, size)
    return Fitted(_cut(text, width / smallest, max(1, int(height / smallest / LINE))), smallest)


def breakable(text: str, width: float) -> str:
    """Return a text with invisible spaces where a word is wider than a line. For programs that do not break words."""
    parts, used = [], 0.0
    for letter in text:
        used = 0 if letter.isspace() else used + _width(letter)
        if used > width and _width(letter) and unicodedata.category(letter) != "Mc":
            parts.append(ZERO_WIDTH_SPACE)
            used = _width(letter)
        parts.append(letter)
    return "".join(parts)


def width_of(text: str) -> float:
    return sum(map(_width, text))


def _sizes(largest: float, smallest: float) -> Iterator[float]:
    size = largest
    while size > smallest:
        yield size
        size *= STEP


def _cut(text: str, width: float, most: int) -> str:
    """Return as much of a text as fits so many lines."""
    if _lines(list(_pieces(text)), width) <= most:
        return text
    short, long = 0, len(text)
    while short < long:
        middle = (short + long + 1) // 2
        fits = _lines(list(_pieces(text[:middle] + CUT)), width) <= most
        short, long = (middle, long) if fits else (short, middle - 1)
    return text[:short].rstrip() + CUT


def _lines(pieces: list[Piece], width: float) -> int:
    """Count lines as browsers break them: between words, and inside a word that is wider than a line."""
    lines, left = 1, width
    for word, space in pieces:
        rest = word
        if rest > left and left < width:
            lines, left = lines + 1, width
        while rest > left:  # a letter that does not fit goes to the next line whole
            lines, rest = lines + 1, rest - max(left - CAPITAL, CAPITAL)
        left -= rest + space
    return lines


def _pieces(text: str) -> Iterator[Piece]:
    for word in text.split(" "):
        width = 0.0
        for letter in word:
            if unicodedata.east_asian_width(letter) in FULL_WIDTH:
                yield width, 0
                yield _width(letter), 0
                width = 0
                continue
            width += _width(letter)
            if letter == HYPHEN:
                yield width, 0
                width = 0
        yield width, WIDTHS[" "]


@lru_cache(maxsize=4096)
def _width(letter: str) -> float:
    if letter in WIDTHS:
        return WIDTHS[letter]
    kind = unicodedata.category(letter)
    if kind in {"Mn", "Me", "Cf"}:
        return 0
    if kind == "So":
        return SYMBOL
    if unicodedata.east_asian_width(letter) in FULL_WIDTH:
        return WIDE
    if letter < "\u0530":  # Latin, Greek, Cyrillic
        return CAPITAL if letter.isupper() else SMALL
    return OTHER
