"""The public API: what everybody may read, and how long copies of it are good."""

import re
from datetime import UTC, datetime

import icalendar
import pytest
from django.test import Client

from eventhub.testing.responses import NO_EVENT, NO_PATH, NO_USER, refusal, whole
from events.models import Event, EventSlug
from public_pages.cache_headers import CACHE_CONTROL
from public_pages.seats import shown_seats

pytestmark = pytest.mark.django_db

BEGINS, ENDS = datetime(2027, 5, 1, 19, tzinfo=UTC), datetime(2027, 5, 1, 23, tzinfo=UTC)


@pytest.fixture
def night(olga, make_event):
    olga.profile.name, olga.profile.contact, olga.profile.about = "Olga's Lectures", "hello@example.org", "Since 1998."
    olga.profile.save()
    event = make_event(
        olga,
        title="Night of the <Telescopes>",
        description="Bring a coat.",
        location="Observatory",
        date_time=BEGINS,
        end_time=ENDS,
        max_capacity=40,
        time_zone="Europe/Berlin",
        slug="night",
    )
    EventSlug.objects.bulk_create([EventSlug(slug=slug, event=event) for slug in ("night", "evening")])
    return event


def ids(answer):
    assert answer.status_code == 200
    return [row["event_id"] for row in answer.json()["results"]]


def test_an_event_as_everybody_sees_it(api, settings, night, olga):
    settings.PUBLIC_URL = "https://events.example.org"
    body = {
        "event_id": night.pk,
        "slug": "night",
        "url": "https://events.example.org/e/night",
        "title": "Night of the <Telescopes>",
        "description": "Bring a coat.",
        "date_time": "2027-05-01T19:00:00Z",
        "end_time": "2027-05-01T23:00:00Z",
        "time_zone": "Europe/Berlin",
        "local": {"begins": "2027-05-01T21:00:00+02:00", "ends": "2027-05-02T01:00:00+02:00"},
        "location": "Observatory",
        "attendance": "offline",
        "venue": "",
        "address": "",
        "latitude": None,
        "longitude": None,
        "organizer": {"user_id": olga.pk, "name": "Olga's Lectures", "contact": "hello@example.org"},
        "status": "upcoming",
        "seats": "free",
        "seats_left": 40,
        "max_capacity": 40,
        "waitlist": True,
        "registration_opens": None,
        "registration_closes": None,
        "guests": "no",
        "tags": [],
        "updated_at": night.updated_at.isoformat().replace("+00:00", "Z"),
    }
    assert [whole(api().get(f"/public/events/{name}")) for name in ("night", night.pk)] == [(200, body)] * 2
    assert whole(api().get("/public/events/")) == (200, {"next": None, "previous": None, "results": [body]})


