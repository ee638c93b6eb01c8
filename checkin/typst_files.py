"""PDF files by typst.

The library is not among the requirements: it is large (81 MB), and shapes every script for which the machine has a
font. Texts go into a template as data, never as its markup.
"""

import json
import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from eventhub.exceptions import NotInstalled, Unavailable

TEMPLATES = Path(__file__).parent / "templates" / "checkin"
# A large file keeps a processor busy for seconds: several at once would keep all threads busy, and others out.
COMPILING = threading.Lock()
SECONDS_TO_WAIT = 10
# Typst says nothing of a letter that no font has, unless the file is to be kept for decades (PDF/A).
LATIN = "\u024f"  # up to this letter, typst's own fonts have all
CHECKED = "a-2b"
# Each letter has a line, by which typst names it, and a paragraph, lest marks go to the letter before.
CHECK = """#set text(font: ("Noto Sans", "DejaVu Sans", "Liberation Sans")); #let shown = json(bytes(sys.inputs.shown))
%s"""
CHECKED_AT_ONCE = 1000  # twice as many take four times as long
_MISSING = re.compile(r"could not be displayed.*\n.*:(\d+):\d+\n")
JOINERS = "\u200c\u200d"


def pdf(template: str, shown: Any) -> bytes:
    """Return a file of a template of ours with what it shows.

    Raise NotInstalled, or Unavailable if other files take too long.
    """
    return _compile((TEMPLATES / template).read_bytes(), shown)


def letters_of(text: str) -> list[str]:
    """Split a text into letters, each with the marks after it: a font has both, or neither is shown as it should be."""
    letters: list[str] = []
    for each in text:
        if letters and (unicodedata.category(each)[0] == "M" or each in JOINERS):
            letters[-1] += each
        else:
            letters.append(each)
    return letters


def letters_without_font(shown: Any) -> set[str]:
    """Return the letters that no font of this machine has: a file has boxes for them. Raise what `pdf` raises."""
    letters = sorted({each for text in _texts(shown) for each in letters_of(text) if max(each) > LATIN})
    missing: set[str] = set()
    for start in range(0, len(letters), CHECKED_AT_ONCE):
        some = letters[start : start + CHECKED_AT_ONCE]
        source = CHECK % "\n\n".join(f"#shown.at({place})" for place in range(len(some)))
        try:
            _compile(source.encode(), some, pdf_standards=[CHECKED])
        except RuntimeError as problem:
            lines = map(int, _MISSING.findall(getattr(problem, "diagnostic", "")))
            missing |= {some[line // 2 - 1] for line in lines}  # the first is in line 2
    return missing


def without_letters(shown: Any, missing: set[str]) -> Any:
    """Return what a template shows, with a question mark in place of each of these letters."""
    if isinstance(shown, dict):
        return {key: without_letters(each, missing) for key, each in shown.items()}
    if isinstance(shown, list):
        return [without_letters(each, missing) for each in shown]
    if isinstance(shown, str) and not shown.isascii():
        return "".join("?" if each in missing else each for each in letters_of(shown))
    return shown


def _texts(shown: Any) -> Iterator[str]:
    """Yield all texts that may lack a font."""
    if isinstance(shown, str) and not shown.isascii():
        yield shown
    for each in shown.values() if isinstance(shown, dict) else shown if isinstance(shown, list) else ():
        yield from _texts(each)


def _compile(source: bytes, shown: Any, **options: Any) -> bytes:
    compile_file = find_compiler()
    if compile_file is None:
        raise NotInstalled()
    if not COMPILING.acquire(timeout=SECONDS_TO_WAIT):
        raise Unavailable()
    try:
        content: bytes = compile_file(source, format="pdf", sys_inputs={"shown": json.dumps(shown)}, **options)
    finally:
        COMPILING.release()
    return content


@cache
def find_compiler() -> Any:
    try:
        import typst
    except ImportError:
        return None
    return typst.compile
