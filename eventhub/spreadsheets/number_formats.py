"""Number formats of workbooks: which number is a date, and with a time (ECMA-376-1, 18.8.30 and 18.8.31)."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import NamedTuple

from openpyxl.styles.numbers import BUILTIN_FORMATS

# Excel's own limit.
MAX_LENGTH = 255
# Formats of Chinese, Japanese and Korean that are known by their number alone, and that openpyxl does not list.
_DATES, _TIMES = (*range(27, 32), *range(34, 37), *range(50, 59)), (32, 33)
BUILTIN: Mapping[int, str] = {
    **BUILTIN_FORMATS,
    **dict.fromkeys(_DATES, "yyyy/m/d"),
    **dict.fromkeys(_TIMES, "h:mm:ss"),
}
_ELAPSED = r"\[(?:h+|m+|s+)\]"
# Text in quotes, a character after a backslash, the width of one, one that fills the cell, and names in brackets.
_LITERAL = r'"[^"]*"?|\\.|_.|\*.'
_SEPARATOR = re.compile(rf"({_LITERAL}|\[[^\]]*\])|;", re.DOTALL)
_NO_CODE = re.compile(
    rf"{_LITERAL}|(?!{_ELAPSED})\[[^\]]*\]|General|Standard|AM/PM|A/P|E[+-]", re.IGNORECASE | re.DOTALL
)
# At least two digits that are always shown, or one after a plus.
_TELEPHONE = re.compile(r"""((?=.*\+.*0|.*0[^0]*0)(?:\\?[-+()/ 0]|"[-+()/ ]*")+)""")
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)\]")
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq, "<>": ne}


class Format(NamedTuple):
    """How a number is shown: as a date, a time of day, both, as a length of time, or as a number."""

    has_date: bool = False
    has_time: bool = False
    is_elapsed: bool = False


class FormatSection(NamedTuple):
    format: Format
    applies: Callable[[float], bool]


class NumberFormat:
    """A format code: up to three sections for numbers, of which the first one that applies is used."""

    def __init__(self, code: str) -> None:
        sections = _sections(code[:MAX_LENGTH])[:3]
        conditions = [_CONDITION.search(section) for section in sections]
        self._sections = [
            FormatSection(
                _format(section), _condition(found) if found else _default(place, len(sections), any(conditions))
            )
            for place, (section, found) in enumerate(zip(sections, conditions, strict=True))
        ]

        self._digits = _digits(sections[0]) if not any(conditions) else ""

    def plain(self, number: float) -> str:
        """Return a number as a format of telephone numbers or postcodes shows it, empty for all other formats."""
        if not self._digits or number < 1 or number != int(number):
            return ""
        left = list(f"{int(number)}".rjust(self._digits.count("0"), "0"))
        shown = "".join([left.pop() if mark == "0" else mark for mark in reversed(self._digits)][::-1])
        first = self._digits.index("0")
        return shown[:first] + "".join(left) + shown[first:]

    def of(self, number: float) -> Format:
        return next((section.format for section in self._sections if section.applies(number)), Format())


@lru_cache(maxsize=1024)
def number_format(code: str) -> NumberFormat:
    return NumberFormat(code)


def _digits(section: str) -> str:
    """Return a format of digits and the marks of telephone numbers, such as `+00 000`, empty for others."""
    found = _TELEPHONE.fullmatch(section)
    return re.sub(r'["\\\\]', "", found[1]) if found else ""


def _sections(code: str) -> list[str]:
    """Split at semicolons that are not text."""
    return _SEPARATOR.sub(lambda found: found[1] or "\0", code).split("\0")


def _condition(found: re.Match[str]) -> Callable[[float], bool]:
    compare, bound = _COMPARE[found[1]], float(found[2])
    return lambda number: compare(number, bound)


def _default(place: int, count: int, has_conditions: bool) -> Callable[[float], bool]:
    """Without conditions the sections are for positive and negative numbers and for zero."""
    if has_conditions or count == 1:
        return lambda number: True
    if place == 0:
        return lambda number: number > 0 or (number == 0 and count < 3)
    return lambda number: number < 0 if place == 1 else number == 0


def _format(section: str) -> Format:
    code = _NO_CODE.sub("", section).lower()
    is_elapsed = bool(re.search(_ELAPSED, code))
    code = re.sub(_ELAPSED, "s", code)
    has_time = bool(re.search("[hs]", code))
    # Months are minutes beside hours or seconds.
    has_date = bool(re.search("[dy]" if has_time else "[dym]", code))
    return Format(has_date, has_time, is_elapsed and not has_date)
