"""POST /attendees/: who gets a seat, who a place in the queue, and every refusal."""

import pytest

from accounts.models import User
from eventhub.testing.responses import NOT_PLAIN
from events.models import Event
from registrations.models import Registration

pytestmark = pytest.mark.django_db

CLOSED = (
    409,
    {"msg": "Registration is closed: the event is cancelled", "code": "registration_closed", "reason": "cancelled"},
)
TEXTS = ("status", "name", "contact_details")
NOT_ALLOWED = (403, {"msg": "Not allowed", "code": "permission_denied"})


def full(can_wait):
    return 409, {"msg": "Event is full", "code": "event_full", "can_wait": can_wait}


def error(answer):
    return answer.status_code, answer.json()


def z(moment):
    return moment.isoformat().replace("+00:00", "Z")


@pytest.fixture
def register(api):
    def post(who, event, **body):
        return api(who).post("/attendees/", {"event_id": event.pk, **body})

    return post


def test_registering_for_oneself(register, bob, olga, make_event):
    event = make_event(olga)
    answer = register(bob, event)
    row = Registration.objects.get()
    assert (answer.status_code, answer.json()) == (
        201,
        {
            "attendee_id": row.pk,
            "event_id": event.pk,
            "event": {
                "event_id": event.pk,
                "title": "Talk",
                "date_time": z(event.date_time),
                "location": "Hall",
                "status": "upcoming",
            },
            "user_id": bob.pk,
            "registration_date": z(row.registration_date),
            "status": "registered",
            "name": "bob",
            "contact_details": "bob@example.org",
            "phone": "",
            "waitlist_position": None,
            "online_url": None,
            "confirm_by": None,
            "updated_at": z(row.updated_at),
        },
    )


def test_any_role_may_register_for_any_event(register, olga, otto, ada, bob, make_event):
    event = make_event(olga)
    assert [register(who, event).status_code for who in (olga, otto, ada, bob)] == [201] * 4


def test_the_person_on_the_registration_can_be_named(register, bob, olga, make_event):
    body = register(bob, make_event(olga), name=" Robert ", contact_details="", user_id=bob.pk).json()
    assert (body["name"], body["contact_details"]) == ("Robert", "")


def test_an_organizer_registers_somebody_and_learns_no_address(register, olga, bob, make_event):
    body = register(olga, make_event(olga), user_id=bob.pk).json()
    assert (body["user_id"], body["name"], body["contact_details"]) == (bob.pk, "bob", "")


def test_an_admin_registers_somebody_under_their_account(register, ada, olga, bob, make_event):
    body = register(ada, make_event(olga), user_id=bob.pk).json()
    assert (body["user_id"], body["name"], body["contact_details"]) == (bob.pk, "bob", "bob@example.org")


def test_an_organizer_registers_themselves_under_their_account(register, olga, make_event):
    assert register(olga, make_event(olga)).json()["contact_details"] == "olga@example.org"


def test_registering_others_takes_running_the_event(register, otto, bob, eve, olga, make_event):
    event = make_event(olga)
    assert error(register(bob, event, user_id=eve.pk)) == NOT_ALLOWED
    assert error(register(otto, event, user_id=eve.pk)) == NOT_ALLOWED
    assert error(register(otto, event, user_id=987654)) == NOT_ALLOWED
    assert error(register(otto, event, user_id=eve.pk, name="")) == NOT_ALLOWED


@pytest.mark.parametrize("user_id", [987654, 0, -1, 2**63, 10**30])
def test_an_unknown_person_is_not_found(register, olga, ada, make_event, user_id):
    event = make_event(olga)
    for who in (olga, ada):
        answer = register(who, event, user_id=user_id)
        if user_id == 10**30:  # no JSON integer any more
            assert answer.status_code == 400
        else:
            assert error(answer) == (404, {"msg": "User not found", "code": "not_found"})


@pytest.mark.parametrize("event_id", [987654, 0, -1, 2**63, 2**64 - 1])
def test_an_unknown_event_is_not_found(api, bob, ada, event_id):
    for who in (bob, ada):
        answer = api(who).post("/attendees/", {"event_id": event_id, "name": ""})
        assert error(answer) == (404, {"msg": "Event not found", "code": "not_found"})


