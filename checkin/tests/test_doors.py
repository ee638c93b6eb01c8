"""The numbers at the doors of an event, and people by name: what helpers and organizers see while people come."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from checkin.models import Checkpoint, Presence, Scan
from checkin.selectors import doors
from checkin.services.checkpoints import entrance_of
from eventhub.testing.responses import NO_EVENT, NOT_ALLOWED, invalid, whole
from registrations.models import Registration

pytestmark = pytest.mark.django_db

NOON = datetime(2031, 5, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NOTHING = {
    "registered": 0,
    "attended": 0,
    "inside": 0,
    "entries_5min": [],
    "by_checkpoint": [],
    "refused": {},
    "double_entries": 0,
    "without_seat": 0,
}


@pytest.fixture
def event(olga, make_event):
    return make_event(olga, max_capacity=50)


@pytest.fixture
def log(event):
    """Write a line of the log past all rules."""

    def write(person, at=NOON, *, kind="in", result="admitted", checkpoint=None, **columns):
        checkpoint = checkpoint or entrance_of(event.pk)
        columns = {"nonce": uuid.uuid4(), "at": at, **columns}
        return Scan.objects.create(
            event=event, checkpoint=checkpoint, registration=person, kind=kind, result=result, **columns
        )

    return write


@pytest.fixture
def inside(event):
    """Write a presence past all rules."""

    def write(person, *, checkpoint=None, inside=True, entries=1):
        checkpoint = checkpoint or entrance_of(event.pk)
        Presence.objects.create(
            checkpoint=checkpoint, registration=person, inside=inside, entries=entries, first_in=NOON, last_in=NOON
        )

    return write


def numbers(event, now=NOON):
    event.refresh_from_db()
    return doors.numbers_of(doors.state_of(event, now=now))


def slots(event, now=NOON):
    return [(slot.at, slot.entries) for slot in numbers(event, now).entries_5min]


def path_of(event):
    return f"/events/{event.pk}/doors"


def test_before_anybody_comes_there_is_nothing(api, olga, event):
    assert whole(api(olga).get(path_of(event))) == (200, NOTHING)


def test_the_numbers_of_an_evening(api, olga, event, enroll, log, inside):
    lunch = Checkpoint.objects.create(event=event, name="Lunch", reentry="daily")
    entrance = entrance_of(event.pk)
    came, left, twice, imported = (enroll(event, status="attended") for _ in range(4))
    gone, waiting = enroll(event, status="cancelled"), enroll(event, status="waitlisted")
    enroll(event)
    for person, values in ((came, {}), (left, {"inside": False}), (twice, {"entries": 2}), (gone, {}), (waiting, {})):
        inside(person, **values)
    for person in (came, twice):
        inside(person, checkpoint=lunch, entries=3)
    now = timezone.now()
    for person in (came, left, twice, twice, gone, waiting):
        log(person, now)
    log(None, now)  # let in by a phone without a network, with a code that is not ours
    for result in ("already_in", "already_in", "ticket_unknown"):
        log(None, now, result=result)
    assert api(olga).get(path_of(event)).json() == {
        "registered": 5,
        "attended": 4,
        "inside": 5,  # with the one who was imported
        "entries_5min": [{"at": doors.slot_of(now).strftime("%Y-%m-%dT%H:%M:%SZ"), "entries": 6}],
        "by_checkpoint": [
            {"checkpoint_id": entrance.pk, "name": "Entrance", "in": 6, "inside": 5},
            {"checkpoint_id": lunch.pk, "name": "Lunch", "in": 2, "inside": 2},
        ],
        "refused": {"already_in": 2, "ticket_unknown": 1},
        "double_entries": 1,
        "without_seat": 2,
    }
    assert Registration.objects.filter(pk=imported.pk, presences=None).exists()
    assert [row.registration for row in doors.double_entries(event)] == [twice]
    assert {row.registration for row in doors.without_seat(event)} == {gone, waiting}


def test_entries_are_counted_by_five_minutes_of_the_last_two_hours(event, enroll, log):
    person = enroll(event)
    lunch = Checkpoint.objects.create(event=event, name="Lunch")
    for minutes in (-121, -116, -115, -6, -5, -1, 0, 4):
        log(person, NOON + minutes * MINUTE)
    log(person, NOON, checkpoint=lunch)
    log(person, NOON, kind="out", result="left")
    log(person, NOON, result="already_in")
    expected = [(-115, 1), (-10, 1), (-5, 2), (0, 2)]
    assert slots(event) == [(NOON + minutes * MINUTE, entries) for minutes, entries in expected]


def test_what_was_undone_is_no_entry(event, enroll, log):
    one, other, third = (enroll(event) for _ in range(3))
    undone = log(one)
    log(one, NOON + MINUTE, kind="undo", result="undone", undoes_id=undone.pk)
    log(one, NOON + 2 * MINUTE)
    log(other)
    log(other, NOON + MINUTE, kind="undo", result="undone")  # by the status, which undoes all before
    log(third)
    assert slots(event) == [(NOON, 2)]


def test_nothing_is_counted_while_nothing_changed(api, olga, event, enroll, log, django_assert_num_queries):
    log(enroll(event))
    client = api(olga)
    answer = client.get(path_of(event))
    tag = answer["ETag"]
    with django_assert_num_queries(4):  # the account, the event, its checkpoints, its newest scans
        same = client.get(path_of(event), headers={"If-None-Match": f'"other", W/{tag}'})
    assert (same.status_code, same["ETag"], same["Content-Length"]) == (304, tag, str(len(answer.content)))
    for change in (
        lambda: log(None, result="ticket_unknown"),
        lambda: enroll(event),
        lambda: Checkpoint.objects.create(event=event, name="Lunch"),
        lambda: Checkpoint.objects.filter(name="Lunch").update(name="Dinner"),
    ):
        change()
        changed = client.get(path_of(event), headers={"If-None-Match": tag})
        assert (changed.status_code, changed["ETag"] == tag) == (200, False)
        tag = changed["ETag"]
    assert client.get(path_of(event), headers={"If-Match": '"0"'}).status_code == 412


def test_the_hours_move_on_without_a_scan(event):
    states = [doors.state_of(event, now=NOON + minutes * MINUTE).edition for minutes in (0, 4, 5)]
    assert states[0] == states[1] != states[2]


def test_more_people_take_no_more_queries(api, olga, event, enroll, log, inside, django_assert_num_queries):
    for _ in range(3):
        person = enroll(event, status="attended")
        log(person)
        inside(person)
        Checkpoint.objects.create(event=event, name=f"Room {person.pk}")
    client = api(olga)
    with django_assert_num_queries(10):
        client.get(path_of(event))


# By name -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def search_by(api, olga, event):
    return lambda text, by=olga: whole(api(by).get(f"{path_of(event)}/search?search={text}"))


def test_people_are_found_by_name_whatever_their_status(search_by, event, enroll, inside, make_event, olga):
    zoe = enroll(event, name="Zoë Adams", status="attended")
    inside(zoe, entries=2)
    imported = enroll(event, name="Adam Zoeller", status="attended")
    gone = enroll(event, name="Zoe Brown", status="cancelled", contact_details="zoe@example.org")
    enroll(make_event(olga), name="Zoe of elsewhere")
    assert search_by("zoe") == (
        200,
        {
            "items": [
                {"attendee_id": row.pk, "name": row.name, "status": row.status, "inside": is_in, "entries": entries}
                for row, is_in, entries in ((imported, True, 1), (gone, False, 0), (zoe, True, 2))
            ],
            "is_cut": False,
        },
    )
    assert [item["name"] for item in search_by("brown example.org")[1]["items"]] == ["Zoe Brown"]
    assert search_by("nobody") == (200, {"items": [], "is_cut": False})


def test_thirty_are_listed_at_most(search_by, event, enroll):
    for number in range(31):
        enroll(event, name=f"Ann {number:02}")
    status, found = search_by("ann")
    assert (status, len(found["items"]), found["is_cut"]) == (200, 30, True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", invalid(search="This field is required.")),
        ("?search=", invalid(search="This field may not be blank.")),
        ("?search=%00", invalid(search="Null characters are not allowed.")),
        ("?search=" + "x" * 256, invalid(search="Ensure this field has no more than 255 characters.")),
    ],
)
def test_a_search_for_nothing_is_refused(api, olga, event, query, expected):
    assert whole(api(olga).get(f"{path_of(event)}/search{query}")) == expected


def test_an_admins_account_search_stays_outside(api, ada, event, enroll, person):
    enroll(event, person("secret-name"), name="Bob")
    assert api(ada).get(f"{path_of(event)}/search?search=secret-name").json()["items"] == []


# Who ------------------------------------------------------------------------------------------------------------------


def test_others_see_neither(api, otto, bob, event):
    for path in (path_of(event), f"{path_of(event)}/search?search=bob"):
        assert {str(whole(api(by).get(path))) for by in (otto, bob)} == {str(NOT_ALLOWED)}


def test_gates_see_the_numbers_and_search_if_they_may(gate_of, make_event, olga, event):
    gate, searcher = gate_of(event), gate_of(event, may_search=True)
    assert whole(gate.get(path_of(event))) == (200, NOTHING)
    assert whole(gate.get(path_of(make_event(olga)))) == NO_EVENT
    assert whole(searcher.get(f"{path_of(event)}/search?search=bob")) == (200, {"items": [], "is_cut": False})
    refused = gate.get(f"{path_of(event)}/search?search=bob")
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
