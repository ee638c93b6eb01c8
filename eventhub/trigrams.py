"""Which three letters of a word are worth asking an index of trigrams for.

PostgreSQL asks it for all trigrams of all words, and reads the lists of the common ones (`the`, `son`), which are long,
only to find again what the lists of the others have said. Whoever looks for a rare name gets the same rows ten times
sooner by two or three trigrams of it, and for two names twice as soon by one of each.
"""

import time
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connections

# So many trigrams of a word that stands alone. Beside another word's, one is enough.
ENOUGH = 3
SAMPLED_FOR_SECONDS = 3600

_BETWEEN = "\x1e"  # which stands between records, in ASCII
_SAMPLE = f"""
SELECT array_to_string(histogram_bounds::text::text[], chr({ord(_BETWEEN)})) FROM pg_stats
 WHERE schemaname = current_schema() AND tablename = %s"""


def rarest(words: Sequence[str], *, alias: str, index: str) -> list[str]:
    """For each of these words the trigram that is least common in the texts of an index, for a single one `ENOUGH` of
    them; and others while they rule out a text of PostgreSQL's sample that has all those. As they stand in the words,
    whose capitals are the database's to say. One beyond ASCII is left out: how the index splits a word there depends on
    the database's locale. So there may be none.
    """
    texts = _sample(alias, index, int(time.time()) // SAMPLED_FOR_SECONDS)
    common = _commonness(texts)

    def commonness(piece: str) -> int:
        return common[piece.upper()]

    of_words = [sorted(_trigrams(word), key=commonness) for word in words]
    enough = ENOUGH if len(words) == 1 else 1
    chosen = list(dict.fromkeys(piece for pieces in of_words for piece in pieces[:enough]))
    left = [text for text in texts if all(piece.upper() in text for piece in chosen)]
    for piece in sorted((piece for pieces in of_words for piece in pieces[enough:]), key=commonness):
        fewer = [text for text in left if piece.upper() in text]
        if len(fewer) < len(left):
            chosen.append(piece)
            left = fewer
    return chosen


def _trigrams(word: str) -> list[str]:
    pieces = (word[at : at + 3] for at in range(len(word) - 2))
    return [piece for piece in pieces if piece.isascii() and piece.isalnum()]


@lru_cache(maxsize=32)
def _sample(alias: str, index: str, _hour: int) -> tuple[str, ...]:
    """Some hundred texts, in capitals, as PostgreSQL's statistics have them; none where it has not looked yet."""
    connection: Any = connections[alias]
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLE, [index])
        row = cursor.fetchone()
    return tuple(row[0].split(_BETWEEN)) if row and row[0] else ()


@lru_cache(maxsize=8)
def _commonness(texts: tuple[str, ...]) -> Counter[str]:
    """How often each trigram stands in these."""
    return Counter(piece for text in texts for piece in _trigrams(text))
