"""GET /events/: who sees what, orders, filters and search. A value that a filter does not know is a 400."""

from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from urllib.parse import quote

import pytest
from django.utils import timezone

from eventhub.testing.responses import NOT_PLAIN
from events.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def titles(api, bob):
    """The titles on the first page, as bob (or somebody else) asks for it."""

    def ask(query="", who=None):
        answer = api(who or bob).get(f"/events/?{query}")
        assert answer.status_code == 200, answer.json()
        return [item["title"] for item in answer.json()["results"]]

    return ask


@pytest.fixture
def programme(olga, otto, make_event, enroll):
    def at(year, **fields):
        return make_event(fields.pop("organizer", olga), date_time=datetime(year, 5, 1, 18, tzinfo=UTC), **fields)

    full = at(2032, title="Full", location="Town Hall, Hamburg", max_capacity=1)
    enroll(full)
    at(2031, title="Over", end_time=datetime(2031, 5, 2, tzinfo=UTC), status="completed", location="Pier")
    at(2033, title="Draft", status="draft")
    at(
        2034,
        title="Astronomy",
        description="Telescopes on the lawn",
        location="Garden",
        status="active",
        organizer=otto,
    )


FOLDED = ["Zoë singt für Łukasz", "Große Nacht", "Ærø Ðor", "ﬁve Ⅷ \uff26ull width", "東京の夜", "서울 한강"]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("zoe", FOLDED[0]),
        ("ZOË", FOLDED[0]),
        ("zoe\u0308", FOLDED[0]),
        ("fur łukasz", FOLDED[0]),
        ("LUKASZ", FOLDED[0]),
        ("gross", FOLDED[1]),
        ("große", FOLDED[1]),
        ("GROẞE", FOLDED[1]),
        ("aero", FOLDED[2]),
        ("ærø dor", FOLDED[2]),
        ("five viii full", FOLDED[3]),
        ("東", FOLDED[4]),
        ("の", FOLDED[4]),
        ("東京", FOLDED[4]),
        ("강", FOLDED[5]),
        ("서울", FOLDED[5]),
    ],
)
@pytest.mark.parametrize("parameter", ["search", "location"])
def test_case_and_marks_are_folded(titles, olga, make_event, parameter, search, expected):
    for title in FOLDED:
        make_event(olga, title=title, location=title)
    if parameter == "location" and " " in search:
        search, _, _ = search.partition(" ")
    assert titles(f"{parameter}={quote(search)}") == [expected]


def test_everybody_sees_all_but_drafts_by_date(titles, programme, olga, otto, ada):
    assert titles() == ["Over", "Full", "Astronomy"]
    assert titles(who=otto) == ["Over", "Full", "Astronomy"]
    assert titles(who=olga) == ["Over", "Full", "Draft", "Astronomy"]
    assert titles(who=ada) == ["Over", "Full", "Draft", "Astronomy"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ordering=-date_time", ["Astronomy", "Full", "Over"]),
        ("ordering=title", ["Astronomy", "Full", "Over"]),
        ("ordering=-title", ["Over", "Full", "Astronomy"]),
        ("ordering=created_at", ["Full", "Over", "Astronomy"]),
        ("ordering=-created_at", ["Astronomy", "Over", "Full"]),
        ("status=active", ["Astronomy"]),
        ("status=draft", []),
        ("location=hamburg", ["Full"]),
        ("location=%25", []),
        ("has_seats=true", ["Over", "Astronomy"]),
        ("has_seats=false", ["Full"]),
        ("upcoming=true", ["Full", "Astronomy"]),
        ("upcoming=false", ["Over"]),
        ("date_from=2032-05-01T18:00:00Z", ["Full", "Astronomy"]),
        ("date_from=2032-05-01T18:00:01Z", ["Astronomy"]),
        ("date_to=2032-05-01T18:00:00Z", ["Over", "Full"]),
        ("date_to=2032-05-01", ["Over", "Full"]),
        ("date_from=2032-05-01&date_to=2032-05-01", ["Full"]),
        ("date_from=2032-05-01T20:00:00%2B02:00", ["Full", "Astronomy"]),
        ("search=astro", ["Astronomy"]),
        ("search=TELESCOPES", ["Astronomy"]),
        ("search=hall+full", ["Full"]),
        ("search=hall+lawn", []),
        ("search=dra", []),
        ("organizer_id=99999999999999999999", []),
        ("status=&ordering=&search=&cursor=&page_size=&upcoming=", ["Over", "Full", "Astronomy"]),
        ("status=active&status=completed", ["Over", "Astronomy"]),
        ("status=active,completed&status=active", ["Over", "Astronomy"]),
        ("status=active,draft", ["Astronomy"]),
        ("status=,&status=", ["Over", "Full", "Astronomy"]),
        *((f"has_seats={yes}", ["Over", "Astronomy"]) for yes in ("1", "yes", "TRUE", "Yes")),
        *((f"has_seats={no}", ["Full"]) for no in ("0", "no", "False", "NO")),
        ("date_from=2032-05-01T20:00:00+02:00", ["Full", "Astronomy"]),
        ("date_from=2032-05-01T20:00:01+02", ["Astronomy"]),
        ("date_to=2032-05-01T20:00+0200", ["Over", "Full"]),
        ("date_to=2032-05-01+18:00", ["Over", "Full"]),
    ],
)
def test_orders_filters_and_search(titles, programme, query, expected):
    assert titles(query) == expected


