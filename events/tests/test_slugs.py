"""Addresses of events' pages: made from the title, chosen, changed, and freed."""

import re
from datetime import UTC, datetime
from functools import partial

import pytest

from eventhub.testing.concurrency import race
from events.models import Event, EventSlug
from events.services import slugs
from events.services.events import create_event
from registrations.services.event_changes import delete_event

pytestmark = pytest.mark.django_db

BODY = {"title": "Große Nacht", "date_time": "2030-05-01T19:00:00Z", "location": "Hall", "max_capacity": 5}


@pytest.fixture
def create(api, olga):
    def post(expected=201, **fields):
        answer = api(olga).post("/events/", {**BODY, **fields})
        assert answer.status_code == expected, answer.json()
        return answer.json()

    return post


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Große Nacht für Łukasz!", "grosse-nacht-fur-lukasz"),
        ("Snake_case -- and  more", "snake-case-and-more"),
        ("2027", "event-2027"),
        ("New", "event-new"),
        ("東京の夜", "event-1"),
        ("a" * 100, "a" * 72),
    ],
)
def test_a_slug_is_made_from_the_title(create, title, slug):
    made = create(title=title)
    assert made["slug"] == slug
    assert EventSlug.objects.get().event_id == made["event_id"]


def test_events_of_one_title_have_slugs_of_their_own(create):
    made = [create()["slug"] for _ in range(11)]
    assert made[:9] == ["grosse-nacht", *(f"grosse-nacht-{number}" for number in range(2, 10))]
    assert len({*made}) == 11


@pytest.mark.django_db(transaction=True)
def test_events_of_one_title_that_are_made_at_once(olga):
    values = {**BODY, "date_time": datetime(2030, 5, 1, tzinfo=UTC)}
    made = race([partial(create_event, organizer=olga, values=values) for _ in range(6)])
    assert len({event.slug for event in made}) == 6
    assert {event.slug for event in made} == {*EventSlug.objects.values_list("slug", flat=True)}


def test_the_slug_of_an_unlisted_event_cannot_be_guessed(create):
    first, second = (create(title="Talk", visibility="unlisted")["slug"] for _ in range(2))
    assert re.fullmatch(r"talk-[a-z0-9]{7}", first)
    assert re.fullmatch(r"talk-[a-z0-9]{7}", second)
    assert first != second


def test_drafts_and_private_events_get_theirs_when_they_are_announced(create, api, olga):
    for before, after in (
        ({"status": "draft"}, {"status": "upcoming"}),
        ({"visibility": "private"}, {"visibility": "unlisted"}),
    ):
        made = create(title="Secret", **before)
        assert made["slug"] == ""
        changed = api(olga).patch(f"/events/{made['event_id']}", {"title": f"Talk {len(before)}", **after}).json()
        assert changed["slug"].startswith("talk-1")


@pytest.mark.parametrize("slug", ["Caps", "ümlaut", "a--b", "-a", "12", "new", "by-slug", "a b", "a" * 81])
def test_what_cannot_be_an_address(create, slug):
    assert create(400, slug=slug)["errors"].keys() == {"slug"}


def test_a_slug_is_chosen_changed_and_kept(create, api, olga, otto):
    event_id = create(slug="night")["event_id"]
    assert create(409, slug="night") == {"msg": "Another event has this address", "code": "slug_taken"}
    path = f"/events/{event_id}"
    changed = api(olga).patch(path, {"slug": "nights", "title": "Other"})
    assert changed.json()["slug"] == "nights"
    assert api(olga).patch(path, {"title": "Another"}).json()["slug"] == "nights"
    assert create(409, slug="night")["code"] == "slug_taken"  # it leads to the new address
    assert api(olga).patch(path, {"slug": "night"}).json()["slug"] == "night"
    assert api(olga).patch(path, {"slug": ""}).json()["slug"] == "another"
    assert {*EventSlug.objects.values_list("slug", flat=True)} == {"night", "nights", "another"}


def test_by_its_slug_an_event_is_found_as_by_its_id(create, api, bob, olga):
    event_id = create(slug="night")["event_id"]
    api(olga).patch(f"/events/{event_id}", {"slug": "nights"})
    client = api(bob)
    found, item = client.get("/events/by-slug/nights"), client.get(f"/events/{event_id}")
    assert (found.status_code, found.json(), found["ETag"]) == (200, item.json(), item["ETag"])
    former = client.get("/events/by-slug/night")
    assert (former.status_code, former["Location"]) == (301, "/events/by-slug/nights")
    for visibility in ("unlisted", "private"):
        api(olga).patch(f"/events/{event_id}", {"visibility": visibility})
        answers = [client.get(f"/events/by-slug/{slug}").status_code for slug in ("nights", "night", "nothing")]
        assert answers == ([200, 301, 404] if visibility == "unlisted" else [404] * 3)


def test_an_event_has_a_bounded_number_of_addresses(create, api, olga, monkeypatch):
    monkeypatch.setattr(slugs, "MAX_SLUGS", 2)
    path = f"/events/{create(slug='one')['event_id']}"
    assert api(olga).patch(path, {"slug": "two"}).status_code == 200
    assert api(olga).patch(path, {"slug": "three"}).json()["errors"].keys() == {"slug"}
    assert api(olga).patch(path, {"slug": "one"}).status_code == 200


def test_a_deleted_event_frees_its_addresses(create):
    first = create(slug="night")["event_id"]
    delete_event(event_id=first)
    assert not EventSlug.objects.exists()
    # As the previous release deletes: it knows no slugs.
    second = create(slug="night")["event_id"]
    Event.objects.filter(pk=second)._raw_delete("default")
    assert create(slug="night")["slug"] == "night"


def test_housekeeping_gives_events_of_former_releases_their_slugs(olga, make_event, monkeypatch):
    monkeypatch.setattr(slugs, "AT_ONCE", 2)
    events = [make_event(olga, title="Talk") for _ in range(3)]
    make_event(olga, draft=True)
    make_event(olga, visibility="private")
    before = [event.updated_at for event in events]
    assert (slugs.fill_slugs(dry_run=True), slugs.fill_slugs(), slugs.fill_slugs()) == (3, 3, 0)
    for event in events:
        event.refresh_from_db()
    assert [event.slug for event in events] == ["talk", "talk-2", "talk-3"]
    assert [event.updated_at for event in events] == before
