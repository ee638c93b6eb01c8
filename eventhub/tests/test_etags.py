"""ETag, If-None-Match and If-Match, on every item: what is cheap to ask again, and whose edit is not lost."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import OrganizerProfile, User
from eventhub.api.etags import Precondition
from eventhub.exceptions import PreconditionFailed
from eventhub.testing.concurrency import race
from eventhub.testing.responses import DONE, INACCESSIBLE, NO_ATTENDEE, NO_EVENT, NO_HEADER, invalid, refusal, whole
from events.models import Event
from registrations.models import Registration
from registrations.services.event_changes import delete_event

pytestmark = pytest.mark.django_db

CHANGED = refusal(412, "It does not match your precondition: read it again", "precondition_failed")
GARBAGE = [
    "",
    ",",
    "x",
    "0",
    '"',
    '""',
    "W/",
    'W/"',
    '"a" "b"',
    "'a'",
    '"a',
    "\x00",
    '"' * 5000,
    '"\u00e4"',
    "* , *",
    "**",
]

ITEMS = {
    # the path, who edits it, and an edit
    "event": ("/events/{event}", "olga", {"title": "Another title"}),
    "attendee": ("/attendees/{row}", "bob", {"name": "Robert"}),
    "user": ("/users/{bob}", "bob", {"username": "robert"}),
    "profile": ("/users/{olga}/organizer", "olga", {"about": "Evenings"}),
}
every_item = pytest.mark.parametrize("kind", ITEMS)


@pytest.fixture
def world(olga, bob, ada, make_event, enroll):
    event = make_event(olga, max_capacity=5)
    return {"event": event, "row": enroll(event, bob), "olga": olga, "bob": bob, "ada": ada}


@pytest.fixture
def item(api, world):
    """A client of who may edit the item of that kind, its path, and an edit."""

    def of(kind):
        path, who, change = ITEMS[kind]
        return api(world[who]), path.format(**{name: row.pk for name, row in world.items()}), change

    return of


def if_match(tag):
    return {"headers": {"if-match": tag}}


def if_none_match(tag):
    return {"headers": {"if-none-match": tag}}


# Reading -------------------------------------------------------------------------------------------------------------


@every_item
def test_an_item_is_tagged_and_not_sent_again_to_who_has_it(item, kind):
    client, path, _ = item(kind)
    first = client.get(path)
    tag = first.headers["ETag"]
    assert re.fullmatch(r'"[0-9a-f]{16}\.[0-9a-f]{16}"', tag)
    for named in (tag, f"W/{tag}", f'"another", {tag}', "*"):
        for answer in (client.get(path, **if_none_match(named)), client.head(path, **if_none_match(named))):
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["ETag"] == tag
            assert answer.headers["Cache-Control"] == first.headers["Cache-Control"]
            assert answer.headers["Content-Length"] == str(len(first.content))
            assert "Content-Type" not in answer.headers


@every_item
def test_who_has_another_state_of_it_is_sent_the_item(item, kind):
    client, path, change = item(kind)
    before = client.get(path).headers["ETag"]
    after = client.patch(path, change).headers["ETag"]
    assert after != before
    for named in (before, f"W/{before}", after[:-2] + '"', after.strip('"')):
        assert client.get(path, **if_none_match(named)).json() == client.get(path).json()


@every_item
def test_a_header_that_names_no_tag_names_no_state(item, kind):
    client, path, change = item(kind)
    for header in GARBAGE:
        assert client.get(path, **if_none_match(header)).status_code == 200
        assert whole(client.get(path, **if_match(header))) == CHANGED
        assert whole(client.patch(path, change, **if_match(header))) == CHANGED
        assert client.patch(path, change, **if_none_match(header)).status_code == 200


def test_one_may_ask_for_the_item_only_as_one_knows_it(item):
    client, path, change = item("event")
    tag = client.get(path).headers["ETag"]
    assert client.get(path, **if_match(tag)).status_code == 200
    client.patch(path, change)
    assert whole(client.get(path, headers={"if-match": tag, "if-none-match": "*"})) == CHANGED


def test_whatever_shows_in_the_body_changes_the_tag(api, olga, otto, bob, ada, make_event, enroll):
    event = make_event(olga, max_capacity=1)
    row = enroll(event, bob)
    waiting = [enroll(event, status="waitlisted") for _ in range(2)]
    paths = f"/events/{event.pk}", f"/attendees/{row.pk}", f"/attendees/{waiting[1].pk}"
    seen = [set() for _ in paths]

    def look():
        for path, tags in zip(paths, seen, strict=True):
            tags.add(api(ada).get(path).headers["ETag"])
        return [len(tags) for tags in seen]

    assert look() == [1, 1, 1]
    OrganizerProfile.objects.filter(user=olga).update(name="Olga's Lectures")
    assert look() == [2, 1, 1]
    Event.objects.filter(pk=event.pk).update(title="Another title")
    assert look() == [3, 2, 2]
    waiting[0].delete()
    assert look() == [4, 2, 3]
    Registration.objects.filter(pk=row.pk).update(status="cancelled")
    assert look() == [5, 3, 3]


def test_a_list_has_no_tag(api, ada, world):
    for path in ("/users/", "/events/", "/attendees/"):
        answer = api(ada).get(path, **if_none_match("*"))
        assert (answer.status_code, "ETag" in answer.headers) == (200, False)


def test_what_is_made_is_answered_with_the_tag_that_it_is_read_with(api, olga, ada):
    def made(client, path, body, items, name):
        answer = client.post(path, body)
        read = api(ada).get(f"{items}{answer.json()[name]}")
        assert (answer.status_code, answer.json(), answer.headers["ETag"]) == (201, read.json(), read.headers["ETag"])
        return answer.json()

    body = {"title": "Talk", "location": "Hall", "max_capacity": 3, "date_time": "2031-05-01T18:00:00+02:00"}
    event = made(api(olga), "/events/", body, "/events/", "event_id")
    made(api(olga), "/attendees/", {"event_id": event["event_id"]}, "/attendees/", "attendee_id")
    zoe = {"username": "zoe", "email": "zoe@example.org", "password": "a passphrase for zoe"}
    made(api(), "/users/register", zoe, "/users/", "user_id")


def test_ones_own_account_is_the_same_item_under_both_paths(api, bob):
    assert api(bob).get("/users/me").headers["ETag"] == api(bob).get(f"/users/{bob.pk}").headers["ETag"]


# Writing -------------------------------------------------------------------------------------------------------------


@every_item
@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
def test_an_edit_of_what_somebody_else_has_edited_is_refused(item, api, ada, kind, verb):
    client, path, change = item(kind)
    seen = client.get(path).headers["ETag"]
    assert api(ada).patch(path, {**change, "contact": "ada"}).status_code == 200
    now = whole(client.get(path))
    other = {key: f"x{value}" for key, value in change.items()}
    assert whole(client.send(verb, path, other, **if_match(seen))) == CHANGED
    assert whole(client.get(path)) == now


@every_item
@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
def test_one_edit_after_the_other_by_the_tags_of_the_answers(item, kind, verb):
    client, path, change = item(kind)
    tag = client.get(path).headers["ETag"]
    for text in ("one", "two", "two", "three"):
        answer = client.send(verb, path, dict.fromkeys(change, text), **if_match(f'"0.0", {tag}'))
        assert answer.status_code == 200
        tag = answer.headers["ETag"]
        assert tag == client.get(path).headers["ETag"]


@pytest.mark.parametrize("kind", ["event", "attendee", "user"])
def test_what_somebody_else_has_edited_is_not_deleted(item, api, ada, kind):
    client, path, change = item(kind)
    seen = client.get(path).headers["ETag"]
    now = api(ada).patch(path, change).headers["ETag"]
    assert whole(client.delete(path, **if_match(seen))) == CHANGED
    assert client.get(path).status_code == 200
    assert whole(client.delete(path, **if_match(now))) == DONE


@every_item
def test_any_state_is_good_for_who_says_so(item, kind):
    client, path, change = item(kind)
    assert client.patch(path, change, **if_match("*")).status_code == 200
    assert client.patch(path, change, **if_match(" * ")).status_code == 200


@every_item
def test_a_weak_tag_is_no_tag_for_who_writes(item, kind):
    client, path, change = item(kind)
    tag = client.get(path).headers["ETag"]
    assert whole(client.patch(path, change, **if_match(f"W/{tag}"))) == CHANGED
    assert client.patch(path, change, **if_match(f"W/{tag}, {tag}")).status_code == 200


@every_item
def test_one_may_edit_unless_it_is_as_one_knows_it(item, api, kind):
    client, path, change = item(kind)
    tag = client.get(path).headers["ETag"]
    for named in (tag, f"W/{tag}", "*"):
        assert whole(client.patch(path, change, **if_none_match(named))) == CHANGED
    assert client.patch(path, change, **if_none_match('"another"')).status_code == 200
    assert client.patch(path, change, **if_none_match(tag)).status_code == 200


def test_seats_that_are_sold_meanwhile_are_no_edit(api, olga, bob, eve, make_event, enroll):
    event = make_event(olga, max_capacity=1)
    path = f"/events/{event.pk}"
    tag = api(olga).get(path).headers["ETag"]
    assert api(bob).post("/attendees/", {"event_id": event.pk}).status_code == 201
    assert api(eve).post("/attendees/", {"event_id": event.pk, "status": "waitlisted"}).status_code == 201
    assert api(olga).get(path, **if_none_match(tag)).json()["seats_left"] == 0
    answer = api(olga).patch(path, {"max_capacity": 2}, **if_match(tag))
    assert (answer.status_code, answer.json()["seats_taken"], answer.json()["waitlisted"]) == (200, 2, 0)
    assert whole(api(olga).patch(path, {"max_capacity": 3}, **if_match(tag))) == CHANGED


def test_a_seat_from_the_queue_is_an_edit_of_the_registration(api, olga, bob, eve, make_event, enroll):
    event = make_event(olga, max_capacity=1)
    seat, waiting = enroll(event, bob), enroll(event, eve, status="waitlisted")
    path = f"/attendees/{waiting.pk}"
    tag = api(eve).get(path).headers["ETag"]
    assert api(bob).patch(f"/attendees/{seat.pk}", {"status": "cancelled"}).status_code == 200
    assert whole(api(eve).delete(path, **if_match(tag))) == CHANGED


def test_moving_up_in_the_queue_is_none(api, olga, eve, make_event, enroll):
    event = make_event(olga, full=True)
    first, waiting = (enroll(event, status="waitlisted"), enroll(event, eve, status="waitlisted"))
    path = f"/attendees/{waiting.pk}"
    tag = api(eve).get(path).headers["ETag"]
    first.delete()
    answer = api(eve).patch(path, {"name": "Eva"}, **if_match(tag))
    assert (answer.status_code, answer.json()["waitlist_position"]) == (200, 1)


@pytest.mark.parametrize(
    ("kind", "model", "change"),
    [
        ("event", Event, {"description": "Bring a coat."}),
        ("attendee", Registration, {"contact_details": "by post"}),
        ("user", User, {"email": "new@example.org"}),
        ("profile", OrganizerProfile, {"contact": "by post"}),
    ],
)
def test_an_edit_past_every_clock_is_an_edit(item, world, kind, model, change):
    """A line of SQL leaves `updated_at` as it was, as another edit in the same microsecond would."""
    client, path, own_change = item(kind)
    tag = client.get(path).headers["ETag"]
    model.objects.update(**change) if model is not User else model.objects.filter(pk=world["bob"].pk).update(**change)
    assert whole(client.patch(path, own_change, **if_match(tag))) == CHANGED


def test_what_is_so_already_is_held_against_the_condition_too(item, api, ada):
    for kind in ITEMS:
        client, path, change = item(kind)
        tag = client.get(path).headers["ETag"]
        api(ada).patch(path, change)
        assert whole(client.patch(path, change, **if_match(tag))) == CHANGED
        assert whole(client.patch(path, {}, **if_match(tag))) == CHANGED


def test_refusals_in_the_contracts_order(api, olga, otto, bob, eve, make_event, enroll):
    event = make_event(olga, max_capacity=2)
    rows = [enroll(event, bob), enroll(event)]
    draft = make_event(olga, status="draft")
    path, wrong = f"/events/{event.pk}", if_match('"wrong"')
    # 401, 404 and 403 are said first, then what is wrong with the body, then 412, and 409 last
    assert whole(api().patch(path, {}, **wrong)) == NO_HEADER
    assert whole(api(otto).patch(f"/events/{draft.pk}", {}, **wrong)) == NO_EVENT
    assert whole(api(otto).get(f"/events/{draft.pk}", **wrong)) == NO_EVENT
    assert whole(api(otto).get(f"/events/{draft.pk}", **if_none_match("*"))) == NO_EVENT
    assert whole(api(otto).patch(path, {}, **wrong))[0] == 403
    assert whole(api(eve).get(f"/attendees/{rows[0].pk}", **if_none_match("*")))[0] == 403
    assert whole(api(eve).patch(f"/users/{bob.pk}", {}, **wrong)) == INACCESSIBLE
    assert whole(api(bob).delete("/attendees/987654", **wrong)) == NO_ATTENDEE
    assert whole(api(olga).patch(path, {"title": ""}, **wrong)) == invalid(title="This field may not be blank.")
    assert whole(api(olga).patch(path, {"max_capacity": 1}, **wrong)) == CHANGED
    assert whole(api(olga).delete(f"/users/{olga.pk}", **wrong)) == CHANGED
    assert whole(api(olga).delete(f"/users/{olga.pk}", **if_match("*")))[0] == 409
    early = timezone.now() - timedelta(days=9)
    assert whole(api(olga).patch(path, {"end_time": early.isoformat()}, **wrong)) == CHANGED


def test_what_is_gone_by_then_is_in_no_state(olga, make_event):
    event = make_event(olga)
    delete_event(event_id=event.pk)
    delete_event(event_id=event.pk, condition=Precondition(none_match="*"))
    with pytest.raises(PreconditionFailed):
        delete_event(event_id=event.pk, condition=Precondition(match="*"))


def test_a_new_one_depends_on_nothing(api, olga):
    body = {"title": "Talk", "location": "Hall", "max_capacity": 3, "date_time": "2031-05-01T18:00:00Z"}
    for headers in (if_match('"x"'), if_none_match("*")):
        assert api(olga).post("/events/", body, **headers).status_code == 201


# At the same moment --------------------------------------------------------------------------------------------------


@every_item
@pytest.mark.django_db(transaction=True)
def test_of_those_who_edit_the_same_state_at_once_one_is_not_refused(item, api, world, kind):
    client, path, change = item(kind)
    for round_ in range(3):
        tag = client.get(path).headers["ETag"]

        def edit(number, tag=tag, round_=round_):
            editor, text = api(world[ITEMS[kind][1]]), f"{round_}x{number}"
            return lambda: (editor.patch(path, dict.fromkeys(change, text), **if_match(tag)), text)

        answers = race([edit(number) for number in range(6)])
        assert sorted(answer.status_code for answer, _ in answers) == [200] + [412] * 5
        (won,) = [text for answer, text in answers if answer.status_code == 200]
        now = client.get(path).json()
        assert {key: now[key] for key in change} == dict.fromkeys(change, won)


@pytest.mark.parametrize("kind", ["event", "attendee", "user"])
@pytest.mark.django_db(transaction=True)
def test_an_edit_and_a_deletion_at_once(item, api, world, kind):
    client, path, change = item(kind)
    tag = client.get(path).headers["ETag"]
    editor, deleter = api(world[ITEMS[kind][1]]), api(world["ada"])
    edited, deleted = race(
        [lambda: editor.patch(path, change, **if_match(tag)), lambda: deleter.delete(path, **if_match(tag))]
    )
    # Where it was deleted first it is gone, or so is the account that would have edited it.
    assert (edited.status_code, deleted.status_code) in {(200, 412), (404, 204), (401, 204)}