@pytest.mark.slow
@pytest.mark.parametrize("who", ["olga", "bob", "ada"])
def test_filters_narrow_each_other_in_every_order(titles, programme, request, who):
    asked = ("status=draft", "status=active", "location=hamburg", "has_seats=true", "has_seats=false", "search=full")
    asked = (*asked, "upcoming=true", "upcoming=false", "date_from=2032-01-01", "date_to=2033-12-31")
    person = request.getfixturevalue(who)
    found = {query: set(titles(query, who=person)) for query in asked}
    for (one, other), order in product(combinations(asked, 2), ("date_time", "title", "-created_at")):
        if one.partition("=")[0] != other.partition("=")[0]:
            both = titles(f"{one}&{other}&ordering={order}", who=person)
            assert set(both) == found[one] & found[other], (one, other, order)


def test_drafts_among_other_statuses_are_ones_own(titles, programme, olga, ada):
    found = [titles("status=draft&status=active", who=who) for who in (None, olga, ada)]
    assert found == [["Astronomy"], ["Draft", "Astronomy"], ["Draft", "Astronomy"]]


def test_the_organizer_filter(titles, programme, olga, otto):
    assert titles(f"organizer_id={otto.pk}") == ["Astronomy"]
    assert titles(f"organizer_id={olga.pk}") == ["Over", "Full"]


STATUS = "Choose one of draft, upcoming, active, completed, cancelled."
YES_OR_NO = "Choose one of true, 1, yes, false, 0, no."
TIME = "Enter an ISO 8601 date and time, such as 2026-05-01T18:00:00Z."


@pytest.mark.parametrize(
    ("query", "field", "problem"),
    [
        ("status=open", "status", STATUS),
        ("status=active,open", "status", STATUS),
        ("status=active&status=open", "status", STATUS),
        ("upcoming=on", "upcoming", YES_OR_NO),
        ("has_seats=maybe", "has_seats", YES_OR_NO),
        ("date_from=2032-05-01+02:00+02:00+02", "date_from", TIME),
        ("organizer_id=olga", "organizer_id", "Enter a whole number."),
        ("organizer_id=1.5", "organizer_id", "Enter a whole number."),
        *((f"organizer_id={quote(text)}", "organizer_id", "Enter a whole number.") for text in NOT_PLAIN),
        ("date_from=%D9%A2031-05-01", "date_from", TIME),
        ("date_from=soon", "date_from", TIME),
        ("date_to=2031-13-01", "date_to", TIME),
        ("date_from=9999-12-31T23:59:59-16:00", "date_from", "The year must be between 1900 and 2999."),
        ("location=%00", "location", "Null characters are not allowed."),
        ("ordering=seats", "ordering", "Choose one of date_time, title, created_at."),
        ("ordering=--title", "ordering", "Choose one of date_time, title, created_at."),
        ("search=ab", "search", "Enter at least 3 characters."),
        ("search=%C3%9F", "search", "Enter at least 3 characters."),
        ("search=ab%00", "search", "Null characters are not allowed."),
        ("page_size=0", "page_size", "Enter a whole number from 1 to 200."),
        ("page_size=201", "page_size", "Enter a whole number from 1 to 200."),
        ("page_size=-1", "page_size", "Enter a whole number from 1 to 200."),
        ("page_size=ten", "page_size", "Enter a whole number from 1 to 200."),
        ("cursor=nonsense", "cursor", "This cursor is not of this list."),
    ],
)
def test_values_that_a_parameter_does_not_know(api, bob, query, field, problem):
    answer = api(bob).get(f"/events/?{query}")
    body = {"msg": f"{field}: {problem}", "code": "invalid", "errors": {field: [problem]}}
    assert (answer.status_code, answer.json()) == (400, body)


@pytest.mark.parametrize(
    ("begins", "ends", "status", "upcoming"),
    [
        (1, None, "upcoming", True),
        (-30, 1, "active", True),
        (-30, -1, "active", False),
        (-30, None, "active", False),
        (1, None, "completed", False),
        (1, None, "cancelled", True),
    ],
)
def test_upcoming_means_not_over_and_agrees_with_the_event_itself(
    titles, olga, make_event, begins, ends, status, upcoming
):
    now = timezone.now()
    make_event(
        olga,
        status=status,
        date_time=now + timedelta(hours=begins),
        end_time=ends and now + timedelta(hours=ends),
    )
    event = Event.objects.get()
    assert (titles("upcoming=true"), titles("upcoming=false")) == ((["Talk"], []) if upcoming else ([], ["Talk"]))
    assert event.is_over(now) is not upcoming
