"""The list of events in the back office: who sees what, order, filters, search, dates, files, and what it costs."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import OrganizerProfile
from events.models import Event
from events.services.tags import set_tags
from registrations.services.series_changes import repeat_event

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

LIST = "/admin/events/event/"


def titles_of(page):
    return re.findall(r'<th class="field-title[^>]*><a[^>]*>([^<]*)</a>', page)


@pytest.fixture
def listed(office):
    """The titles that somebody's list shows."""

    def ask(who, query=""):
        answer = office(who).get(f"{LIST}?{query}")
        assert answer.status_code == 200, answer
        return titles_of(answer.content.decode())

    return ask


def days(number):
    return timezone.now() + timedelta(days=number)


@pytest.fixture
def programme(olga, otto, make_event, enroll):
    """Olga's: one of each kind; Otto's would fit every filter too."""
    for organizer, name in ((olga, ""), (otto, "Otto's ")):
        make_event(organizer, title=f"{name}Gone", date_time=days(-9), status="completed", location="Pier")
        make_event(organizer, title=f"{name}Fair", date_time=days(-3), end_time=days(40), status="active")
        full = make_event(organizer, title=f"{name}Full", date_time=days(3), max_capacity=1, description="Moon")
        enroll(full)
        queue = make_event(organizer, title=f"{name}Queue", date_time=days(9), max_capacity=1, location="Pier 7")
        enroll(queue)
        enroll(queue, status="waitlisted")
        draft = make_event(organizer, title=f"{name}Draft", date_time=days(90), status="draft", visibility="unlisted")
        for event, tags in ((full, ["Jazz & more"]), (draft, ["jazz", "Jazz & more"])):
            set_tags(event, tags)


QUERIES = {
    "": ["Fair", "Full", "Queue", "Draft"],
    "when=coming": ["Fair", "Full", "Queue", "Draft"],
    "when=past": ["Gone"],
    "when=all": ["Draft", "Queue", "Full", "Fair", "Gone"],
    "when=all&o=1": ["Draft", "Fair", "Full", "Gone", "Queue"],
    "when=all&o=3": ["Gone", "Fair", "Full", "Queue", "Draft"],
    "when=all&o=4": ["Draft", "Queue", "Full", "Fair", "Gone"],
    "status__exact=draft": ["Draft"],
    "status__exact=draft&status__exact=active": ["Fair", "Draft"],
    "fill=free": ["Fair", "Draft"],
    "fill=full": ["Full", "Queue"],
    "fill=queue": ["Queue"],
    "visibility=public": ["Fair", "Full", "Queue"],
    "visibility=unlisted": ["Draft"],
    "visibility=private": [],
    "tag=jazz": ["Draft"],
    "tag=Jazz+%26+MORE": ["Full", "Draft"],
    "tag=jazz-and-more&visibility=public": ["Full"],
    "tag=none": [],
    "q=moon": ["Full"],
    "q=pier": ["Queue", "Gone"],
    "q=PIER+queue": ["Queue"],
    "q=f": ["Full", "Fair"],
    "q=fu": ["Full"],
    "q=ul": [],
    "q=7": ["Queue"],
    "q=pier&when=coming": ["Queue"],
    "q=nothing": [],
}


@pytest.mark.parametrize(("query", "expected"), QUERIES.items())
def test_an_organizer_finds_their_own_in_a_useful_order(listed, programme, olga, query, expected):
    assert listed(olga, query) == expected


@pytest.mark.parametrize(
    ("query", "chosen"),
    [("", "Today and later"), ("when=past", "Past"), ("q=full", "All"), ("date_time__year=2031", "All")],
)
def test_the_list_says_which_time_it_shows(office, olga, query, chosen):
    whens = office(olga).get(f"{LIST}?{query}").context["cl"].whens()
    assert [label for label, _, is_chosen in whens if is_chosen] == [chosen]
    assert [office(olga).get(f"{LIST}{link}").context["cl"].when for _, link, _ in whens] == ["coming", "past", "all"]


def test_the_list_of_a_series_is_chosen_from_ones_own(office, olga, otto, ada, programme, listed):
    fair, other = Event.objects.get(title="Full"), Event.objects.get(title="Otto's Full")
    for event in (fair, other):
        repeat_event(event_id=event.pk, rule="FREQ=DAILY;COUNT=2")
    fair.refresh_from_db()
    other.refresh_from_db()
    assert listed(olga, f"series={fair.series_id}") == ["Full", "Full"]
    assert listed(olga, f"series={other.series_id}") == []
    assert len(listed(ada, f"series={other.series_id}")) == 2
    page = office(olga).get(LIST).content.decode()
    assert [f'<option value="{event.series_id}"' in page for event in (fair, other)] == [True, False]
    assert f"series={fair.series_id}" in office(olga).get(f"{LIST}{fair.pk}/series/").content.decode()


def test_another_organizer_is_no_filter(listed, programme, olga, otto):
    assert listed(olga, f"when=all&organizer__id__exact={otto.pk}") == []


