"""All searched texts of a row as one expression: one condition for each word, and one index for them all.

Case and marks are folded by the same function on both databases: `zoe` finds Zoë, `gross` Groß and `lukasz` Łukasz.
PostgreSQL's `unaccent` would not do: it is not immutable, as an index demands, and finds other texts than SQLite.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import F, Func, Q, TextField, Value
from django.db.models.lookups import Contains

from eventhub.text_fields import a_label

FOLD = "eventhub_fold"
EMAIL = "email"  # the field of an account's address
# What Unicode's decomposition separates from letters of Latin, Greek and Cyrillic.
_MARKS = re.compile(r"[\u0300-\u036f]")
# Letters without a decomposition; capitals too, which PostgreSQL does not lower with the locale C.
_LETTERS = dict(zip("łŁøØđĐðÐħĦŧŦı\u03c2", "llooddddhhtti\u03c3", strict=True))  # at the end: final sigma
_DOUBLE_LETTERS = {"ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "þ": "th", "Þ": "th"}
_TABLE = str.maketrans(_LETTERS | _DOUBLE_LETTERS)
# Scripts in which one character can be a word: Chinese, Japanese, Korean.
_WORD_IN_A_CHARACTER = re.compile(
    "[\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3105-\u312f\u3130-\u318f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff]"
)


def fold(text: str | None) -> str | None:
    """Return the text without differences of case and marks. SQLite calls it."""
    if text is None or text.isascii():
        return text and text.lower()
    return _MARKS.sub("", unicodedata.normalize("NFKD", text)).lower().translate(_TABLE)


def fold_on_postgresql() -> str:
    """Return SQL that creates the same function. Most texts are ASCII, and most others once their marks are gone."""
    replaced = f"translate(folded, '{''.join(_LETTERS)}', '{''.join(_LETTERS.values())}')"
    for letter, double in _DOUBLE_LETTERS.items():
        replaced = f"replace({replaced}, '{letter}', '{double}')"
    return f"""
CREATE OR REPLACE FUNCTION {FOLD}(given text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 20 AS $$
DECLARE folded text;
BEGIN
  IF octet_length(given) = char_length(given) THEN RETURN lower(given); END IF;
  folded := lower(regexp_replace(normalize(given, NFKD), '{_MARKS.pattern}', '', 'g'));
  IF octet_length(folded) = char_length(folded) THEN RETURN folded; END IF;
  RETURN {replaced};
END $$"""


class Fold(Func):
    function = FOLD
    output_field = TextField()


class SearchedText(Func):
    """The texts in a row, each behind a line feed, which no word contains.

    The words of a search may be in different columns: an index for each column would find all rows for each word first.
    """

    output_field = TextField()

    def __init__(self, *names: str) -> None:
        super().__init__(*(F(name) for name in sorted(names)))

    def _joined(self, compiler: Any, line_feed: str) -> tuple[str, list[Any]]:
        parts, params = zip(*(compiler.compile(part) for part in self.source_expressions), strict=True)
        sql = " || ".join(f"{line_feed} || {part}" for part in parts)
        return f"({sql})", [param for group in params for param in group]

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:
        return self._joined(compiler, "chr(10)")

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self._joined(compiler, "char(10)")


def may_be_word(text: str, shortest: int) -> bool:
    """Return whether the text is long enough to be searched anywhere in a text."""
    return len(text) >= shortest or _WORD_IN_A_CHARACTER.search(text) is not None


def stands_in(word: str, fields: Sequence[str]) -> Q:
    """Match rows with the word anywhere in one of the fields, ignoring case, marks and the form of apostrophes."""
    forms = dict.fromkeys((word, word.replace("\u2019", "'"), word.replace("'", "\u2019")))
    if EMAIL in fields and not word.isascii():  # addresses are stored with the ASCII form of their domain
        user, at, domain = word.rpartition("@")
        forms[f"{user}{at}{a_label(domain)}"] = None
    text = Fold(SearchedText(*fields))
    return reduce(or_, (Q(Contains(text, Fold(Value(form)))) for form in forms))


def begins_in(word: str, fields: Sequence[str]) -> Q:
    """Match rows in which a word of one of the fields begins with it."""
    return stands_in(f" {word}", fields) | stands_in(f"\n{word}", fields)
