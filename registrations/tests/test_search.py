"""What the search box of the back office finds, for whom, and out of which index."""

import pytest
from django.db import connection

from accounts.models import User
from eventhub.api.filters import found_in
from registrations.models import Registration
from registrations.selectors import search as searching
from registrations.selectors.search import search

pytestmark = pytest.mark.django_db


@pytest.fixture
def names(olga, make_event, enroll):
    """Three people of one event; `found(text, by)` are the names that a search finds."""
    event = make_event(olga)
    enroll(event, name="Anna Bo Castor", contact_details="castor@example.net")
    enroll(event, name="Bob Annable", contact_details="+49 30 123")
    enroll(event, name="Zoë Nann", contact_details="", phone="0171 555")
    enroll(event, name="山田太郎", contact_details="")
    enroll(event, name="Pat O\u2019Hara", contact_details="d'or")

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
        ("", ["Anna Bo Castor", "Bob Annable", "Pat O\u2019Hara", "Zoë Nann", "山田太郎"]),
        ("   ", ["Anna Bo Castor", "Bob Annable", "Pat O\u2019Hara", "Zoë Nann", "山田太郎"]),
        # too short for trigrams: at the beginning of a word
        ("a", ["Anna Bo Castor", "Bob Annable"]),
        ("bo", ["Anna Bo Castor", "Bob Annable"]),
        ("na", ["Zoë Nann"]),
        ("z", ["Zoë Nann"]),
        ("ZOE", ["Zoë Nann"]),
        ("0171", ["Zoë Nann"]),
        ("\u200bzoe\u2060 nann", ["Zoë Nann"]),
        ("\u200b", ["Anna Bo Castor", "Bob Annable", "Pat O\u2019Hara", "Zoë Nann", "山田太郎"]),
        ("o'hara", ["Pat O\u2019Hara"]),
        ("D\u2019OR", ["Pat O\u2019Hara"]),
        ("太", ["山田太郎"]),  # anywhere: this script has no words between spaces
        ("é", []),
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


def test_an_address_is_found_as_it_is_written(ada, olga, person, make_event, enroll):
    row = enroll(make_event(olga), person("jo", email="jo@xn--mnchen-3ya.example"), name="Jo", contact_details="")
    for text in ("jo@münchen.example", "MÜNCHEN.example", "münchen", "xn--mnchen-3ya"):
        assert list(search(Registration.objects.all(), text, by=ada)) == [row]


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
    assert "registration_text_search" in plan, plan
    accounts = User.objects.filter(found_in(text.split()[0], searching.ACCOUNT_FIELDS)).order_by()
    assert "Seq Scan" not in accounts.explain().replace("Disabled", "")


def test_an_organizer_s_list_has_those_of_their_events(olga, otto, make_event, enroll):
    mine = [enroll(make_event(olga)) for _ in range(2)]
    enroll(make_event(otto))
    make_event(olga)  # without anybody
    listed = Registration.objects.managed_by(olga)
    assert set(listed) == set(mine)
    assert list(listed.order_by("-registration_date", "-pk")[:10]) == mine[::-1]


def test_who_has_no_events_has_an_empty_list(olga, otto, make_event, enroll, ada):
    enroll(make_event(otto))
    assert list(Registration.objects.managed_by(olga)) == []
    assert Registration.objects.managed_by(ada).count() == 1
