"""The door of an event: whoever stands there is found and let in, with two taps, on a phone, without JavaScript."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registrations.models import Question, Registration

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def door_of(event):
    return f"/admin/registrations/registration/door/{event.pk}/"


def tap(client, event, row, name="check_in"):
    return client.post(door_of(event), {"do": f"{name}:{row.pk}"})


def people(response):
    assert response.status_code == 200
    return [person.name for person in response.context["people"]]


@pytest.fixture
def evening(olga, make_event, enroll):
    """An event with Anna, who is here, Bob, who is not yet, and Carla, who waits."""
    event = make_event(olga, title="Evening", max_capacity=2, date_time=timezone.now())
    enroll(event, name="Anna", status="attended")
    enroll(event, name="Bob", contact_details="Table 4")
    enroll(event, name="Carla", status="waitlisted")
    return event


def test_it_says_how_many_are_here(office, olga, evening):
    page = re.sub(r"<[^>]+>|\s+", " ", office(olga).get(door_of(evening)).content.decode())
    assert "1 of 2 checked in. 1 on the waiting list. 0 of 2 seats free." in re.sub(r"\s+", " ", page)


def test_check_in_is_in_the_menu_on_the_events_page_and_leads_back(office, olga, evening):
    client = office(olga)
    doors, event = "/admin/registrations/registration/door/", f"/admin/events/event/{evening.pk}/change/"
    for path, link in (
        ("/admin/", doors),
        (doors, door_of(evening)),
        (event, door_of(evening)),
        (door_of(evening), event),
    ):
        assert f'href="{link}"' in client.get(path).content.decode(), (path, link)


def test_the_choice_shows_ones_own_events_that_are_on_first(office, olga, otto, make_event):
    now = timezone.now()
    make_event(olga, title="Next", date_time=now + timedelta(days=2))
    make_event(olga, title="On", date_time=now - timedelta(days=9), end_time=now + timedelta(days=1))
    make_event(olga, title="Draft", status="draft")
    make_event(otto, title="Theirs")
    sections = office(olga).get("/admin/registrations/registration/door/").context["sections"]
    assert [(title, [event.title for event, _ in events]) for title, events in sections] == [
        ("On now", ["On"]),
        ("Next events", ["Next"]),
    ]


def test_people_are_found_by_name_and_contact_in_this_event_alone(office, olga, evening, make_event, enroll):
    enroll(make_event(olga), name="Bob of another evening")
    client = office(olga)
    assert people(client.get(door_of(evening))) == ["Anna", "Bob", "Carla"]
    for text, names in (("bo", ["Bob"]), ("table 4", ["Bob"]), ("bob table", ["Bob"]), ("dora", []), ("a", ["Anna"])):
        assert people(client.get(door_of(evening), {"q": text})) == names


def test_address_and_phone_are_both_on_every_page_of_a_person(office, olga, evening, enroll):
    row = enroll(evening, name="Dora", status="cancelled", contact_details="dora@example.org", phone="030 1")
    for path in (
        door_of(evening),
        "/admin/registrations/registration/",
        f"/admin/registrations/registration/{row.pk}/change/",
        f"/admin/events/event/{evening.pk}/change/",
    ):
        page = office(olga).get(path).content.decode()
        assert ("dora@example.org" in page, "030 1" in page) == (True, True), path


def test_a_tap_lets_in_and_leads_to_an_empty_box_with_the_person_on_top(office, olga, evening):
    bob = Registration.objects.get(name="Bob")
    client = office(olga)
    answer = tap(client, evening, bob)
    assert answer.url == f"{door_of(evening)}?done={bob.pk}"
    page = client.get(answer.url)
    assert (page.context["last"].row, page.context["last"].action) == (bob, "undo_check_in")
    assert people(page) == ["Anna", "Carla"]
    assert (page.context["checked_in"], page.context["text"]) == (2, "")
    tap(client, evening, bob, "undo_check_in")
    bob.refresh_from_db()
    assert bob.status == "registered"


def test_a_second_tap_does_no_harm(office, olga, evening):
    bob = Registration.objects.get(name="Bob")
    for _ in range(2):
        assert tap(office(olga), evening, bob).status_code == 302
    assert [line.becomes for line in bob.transitions.all()] == ["registered", "attended"]


def test_a_refusal_is_told_check_in_button(office, olga, evening):
    client = office(olga)
    answer = tap(client, evening, Registration.objects.get(name="Carla"))
    assert "Carla: Event is full." in client.get(answer.url).content.decode()


def test_walk_ins_are_added_and_found_check_in_button_again(office, olga, evening):
    client = office(olga)
    link = re.search(
        r'href="(/admin/registrations/registration/add/[^"]+)"', client.get(door_of(evening)).content.decode()
    )
    path = link[1].replace("&amp;", "&")
    assert path == f"/admin/registrations/registration/add/?event={evening.pk}&from=door"
    body = {"event": evening.pk, "email": "dora@example.org", "name": "Dora", "may_queue": "on"}
    answer = client.post(path, body)
    assert answer.url == f"{door_of(evening)}?done={Registration.objects.get(name='Dora').pk}"


def test_buttons_are_forms_that_need_no_script_and_no_link_lets_in(office, olga, evening):
    page = office(olga).get(door_of(evening)).content.decode()
    forms = re.findall(r'<form method="post" class="shrink-0">(.*?)</form>', page, re.DOTALL)
    assert [("csrfmiddlewaretoken" in form, 'type="submit"' in form) for form in forms] == [
        (True, True)
    ] * 2  # Carla waits, and the event is full
    bob = Registration.objects.get(name="Bob")
    office(olga).get(door_of(evening), {"do": f"check_in:{bob.pk}"})
    bob.refresh_from_db()
    assert bob.status == "registered"


def test_the_door_of_somebody_else_s_event_is_not_there(office, otto, bob, evening):
    row = Registration.objects.get(name="Bob")
    assert office(otto).get(door_of(evening)).status_code == 404
    assert tap(office(otto), evening, row).status_code == 404
    assert office(bob).get(door_of(evening)).status_code != 200
    tap(office(bob), evening, row)
    row.refresh_from_db()
    assert row.status == "registered"


def test_nobody_else_s_guest_is_let_in_or_shown_through_one_s_own_door(office, otto, evening, make_event):
    row, mine = Registration.objects.get(name="Bob"), make_event(otto)
    tap(office(otto), mine, row)
    row.refresh_from_db()
    page = office(otto).get(f"{door_of(mine)}?done={row.pk}")
    assert (row.status, page.context["last"], "Bob" in page.content.decode()) == ("registered", None, False)


@pytest.mark.parametrize("query", [{"done": "x"}, {"done": "9" * 40}, {"q": "\x00"}, {"q": "x" * 4000}, {"q": "%"}])
def test_nothing_that_an_address_says_breaks_it(office, olga, evening, query):
    assert office(olga).get(door_of(evening), query).status_code == 200


@pytest.mark.parametrize("pk", [0, 10**30])
def test_an_event_that_cannot_be_is_not_there(office, olga, pk):
    assert office(olga).get(f"/admin/registrations/registration/door/{pk}/").status_code == 404


@pytest.mark.parametrize("query", [{}, {"q": "guest"}])
def test_it_takes_as_many_queries_for_fifty_as_for_one(office, olga, make_event, enroll, query):
    event = make_event(olga, max_capacity=100)
    enroll(event)

    client = office(olga)

    def count():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(door_of(event), query).status_code == 200
        return sum(not query["sql"].startswith("EXPLAIN") for query in captured)  # a search asks what to expect

    one = count()
    for _ in range(50):
        enroll(event)
    # the session, the account and its second factor; the event, the people, how many are here
    assert (one, count()) == (6, 6)


def test_it_says_what_to_ask_somebody(office, olga, evening):
    client = office(olga)
    assert "Please ask" not in client.get(door_of(evening)).content.decode()
    evening.asks_questions = True
    evening.save()
    Question.objects.create(event=evening, text="Shirt", required="at_door")
    anna = Registration.objects.get(name="Anna")
    page = client.get(f"{door_of(evening)}?done={anna.pk}").content.decode()
    assert page.count("Please ask: Shirt.") == 3
    assert f"/admin/registrations/registration/{anna.pk}/answers/" in page