def test_a_foreign_draft_is_not_found(register, bob, otto, olga, make_event):
    event = make_event(olga, status="draft")
    for who in (bob, otto):
        assert error(register(who, event)) == (404, {"msg": "Event not found", "code": "not_found"})
    assert register(olga, event).status_code == 201


@pytest.mark.parametrize(
    ("body", "field", "problem"),
    [
        ({}, "event_id", "This field is required."),
        ({"event_id": "x"}, "event_id", "A valid integer is required."),
        *(({"event_id": text}, "event_id", "A valid integer is required.") for text in NOT_PLAIN),
        ({"event_id": None}, "event_id", "This field may not be null."),
        ({"user_id": "x"}, "user_id", "A valid integer is required."),
        ({"name": ""}, "name", "This field may not be blank."),
        ({"name": "x" * 256}, "name", "Ensure this field has no more than 255 characters."),
        ({"contact_details": "x" * 256}, "contact_details", "Ensure this field has no more than 255 characters."),
        ({"status": "attended"}, "status", '"attended" is not a valid choice.'),
        ({"status": "cancelled"}, "status", '"cancelled" is not a valid choice.'),
        ({"status": "maybe"}, "status", '"maybe" is not a valid choice.'),
    ],
)
def test_bad_values_are_named(api, bob, olga, make_event, body, field, problem):
    if field != "event_id":
        body = {"event_id": make_event(olga).pk, **body}
    answer = api(bob).post("/attendees/", body)
    expected = {"msg": f"{field}: {problem}", "code": "invalid", "errors": {field: [problem]}}
    assert error(answer) == (400, expected)


def test_a_plain_user_who_names_another_is_refused_before_anything_else(api, bob, eve):
    assert error(api(bob).post("/attendees/", {"user_id": eve.pk})) == NOT_ALLOWED


def test_a_second_live_registration_is_refused_and_named(register, bob, olga, make_event, enroll):
    for status in ("registered", "waitlisted", "attended"):
        event = make_event(olga, max_capacity=1)
        row = enroll(event, bob, status=status)
        refused = {"msg": "Already registered for this event", "code": "already_registered", "attendee_id": row.pk}
        for wanted in ("registered", "waitlisted"):
            assert error(register(bob, event, status=wanted)) == (409, refused)


def test_already_registered_wins_over_closed_and_closed_over_full(register, bob, eve, olga, make_event, enroll):
    event = make_event(olga, max_capacity=1, status="cancelled")
    enroll(event, bob)
    assert register(bob, event).json()["code"] == "already_registered"
    assert error(register(eve, event)) == CLOSED


def test_after_a_cancellation_one_may_register_anew(register, bob, olga, make_event, enroll):
    event = make_event(olga)
    old = enroll(event, bob, status="cancelled")
    assert register(bob, event).json()["attendee_id"] != old.pk


@pytest.mark.parametrize("waitlist", [True, False])
def test_a_full_event_says_whether_one_can_wait(register, bob, olga, make_event, waitlist):
    event = make_event(olga, full=True, waitlist=waitlist)
    assert error(register(bob, event)) == full(can_wait=waitlist)
    assert error(register(bob, event, status="registered")) == full(can_wait=waitlist)
    assert error(register(olga, event, user_id=bob.pk)) == full(can_wait=waitlist)
    assert Event.objects.get().seats_taken == 1


def test_queueing_takes_a_free_seat(register, bob, olga, make_event):
    body = register(bob, make_event(olga), status="waitlisted").json()
    assert (body["status"], body["waitlist_position"]) == ("registered", None)


def test_queueing_for_a_full_event(register, person, olga, make_event):
    event = make_event(olga, full=True)
    bodies = [register(person(f"p{n}"), event, status="waitlisted").json() for n in range(3)]
    assert [(body["status"], body["waitlist_position"]) for body in bodies] == [
        ("waitlisted", 1),
        ("waitlisted", 2),
        ("waitlisted", 3),
    ]


def test_there_is_no_queue_where_it_is_switched_off(register, bob, olga, make_event):
    event = make_event(olga, full=True, waitlist=False)
    assert error(register(bob, event, status="waitlisted")) == full(can_wait=False)


def test_queueing_is_closed_with_registration(register, bob, olga, make_event):
    assert error(register(bob, make_event(olga, status="cancelled"), status="waitlisted")) == CLOSED


