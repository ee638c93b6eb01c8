"""Doors race each other for one ticket, and scans race whatever else can happen to a person; on either database.

After every round nobody has been answered a 500, counts and rows agree, and the presences are what the log says.
"""

import uuid
from collections import Counter

import pytest

from checkin.models import Checkpoint, Presence, Scan
from checkin.services import presence_audit
from checkin.services.checkpoints import entrance_of
from checkin.services.ticket_codes import make_code
from eventhub.testing.concurrency import race
from registrations.models import Registration
from registrations.services import seat_audit

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ROUNDS = 4
DEVICES = 8


@pytest.fixture
def event(make_event, olga):
    return make_event(olga, max_capacity=5)


@pytest.fixture
def scan(call, olga):
    """Prepare a scan for a race."""

    def prepare(row, **body):
        return call(olga, "POST", f"/events/{row.event_id}/scans", {"code": make_code(row.pk, 0), **body})

    return prepare


@pytest.fixture
def change(call, olga):
    return lambda row, status: call(olga, "PATCH", f"/attendees/{row.pk}", {"status": status})


@pytest.fixture
def undo(call, olga):
    return lambda scan_id, **body: call(olga, "POST", f"/scans/{scan_id}/undo", body)


def said(answers):
    """The results, codes of refusals, and statuses where there is neither."""
    found = []
    for answer in answers:
        body = answer.json() if answer.content else {}
        found.append(body["code"] if answer.status_code >= 400 else body.get("result", answer.status_code))
    assert [answer.content for answer in answers if answer.status_code >= 500] == []
    return Counter(found)


def hold(*events):
    """Counts, rows, presences and the log agree, and who came in at the entrance has attended."""
    assert list(seat_audit.find_faults()) == []
    for event in events:
        assert list(presence_audit.find_differences(event.pk)) == []
        came = Presence.objects.filter(checkpoint__event=event, checkpoint__is_entrance=True, entries__gt=0)
        for row in Registration.objects.filter(presences__in=came):
            assert row.status in ("attended", "cancelled", "waitlisted"), row.status
    rows = set(Registration.objects.values_list("pk", flat=True))
    assert set(Presence.objects.values_list("registration_id", flat=True)) <= rows
    assert set(Scan.objects.filter(registration__isnull=False).values_list("registration_id", flat=True)) <= rows


def test_one_ticket_at_many_doors_lets_in_one_person(scan, event, enroll):
    for _ in range(ROUNDS):
        row = enroll(event)
        answers = race([scan(row) for _ in range(DEVICES)])
        assert said(answers) == {"admitted": 1, "already_in": DEVICES - 1}
        assert Presence.objects.get(registration=row).entries == 1
        hold(event)


def test_one_nonce_from_many_devices_is_one_scan(scan, undo, call, olga, event, enroll):
    for _ in range(ROUNDS):
        row, nonce = enroll(event), str(uuid.uuid4())
        answers = race([scan(row, nonce=nonce) for _ in range(DEVICES)])
        assert said(answers) == {"admitted": DEVICES}
        assert Counter(answer.status_code for answer in answers) == {201: 1, 200: DEVICES - 1}
        (line,) = Scan.objects.filter(registration=row)
        undone = race([undo(line.pk, nonce=str(uuid.uuid5(line.nonce, "undo"))) for _ in range(DEVICES)])
        assert said(undone) == {"undone": DEVICES}
        hold(event)
        row.delete()


def test_in_and_out_at_once_leave_as_many_inside_as_came_and_did_not_leave(scan, event, enroll):
    for rule in ("after_exit", "always"):
        row = enroll(event)
        Checkpoint.objects.filter(pk=entrance_of(event.pk).pk).update(reentry=rule)
        answers = race([scan(row, kind=kind) for _ in range(6) for kind in ("in", "out")])
        counted = said(answers)
        there = Presence.objects.get(registration=row)
        assert there.entries == counted["admitted"]
        if rule == "after_exit":
            assert there.entries == counted["left"] + there.inside
        hold(event)


def test_undo_beside_scans(scan, undo, event, enroll):
    for _ in range(ROUNDS):
        row = enroll(event)
        first = scan(row)().json()["scan_id"]
        answers = race([*(undo(first) for _ in range(3)), *(scan(row) for _ in range(4))])
        counted = said(answers)
        assert (counted["undone"], counted["undone_already"]) == (1, 2)
        assert counted["admitted"] == Presence.objects.get(registration=row).entries <= 1
        hold(event)
        row.delete()


