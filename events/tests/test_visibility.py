"""Who sees public, unlisted and private events: by list, search, id and all that hangs on an event."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.models import Event, Visibility
from events.services.slugs import page_path

pytestmark = pytest.mark.django_db

# What asks for an event by its id.
PATHS = [
    ("GET", "/events/{event}"),
    ("GET", "/events/{event}/registration"),
    ("GET", "/events/{event}/calendar.ics"),
    ("GET", "/events/{event}/attendees"),
    ("GET", "/events/{event}/statistics"),
    ("POST", "/attendees/"),
]


@pytest.fixture
def events(olga, make_event):
    return {each: make_event(olga, title=f"Kept {each}", visibility=each) for each in Visibility.values}


@pytest.mark.parametrize(
    ("who", "opened", "listed"),
    [
        ("ada", {"public", "unlisted", "private"}, {"public", "unlisted", "private"}),
        ("olga", {"public", "unlisted", "private"}, {"public", "unlisted", "private"}),
        ("otto", {"public", "unlisted"}, {"public"}),
        ("bob", {"public", "unlisted"}, {"public"}),
        ("guest", {"public", "unlisted", "private"}, {"public"}),
        ("former", {"public", "unlisted"}, {"public"}),
    ],
)
def test_who_sees_which_events(api, events, enroll, person, ada, olga, otto, bob, who, opened, listed):
    people = {"ada": ada, "olga": olga, "otto": otto, "bob": bob, "guest": person("gil"), "former": person("fay")}
    enroll(events["private"], people["guest"], status="waitlisted")
    enroll(events["private"], people["former"], status="cancelled")
    user, client = people[who], api(people[who])
    assert set(Event.objects.visible_to(user).values_list("visibility", flat=True)) == opened
    for visibility, event in events.items():
        assert event.is_visible_to(user) == (visibility in opened)
        assert client.get(f"/events/{event.pk}").status_code == (200 if visibility in opened else 404)
    for query in ("", "?search=kept", "?status=upcoming,draft", "?location=hall", f"?organizer_id={olga.pk}"):
        rows = client.get(f"/events/{query}").json()["results"]
        assert {row["title"].removeprefix("Kept ") for row in rows} == listed, query


def test_a_draft_is_for_who_runs_it_whatever_its_visibility(olga, bob, make_event, enroll):
    for visibility in Visibility.values:
        event = make_event(olga, draft=True, visibility=visibility)
        enroll(event, bob)
        assert [event.is_visible_to(olga), event.is_visible_to(bob)] == [True, False]
    assert not Event.objects.visible_to(bob).exists()
    assert Event.objects.listed_for(olga).count() == 3
    assert not Event.objects.public().exists()
    assert not Event.objects.reachable_publicly().exists()


def test_pages_for_everybody_know_no_private_event(events):
    assert [*Event.objects.public()] == [events["public"]]
    assert {*Event.objects.reachable_publicly()} == {events["public"], events["unlisted"]}


@pytest.mark.parametrize(("verb", "path"), PATHS)
def test_a_private_event_is_to_others_as_if_it_did_not_exist(api, events, bob, verb, path):
    answers = []
    for pk in (events["private"].pk, 10**6):
        with CaptureQueriesContext(connection) as made:
            answer = api(bob).send(verb, path.format(event=pk), {"event_id": pk} if verb == "POST" else None)
        answers.append((answer.status_code, answer.json()["msg"], len(made)))
    assert answers == [(404, "Event not found", len(made))] * 2


def test_own_registrations_for_a_private_event_are_seen_while_they_are_live(api, events, bob, enroll):
    registration = enroll(events["private"], bob)
    client = api(bob)
    assert [row["attendee_id"] for row in client.get("/attendees/").json()["results"]] == [registration.pk]
    assert client.get(f"/attendees/{registration.pk}").status_code == 200
    assert client.patch(f"/attendees/{registration.pk}", {"status": "cancelled"}).status_code == 200
    assert client.get("/attendees/").json()["results"] == []
    assert client.patch(f"/attendees/{registration.pk}", {"status": "registered"}).status_code == 404


def test_the_path_of_a_page(make_event, olga):
    event = make_event(olga)
    assert page_path(event) == f"/e/{event.pk}"
    event.slug = "talk"
    assert page_path(event) == "/e/talk"