def test_a_completed_event_has_seats_for_its_organizer_but_no_queue(register, olga, bob, eve, make_event, enroll):
    event = make_event(olga, max_capacity=2, status="completed")
    enroll(event)
    enroll(event, status="waitlisted")  # left over: the queue is closed
    assert register(olga, event, user_id=bob.pk, status="waitlisted").json()["status"] == "registered"
    assert error(register(olga, event, user_id=eve.pk, status="waitlisted")) == full(can_wait=False)


def test_a_free_seat_beside_a_queue_is_the_queues(register, bob, olga, make_event, enroll):
    """Only raw SQL leaves one; then nobody overtakes, and joining serves those who wait."""
    event = make_event(olga, max_capacity=2)
    seat, first = enroll(event), enroll(event, status="waitlisted")
    assert error(register(bob, event)) == full(can_wait=True)
    body = register(bob, event, status="waitlisted").json()
    assert Registration.objects.get(pk=first.pk).status == "registered"
    assert (body["status"], body["waitlist_position"]) == ("waitlisted", 1)
    assert seat.status == "registered"


# By address ----------------------------------------------------------------------------------------------------------


def test_an_organizer_registers_people_by_address_as_an_import_does(register, olga, ada, bob, make_event):
    """Somebody with an account and somebody without look alike."""
    event = make_event(olga)
    answers = [
        register(olga, event, email=" Bob@Example.org "),
        register(olga, event, email="new@example.net"),
        register(ada, event, email="other@example.net", name="Otto", contact_details="", status="waitlisted"),
    ]
    shown = [(answer.status_code, *(answer.json()[key] for key in TEXTS)) for answer in answers]
    assert shown == [
        (201, "registered", "Bob", "Bob@Example.org"),
        (201, "registered", "new", "new@example.net"),
        (201, "registered", "Otto", "other@example.net"),
    ]
    known, new, _ = Registration.objects.order_by("pk").select_related("user")
    assert (known.user, new.user.email, new.user.has_usable_password()) == (bob, "new@example.net", False)


def test_registering_by_address_is_for_who_runs_the_event(register, otto, bob, olga, make_event):
    event = make_event(olga)
    draft = make_event(olga, status="draft")
    for who in (otto, bob):
        for email in ("eve@example.org", who.email, "", None, "no address", ["x"]):
            assert error(register(who, event, email=email)) == NOT_ALLOWED
    assert error(register(bob, draft, email="eve@example.org")) == NOT_ALLOWED
    assert error(register(otto, draft, email="eve@example.org")) == (
        404,
        {"msg": "Event not found", "code": "not_found"},
    )
    assert Registration.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "field", "problem"),
    [
        ({"email": ""}, "email", "This field may not be blank."),
        ({"email": None}, "email", "This field may not be null."),
        ({"email": "no address"}, "email", "Enter a valid email address."),
        ({"email": f"{'x' * 250}@example.org"}, "email", "Ensure this field has no more than 254 characters."),
        ({"email": "bob@example.org", "name": ""}, "name", "This field may not be blank."),
        ({"email": "bob@example.org", "user_id": 1}, "email", "Send either user_id or email."),
    ],
)
def test_a_bad_address_seats_nobody(register, olga, make_event, body, field, problem):
    answer = error(register(olga, make_event(olga), **body))
    assert answer == (400, {"msg": f"{field}: {problem}", "code": "invalid", "errors": {field: [problem]}})
    assert Registration.objects.count() == 0


def test_a_refusal_by_address_makes_no_account_and_says_whose_it_is_only_where_that_shows(
    register, olga, ada, bob, eve, make_event, enroll
):
    event = make_event(olga, max_capacity=2)
    hidden = enroll(event, bob, name="Guest", contact_details="")
    already = {"msg": "Already registered for this event", "code": "already_registered"}
    assert error(register(olga, event, email=bob.email)) == (409, already)
    assert error(register(ada, event, email=bob.email)) == (409, {**already, "attendee_id": hidden.pk})
    added = register(olga, event, email=eve.email.upper()).json()["attendee_id"]
    assert error(register(olga, event, email=eve.email)) == (409, {**already, "attendee_id": added})
    assert error(register(olga, event, email="new@example.net")) == full(can_wait=True)
    assert not User.objects.filter(email="new@example.net").exists()
    waiting = register(olga, event, email="new@example.net", status="waitlisted").json()
    assert (waiting["status"], waiting["waitlist_position"]) == ("waitlisted", 1)
