"""Checkpoints of an event, in the API: the entrance that every event has, and those beside it."""

import uuid
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from checkin.models import Checkpoint, Presence, Reentry, Scan
from checkin.services import admission, checkpoints, presence
from checkin.services.judgement import Attempt, Door
from eventhub.exceptions import HasScans
from eventhub.testing.responses import DONE, NO_EVENT, NOT_ALLOWED, invalid, refusal, whole

pytestmark = pytest.mark.django_db

NO_CHECKPOINT = refusal(404, "Checkpoint not found", "not_found")
NAME_TAKEN = refusal(409, "The event has a checkpoint with this name", "checkpoint_name_taken")
HAS_SCANS = refusal(409, "Tickets were scanned at this checkpoint", "has_scans")
STALE = refusal(412, "It does not match your precondition: read it again", "precondition_failed")


@pytest.fixture
def event(olga, make_event):
    return make_event(olga)


def path_of(event):
    return f"/events/{event.pk}/checkpoints/"


def names(answer):
    return [row["name"] for row in answer.json()["results"]]


def scan_at(checkpoint):
    return Scan.objects.create(
        event_id=checkpoint.event_id,
        checkpoint=checkpoint,
        nonce=uuid.uuid4(),
        kind="in",
        result="ticket_unknown",
        at=timezone.now(),
    )


def test_hours_and_days_are_those_of_the_event(api, olga, make_event, enroll):
    event = make_event(olga, time_zone="Asia/Tokyo")
    client = api(olga)
    made = client.post(path_of(event), {"name": "Lunch", "reentry": "daily", "opens": "2027-05-01T12:00"}).json()
    changed = client.patch(f"/checkpoints/{made['checkpoint_id']}", {"closes": "2027-05-05"}).json()
    assert (changed["opens"], changed["closes"]) == ("2027-05-01T03:00:00Z", "2027-05-05T14:59:59.999999Z")
    lunch, seat = Checkpoint.objects.get(pk=made["checkpoint_id"]), enroll(event)
    door = Door(event.pk, olga, checkpoint_id=lunch.pk)

    def come(day, hour):
        at = datetime(2027, 5, day, hour, tzinfo=UTC)
        refused = presence.would_refuse(lunch, seat.pk, at)
        return refused, admission.scan(door, Attempt(registration_id=seat.pk), now=at).scan.result

    in_again, already = (False, "admitted"), (True, "already_in")
    # There a day begins at 15:00 UTC.
    assert [come(1, 14), come(1, 15), come(2, 1), come(2, 14), come(2, 15)] == [
        *(in_again, in_again, already, already, in_again)
    ]


def test_every_event_has_an_entrance_that_stays(api, olga, event):
    client = api(olga)
    (entrance,) = client.get(path_of(event)).json()["results"]
    assert entrance == {
        "checkpoint_id": Checkpoint.objects.get().pk,
        "event_id": event.pk,
        "name": "Entrance",
        "is_entrance": True,
        "reentry": "never",
        "opens": None,
        "closes": None,
    }
    path = f"/checkpoints/{entrance['checkpoint_id']}"
    changed = client.patch(path, {"reentry": "after_exit", "name": "Main door"})
    assert whole(changed) == (200, entrance | {"reentry": "after_exit", "name": "Main door"})
    assert whole(client.delete(path)) == refusal(409, "The entrance cannot be deleted", "is_entrance")
    assert names(client.get(path_of(event))) == ["Main door"]


def test_a_checkpoint_from_its_making_to_its_end(api, olga, event):
    client = api(olga)
    made = client.post(path_of(event), {"name": " Lunch ", "reentry": "daily", "opens": "2031-05-01T12:00:00Z"})
    row = {"name": "Lunch", "reentry": "daily", "opens": "2031-05-01T12:00:00Z", "closes": None}
    assert (made.status_code, made.json()) == (
        201,
        {"checkpoint_id": made.json()["checkpoint_id"], "event_id": event.pk, "is_entrance": False, **row},
    )
    path = f"/checkpoints/{made.json()['checkpoint_id']}"
    read = client.get(path)
    assert (read.json(), read["ETag"]) == (made.json(), made["ETag"])
    assert client.get(path, headers={"If-None-Match": read["ETag"]}).status_code == 304
    changed = client.patch(path, {"closes": "2031-05-01T14:00:00Z"}, headers={"If-Match": read["ETag"]})
    assert changed.json() == made.json() | {"closes": "2031-05-01T14:00:00Z"}
    for verb in ("PATCH", "DELETE"):
        assert whole(client.send(verb, path, {"name": "x"}, headers={"If-Match": read["ETag"]})) == STALE
    assert names(client.get(path_of(event))) == ["Entrance", "Lunch"]
    assert whole(client.delete(path)) == DONE
    assert whole(client.get(path)) == NO_CHECKPOINT
    history = [*event.history.order_by("history_id").values_list("history_change_reason", flat=True)]
    assert history[-3:] == [f"Checkpoint “Lunch” {done}" for done in ("added", "changed", "deleted")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, invalid(name="This field is required.")),
        ({"name": " "}, invalid(name="This field may not be blank.")),
        ({"name": "x" * 81}, invalid(name="Ensure this field has no more than 80 characters.")),
        ({"name": "Lunch", "reentry": "twice"}, invalid(reentry='"twice" is not a valid choice.')),
        (
            {"name": "Lunch", "opens": "2031-05-01T12:00:00Z", "closes": "2031-05-01T12:00:00Z"},
            invalid(closes="The checkpoint must close after it opens."),
        ),
        ({"name": "Entrance"}, NAME_TAKEN),
        ({"name": "Dinner"}, NAME_TAKEN),
    ],
)
def test_what_cannot_be_a_checkpoint_is_refused(api, olga, event, body, expected):
    client = api(olga)
    assert client.post(path_of(event), {"name": "Dinner"}).status_code == 201
    assert whole(client.post(path_of(event), body)) == expected
    assert names(client.get(path_of(event))) == ["Dinner", "Entrance"]


