"""Where the first rows of a list that have the words of a search are found soonest, on PostgreSQL.

An index of trigrams finds all rows with the words, in no order; the index of a list's order finds the next rows, with
or without the words. Which of the two is to be read depends on how many rows have them: of words that every twentieth
row has, a page is met within some thousand rows of the list, while gathering and sorting all would grow with the
table; of words that hardly anybody has, it is the other way round. How many that will be, statistics of the texts say
(eventhub/trigrams.py). But PostgreSQL takes it that they stand anywhere in the order of the list: past the last title
that begins with a word it would go on reading all the others. So it is told how far to read.

An index of trigrams may have a column beside the texts (`search_index_within` in eventhub/db/operations.py): it
finds the
rows that have the words among those of one event.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, ClassVar, NamedTuple, Self

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import BigIntegerField, Q
from django.db.models.expressions import Col
from django.db.models.functions import Cast
from django.db.models.lookups import Exact, IContains

from eventhub import trigrams
from eventhub.api.pagination import RowComparison
from eventhub.db.text_search import Texts, Within
from eventhub.merging import (
    MergedQuerySet,
    Order,
    Part,
    Scope,
    SearchedPart,
    Sql,
    compiled,
    gathered,
    said_by_the_row,
    split,
    sql_of,
)
from eventhub.trigrams import Trigrams

# A list of no more rows is looked through: an index of trigrams would first be asked about all others' rows.
SHORT = 1_000
# So many rows of a list are looked through as soon as one with the words is gathered: it stands somewhere in the table.
AS_SOON = 3
# The same for rows of which the last ones are likely not to be looked at, as a page is full before; and in an order by
# the texts themselves, in which words stand side by side, and are met at once or not at all.
LIKELY_AS_SOON, BY_TEXT_AS_SOON = 4, 0.5
# A list of more rows is not looked through as a whole before anything else is tried. So many of them are, where a page
# was not met as was to be expected.
FAR = 20_000
# So many lists in order are taken to be what parts are read as, such as the weeks of a stretch of time.
PARTS = 30
# So many rows of an event an index of trigrams goes through, looking for those with the words, while one is looked at.
GONE_THROUGH = 30
# So many times the rows within which a page is expected: words are not spread evenly.
SAFETY = 2.5


class Expected(NamedTuple):
    """How many rows are expected in a list, or in that of which it is an organizer's part; how many in the table, or
    those among which an index finds the words; what share of either has the words, and what share has those of them
    that an index can be asked for; how many rows the index has to go through for that."""

    rows: float
    everywhere: float
    share: float
    indexed: float
    gone_through: float = 0

    def windows(self, count: int, *, as_soon: float = LIKELY_AS_SOON) -> Iterator[int]:
        """How many rows of the list are worth looking through for `count` that have the words, and how many after
        that; nothing where gathering all with the words is likely to be less work."""
        needed = self.needed(count)
        if self.rows > SHORT and needed <= as_soon * self.gathered:
            yield needed
            if needed < FAR < self.share * self.rows / 2:
                yield FAR

    def are_met(self, count: int, *, as_soon: float = LIKELY_AS_SOON) -> bool:
        """Whether passing over the rows of a list's parts until `count` of each have the words, and are of the list, is
        likely to be less work than gathering."""
        passed = PARTS * self.needed(count) * self.everywhere / max(self.rows, 1)
        return passed <= as_soon * self.gathered

    def needed(self, count: int) -> int:
        """Among so many rows of the list `count` have the words, with some safety."""
        return int(SAFETY * count / max(self.share, 1e-9))

    @property
    def gathered(self) -> float:
        """So many rows an index of the words would find, and what else it does in their time."""
        return self.indexed * self.everywhere + self.gone_through / GONE_THROUGH

    @property
    def short(self) -> int:
        """Looking through all of a list of so many rows is less work than gathering those that have the words."""
        return int(max(SHORT, min(FAR, AS_SOON * self.gathered)))


class SearchedQuerySet(MergedQuerySet):
    """A queryset that looks for the words of its conditions on Texts where they are found soonest."""

    # The foreign key that the index of the words has beside them.
    searched_within: ClassVar[str | None] = None

    def _first(self, order: Order, stop: int) -> Self | None:
        words, _ = split(self, Texts)
        if not words or connections[self.db].vendor != "postgresql":
            return super()._first(order, stop)
        page = self.merged(None)
        bare = page._without_joins()
        if bare is page:  # conditions on other tables as well
            return super()._first(order, stop)
        try:
            parts = self.parts_for(order)
            if parts is not None:
                return self._first_of_parts(parts, bare, words, order, stop)
            return self._first_of_all(page, bare, words, order, stop)
        except EmptyResultSet:
            return page.none()

    def _first_of_all(self, page: Self, bare: Self, words: Sequence[Any], order: Order, stop: int) -> Self:
        """Met among the next rows of the list; where that is too few, gathered and sorted. Words that no index can be
        asked for are looked for in the order of the list, however far."""
        others = bare.with_only(split(bare, Texts)[1])
        if not _are_indexed(words):
            return page._of(compiled(others.filter(said_by_the_row(words)), order, stop))
        likely = self._expected(others, order, words)
        for size in likely.windows(stop, as_soon=_as_soon(words, order)):
            met: Self = page._of(_met(others, words, order, size, stop))._sliced(slice(stop))
            if len(met) == stop:
                return met
        of_the_row = likely.rows <= likely.short
        found = others.filter(said_by_the_row(words)) if of_the_row else self._asked(others, words)
        return page._of(gathered(found, order, stop))

    def _first_of_parts(
        self, parts: Iterable[Q | Part], bare: Self, words: Sequence[Any], order: Order, stop: int
    ) -> Self:
        """Looked for in each of the parts, or gathered among all rows that have the words; or among those that other
        conditions leave, where these are few and in the row itself."""
        _, conditions = split(self, Texts)
        others = bare.with_only(conditions)
        narrowed = bare.with_only(split(bare._without_scope(), Texts)[1])
        likely = self._expected(narrowed, order, words)
        if likely.rows <= likely.short and not split(bare, Scope)[0]:
            return self.merged(None)._of(gathered(others.filter(said_by_the_row(words)), order, stop))
        if through := self._looked_through([*parts], likely, bare, words, order, stop):
            # Left alone, the database asks the index of trigrams once for each part of a part.
            rows: Self = self.with_only(conditions).filter(said_by_the_row(words))
            return rows._of_parts(through, order, stop)
        among = self._asked(bare.with_only(self._within(bare)), words)
        return self.merged(None)._of(gathered(others, order, stop, among=among))

    def _looked_through(
        self, parts: list[Q | Part], likely: Expected, bare: Self, words: Sequence[Any], order: Order, stop: int
    ) -> list[Q | Part] | None:
        """The parts as they are to be looked through for the words, or an index asked within them; None where gathering
        among all is likely to be less work."""
        if not _are_indexed(words):
            return parts
        # An event's people, in two parts: other conditions find them.
        if all(isinstance(part, Q) for part in parts):
            passed = min(likely.needed(stop), likely.rows)
            return parts if passed <= max(SHORT, AS_SOON * likely.gathered) else None
        if likely.rows <= likely.short:
            return parts
        if through := _through(parts, self.db, likely.short):
            return through
        gathering = int(AS_SOON * likely.gathered)
        if asked := self._asked_within(parts, words, likely, min(FAR, gathering)):
            return asked
        # Of a text in its own order the words may stand side by side elsewhere: most of any part would be passed over.
        if likely.are_met(stop, as_soon=_as_soon(words, order)) and (
            not _is_by_text(words, order) or self._are_met(bare, words, order, likely.needed(stop), stop)
        ):
            return parts
        return self._asked_within(parts, words, likely, gathering) or _through(parts, self.db, gathering)

    def _asked_within(
        self, parts: Sequence[Q | Part], words: Sequence[Any], likely: Expected, at_most: int
    ) -> list[Q | Part] | None:
        """The parts as an index is asked for the words within each of their pieces; None where that takes longer than
        to look at `at_most` rows."""
        conditions = self._of_the_index(words, is_few=True)
        for_each_row = 1 / GONE_THROUGH + LIKELY_AS_SOON * likely.indexed

        def asked(part: Part) -> Part | None:
            return part.asked(self.db, conditions, for_each_row, at_most) if isinstance(part, SearchedPart) else None

        return _each(parts, asked)

    def _expected(self, rows: Self, order: Order, words: Sequence[Any]) -> Expected:
        within = self._within(rows)
        of_list, everywhere = expected(order, rows, rows.with_only(within))
        texts = _as_text(words)
        indexed = [text for text in texts if trigrams.is_indexed(text)]
        share, indexed_share = self._trigrams.share(texts), self._trigrams.share(indexed)
        return Expected(of_list, everywhere, share, indexed_share, gone_through=everywhere if within else 0)

    @property
    def _trigrams(self) -> Trigrams:
        return trigrams.of_model(self.model, using=self.db)

    def _asked(self, rows: Self, words: Sequence[Any]) -> Self:
        """Those of the rows that have the words, as the index of trigrams is best asked for them."""
        within = self._within(rows)
        others = [one for one in rows.query.where.children if one not in within]
        asked = self._of_the_index(words, is_few=bool(within))
        in_the_row = [] if asked == [*words] else [said_by_the_row(words)]
        return rows.with_only([*others, *map(_as_within, within)]).filter(*asked, *in_the_row)

    def _within(self, rows: Self) -> list[Any]:
        """The conditions that the index of trigrams knows beside the words."""
        return [
            one
            for one in rows.query.where.children
            if isinstance(one, Exact) and isinstance(one.lhs, Col) and one.lhs.target.name == self.searched_within
        ]

    def _of_the_index(self, words: Sequence[Any], *, is_few: bool) -> list[Any]:
        """What the index of trigrams is best asked for, to find all rows that have the words, and others; among few
        rows, or in a table."""
        texts = _as_text(words)
        pieces = self._trigrams.rarest(texts, of_few=is_few)
        return [*words] if pieces == texts else [IContains(words[0].lhs, piece) for piece in pieces]

    def _are_met(self, bare: Self, words: Sequence[Any], order: Order, size: int, stop: int) -> bool:
        """Whether the words are met among the next rows of all, whoever they are of, as is to be expected."""
        following = bare.with_only(split(bare, RowComparison)[0])
        sql, parameters = _met(following, words, order, size, stop)
        with connections[self.db].cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM ({sql}) AS met", parameters)
            found: int = cursor.fetchone()[0]
        return found == stop


def _as_within(condition: Any) -> Exact:
    """As the index of trigrams knows it: of a number that is no `bigint`, `btree_gin` does not know what equals it."""
    return Exact(Within(condition.lhs), Cast(condition.rhs, BigIntegerField()))


def _are_indexed(words: Sequence[Any]) -> bool:
    return any(map(trigrams.is_indexed, _as_text(words)))


def _as_text(words: Sequence[Any]) -> list[str]:
    return [word.rhs for word in words]


def _through(parts: Sequence[Q | Part], using: str, at_most: int) -> list[Q | Part] | None:
    """The parts as they are read row by row; None where they are too long for that. A condition beside another part is
    found by an index, at once."""
    return _each(parts, lambda part: part.through(using, at_most))


def _each(parts: Sequence[Q | Part], way: Callable[[Part], Part | None]) -> list[Q | Part] | None:
    """All parts as they are read in that way, but for conditions, which are read as they are; None where one cannot."""
    found = [part if isinstance(part, Q) else way(part) for part in parts]
    of_all = [part for part in found if part is not None]
    return of_all if len(of_all) == len(found) else None


def _is_by_text(words: Sequence[Any], order: Order) -> bool:
    """Whether the order is that of a text in which words are looked for: many of them may stand side by side in it,
    where in an order by time they stand anywhere."""
    return order.column in {text.target.name for text in words[0].lhs.get_source_expressions()}


def _as_soon(words: Sequence[Any], order: Order) -> float:
    return BY_TEXT_AS_SOON if _is_by_text(words, order) else LIKELY_AS_SOON


def expected(order: Order, *queries: Any) -> list[float]:
    """How many rows PostgreSQL expects of each of these; of none of them where it knows of one that it has none."""
    sql, parameters = zip(*(compiled(rows, order, None) for rows in queries), strict=True)
    with connections[queries[0].db].cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) ({') UNION ALL ('.join(sql)})", [*chain.from_iterable(parameters)])
        plan = cursor.fetchone()[0]
    plan = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    if len(queries) == 1:
        return [plan["Plan Rows"]]
    while len(plan.get("Plans", ())) == 1:
        plan = plan["Plans"][0]
    parts = plan.get("Plans", ()) if plan["Node Type"].endswith("Append") else ()
    return [part["Plan Rows"] for part in parts] if len(parts) == len(queries) else [0] * len(queries)


def _met(rows: Any, words: Sequence[Any], order: Order, size: int, stop: int) -> Sql:
    """The query for the first `stop` rows with the words among the first `size`."""
    window = rows.order_by(*order.names).annotate(met=said_by_the_row(words))
    sql, parameters = sql_of(window.values_list(order.column, "id", "met")[:size])
    return f'SELECT found.* FROM ({sql}) AS found WHERE found."met" {order.sql("found")} LIMIT {stop}', parameters
