"""Scans that devices made without network: noted as facts, in whatever order they arrive."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from checkin.models import Checkpoint, Presence, Scan
from checkin.services.checkpoints import entrance_of
from checkin.services.ticket_codes import make_code
from checkin.services.tickets import reissue, ticket_of
from eventhub.testing.factories import MembershipFactory, RegistrationFactory
from events.models import Event
from registrations.models import Answers, Registration
from registrations.services import seats

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(make_event, olga):
    return make_event(olga, max_capacity=5)


@pytest.fixture
def seated(event, enroll, bob):
    return enroll(event, bob, name="Bob")


@pytest.fixture
def upload(api, event, olga):
    """Send a batch: `upload(item(...), ...)`; returns the result and what speaks against it, of each."""

    def send(*scans):
        answer = api(olga).post(f"/events/{event.pk}/scans/batch", {"device": "Phone 1", "scans": list(scans)})
        assert answer.status_code == 200, answer.json()
        results = answer.json()["results"]
        assert [each["nonce"] for each in results] == [scan["nonce"] for scan in scans]
        return [(each["result"], each["despite"]) for each in results]

    return send


def item(registration=None, *, minutes_ago=5, **more):
    at = timezone.now() - timedelta(minutes=minutes_ago)
    code = {} if registration is None else {"code": make_code(registration.pk, registration.issue)}
    return {"nonce": str(uuid.uuid4()), "at": at.isoformat(), **code, **more}


def status_of(registration):
    return Registration.objects.get(pk=registration.pk).status


def test_who_was_let_in_without_network_is_in(upload, event, seated):
    scan = item(seated)
    assert upload(scan) == [("admitted", "")]
    line, presence = Scan.objects.get(), Presence.objects.get()
    assert (line.offline, line.device, line.at.isoformat(), line.reported_at) == (True, "Phone 1", scan["at"], None)
    assert (presence.entries, presence.inside, presence.first_in) == (1, True, line.at)
    assert status_of(seated) == "attended"
    assert upload(scan) == [("admitted", "")]
    assert Scan.objects.count() == 1


def test_two_devices_that_let_in_one_ticket_are_a_double_entry(upload, seated):
    assert upload(item(seated, minutes_ago=5), item(seated, minutes_ago=9)) == [
        ("admitted", ""),
        ("admitted", "already_in"),
    ]
    presence = Presence.objects.get()
    assert (presence.entries, presence.first_in < presence.last_in) == (2, True)


def test_what_would_have_refused_a_person_is_noted_and_gives_no_seat(upload, event, enroll, olga, make_event):
    gone, old, elsewhere = enroll(event, status="cancelled"), enroll(event), enroll(make_event(olga))
    revoked = item(old)
    reissue(registration=old, by=olga)
    said = upload(item(gone), revoked, item(elsewhere), item(code="EH nothing"))
    assert said == [
        ("admitted", "not_registered"),
        ("admitted", "ticket_revoked"),
        ("admitted", "wrong_event"),
        ("admitted", "ticket_unknown"),
    ]
    assert [status_of(row) for row in (gone, old, elsewhere)] == ["cancelled", "registered", "registered"]
    inside = Presence.objects.filter(inside=True).values_list("registration_id", flat=True)
    assert sorted(inside) == sorted([gone.pk, old.pk])


def test_a_refusal_of_the_device_is_noted_and_moves_nobody(upload, seated):
    assert upload(item(seated, refused="already_in")) == [("already_in", "")]
    assert (status_of(seated), Presence.objects.count()) == ("registered", 0)


def test_an_exit_that_came_later_stays_one_whenever_the_entry_arrives(upload, event, seated):
    Checkpoint.objects.filter(pk=entrance_of(event.pk).pk).update(reentry="after_exit")
    upload(item(seated, kind="out", minutes_ago=2))
    upload(item(seated, kind="in", minutes_ago=8))
    presence = Presence.objects.get()
    assert (presence.entries, presence.inside, presence.last_in < presence.last_out) == (1, False, True)


def test_a_clock_that_cannot_be_right_counts_as_now(upload, seated):
    assert upload(item(seated, minutes_ago=-600)) == [("admitted", "")]
    line = Scan.objects.get()
    assert line.reported_at - line.at > timedelta(hours=9)
    assert abs(line.at - timezone.now()) < timedelta(minutes=1)


def test_each_is_noted_as_if_alone(upload, event, seated, enroll, make_event, otto):
    reused = item(enroll(event))
    upload(reused)
    other = enroll(make_event(otto))
    said = upload(item(attendee_id=other.pk), {**reused, "code": ticket_of(seated).code}, item(seated))
    assert [result for result, _ in said] == ["not_found", "nonce_reused", "admitted"]


def test_walk_ins_get_the_seats_that_are_free_when_they_are_sent(upload, event, enroll, person):
    rows = [enroll(event, person(f"early{n}")) for n in range(3)]
    ada, bo, cy = (item(name=name, minutes_ago=minutes) for name, minutes in (("Ada", 9), ("Bo", 8), ("Cy", 7)))
    assert upload(ada, item(rows[0]), bo, cy) == [
        ("admitted", ""),
        ("admitted", ""),
        ("admitted", ""),
        ("event_full", ""),
    ]
    assert upload(ada, cy) == [("admitted", ""), ("event_full", "")]
    found = Registration.objects.filter(user=None).order_by("pk").values_list("name", "status", "status_since")
    assert [(name, status, at.isoformat()) for name, status, at in found] == [
        ("Ada", "attended", ada["at"]),
        ("Bo", "attended", bo["at"]),
    ]
    lines = Scan.objects.order_by("pk").values_list("nonce", "offline", "at")
    nonce, offline, at = lines[0]
    assert (str(nonce), offline, at.isoformat()) == (ada["nonce"], True, ada["at"])
    assert (len(lines), Presence.objects.filter(inside=True).count()) == (3, 3)


def test_undoing_a_walk_in_gives_the_seat_to_the_queue_unless_something_has_changed(api, upload, make_event, olga):
    event = make_event(olga, max_capacity=6)
    path, names = f"/events/{event.pk}", ("Ada", "Bo", "Cy", "Di", "Ed")
    upload_to = {"scans": [item(name=name) for name in names]}
    assert api(olga).post(f"{path}/scans/batch", upload_to).status_code == 200
    assert api(olga).post(f"{path}/walk-ins", {"name": "Fay"}).status_code == 201
    rows = {row.name: row for row in Registration.objects.all()}
    waiting = RegistrationFactory(event=event, status="waitlisted")
    seats.update(registration=rows["Bo"], by=olga, phone="1")
    Answers.objects.create(registration=rows["Cy"], answers={})
    dinner = Checkpoint.objects.create(event=event, name="Dinner")
    for body in ({"attendee_id": rows["Di"].pk, "checkpoint_id": dinner.pk}, {"attendee_id": rows["Ed"].pk}):
        api(olga).post(f"{path}/scans", body)  # the second is refused: already in
    for name in (*names, "Fay"):
        made = Scan.objects.filter(registration=rows[name]).earliest("pk")
        assert api(olga).post(f"/scans/{made.pk}/undo", {}).status_code == 200
    assert {name: status_of(row) for name, row in rows.items()} == {
        **dict.fromkeys(("Ada", "Ed", "Fay"), "cancelled"),
        **dict.fromkeys(("Bo", "Cy", "Di"), "registered"),
    }
    event.refresh_from_db()
    assert (status_of(waiting), event.seats_taken, event.waitlisted) == ("registered", 4, 0)


def test_a_walk_in_needs_a_seat_that_is_free_now_and_may_have_come_before_registration_closed(
    api, make_event, olga, enroll, person
):
    event, helper = make_event(olga, max_capacity=3), person("helper")
    MembershipFactory(event=event, user=helper, role="helper")

    def upload(**scan):
        answer = api(helper).post(f"/events/{event.pk}/scans/batch", {"scans": [item(**scan)]})
        return answer.json()["results"][0]["result"]

    def set_window(**minutes_ago):
        times = {name: timezone.now() - timedelta(minutes=minutes) for name, minutes in minutes_ago.items()}
        Event.objects.filter(pk=event.pk).update(**times)

    set_window(registration_closes=30)
    assert [upload(name="Ada", minutes_ago=minutes) for minutes in (20, 40)] == ["registration_closed", "admitted"]
    set_window(registration_opens=10, registration_closes=-30)
    assert upload(name="Bo", minutes_ago=20) == "admitted"
    enroll(event, status="waitlisted")
    assert upload(name="Cy", minutes_ago=5) == "event_full"  # the free seat is the queue's
    set_window(registration_opens=900, registration_closes=1, date_time=120, end_time=10)
    assert upload(name="Di", minutes_ago=20) == "admitted"  # it serves no queue any more
    assert upload(name="Ed", minutes_ago=20) == "event_full"


def test_a_walk_in_at_an_unknown_checkpoint_is_refused(upload, event, make_event, olga):
    elsewhere = Checkpoint.objects.create(event=make_event(olga), name="Elsewhere")
    unknown = [item(name="Ada", checkpoint_id=pk) for pk in (99999, elsewhere.pk)]
    assert upload(*unknown) == [("not_found", "")] * 2
    assert not Registration.objects.exists()
    assert upload(item(name="Ada", checkpoint_id=entrance_of(event.pk).pk)) == [("admitted", "")]


@pytest.mark.parametrize(
    "scans",
    [
        [{"nonce": str(uuid.uuid4()), "code": "EH"}],  # without a time
        [{"at": "2027-03-12T18:02:11Z", "code": "EH"}],  # without a nonce
        [item()],
        [item(code="EH", kind="check")],
        [item(code="EH", refused="admitted")],
        [item(name="Ada", code="EH")],
        [item(name="Ada", kind="out")],
        [item(name=" ")],
        [item(code="EH") for _ in range(501)],
        ["EH"],
        "EH",
    ],
)
def test_a_bad_batch_is_a_400_and_notes_nothing(api, event, olga, scans):
    answer = api(olga).post(f"/events/{event.pk}/scans/batch", {"scans": scans})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not Scan.objects.exists()
