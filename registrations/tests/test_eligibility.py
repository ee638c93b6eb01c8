"""GET /events/<id>/registration: may I register, and why not. What it says is what POST /attendees/ then does; random
states are in test_histories.py."""

from datetime import UTC, datetime, timedelta

import pytest

from eventhub.testing.responses import NO_EVENT, NO_HEADER, whole
from registrations.models import Registration

pytestmark = pytest.mark.django_db

FULL = {"code": "event_full", "msg": "Event is full"}
ALREADY = {"code": "already_registered", "msg": "Already registered for this event"}


def told(**differences):
    usual = {"allowed": True, "code": None, "msg": None, "can_wait": False, "seats_left": 1, "attendee_id": None}
    return 200, {**usual, **({"allowed": False} if "code" in differences else {}), **differences}


@pytest.fixture
def ask(api):
    """What somebody is told, after which they try it: with a refusal, the same one."""

    def ask_and_try(who, event):
        client = api(who)
        answer = client.get(f"/events/{event.pk}/registration")
        tried = client.post("/attendees/", {"event_id": event.pk})
        if answer.status_code != 200:
            assert whole(tried) == whole(answer)
        elif answer.json()["allowed"]:
            assert tried.status_code == 201
        else:
            assert tried.status_code == 409
            body = answer.json()
            assert tried.json().items() <= body.items()
        return whole(answer)

    return ask_and_try


def test_a_free_seat_may_be_taken(ask, bob, olga, make_event):
    assert ask(bob, make_event(olga, max_capacity=1)) == told()


def test_asking_takes_no_seat(api, bob, olga, make_event):
    api(bob).get(f"/events/{make_event(olga).pk}/registration")
    assert Registration.objects.count() == 0


@pytest.mark.parametrize("waitlist", [True, False])
def test_at_a_full_event_one_may_wait_where_there_is_a_queue(ask, bob, olga, make_event, waitlist):
    event = make_event(olga, full=True, waitlist=waitlist)
    assert ask(bob, event) == told(**FULL, can_wait=waitlist, seats_left=0)


def test_a_free_seat_beside_a_queue_is_not_for_newcomers(ask, bob, olga, make_event, enroll):
    event = make_event(olga, max_capacity=2)
    for status in ("registered", "waitlisted"):
        enroll(event, status=status)
    assert ask(bob, event) == told(**FULL, can_wait=True, seats_left=1)


@pytest.mark.parametrize("status", ["registered", "waitlisted", "attended"])
def test_who_is_in_is_told_as_what(ask, bob, olga, make_event, enroll, status):
    event = make_event(olga, max_capacity=2)
    row = enroll(event, bob, status=status)
    left = 2 if status == "waitlisted" else 1
    assert ask(bob, event) == told(**ALREADY, seats_left=left, attendee_id=row.pk)


def test_who_has_cancelled_may_come_again(ask, bob, olga, make_event, enroll):
    event = make_event(olga, max_capacity=1)
    enroll(event, bob, status="cancelled")
    assert ask(bob, event) == told()


@pytest.mark.parametrize(("status", "reason"), [("cancelled", "cancelled"), ("completed", "over")])
def test_registration_is_closed_with_the_event(ask, bob, olga, make_event, status, reason):
    closed = {"code": "registration_closed", "msg": f"Registration is closed: the event is {reason}", "reason": reason}
    assert ask(bob, make_event(olga, max_capacity=1, status=status)) == told(**closed)


def test_outside_the_window_registration_is_for_who_runs_the_event(ask, bob, otto, olga, ada, make_event):
    opens = datetime(2031, 5, 1, 7, tzinfo=UTC)
    event = make_event(olga, max_capacity=3, date_time=opens + timedelta(days=1), registration_opens=opens)
    closed = {
        "code": "registration_closed",
        "msg": "Registration is closed: it opens on 1 May 2031, 07:00 UTC",
        "reason": "not_open_yet",
        "opens_at": "2031-05-01T07:00:00Z",
    }
    assert [ask(who, event) for who in (bob, otto, olga, ada)] == [
        *[told(**closed, seats_left=3)] * 2,
        told(seats_left=3),
        told(seats_left=2),
    ]


def test_a_draft_is_there_for_its_organizer_and_admins_alone(ask, bob, otto, olga, ada, make_event):
    event = make_event(olga, max_capacity=2, status="draft")
    assert [ask(who, event) for who in (bob, otto, olga, ada)] == [
        NO_EVENT,
        NO_EVENT,
        told(seats_left=2),
        told(seats_left=1),
    ]


def test_nobody_asks_without_signing_in_or_of_an_event_that_is_not_there(api, bob):
    assert whole(api().get("/events/1/registration")) == NO_HEADER
    assert whole(api(bob).get("/events/987654/registration")) == NO_EVENT
    assert whole(api(bob).get("/events/99999999999999999999/registration/")) == NO_EVENT
