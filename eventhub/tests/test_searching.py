"""How far a list is looked through for words, and what an index of trigrams is asked for. What is found is the same
however it is looked for: test_merging.py."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from eventhub import searching, trigrams
from eventhub.filters import containing
from eventhub.searching import Expected
from events.models import Event


@pytest.mark.parametrize(
    ("rows", "found", "everywhere", "windows"),
    [
        (1_000_000, 50_000, 50_000, [2_550, 20_000]),  # every twentieth: among the next thousand, likely
        (1_000_000, 8_000, 8_000, [16_319]),
        (1_000_000, 1_000, 1_000, []),  # sooner gathered than met
        (1_000_000, 0, 0, []),
        (900, 450, 450, []),  # a short list is read at once
        (50_000, 2_000, 2_000, [3_251]),
        (50_000, 1_000, 1_000, [6_375]),
        (50_000, 500, 500, []),
        (50_000, 500, 5_000, [12_750]),  # few of the list, of many that would have to be gathered
    ],
)
def test_a_list_is_looked_through_as_far_as_a_page_is_expected_unless_gathering_is_less_work(
    rows, found, everywhere, windows
):
    likely = Expected(rows, found, everywhere)
    assert list(likely.windows(51)) == [pytest.approx(size, rel=0.03) for size in windows]


def test_it_is_looked_through_less_far_where_words_may_stand_side_by_side_in_its_order():
    likely = Expected(50_000, 1_000, 1_000)
    assert (list(likely.windows(5, as_soon=0.5)), list(likely.windows(4, as_soon=0.5))) == ([], [500])


@pytest.mark.parametrize(
    ("everywhere", "rows", "looked_through"),
    [(0, 1_000, True), (0, 1_001, False), (1_000, 3_000, True), (1_000, 3_001, False), (1_000_000, 20_001, False)],
)
def test_a_list_that_is_short_for_its_words_is_looked_through_as_a_whole(everywhere, rows, looked_through):
    assert (rows <= Expected(10_000_000, everywhere, everywhere).short) is looked_through


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["zebedee"], ["zeb", "ebe", "bed"]),
        (["theson", "Xylo"], ["hes", "Xyl"]),  # the rarest of each
        (["ande", "bride"], ["nde", "bri", "and"]),  # and one without which a text is left that has those
        (["o'brien"], ["rie", "ien", "bri"]),  # nothing that crosses what no trigram crosses
        (["Ёлка", "al"], []),
        (["straße"], ["str", "tra"]),  # whose capitals are two letters only to Python
    ],
)
def test_the_rarest_trigrams_of_the_words_are_asked_for(monkeypatch, words, asked):
    sample = ("THE BRIDE", "ANDERSON", "THE ESON", "DEEDEE ED", "NDE BRI", *2 * ("AND", "RID", "IDE"))
    monkeypatch.setattr(trigrams, "_sample", lambda *_: sample)
    assert trigrams.rarest(words, alias="default", index="event_search") == asked


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
@pytest.mark.parametrize(("short", "asked"), [(10_000_000, []), (0, ["%zeb%", "%ebe%", "%bed%"])])
def test_an_index_is_asked_about_all_rows_only_where_a_list_has_many(monkeypatch, olga, make_event, short, asked):
    ask_the_index(monkeypatch)
    monkeypatch.setattr(searching.Expected, "short", short)
    monkeypatch.setattr(trigrams, "_sample", lambda *_: ())
    with CaptureQueriesContext(connection) as captured:
        list(containing(Event.objects.all(), FIELDS, "zebedee").order_by("title", "pk")[:9])
    before, _, in_the_row = captured[-1]["sql"].partition("CASE WHEN")
    assert (re.findall(r"%\w+%", before), re.findall(r"%\w+%", in_the_row)) == (asked, ["%zebedee%"])