def test_check_in_by_status_beside_scans(scan, change, undo, event, enroll):
    for _ in range(ROUNDS):
        row = enroll(event)
        moves = [change(row, status) for status in ("attended", "registered") * 3]
        answers = race([*moves, *(scan(row) for _ in range(4))])
        assert set(said(answers)) <= {200, "admitted", "already_in"}
        hold(event)
        row.delete()


def test_scan_beside_a_cancellation(scan, change, event, enroll):
    for _ in range(ROUNDS):
        row = enroll(event)
        answers = race([change(row, "cancelled"), *(scan(row) for _ in range(4)), scan(row, force=True)])
        assert set(said(answers)) <= {200, "admitted", "already_in", "not_registered"}
        hold(event)
        row.delete()


@pytest.mark.parametrize("what", ["attendees", "events"])
def test_scan_beside_a_deletion(scan, call, olga, undo, make_event, enroll, what):
    for _ in range(ROUNDS):
        event = make_event(olga, max_capacity=5)
        row, nonce = enroll(event), str(uuid.uuid4())
        first = scan(enroll(event) if what == "events" else row)().json()["scan_id"]
        path = f"/{what}/{row.pk if what == 'attendees' else event.pk}"
        answers = race(
            [
                *(scan(row, nonce=nonce) for _ in range(3)),
                call(olga, "DELETE", path),
                *(scan(row) for _ in range(2)),
                scan(row, force=True),
                undo(first),
                call(olga, "POST", f"/events/{event.pk}/walk-ins", {"name": "Ada"}),
            ]
        )
        assert answers[3].status_code == 204
        expected = {204, "admitted", "already_in", "ticket_unknown", "undone", "not_found", "nonce_reused"}
        assert set(said(answers)) <= expected
        hold(*([event] if what == "attendees" else []))


def test_scan_beside_a_new_ticket(scan, call, olga, event, enroll):
    for _ in range(ROUNDS):
        row = enroll(event)
        answers = race([call(olga, "POST", f"/attendees/{row.pk}/ticket/reissue", {}), *(scan(row) for _ in range(5))])
        assert said(answers)["admitted"] <= 1
        assert set(said(answers)) <= {200, 201, "admitted", "already_in", "ticket_revoked"}
        hold(event)
        row.delete()


def test_walk_ins_and_forced_entries_take_the_last_seat_once(scan, call, olga, make_event, enroll):
    for _ in range(ROUNDS):
        event = make_event(olga, max_capacity=1)
        gone = [enroll(event, status="cancelled") for _ in range(3)]
        walk_ins = [call(olga, "POST", f"/events/{event.pk}/walk-ins", {"name": name}) for name in ("Ada", "Bo", "Cy")]
        answers = race([*walk_ins, *(scan(row, force=True) for row in gone)])
        assert said(answers) == {"admitted": 1, "event_full": 5}
        event.refresh_from_db()
        assert event.seats_taken == 1
        hold(event)


def test_one_walk_in_that_is_sent_again_has_one_seat(call, olga, make_event):
    for _ in range(ROUNDS):
        event, body = make_event(olga, max_capacity=1), {"name": "Ada", "nonce": str(uuid.uuid4())}
        answers = race([call(olga, "POST", f"/events/{event.pk}/walk-ins", body) for _ in range(6)])
        assert said(answers) == {"admitted": 6}
        assert len({answer.json()["attendee"]["attendee_id"] for answer in answers}) == 1
        hold(event)


def test_batches_beside_scans(scan, call, olga, event, enroll):
    for _ in range(ROUNDS):
        rows = [enroll(event) for _ in range(2)]
        first = scan(rows[0])().json()["scan_id"]
        at = Scan.objects.get(pk=first).at.isoformat()
        items = [
            {"nonce": str(uuid.uuid4()), "at": at, "kind": kind, "code": make_code(row.pk, 0)}
            for row in rows
            for kind in ("in", "out")
        ]
        path = f"/events/{event.pk}/scans/batch"
        uploads = [call(olga, "POST", path, {"scans": some}) for some in (items, items[::-1], items[1:3])]
        answers = race([*uploads, *(scan(row, kind=kind) for row in rows for kind in ("in", "out"))])
        assert [answer.status_code for answer in answers[:3]] == [200] * 3
        assert set(said(answers)) <= {200, "admitted", "already_in", "left", "not_inside"}
        hold(event)
        for row in rows:
            row.delete()
