"""How far a list is looked through for words, and what an index of trigrams is asked for. What is found is the same
however it is looked for: test_merging.py."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from eventhub import searching, trigrams
from eventhub.api.filters import containing
from eventhub.searching import Expected
from eventhub.trigrams import Trigrams
from events.models import Event
from registrations.models import Transition


@pytest.mark.parametrize(
    ("rows", "everywhere", "share", "windows"),
    [
        (1_000_000, 1_000_000, 0.05, [2_550, 20_000]),  # every twentieth: among the next thousand, likely
        (1_000_000, 1_000_000, 0.008, [15_937]),
        (1_000_000, 1_000_000, 0.004, []),  # sooner gathered than met
        (10_000_000, 10_000_000, 0.002, [63_750]),
        (1_000_000, 1_000_000, 0, []),
        (900, 1_000_000, 0.05, []),  # a short list is read at once
        (50_000, 50_000, 0.04, [3_187]),
        (50_000, 50_000, 0.02, []),
        (50_000, 1_000_000, 0.02, [6_375]),  # few of the list, of many that would have to be gathered
    ],
)
def test_a_list_is_looked_through_as_far_as_a_page_is_expected_unless_gathering_is_less_work(
    rows, everywhere, share, windows
):
    likely = Expected(rows, everywhere, share, share)
    assert list(likely.windows(51)) == [pytest.approx(size, rel=0.03) for size in windows]


def test_it_is_looked_through_less_far_where_words_may_stand_side_by_side_in_its_order():
    likely = Expected(50_000, 50_000, 0.02, 0.02)
    assert (list(likely.windows(5, as_soon=0.5)), list(likely.windows(4, as_soon=0.5))) == ([], [500])


@pytest.mark.parametrize(
    ("rows", "share", "met"),
    [
        (1_000_000, 0.05, True),
        (1_000_000, 0.02, False),  # thirty times 6,375 rows are passed over, where 20,000 can be gathered
        (500_000, 0.05, True),
        (300_000, 0.05, False),  # most that are passed over are not of the list
        (1_000_000, 0, False),
    ],
)
def test_each_part_of_a_list_is_looked_through_where_that_is_likely_to_be_less_work_than_gathering(rows, share, met):
    assert Expected(rows, 1_000_000, share, share).are_met(51) is met


@pytest.mark.parametrize(
    ("gathered", "rows", "looked_through"),
    [(0, 1_000, True), (0, 1_001, False), (1_000, 3_000, True), (1_000, 3_001, False), (1_000_000, 20_001, False)],
)
def test_a_list_that_is_short_for_its_words_is_looked_through_as_a_whole(gathered, rows, looked_through):
    assert (rows <= Expected(10_000_000, 10_000_000, 1, gathered / 10_000_000).short) is looked_through


KNOWN = Trigrams({"the": 0.5, "eso": 0.02, "son": 0.2, "hes": 0.01, "and": 0.1, "nde": 0.04, "lin": 0.03}, rare=0.001)


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["zebedee"], ["zeb", "ede"]),
        (["lindson"], ["ind", "son"]),  # not "nds", which is rarer, and where "ind" is
        (["theson"], ["theson"]),  # common as it is, and all it is made of: each row with it is to be looked at
        (["theson", "ki", "Theson"], ["Theson"]),
        (["theson", "Xylo"], ["hes", "Xyl"]),  # the rarest of each
        (["Ander", "and"], ["der", "and"]),
        (["o'brien"], ["bri", "rie"]),  # nothing that crosses what no trigram crosses
        (["Ёлка", "al"], ["Ёлка"]),
        (["Zoë", "andes"], ["Zoë", "des"]),
        (["de", "l'"], []),
        (["straße"], ["str", "tra"]),  # whose capitals are two letters only to Python
    ],
)
def test_the_rarest_trigrams_of_the_words_are_asked_for(words, asked):
    assert KNOWN.rarest(words) == asked


def test_among_few_rows_a_common_word_is_asked_for_as_any():
    assert KNOWN.rarest(["theson"], of_few=True) == ["hes", "eso"]  # all that are left share letters
    assert KNOWN.rarest(["Ёлка"], of_few=True) == ["Ёлка"]


@pytest.mark.parametrize(
    ("words", "share"),
    [
        (["the"], 0.5),
        (["Theson"], 0.01),
        (["theson", "AND"], 0.001),
        (["and", "AND"], 0.1),
        (["zebedee"], 0.001),
        (["nd"], 0.1),
        (["x"], 0.001),
        (["+nd"], 0.1),
        (["@"], 1),
        (["Ёлка"], 0.002),
    ],
)
def test_words_are_as_common_as_the_rarest_trigram_of_each(words, share):
    assert KNOWN.share(words) == pytest.approx(share)


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no statistics of trigrams")
def test_statistics_say_how_common_the_trigrams_of_a_table_are(olga, make_event):
    for number in range(100):
        make_event(olga, title="Ёлка Chess" if number % 4 else "Chess in Hesse", location="", description="")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE events_event")
    known = trigrams._of_model.__wrapped__(Event, "default", 0)
    assert (known.share(["chess"]), known.share(["HESSE"]), known.share(["Ёлка", "chess"])) == (1, 0.25, 0.002)
    assert known.rare == pytest.approx(0.125)


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no statistics of trigrams")
def test_where_there_are_no_statistics_any_word_is_as_common_as_a_name():
    nothing = trigrams.of_model(Transition, using="default")
    assert (nothing.share(["and"]), nothing.rarest(["and"])) == (0.002, ["and"])


FIELDS = ("title", "description", "location")


def ask_the_index(monkeypatch):
    monkeypatch.setattr(searching.Expected, "short", 0)
    monkeypatch.setattr(searching.Expected, "windows", lambda *_, **__: iter(()))


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["Straße", "straße Hof", "ﬁn", "grüße", "o'brien"])
def test_what_python_would_write_in_other_capitals_is_found(monkeypatch, olga, make_event, text):
    ask_the_index(monkeypatch)
    event = make_event(olga, title=text, location=text)
    assert list(containing(Event.objects.all(), FIELDS, text).order_by("title", "pk")[:9]) == [event]


@pytest.mark.django_db
def test_a_row_with_the_trigrams_alone_is_not_found(monkeypatch, olga, make_event):
    ask_the_index(monkeypatch)
    right = make_event(olga, title="Zebedee's farewell")
    make_event(olga, title="Zebra, ebed, bede, eded and dee")
    found = containing(Event.objects.all(), FIELDS, "zebedee").order_by("title", "pk")
    assert list(found[:9]) == [right]


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no index of trigrams")
@pytest.mark.parametrize(("short", "asked"), [(10_000_000, []), (0, ["%zeb%", "%ede%"])])
def test_an_index_is_asked_about_all_rows_only_where_a_list_has_many(monkeypatch, olga, make_event, short, asked):
    ask_the_index(monkeypatch)
    monkeypatch.setattr(searching.Expected, "short", short)
    monkeypatch.setattr(trigrams, "of_model", lambda *_, **__: Trigrams({}, 0.001))
    with CaptureQueriesContext(connection) as captured:
        list(containing(Event.objects.all(), FIELDS, "zebedee").order_by("title", "pk")[:9])
    before, _, in_the_row = captured[-1]["sql"].partition("CASE WHEN")
    assert (re.findall(r"%\w+%", before), re.findall(r"%\w+%", in_the_row)) == (asked, ["%zebedee%"])