def test_a_former_address_leads_to_the_present_one(client, night):
    for path, there in (
        ("/public/events/evening", "/public/events/night"),
        ("/public/events/evening.ics", "/public/events/night.ics"),
        ("/e/evening", "/e/night"),
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (301, there)


@pytest.mark.parametrize(
    "path", ["/public/events/", "/public/events/night", "/public/events.ics", "/public/organizers/{olga}"]
)
def test_copies_are_good_for_a_minute_for_everybody(night, olga, path):
    path = path.format(olga=olga.pk)
    answer = Client().get(path)
    wanted = {
        "Cache-Control": CACHE_CONTROL,
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    assert {name: answer.headers[name] for name in wanted} == wanted
    assert not {"Set-Cookie", "Vary", "Access-Control-Allow-Credentials"} & answer.headers.keys()
    again = Client().get(path, headers={"if-none-match": answer.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", answer.headers["ETag"])
    assert again.headers["Cache-Control"] == CACHE_CONTROL
    Event.objects.update(title="Another title")
    olga.profile.name = "Another name"
    olga.profile.save()
    changed = Client().get(path, headers={"if-none-match": answer.headers["ETag"]})
    assert (changed.status_code, changed.headers["ETag"] != answer.headers["ETag"]) == (200, True)


@pytest.mark.parametrize("path", ["/public/events/", "/public/events/night", "/e/", "/e/night", "/o/{olga}"])
def test_no_token_and_no_session_is_looked_at(office, night, olga, make_event, path):
    make_event(olga, title="A draft", status="draft")
    path = path.format(olga=olga.pk)
    mine = office(olga).get(path)
    with_token = Client().get(path, headers={"authorization": "Bearer nonsense"})
    assert mine.content == with_token.content == Client().get(path).content
    assert not {"Set-Cookie"} & mine.headers.keys()
    assert "Cookie" not in mine.headers.get("Vary", "")


HIDDEN = [{"status": "draft"}, {"visibility": "private"}]


@pytest.mark.parametrize("hidden", HIDDEN, ids=["draft", "private"])
def test_what_is_hidden_is_as_what_does_not_exist(api, client, night, hidden, django_assert_num_queries):
    Event.objects.update(**hidden, title="Secret")
    nothing = [client.get(path) for path in ("/public/events/9999999", "/public/events/no-such.ics", "/e/no-such")]
    for name in ("night", "evening", night.pk):
        for path, none in zip(("/public/events/{}", "/public/events/{}.ics", "/e/{}"), nothing, strict=True):
            with django_assert_num_queries(1):
                answer = client.get(path.format(name))
            assert (answer.status_code, answer.content) == (404, none.content)
            assert answer.headers["Cache-Control"] == "no-store"
    assert whole(nothing[0]) == NO_EVENT
    lists = ("/public/events/", "/public/events/?search=Secret", "/public/events/?upcoming=false")
    assert [ids(api().get(path)) for path in lists] == [[], [], []]
    assert whole(api().get(f"/public/organizers/{night.organizer_id}")) == NO_USER
    for path in ("/public/events.ics", "/e/", "/sitemap.xml"):
        answer = client.get(path)
        assert (answer.status_code, b"Secret" in answer.content, b"night" in answer.content) == (200, False, False)
    assert client.get(f"/o/{night.organizer_id}").status_code == 404


def test_who_has_the_link_of_an_unlisted_event_sees_it(api, client, night):
    Event.objects.update(visibility="unlisted")
    assert api().get("/public/events/night").status_code == 200
    for path in (f"/public/events/{night.pk}", f"/public/events/{night.pk}.ics", f"/e/{night.pk}"):
        assert client.get(path).status_code == 404  # ids are consecutive
    assert 'name="robots" content="noindex"' in client.get("/e/night").text
    assert ids(api().get("/public/events/")) == ids(api().get("/public/events/?search=telescopes")) == []
    for path in ("/public/events.ics", "/sitemap.xml", "/e/"):
        assert re.findall(b"elescopes|/night", client.get(path).content) == []


def test_filters_are_those_of_the_signed_in_list(api, night, otto, make_event):
    full = make_event(otto, title="Full house", max_capacity=1, full=True, date_time=BEGINS)
    assert ids(api().get("/public/events/?has_seats=true")) == [night.pk]
    assert ids(api().get(f"/public/events/?organizer_id={otto.pk}")) == [full.pk]
    assert ids(api().get("/public/events/?search=telescopes")) == [night.pk]
    assert ids(api().get("/public/events/?ordering=-title&status=upcoming")) == [night.pk, full.pk]
    for wrong in ("status=draft", "nonsense=1", "cursor=x", "page_size=0"):
        assert api().get(f"/public/events/?{wrong}").json()["code"] == "invalid"
    page = api().get("/public/events/?page_size=1").json()
    assert page["next"].startswith("http://testserver/public/events/?")
    assert ids(api().get(page["next"].removeprefix("http://testserver"))) == [full.pk]


@pytest.mark.parametrize(
    ("taken", "capacity", "waiting", "word"),
    [(0, 40, 0, "free"), (36, 40, 0, "few"), (40, 40, 0, "none"), (39, 40, 1, "none"), (0, 3, 0, "few")],
)
def test_an_organizer_who_hides_numbers_shows_a_word(taken, capacity, waiting, word):
    event = Event(max_capacity=capacity, hides_seats=True)
    event.seats_taken, event.waitlisted = taken, waiting
    assert shown_seats(event) == (word, None, None)
    event.hides_seats = False
    assert shown_seats(event) == (word, 0 if waiting else capacity - taken, capacity)


def test_hidden_numbers_are_nowhere(api, client, night):
    Event.objects.update(hides_seats=True, max_capacity=4711)
    body = api().get("/public/events/night").json()
    assert (body["seats"], body["seats_left"], body["max_capacity"]) == ("free", None, None)
    for path in ("/public/events/", "/e/", "/e/night", f"/o/{night.organizer_id}", "/public/events.ics"):
        assert "4711" not in client.get(path).text


def test_calendars(client, night, olga, make_event):
    make_event(olga, title="Long ago", date_time=datetime(2020, 1, 1, tzinfo=UTC))
    calendar = icalendar.Calendar.from_ical(client.get("/public/events.ics").content)
    assert [entry["SUMMARY"] for entry in calendar.events] == ["Night of the <Telescopes>"]
    one = client.get("/public/events/night.ics")
    (entry,) = icalendar.Calendar.from_ical(one.content).events
    assert (one.headers["Content-Type"], entry["SUMMARY"]) == (
        "text/calendar; charset=utf-8",
        "Night of the <Telescopes>",
    )
    assert "night" not in client.get("/public/events.ics?search=nothing").text


def test_an_organizer_shows_name_contact_and_text_alone(api, night, olga, otto, bob):
    assert whole(api().get(f"/public/organizers/{olga.pk}")) == (
        200,
        {
            "user_id": olga.pk,
            "name": "Olga's Lectures",
            "contact": "hello@example.org",
            "about": "Since 1998.",
            "url": f"http://127.0.0.1:8000/o/{olga.pk}",
        },
    )
    for account in (otto, bob):
        assert whole(api().get(f"/public/organizers/{account.pk}")) == NO_USER


PATHS = ["/public/events/", "/public/events/night", "/public/events.ics", "/public/organizers/1", "/sitemap.xml", "/e/"]


@pytest.mark.parametrize("path", [*PATHS, "/e/night", "/o/1"])
def test_it_can_be_switched_off(client, settings, night, path):
    settings.PUBLIC_PAGES = False
    assert whole(client.get(path)) == NO_PATH


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_written_there(client, night, path):
    for verb in ("post", "put", "patch", "delete"):
        answer = getattr(client, verb)(path)
        assert whole(answer) == refusal(405, f'Method "{verb.upper()}" not allowed.', "method_not_allowed")


def test_addresses_are_throttled(client, settings, night):
    settings.THROTTLE_GENERAL = "3/min"
    paths = ("/e/", "/public/events/", "/e/night", "/public/events/night")
    statuses = [client.get(path, REMOTE_ADDR="192.0.2.77").status_code for path in paths]
    assert statuses == [200, 200, 200, 429]
