"""Tags and categories: named on an event, found by a filter, curated by admins."""

from datetime import UTC, datetime

import pytest

from events.models import Event, EventTag, Tag
from events.services import tags
from events.services.series import create_series, extend_due

pytestmark = pytest.mark.django_db

BODY = {"title": "Talk", "date_time": "2030-05-01T19:00:00Z", "location": "Hall", "max_capacity": 5}


@pytest.fixture
def create(api, olga):
    def post(expected=201, **fields):
        answer = api(olga).post("/events/", {**BODY, **fields})
        assert answer.status_code == expected, answer.json()
        return answer.json()

    return post


def slugs_of(body):
    return [tag["slug"] for tag in body["tags"]]


def test_an_event_has_the_tags_that_its_body_names(create, api, olga, bob):
    Tag.objects.create(slug="music", name="Music & more", kind="category")
    made = create(tags=["C++", "c++ ", "C#", "music", "Große Nacht", "東京"])
    assert made["tags"] == [
        {"slug": "music", "name": "Music & more", "kind": "category"},
        {"slug": "c-sharp", "name": "C#", "kind": "tag"},
        {"slug": "c-plus-plus", "name": "C++", "kind": "tag"},
        {"slug": "grosse-nacht", "name": "Große Nacht", "kind": "tag"},
        {"slug": "東京", "name": "東京", "kind": "tag"},
    ]
    path = f"/events/{made['event_id']}"
    assert api(bob).get(path).json()["tags"] == api(bob).get("/events/").json()["results"][0]["tags"] == made["tags"]
    changed = api(olga).patch(path, {"tags": ["music", "New"]})
    assert slugs_of(changed.json()) == ["music", "new"]
    assert Event.history.first().history_change_reason == "Tags: Music & more, New"
    assert changed.json()["updated_at"] > made["updated_at"]
    assert slugs_of(api(olga).patch(path, {"title": "Other"}).json()) == ["music", "new"]
    assert slugs_of(api(olga).patch(path, {"tags": []}).json()) == []
    assert create()["tags"] == []


@pytest.mark.parametrize("named", [["!!"], [""], ["a" * 81], [str(n) for n in range(21)], ["a\nb"], "x", [None]])
def test_what_cannot_be_tags(create, named):
    assert [key.split(".")[0] for key in create(400, tags=named)["errors"]] == ["tags"]
    assert not Tag.objects.exists()


def test_events_are_found_by_any_of_several_tags(create, api, bob):
    both, one, _ = create(tags=["jazz", "free"]), create(tags=["jazz"]), create(tags=["art"])
    create(tags=["jazz"], visibility="unlisted")

    def found(query):
        return [row["event_id"] for row in api(bob).get(f"/events/?tag={query}").json()["results"]]

    assert found("jazz") == [both["event_id"], one["event_id"]]
    assert found("free,jazz,nothing") == [both["event_id"], one["event_id"]]
    assert found("nothing") == []
    assert found("") == [row["event_id"] for row in api(bob).get("/events/").json()["results"]]


def test_tags_of_hidden_events_are_in_nobodys_list(create, api, bob, olga, ada):
    create(tags=["open"])
    for visibility in ("unlisted", "private"):
        create(tags=[visibility], visibility=visibility)
    create(tags=["draft"], status="draft")
    Tag.objects.create(slug="arts", name="Arts", kind="category")

    def listed(user, query=""):
        return [row["slug"] for row in api(user).get(f"/tags/{query}").json()["results"]]

    assert listed(bob) == ["arts", "open"]
    assert listed(bob, "?kind=tag") == ["open"]
    assert listed(olga) == listed(ada) == ["arts", "draft", "open", "private", "unlisted"]


