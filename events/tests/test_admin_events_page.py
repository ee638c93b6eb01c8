"""The page of one event: how it is doing, its people, and the links from there."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.admin.attendees_tab import AttendeesTab

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def page_of(event, query=""):
    return f"/admin/events/event/{event.pk}/change/{query}"


@pytest.fixture
def page(office, olga):
    return lambda event, query="", who=None: office(who or olga).get(page_of(event, query)).content.decode()


def people_of(text):
    section = re.search(r'<section id="dataset-registration-group".*?</section>', text, re.DOTALL)[0]
    return re.findall(r'<th scope="row"[^>]*><a[^>]*>([^<]*)</a>', section)


def test_it_says_how_the_event_is_doing(page, olga, make_event, enroll):
    event = make_event(olga, max_capacity=4)
    enroll(event)
    enroll(event, status="waitlisted")
    text = page(event)
    assert re.findall(r"\d+ / \d+|\d+ waiting|width: \d+%", text) == ["1 / 4", "1 waiting", "width: 25%"]
    assert "Registration is open." in text


SENTENCES = [
    ({"status": "draft"}, "Registration is not open: the event is a draft."),
    ({"status": "cancelled"}, "Registration is closed: the event is cancelled."),
    ({"status": "completed"}, "Registration is closed: the event is over."),
    ({"date_time": timezone.now() - timedelta(days=3)}, "Registration is closed: the event is over."),
    ({"registration_opens": timezone.now() + timedelta(days=3)}, "Registration opens "),
    ({"registration_closes": timezone.now() + timedelta(days=3)}, "Registration closes "),
    ({"registration_closes": timezone.now() - timedelta(days=3)}, "Registration closed "),
]


@pytest.mark.parametrize(("fields", "sentence"), SENTENCES)
def test_it_says_whether_people_can_register(page, olga, make_event, fields, sentence):
    assert sentence in page(make_event(olga, **fields))


def test_it_leads_to_its_people(office, page, olga, make_event, enroll):
    event = make_event(olga)
    row = enroll(event, name="Bea")
    text = page(event)
    for link in (
        f"/admin/registrations/registration/?event__id__exact={event.pk}",
        f"/admin/registrations/registration/add/?event={event.pk}",
        f"/admin/registrations/registration/import/{event.pk}/",
        f"/admin/registrations/registration/{row.pk}/change/",
    ):
        assert f'href="{link}"' in text
        assert office(olga).get(link).status_code == 200


def test_people_are_by_name_or_the_newest_first(page, olga, make_event, enroll):
    event, other = make_event(olga), make_event(olga)
    for name in ("Bea", "Abe", "Cid"):
        enroll(event, name=name)
    enroll(other, name="Dora")
    assert people_of(page(event)) == ["Abe", "Bea", "Cid"]
    assert people_of(page(event, "?people-o=newest")) == ["Cid", "Abe", "Bea"]


def test_people_are_found_by_every_word(page, olga, make_event, enroll):
    event, other = make_event(olga), make_event(olga)
    enroll(event, name="Bea Owl", contact_details="bea@example.org")
    enroll(event, name="Abe Owl")
    enroll(other, name="Bea Owl")
    assert people_of(page(event, "?people-q=owl+BEA@")) == ["Bea Owl"]
    assert "No attendee matches your search." in page(event, "?people-q=zoe")


def test_people_come_a_page_at_a_time(page, olga, make_event, enroll):
    event = make_event(olga, max_capacity=100)
    for number in range(51):
        enroll(event, name=f"{number:02}")
    pages = [page(event, f"?people-p={number}") for number in (1, 2, 3)]
    assert [(people_of(text)[0], len(people_of(text))) for text in pages] == [("00", 25), ("25", 25), ("50", 1)]
    links = ['people-p=2#dataset-registration">Next', 'people-p=1#dataset-registration">Previous']
    assert [[link in text for link in links] for text in pages] == [[True, False], [False, True], [False, False]]


@pytest.mark.parametrize(
    "query", ["people-p=x", "people-p=0", f"people-p={10**30}", "people-o=x", "people-q=%00", "p=x"]
)
def test_nothing_in_the_address_is_too_wild(office, olga, make_event, enroll, query):
    event = make_event(olga)
    enroll(event)
    assert office(olga).get(page_of(event, f"?{query}")).status_code == 200


def test_an_organizer_learns_no_address_of_an_account(page, olga, make_event, enroll, person):
    guest = person("quiet", email="quiet@secret.example")
    event = make_event(olga)
    enroll(event, guest, name="Bea")
    for query in ("", "?people-q=quiet"):
        assert "secret.example" not in page(event, query)
    assert people_of(page(event, "?people-q=secret")) == []


def test_a_name_is_text_and_nothing_else(page, olga, make_event, enroll):
    event = make_event(olga, title="<b>x")
    enroll(event, name="<script>alert(1)</script>")
    text = page(event, "?people-q=%22%3E<script>")
    assert ("<script>alert" in text, "<b>x" in text, '"><script>' in text) == (False, False, False)


# The session, the account, its second factor; the event; whether one sees its people; a page of them; its history, and
# whose names are in it; its messages; its tags; who marked it.
STATEMENTS = 11


@pytest.mark.parametrize(("who", "more"), [("olga", 0), ("ada", 2)])  # the organizer, and their name in the choice
def test_a_page_makes_as_many_statements_for_fifty_people_as_for_one(office, olga, ada, make_event, enroll, who, more):
    event = make_event(olga, max_capacity=100)
    client = office({"olga": olga, "ada": ada}[who])
    client.get(page_of(event))  # what Django asks once a process, such as the content types, is known by then
    for rows in (1, 49):
        for _ in range(rows):
            enroll(event)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page_of(event)).status_code == 200
        made = [query["sql"] for query in captured]
        counted = [sql for sql in made if "COUNT(" in sql and "events_interest" not in sql]
        assert (len(made), counted) == (STATEMENTS + more, []), made


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL decides by statistics, which a test has none of")
@pytest.mark.parametrize(
    ("query", "index"), [("", "registration_event_name"), ("?people-o=newest", "registration_event_date")]
)
def test_people_come_out_of_an_index(office, olga, make_event, enroll, query, index):
    event = make_event(olga)
    enroll(event)
    with CaptureQueriesContext(connection) as captured:
        office(olga).get(page_of(event, query))
    sql = next(query["sql"] for query in captured if "registrations_registration" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        plan = " ".join(str(row[-1]) for row in cursor.fetchall())
    assert (f"USING INDEX {index} (" in plan, "TEMP B-TREE" in plan) == (True, False), plan


def test_adding_costs_the_same_whatever_there_is(office, olga, make_event):
    client = office(olga)
    client.get(
        "/admin/events/event/add/"
    )  # what Django asks once a process, such as the content types, is known by then
    made = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/admin/events/event/add/").status_code == 200
        made.append(len(captured))
        for _ in range(50):
            make_event(olga)
    assert made == [3, 3]


def test_the_tab_by_itself_shows_nobody_of_somebody_elses_event(olga, otto, make_event, enroll, rf):
    event = make_event(otto)
    enroll(event, name="Secret")
    request = rf.get("/")
    for who, shown in ((olga, False), (otto, True)):
        request.user = who
        assert ("Secret" in AttendeesTab(request, {"object": str(event.pk)}).contents) is shown