def test_days_are_those_of_the_site_and_both_included(listed, olga, make_event, settings):
    for hour in (22, 23):
        make_event(olga, title=f"At {hour}", date_time=datetime(2031, 5, 1, hour, 30, tzinfo=UTC))
    assert listed(olga, "date_time_from=2031-05-01&date_time_to=2031-05-01") == ["At 23", "At 22"]
    assert listed(olga, "date_time_from=2031-05-02") == []
    assert listed(olga, "date_time_to=2031-04-30") == []
    assert listed(olga, "date_time_from=1+May+2031&date_time_to=01+May+2031") == ["At 23", "At 22"]
    # What the form sends for all that was left empty, beside the choice that it began with.
    assert listed(olga, "when=coming&date_time_from=&date_time_to=&fill=") == ["At 22", "At 23"]


def test_whoever_names_a_day_means_that_day(listed, programme, olga):
    gone = timezone.localtime(Event.objects.filter(title="Gone").first().date_time)
    assert listed(olga, f"when=coming&date_time_from={gone.date()}&date_time_to={gone.date()}") == ["Gone"]
    query = f"date_time__year={gone.year}&date_time__month={gone.month}&date_time__day={gone.day}"
    assert listed(olga, query) == ["Gone"]


def test_a_day_that_is_none_is_said_to_be_none(office, olga):
    answer = office(olga).get(f"{LIST}?date_time_from=tomorrow", follow=True)
    assert "“tomorrow” is not a date. Use a format like 31 May 2027 or 2027-05-31." in answer.content.decode()


WILD = [
    "p=99999999999999999999", "p=-1", "p=x", "o=99", "o=x", "when=never", "fill=x", "status__exact=x", "e=1", "all=",
    "date_time__year=9999", "date_time__year=1", "date_time__year=0", "date_time__year=x", "date_time__month=5",
    "date_time__year=9999&date_time__month=12&date_time__day=31", "date_time__year=2030&date_time__month=13",
    "visibility=x", "tag=%00", "series=x", "series=99", f"series={10**30}",
    "date_time_from=0001-01-01", "date_time_to=9999-12-31", "organizer__id__exact=x", "_facets=True", "q=%00",
    f"organizer__id__exact={10**30}", "_popup=1", f"q={'long+' * 400}", "date_time__year=2030&date_time__day=3",
]  # fmt: skip


@pytest.mark.parametrize("query", WILD)
@pytest.mark.parametrize("path", [LIST, f"{LIST}export/csv/"])
def test_nothing_in_the_address_is_too_wild(office, olga, ada, make_event, path, query):
    make_event(olga)
    for who in (olga, ada):
        assert office(who).get(f"{path}?{query}", follow=True).status_code == 200


@pytest.mark.parametrize(
    "query",
    ["organizer__password__startswith=a", "organizer__email=x", "registrations__name=x", "title__regex=(a%2B)%2B"],
)
def test_nobody_filters_by_what_is_no_filter(office, olga, ada, query):
    for who in (olga, ada):
        assert office(who).get(f"{LIST}?{query}").url == f"{LIST}?e=1"


def periods(page):
    nav = re.search(r'<nav aria-label="Dates".*?</nav>', page, re.DOTALL)
    return re.findall(r">([^<>]*?\d{4}|[A-Z][a-z]+ \d+|All dates)</", nav[0]) if nav else []


def test_the_dates_above_the_list_are_those_of_ones_own_events(office, olga, otto, make_event):
    for organizer, years in ((olga, (2027, 2029)), (otto, (2024, 2031))):
        for year in years:
            make_event(organizer, date_time=datetime(year, 5, 30, 12, tzinfo=UTC))

    def shown(query):
        return periods(office(olga).get(f"{LIST}?{query}").content.decode())

    assert shown("") == ["2027", "2028", "2029"]
    months = ["All dates", "May 2027", *(f"{month} 2027" for month in ["June", "July", "August", "September"])]
    assert shown("date_time__year=2027") == [*months, "October 2027", "November 2027", "December 2027"]
    assert shown("date_time__year=2027&date_time__month=5") == ["2027", "May 30", "May 31"]
    assert shown("date_time__year=2027&date_time__month=5&date_time__day=30") == ["May 2027", "May 30"]


def test_an_admin_sees_whose_they_are_and_filters_by_it(office, listed, programme, olga, ada):
    OrganizerProfile.objects.filter(user=olga).update(name="Olga's Lectures")
    page = office(ada).get(f"{LIST}?when=all").content.decode()
    assert ("Olga&#x27;s Lectures" in page, page.count("otto</td>")) == (True, 5)
    assert listed(ada, f"when=past&organizer__id__exact={olga.pk}") == ["Gone"]
    own = office(olga).get(f"{LIST}?when=all").content.decode()
    assert ("Olga&#x27;s Lectures" in own, "By organizer" in own, "otto<" in own) == (False, False, False)


