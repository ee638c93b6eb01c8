"""The log of the doors in the API: every scan with its answer, who made it, and what undid it."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from checkin.models import Checkpoint, GateToken, Scan
from checkin.services.checkpoints import entrance_of
from eventhub.testing.responses import NO_EVENT, NOT_ALLOWED, invalid, whole

pytestmark = pytest.mark.django_db

NOON = datetime(2031, 5, 20, 12, tzinfo=UTC)


@pytest.fixture
def event(olga, make_event):
    return make_event(olga)


@pytest.fixture
def log(event):
    """Write a line of the log past all rules."""

    def write(person, minutes=0, *, kind="in", result="admitted", **columns):
        at = NOON + timedelta(minutes=minutes)
        columns = {"checkpoint": entrance_of(event.pk), "at": at, "received_at": at, "nonce": uuid.uuid4(), **columns}
        return Scan.objects.create(event=event, registration=person, kind=kind, result=result, **columns)

    return write


@pytest.fixture
def listed(api, olga, event):
    return lambda query="", by=olga: whole(api(by).get(f"/events/{event.pk}/scans{query}"))


def ids(answer):
    return [row["scan_id"] for row in answer[1]["results"]]


def test_a_line_says_who_scanned_whom_where_and_what_came_of_it(listed, log, event, olga, bob, enroll):
    gate = GateToken.objects.create(event=event, name="North door", digest="x", expires_at=NOON)
    person = enroll(event, bob, name="Bob")
    line = log(person, by=olga, gate=gate, through="api", device="Anna's phone", entries=1)
    unknown = log(None, 1, result="ticket_unknown", offline=True, reported_at=NOON)
    status, body = listed()
    assert (status, body["next"], ids((status, body))) == (200, None, [unknown.pk, line.pk])
    assert body["results"][1] == {
        "scan_id": line.pk,
        "nonce": str(line.nonce),
        "checkpoint_id": line.checkpoint_id,
        "checkpoint": "Entrance",
        "attendee_id": person.pk,
        "name": "Bob",
        "kind": "in",
        "result": "admitted",
        "despite": "",
        "at": "2031-05-20T12:00:00Z",
        "reported_at": None,
        "received_at": "2031-05-20T12:00:00Z",
        "user_id": olga.pk,
        "gate_token_id": gate.pk,
        "gate": "North door",
        "through": "api",
        "device": "Anna's phone",
        "offline": False,
        "forced": False,
        "entries": 1,
        "undoes_id": None,
        "undone_by_id": None,
    }
    nobody = body["results"][0]
    assert [nobody[key] for key in ("attendee_id", "name", "gate", "reported_at", "offline")] == [
        *(None, None, None),
        *("2031-05-20T12:00:00Z", True),
    ]


def test_what_was_undone_names_what_undid_it(listed, log, event, enroll):
    one, other = enroll(event), enroll(event)
    first, second, refused, others = log(one), log(one, 1), log(one, 2, result="already_in"), log(other, 2)
    undo = log(one, 3, kind="undo", result="undone", undoes_id=second.pk)
    reset = log(one, 4, kind="undo", result="undone")  # by the status: all before
    again = log(one, 5)
    undone_by = {row["scan_id"]: row["undone_by_id"] for row in listed()[1]["results"]}
    nothing = dict.fromkeys((again.pk, reset.pk, undo.pk, others.pk, refused.pk))
    assert undone_by == nothing | {second.pk: undo.pk, first.pk: reset.pk}


def test_the_list_is_filtered(listed, log, event, enroll):
    lunch = Checkpoint.objects.create(event=event, name="Lunch")
    gate = GateToken.objects.create(event=event, name="North door", digest="x", expires_at=NOON)
    one, other = enroll(event), enroll(event)
    first, second = log(one, gate=gate), log(one, 1, result="already_in")
    third, fourth = log(other, 2, checkpoint=lunch), log(None, 3, result="ticket_unknown")
    expected = {
        "": [fourth, third, second, first],
        "?ordering=scan_id": [first, second, third, fourth],
        f"?checkpoint_id={lunch.pk}": [third],
        f"?attendee_id={one.pk}": [second, first],
        f"?gate_token_id={gate.pk}": [first],
        "?result=already_in,ticket_unknown": [fourth, second],
        "?attendee_id=0": [],
    }
    assert {query: ids(listed(query)) for query in expected} == {
        query: [row.pk for row in rows] for query, rows in expected.items()
    }
    assert listed("?result=lost")[1]["code"] == "invalid"
    assert listed("?user_id=1") == invalid(
        user_id="Unknown parameter. Choose one of attendee_id, checkpoint_id, cursor, gate_token_id, ordering,"
        " page_size, result."
    )


def test_who_does_not_run_the_event_sees_none(listed, otto, bob, gate_of, api, make_event, event):
    assert [listed(by=otto), listed(by=bob)] == [NOT_ALLOWED] * 2
    assert gate_of(event).get(f"/events/{event.pk}/scans").json()["code"] == "insufficient_scope"
    draft = make_event(otto, status="draft")
    assert whole(api(bob).get(f"/events/{draft.pk}/scans")) == NO_EVENT
