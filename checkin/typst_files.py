"""PDF files by typst.

The library is not among the requirements: it is large (81 MB), and shapes every script for which the machine has a
font. Texts go into a template as data, never as its markup.
"""

import json
import re
import threading
import unicodedata
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
EACH_LETTER = b"#for letter in json(bytes(sys.inputs.shown)) [#letter \\ ]"
_MISSING = re.compile(r'the text `"(.|\\u\{([0-9a-f]+)\})"` could not be displayed')


def pdf(template: str, shown: Any) -> bytes:
    """Return a file of a template of ours with what it shows.

    Raise NotInstalled, or Unavailable if other files take too long.
    """
    return _compile((TEMPLATES / template).read_bytes(), shown)


def letters_without_font(text: str) -> set[str]:
    """Return the letters that no font of this machine has: a file has boxes for them. Raise what `pdf` raises."""
    letters = sorted(each for each in set(text) if each > LATIN and unicodedata.category(each)[0] not in "CMZ")
    if not letters:
        return set()
    try:
        _compile(EACH_LETTER, letters, pdf_standards=[CHECKED])
    except RuntimeError as problem:
        found = _MISSING.findall(getattr(problem, "diagnostic", ""))
        return {chr(int(number, 16)) if number else letter for letter, number in found}
    return set()


def without_letters(shown: Any, letters: set[str]) -> Any:
    """Return what a template shows, with a question mark in place of each of these letters."""
    text = json.dumps(shown, ensure_ascii=False)
    return json.loads(text.translate(dict.fromkeys(map(ord, letters), "?")))


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