def test_fill_and_status_are_seen_at_a_glance(office, olga, make_event, enroll):
    event = make_event(olga, max_capacity=3)
    for _ in range(2):
        enroll(event)
    enroll(event, status="waitlisted")
    page = office(olga).get(LIST).content.decode()
    assert re.findall(r"(\d+ / \d+|\d+ waiting|width: \d+%)<?", page) == ["2 / 3", "1 waiting", "width: 66%"]
    assert re.search(r"bg-blue-100[^>]*>\s*Upcoming", page)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "starts as a draft that only you can see"),
        ("q=nothing", "Try another search"),
        ("fill=full", "Try another search"),
        ("date_time__year=2030", "Try another search"),
    ],
)
def test_an_empty_list_says_what_to_do(office, olga, query, says):
    assert says in office(olga).get(f"{LIST}?{query}").content.decode()


def test_pages_are_turned_and_say_how_many_events_there_are(office, olga, make_event):
    client = office(olga)
    for number in range(51):
        make_event(olga, title=f"{number:02}", date_time=days(number + 1))
    pages = [client.get(f"{LIST}?p={page}").content.decode() for page in (1, 2)]
    assert [len(titles_of(page)) for page in pages] == [50, 1]
    assert "9999999999" not in pages[0]
    assert [re.findall(r'class="office-total">(.*?)<', page) for page in pages] == [["51 events"]] * 2


# The session, the account, its second factor; the series to choose from; the page with all that it shows; the first and
# the last date.
STATEMENTS = 7


@pytest.mark.parametrize("who", ["olga", "ada"])
@pytest.mark.parametrize("query", ["", "when=all&q=talk&fill=free&status__exact=upcoming"])
def test_the_list_makes_as_many_statements_for_many_as_for_one(office, olga, ada, make_event, who, query):
    client = office({"olga": olga, "ada": ada}[who])
    for rows in (1, 48):  # a full page is counted
        for number in range(rows):
            make_event(olga, date_time=days(number + 1))
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(f"{LIST}?{query}")
        # PostgreSQL is asked about itself, too, where something is searched for.
        made = [query["sql"] for query in captured if not re.search("^EXPLAIN|pg_stats", query["sql"])]
        assert (len(made), [sql for sql in made if "COUNT(" in sql]) == (STATEMENTS, []), made
    assert len(titles_of(answer.content.decode())) == 49


PLANS = [
    ("", "event_by_date"),
    ("when=past", "event_by_date"),
    ("when=all", "event_by_date"),
    ("when=all&fill=full", "event_by_free_seats"),
    ("when=all&fill=queue", "event_by_free_seats"),
    ("when=all&o=1", "event_by_title"),
    ("when=all&visibility=unlisted", "event_not_public"),
]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL decides by statistics, which a test has none of")
@pytest.mark.parametrize(("query", "index"), PLANS)
def test_a_page_is_read_from_an_index(office, ada, olga, make_event, query, index):
    make_event(olga)
    answer = office(ada).get(f"{LIST}?{query}")
    assert index in answer.context["cl"].queryset[:50].explain()


def saved(answer):
    return b"".join(answer).decode("utf-8-sig").splitlines()


def test_what_is_filtered_is_what_is_saved(office, programme, olga):
    answer = office(olga).get(f"{LIST}export/csv/?fill=full")
    assert (answer.status_code, answer["Content-Disposition"]) == (200, 'attachment; filename="events.csv"')
    lines = saved(answer)
    assert lines[0].startswith("Event ID,Title,Status,Begins (UTC),Ends (UTC),Location,Organizer,Seats,Seats taken")
    assert [line.split(",")[1] for line in lines[1:]] == ["Full", "Queue"]
    assert len(saved(office(olga).get(f"{LIST}export/csv/?when=all"))) == 6


def test_a_saved_list_is_a_workbook_too_and_nothing_else(office, programme, olga):
    answer = office(olga).get(f"{LIST}export/xlsx/")
    assert (answer.status_code, b"".join(answer)[:2]) == (200, b"PK")
    assert office(olga).get(f"{LIST}export/pdf/").status_code == 404


def test_who_has_no_business_here_saves_nothing(office, programme, bob):
    assert office(bob).get(f"{LIST}export/csv/").status_code in (302, 403)


def test_the_choice_of_an_event_offers_ones_own(office, programme, olga, otto, ada):
    ask = "/admin/autocomplete/?app_label=registrations&model_name=registration&field_name=event&term="

    def offered(who, term):
        return [row["text"] for row in office(who).get(ask + term).json()["results"]]

    assert offered(olga, "fu") == ["Full"]
    assert offered(otto, "fu") == ["Otto's Full"]
    assert sorted(offered(ada, "fu")) == ["Full", "Otto's Full"]
    assert offered(olga, "%00") == ["Draft", "Queue", "Full", "Fair", "Gone"]


def test_only_who_runs_events_can_be_chosen_and_only_by_an_admin(office, olga, otto, ada, bob):
    ask = "/admin/autocomplete/?app_label=events&model_name=event&field_name=organizer&term="
    chosen = [row["text"] for row in office(ada).get(ask).json()["results"]]
    assert sorted(text.split(" ")[0] for text in chosen) == ["ada", "olga", "otto"]
    assert office(olga).get(ask).status_code == 403
