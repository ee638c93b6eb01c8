"""The contract's table of a registration's states: from x to x who asks, and what each does to seats and queue."""

import itertools

import pytest

from events.models import Event
from registrations.models import Registration

pytestmark = pytest.mark.django_db

STATES = ["registered", "waitlisted", "attended", "cancelled"]
OK, BAD, NOT_YOURS, FULL = 200, 400, 403, 409

# (from, to): what the person gets, and what the organizer gets, in a full event whose queue is open.
TABLE = {
    ("registered", "registered"): (OK, OK),
    ("registered", "waitlisted"): (BAD, BAD),
    ("registered", "attended"): (NOT_YOURS, OK),
    ("registered", "cancelled"): (OK, OK),
    ("waitlisted", "registered"): (FULL, FULL),
    ("waitlisted", "waitlisted"): (OK, OK),
    ("waitlisted", "attended"): (NOT_YOURS, FULL),
    ("waitlisted", "cancelled"): (OK, OK),
    ("attended", "registered"): (NOT_YOURS, OK),
    ("attended", "waitlisted"): (BAD, BAD),
    ("attended", "attended"): (OK, OK),
    ("attended", "cancelled"): (NOT_YOURS, OK),
    ("cancelled", "registered"): (FULL, FULL),
    ("cancelled", "waitlisted"): (OK, OK),
    ("cancelled", "attended"): (NOT_YOURS, FULL),
    ("cancelled", "cancelled"): (OK, OK),
}
BODIES = {
    BAD: {
        "msg": "status: Who has a seat cannot go back to the queue.",
        "code": "invalid",
        "errors": {"status": ["Who has a seat cannot go back to the queue."]},
    },
    NOT_YOURS: {"msg": "Not allowed", "code": "permission_denied"},
    FULL: {"msg": "Event is full", "code": "event_full", "can_wait": True},
}


@pytest.fixture
def case(olga, bob, make_event, enroll):
    """Bob's registration with the given status in an event that is full beside it."""

    def make(was, free=0):
        seat = 1 if was in ("registered", "attended") else 0
        event = make_event(olga, max_capacity=1 + seat + free)
        enroll(event)
        return enroll(event, bob, status=was)

    return make


@pytest.mark.parametrize("who", ["person", "organizer", "admin"])
@pytest.mark.parametrize(("was", "becomes"), list(itertools.product(STATES, STATES)))
def test_every_transition_in_a_full_event(api, bob, olga, ada, case, was, becomes, who):
    row = case(was)
    expected = TABLE[was, becomes][0 if who == "person" else 1]
    asks = {"person": bob, "organizer": olga, "admin": ada}[who]
    answer = api(asks).patch(f"/attendees/{row.pk}", {"status": becomes})
    assert answer.status_code == expected
    if expected == OK:
        assert answer.json()["status"] == Registration.objects.get(pk=row.pk).status == becomes
    else:
        assert answer.json() == BODIES[expected]
        assert Registration.objects.get(pk=row.pk).status == was


@pytest.mark.parametrize("becomes", STATES)
def test_with_a_free_seat_a_cancelled_registration_gets_it(api, olga, case, becomes):
    row = case("cancelled", free=1)
    answer = api(olga).patch(f"/attendees/{row.pk}", {"status": becomes})
    seated = {"registered": "registered", "waitlisted": "registered", "attended": "attended"}
    assert (answer.status_code, answer.json()["status"]) == (200, seated.get(becomes, "cancelled"))
    assert Event.objects.get().seats_taken == (1 if becomes == "cancelled" else 2)


@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
def test_both_verbs_change_what_is_named_and_keep_the_rest(api, bob, case, verb):
    row = case("registered")
    body = api(bob).send(verb, f"/attendees/{row.pk}", {"contact_details": "row 3"}).json()
    assert (body["name"], body["contact_details"], body["status"]) == ("bob", "row 3", "registered")


def test_details_and_status_change_together(api, bob, case):
    row = case("registered")
    body = api(bob).patch(f"/attendees/{row.pk}", {"status": "cancelled", "name": "Robert"}).json()
    assert (body["status"], body["name"]) == ("cancelled", "Robert")