def test_admins_curate_tags(create, api, ada, olga):
    event = create(tags=["jazz", "jaz"])["event_id"]
    other = create(tags=["jaz"])["event_id"]
    client = api(ada)
    made = client.post("/tags/", {"name": "Music"})
    assert (made.status_code, made.json()["kind"], made.json()["slug"]) == (201, "category", "music")
    assert client.post("/tags/", {"name": "music!"}).json()["code"] == "tag_exists"
    path = f"/tags/{made.json()['tag_id']}"
    assert client.patch(path, {"name": "Concerts"}).json()["slug"] == "concerts"
    assert client.patch(path, {"name": "Jazz"}).json()["code"] == "tag_exists"
    jaz, jazz = Tag.objects.get(slug="jaz"), Tag.objects.get(slug="jazz")
    assert client.post(f"/tags/{jaz.pk}/merge", {"into": jaz.pk}).status_code == 400
    assert client.post(f"/tags/{jaz.pk}/merge", {"into": jazz.pk}).json()["slug"] == "jazz"
    assert {*EventTag.objects.values_list("event", "tag")} == {(event, jazz.pk), (other, jazz.pk)}
    assert client.delete(f"/tags/{jazz.pk}").status_code == 204
    assert api(olga).get(f"/events/{event}").json()["tags"] == []
    assert client.patch(f"/tags/{jazz.pk}", {}).json() == {"msg": "Tag not found", "code": "not_found"}
    assert [api(olga).post("/tags/", {"name": "Own"}).status_code, api(olga).delete(path).status_code] == [403, 403]


def test_new_dates_of_a_series_have_the_tags_that_others_became(olga):
    begins = datetime(2030, 5, 1, 19, tzinfo=UTC)
    values = {**BODY, "date_time": begins, "tags": ["Jaz", "Free", "jazz"]}
    series = create_series(organizer=olga, rule="FREQ=YEARLY;COUNT=2", values=values, now=begins)
    tags.merge_tags(Tag.objects.get(slug="jaz"), into=Tag.objects.get(slug="jazz"))
    tags.save_tag(Tag.objects.get(slug="free"), name="No fee")
    assert extend_due(now=begins.replace(year=2031, month=4), dry_run=False) == 1
    assert {tag["name"] for tag in series.dates.last().event.tag_list} == {"No fee", "jazz"}
    assert Tag.objects.count() == 2


def test_housekeeping_deletes_tags_that_no_event_has(create):
    create(tags=["used"])
    Tag.objects.create(slug="unused", name="Unused")
    Tag.objects.create(slug="empty", name="Empty", kind="category")
    assert (tags.delete_unused(dry_run=True), tags.delete_unused(), tags.delete_unused()) == (1, 1, 0)
    assert {*Tag.objects.values_list("slug", flat=True)} == {"used", "empty"}


# The back office -----------------------------------------------------------------------------------------------------


def test_admins_merge_tags_in_the_back_office(create, office, ada, olga):
    event = create(tags=["jaz"])["event_id"]
    browser, page = office(ada), "/admin/events/tag/"
    assert browser.post(f"{page}add/", {"name": "Jazz", "kind": "category"}).status_code == 302
    jaz, jazz = Tag.objects.get(slug="jaz"), Tag.objects.get(slug="jazz")
    taken = browser.post(f"{page}{jaz.pk}/change/", {"name": "Jazz", "kind": "tag", "into": ""})
    assert "There is a tag with this name." in taken.content.decode()
    merged = browser.post(f"{page}{jaz.pk}/change/", {"name": "jaz", "kind": "tag", "into": jazz.pk})
    assert merged["Location"] == f"{page}{jazz.pk}/change/"
    assert [*EventTag.objects.values_list("event", "tag")] == [(event, jazz.pk)]
    assert [browser.get(page).status_code, office(olga).get(page).status_code] == [200, 403]


def test_the_form_of_an_event_has_its_tags_and_its_address(create, office, olga):
    event_id = create(tags=["Jazz", "Art"])["event_id"]
    browser, page = office(olga), f"/admin/events/event/{event_id}/change/"
    shown = browser.get(page).context["adminform"].form
    assert [shown["tags"].value(), shown["slug"].value(), shown["visibility"].value()] == [
        "Art, Jazz",
        "talk",
        "public",
    ]
    sent = {name: shown[name].value() or "" for name in shown.fields if name != "organizer"}
    times = {"date_time_0": "2030-05-01", "date_time_1": "19:00", "end_time_0": "", "end_time_1": ""}
    sent |= times | {
        "tags": "Jazz, free entry,, ",
        "slug": "evening",
        "visibility": "unlisted",
        "opened": shown.original_as_json,
    }
    assert browser.post(page, {**sent, "tags": "!!"}).context["adminform"].form.errors.keys() == {"tags"}
    create(slug="night")
    assert browser.post(page, {**sent, "slug": "night"}).context["adminform"].form.errors.keys() == {"slug"}
    assert browser.post(page, sent).status_code == 302
    event = Event.objects.get(pk=event_id)
    assert ({tag["name"] for tag in event.tag_list}, event.slug) == ({"Jazz", "free entry"}, "evening")
    assert event.visibility == "unlisted"
