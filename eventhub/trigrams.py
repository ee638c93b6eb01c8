"""How many rows have the words of a search, and which three letters of them an index of trigrams is best asked for.

Of a text PostgreSQL keeps some hundred examples. Of a name that one in two hundred has there may be none among them,
and then it expects the name in one row of ten thousand. So each table that is searched has statistics of the trigrams
of its texts (`statistics_of_trigrams` in eventhub/db/operations.py), which ANALYZE makes as of any column: which are
common, and in what share of the rows each of those is.
"""

import math
import re
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connections
from django.db.models import Model

# A word of which nothing is known is as common as a family name.
UNKNOWN = 0.002
# So many trigrams of a word that stands alone: more of them are more to look up, and leave hardly fewer rows. Beside
# another word's, one is enough.
ENOUGH = 2
KEPT_FOR_SECONDS = 3600

_COMMON = """
SELECT most_common_elems::text::text[], most_common_elem_freqs::float8[] FROM pg_stats_ext_exprs
 WHERE statistics_schemaname = current_schema() AND statistics_name = %s"""


class Trigrams(NamedTuple):
    """In what share of the rows each of the common ones is, by its small letters, and what is expected of all others.
    One beyond ASCII is none: how the index splits a word there depends on the database's locale."""

    shares: Mapping[str, float]
    rare: float

    def share(self, words: Sequence[str]) -> float:
        """The share of the rows that are likely to have all these words."""
        return math.prod(map(self._share_of_word, different(words)))

    def rarest(self, words: Sequence[str], *, of_few: bool = False) -> list[str]:
        """What an index is best asked for: for each of these words its rarest trigram, as it stands in the word, whose
        capitals are the database's to say; the word itself where it has none in ASCII. For a single word `ENOUGH` if it
        is rare, or looked for among few rows (`of_few`), and else the word: many rows that have it are looked at, and
        each for what was asked and then for the word takes twice as long."""
        asked = [word for word in different(words) if is_indexed(word)]
        if len(asked) == 1 and not of_few and not self._is_rare(asked[0]):
            return asked
        each = ENOUGH if len(asked) == 1 else 1
        return list(dict.fromkeys(piece for word in asked for piece in self._rarest_of(word)[:each] or [word]))

    def _rarest_of(self, word: str) -> list[str]:
        """Behind the first those that share no letter with it: where one is, its neighbour mostly is as well."""
        found = sorted(_trigrams(word), key=lambda each: self._share(each[1]))
        return [piece for _, piece in sorted(found, key=lambda each: 0 < abs(each[0] - found[0][0]) < 3)]

    def _share_of_word(self, word: str) -> float:
        """As often as its rarest trigram; where it has none, as often as the most common trigram that has its letters,
        one or two side by side."""
        if pieces := _trigrams(word):
            return min(self._share(piece) for _, piece in pieces)
        if not word.isascii():
            return UNKNOWN
        return min((self._share_of_letters(letters) for letters in re.findall("[a-z0-9]+", word.lower())), default=1)

    def _share_of_letters(self, letters: str) -> float:
        return max((share for trigram, share in self.shares.items() if letters in trigram), default=self.rare)

    def _is_rare(self, word: str) -> bool:
        return any(piece.lower() not in self.shares for _, piece in _trigrams(word))

    def _share(self, piece: str) -> float:
        return self.shares.get(piece.lower(), self.rare)


def of_model(model: type[Model], *, using: str) -> Trigrams:
    """As the statistics of its table have it, of which a process looks at what they were within the hour."""
    return _of_model(model, using, int(time.time()) // KEPT_FOR_SECONDS)


@lru_cache(maxsize=16)
def _of_model(model: type[Model], using: str, _hour: int) -> Trigrams:
    connection: Any = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(_COMMON, [f"{model._meta.model_name}_trigrams"])
        row = cursor.fetchone()
    if row is None or not row[0]:  # PostgreSQL has not looked yet, or tells the owner of the table alone
        return Trigrams({}, UNKNOWN)
    shares = dict(zip(*row, strict=False))  # behind those of the trigrams stand the least share and others
    return Trigrams(shares, min(shares.values()) / 2)


def different(words: Sequence[str]) -> list[str]:
    """Each of them once, whatever its capitals."""
    return list({word.lower(): word for word in words}.values())


def is_indexed(word: str) -> bool:
    """Whether an index of trigrams can be asked for it: three letters or digits stand side by side."""
    return re.search(r"[^\W_]{3}", word) is not None


def _trigrams(word: str) -> list[tuple[int, str]]:
    """Each behind where it stands."""
    pieces = ((at, word[at : at + 3]) for at in range(len(word) - 2))
    return [(at, piece) for at, piece in pieces if piece.isascii() and piece.isalnum()]
