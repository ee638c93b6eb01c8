"""What the search box of the back office finds, for whom, and out of which index."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from eventhub import searching as searching_lists
from eventhub.api.filters import containing, found_in
from eventhub.searching import Expected
from registrations.models import TEXTS, Registration
from registrations.selectors import search as searching
from registrations.selectors.search import search

pytestmark = pytest.mark.django_db


@pytest.fixture
def names(olga, make_event, enroll):
    """Three people of one event; `found(text, by)` are the names that a search finds."""
    event = make_event(olga)
    enroll(event, name="Anna Bo Castor", contact_details="castor@example.net")
    enroll(event, name="Bob Annable", contact_details="+49 30 123")
    enroll(event, name="Zoë Nann", contact_details="")

    def found(text, by):
        return sorted(search(Registration.objects.all(), text, by=by).values_list("name", flat=True))

    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("castor", ["Anna Bo Castor"]),
        ("CASTOR", ["Anna Bo Castor"]),
        ("ann", ["Anna Bo Castor", "Bob Annable", "Zoë Nann"]),
        ("ann bob", ["Bob Annable"]),  # every word, anywhere
        ("30 123", ["Bob Annable"]),
        ("example.net anna", ["Anna Bo Castor"]),
        ("anna nobody", []),
        ("", ["Anna Bo Castor", "Bob Annable", "Zoë Nann"]),
        ("   ", ["Anna Bo Castor", "Bob Annable", "Zoë Nann"]),
        # too short for trigrams: at the beginning of a word
        ("a", ["Anna Bo Castor", "Bob Annable"]),
        ("bo", ["Anna Bo Castor", "Bob Annable"]),
        ("na", ["Zoë Nann"]),
        ("z", ["Zoë Nann"]),
        # a text is a text
        ("100%", []),
        ("_", []),
        ("'", []),
        ("x" * 10_000, []),
    ],
)
def test_words_are_found_where_they_stand(names, olga, text, expected):
    assert names(text, by=olga) == expected


def test_an_admin_finds_by_the_account_too_and_an_organizer_does_not(ada, olga, bob, make_event, enroll):
    row = enroll(make_event(olga), bob, name="Robert", contact_details="")
    for text in ("bob@example", "BOB@EXAMPLE.ORG", "bob", "bo", "robert bob"):
        assert list(search(Registration.objects.all(), text, by=ada)) == [row]
        assert list(search(Registration.objects.all(), text, by=olga)) == []


def test_more_accounts_than_can_be_listed_are_found_all_the_same(monkeypatch, ada, olga, make_event, enroll):
    event = make_event(olga)
    rows = {enroll(event, name="").pk for _ in range(3)}
    monkeypatch.setattr(searching, "MAX_ACCOUNTS", 2)
    assert set(search(Registration.objects.all(), "guest", by=ada).values_list("pk", flat=True)) == rows


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no index for it; see the migration")
@pytest.mark.parametrize("text", ["castor", "castor example", "ca"])
def test_it_comes_out_of_the_trigrams(ada, text):
    with connection.cursor() as cursor:
        for way in ("seqscan", "indexscan", "indexonlyscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    plan = search(Registration.objects.order_by(), text, by=ada).explain()
    assert "registration_search" in plan, plan
    accounts = User.objects.filter(found_in(text.split()[0], searching.ACCOUNT_FIELDS)).order_by()
    assert "Seq Scan" not in accounts.explain().replace("Disabled", "")


LISTS = {
    "one event's": (lambda mine, olga: Registration.objects.filter(event=mine), 0, ["theirs of the event"]),
    "one event's, for its organizer": (
        lambda mine, olga: Registration.objects.visible_to(olga).of_event(mine.pk),
        0,
        ["theirs of the event"],
    ),
    "an organizer's": (
        lambda mine, olga: Registration.objects.visible_to(olga),
        1_000_000,
        ["the organizer's own", "theirs of another", "theirs of the event"],
    ),
}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no index for it; see the migration")
@pytest.mark.parametrize("text", ["zebedee", "zebedee castor"])
@pytest.mark.parametrize("which", LISTS)
def test_of_a_crowd_the_index_is_asked_for_the_words_within_the_event(
    monkeypatch, olga, otto, make_event, enroll, which, text
):
    mine, other, foreign = make_event(olga), make_event(olga), make_event(otto)
    enroll(mine, name="Castor", contact_details="nobody asked for")
    enroll(foreign, name="of others", contact_details="castor zebedee")
    enroll(foreign, olga, name="the organizer's own", contact_details="castor zebedee")
    enroll(mine, name="theirs of the event", contact_details="castor zebedee")
    enroll(other, name="theirs of another", contact_details="castor zebedee")
    rows, everybody_s, names = LISTS[which]
    # As in front of millions of rows, so many of which have the words: the lists of a test are looked through.
    monkeypatch.setattr(searching_lists, "SHORT", 0)
    monkeypatch.setattr(Expected, "short", 0)
    monkeypatch.setattr(Expected, "gathered", everybody_s)
    monkeypatch.setattr(Expected, "windows", lambda *_, **__: iter(()))
    with CaptureQueriesContext(connection) as captured, connection.cursor() as cursor:
        found = containing(rows(mine, olga), TEXTS, text).order_by("name", "pk")[:9]
        assert [row.name for row in found] == names
        for way in ("seqscan", "indexscan", "indexonlyscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {captured[-4]['sql']}")
        plan = "".join(line for (line,) in cursor.fetchall())
    assert "Index Cond: (((event_id + 0) = " in plan.partition("registration_search_within")[2], plan


def test_an_organizer_s_list_has_those_of_their_events(olga, otto, make_event, enroll):
    mine = [enroll(make_event(olga)) for _ in range(2)]
    enroll(make_event(otto))
    make_event(olga)  # without anybody
    listed = Registration.objects.listed_for(olga)
    assert set(listed) == set(mine)
    assert list(listed.order_by("-registration_date", "-pk")[:10]) == mine[::-1]


def test_who_has_no_events_has_an_empty_list(olga, otto, make_event, enroll, ada):
    enroll(make_event(otto))
    assert list(Registration.objects.listed_for(olga)) == []
    assert Registration.objects.listed_for(ada).count() == 1