def test_a_change_is_held_to_the_same_rules(api, olga, otto, make_event, event):
    client = api(olga)
    path = f"/checkpoints/{client.post(path_of(event), {'name': 'Lunch'}).json()['checkpoint_id']}"
    assert whole(client.patch(path, {"name": "Entrance"})) == NAME_TAKEN
    assert client.patch(path, {"opens": "2031-05-02"}).status_code == 200
    assert whole(client.patch(path, {"closes": "2031-05-01"})) == invalid(
        closes="The checkpoint must close after it opens."
    )
    assert client.patch(path, {"name": "Lunch", "closes": "2031-05-02"}).status_code == 200
    assert api(otto).post(path_of(make_event(otto)), {"name": "Lunch"}).status_code == 201


def test_an_event_has_a_hundred_at_most(api, olga, event, monkeypatch):
    monkeypatch.setattr(checkpoints, "MAX_CHECKPOINTS", 2)
    client = api(olga)
    assert client.post(path_of(event), {"name": "Lunch"}).status_code == 201
    assert whole(client.post(path_of(event), {"name": "Dinner"})) == refusal(
        409, "The event has the maximum number of checkpoints. Delete one first", "too_many_checkpoints"
    )


def test_one_where_tickets_were_scanned_stays(api, olga, event):
    client = api(olga)
    pk = client.post(path_of(event), {"name": "Lunch"}).json()["checkpoint_id"]
    scan_at(Checkpoint.objects.get(pk=pk))
    assert whole(client.delete(f"/checkpoints/{pk}")) == HAS_SCANS
    assert client.patch(f"/checkpoints/{pk}", {"reentry": "always"}).json()["reentry"] == "always"


@pytest.mark.django_db(transaction=True)
def test_a_person_who_comes_in_at_the_same_moment_keeps_it(event, enroll, monkeypatch):
    checkpoint, person = Checkpoint.objects.create(event=event, name="Lunch"), enroll(event)
    delete = Checkpoint.delete

    def delete_beside_a_scan(self):
        pk = self.pk
        delete(self)
        Presence.objects.create(checkpoint_id=pk, registration=person, inside=True)

    monkeypatch.setattr(Checkpoint, "delete", delete_beside_a_scan)
    with pytest.raises(HasScans):
        checkpoints.delete_checkpoint(checkpoint=checkpoint)
    assert Checkpoint.objects.filter(pk=checkpoint.pk).exists()


def test_others_see_and_change_none(api, otto, bob, ada, olga, make_event, event):
    pk = checkpoints.entrance_of(event.pk).pk
    for client in (api(otto), api(bob)):
        assert whole(client.get(path_of(event))) == NOT_ALLOWED
        assert whole(client.post(path_of(event), {"name": "Lunch"})) == NOT_ALLOWED
        for verb in ("GET", "PATCH", "DELETE"):
            assert whole(client.send(verb, f"/checkpoints/{pk}", {"name": "Lunch"})) == NOT_ALLOWED
    draft = checkpoints.entrance_of(make_event(olga, status="draft").pk)
    assert whole(api(bob).get(f"/checkpoints/{draft.pk}")) == NO_CHECKPOINT
    assert whole(api(bob).get(path_of(draft.event))) == NO_EVENT
    assert api(ada).patch(f"/checkpoints/{draft.pk}", {"reentry": "daily"}).status_code == 200


def test_a_gate_reads_those_of_its_event(gate_of, make_event, olga, event):
    gate, other = gate_of(event), checkpoints.entrance_of(make_event(olga).pk)
    (entrance,) = gate.get(path_of(event)).json()["results"]
    path = f"/checkpoints/{entrance['checkpoint_id']}"
    assert gate.get(path).json() == entrance
    assert whole(gate.get(path_of(other.event))) == NO_EVENT
    assert whole(gate.get(f"/checkpoints/{other.pk}")) == NO_CHECKPOINT
    answers = [gate.post(path_of(event), {"name": "Lunch"}), gate.patch(path, {"name": "x"}), gate.delete(path)]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "insufficient_scope")}


def test_the_database_has_one_entrance_and_each_name_once(event):
    checkpoints.entrance_of(event.pk)
    for values in ({"name": "Gate B", "is_entrance": True}, {"name": "Entrance"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Checkpoint.objects.create(event=event, reentry=Reentry.NEVER, **values)