def test_a_refused_status_leaves_the_details_alone(api, bob, case):
    row = case("waitlisted")
    assert api(bob).patch(f"/attendees/{row.pk}", {"status": "registered", "name": "Robert"}).status_code == 409
    assert Registration.objects.get(pk=row.pk).name == "bob"


def test_asking_for_what_is_so_writes_nothing(api, bob, case):
    row = case("registered")
    api(bob).patch(f"/attendees/{row.pk}", {"status": "registered", "name": "bob"})
    assert Registration.objects.get(pk=row.pk).updated_at == row.updated_at


@pytest.mark.parametrize("field", ["event_id", "user_id"])
def test_event_and_user_cannot_change(api, bob, olga, case, field):
    row = case("registered")
    assert api(bob).patch(f"/attendees/{row.pk}", {field: getattr(row, field)}).status_code == 200
    problem = "This cannot be changed."
    for other in (987654, 2**63):
        answer = api(olga).patch(f"/attendees/{row.pk}", {field: other})
        body = {"msg": f"{field}: {problem}", "code": "invalid", "errors": {field: [problem]}}
        assert (answer.status_code, answer.json()) == (400, body)


def test_taken_up_again_it_is_a_new_registration(api, bob, case):
    row = case("cancelled", free=1)
    body = api(bob).patch(f"/attendees/{row.pk}", {"status": "registered"}).json()
    assert body["registration_date"] > row.registration_date.isoformat()


def test_taking_up_again_is_refused_beside_another_live_registration(api, bob, case, enroll):
    row = case("cancelled", free=2)
    other = enroll(row.event, bob)
    refused = {"msg": "Already registered for this event", "code": "already_registered", "attendee_id": other.pk}
    for status in ("registered", "waitlisted"):
        answer = api(bob).patch(f"/attendees/{row.pk}", {"status": status})
        assert (answer.status_code, answer.json()) == (409, refused)


def test_taking_up_again_is_refused_where_registration_is_closed(api, bob, olga, case):
    row = case("cancelled", free=1)
    Event.objects.update(status="completed")
    answer = api(bob).patch(f"/attendees/{row.pk}", {"status": "registered"})
    refused = {"msg": "Registration is closed: the event is over", "code": "registration_closed", "reason": "over"}
    assert (answer.status_code, answer.json()) == (409, refused)
    assert api(olga).patch(f"/attendees/{row.pk}", {"status": "registered"}).status_code == 200


def test_a_walk_in_from_a_closed_queue_takes_a_free_seat(api, olga, case):
    row = case("waitlisted", free=1)
    Event.objects.update(status="completed")
    body = api(olga).patch(f"/attendees/{row.pk}", {"status": "attended"}).json()
    assert (body["status"], Event.objects.get().seats_taken) == ("attended", 2)


# The queue -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("leave", ["cancel", "delete"])
@pytest.mark.parametrize("was", ["registered", "attended"])
def test_a_seat_that_gets_free_goes_to_the_first_in_the_queue(api, olga, make_event, enroll, was, leave):
    event = make_event(olga, max_capacity=1)
    seat = enroll(event, status=was)
    first, second = enroll(event, status="waitlisted"), enroll(event, status="waitlisted")
    if leave == "cancel":
        api(olga).patch(f"/attendees/{seat.pk}", {"status": "cancelled"})
    else:
        api(olga).delete(f"/attendees/{seat.pk}")
    statuses = [Registration.objects.get(pk=row.pk).status for row in (first, second)]
    assert statuses == ["registered", "waitlisted"]
    event.refresh_from_db()
    assert (event.seats_taken, event.waitlisted) == (1, 1)


def test_who_leaves_the_queue_moves_the_others_up(api, olga, make_event, enroll):
    event = make_event(olga, full=True)
    first, second = enroll(event, status="waitlisted"), enroll(event, status="waitlisted")
    path = f"/attendees/{second.pk}"
    assert api(olga).get(path).json()["waitlist_position"] == 2
    api(olga).patch(f"/attendees/{first.pk}", {"status": "cancelled"})
    assert api(olga).get(path).json()["waitlist_position"] == 1
    assert api(olga).patch(f"/attendees/{first.pk}", {"status": "waitlisted"}).json()["waitlist_position"] == 2
