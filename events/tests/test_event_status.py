"""The contract's table of an event's states, and what each means for registering and for the queue."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from registrations.models import Registration

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
STATES = ["draft", "upcoming", "active", "completed", "cancelled"]
MAY_BECOME = {
    "draft": {"upcoming", "active"},
    "upcoming": {"active", "completed", "cancelled", "draft"},
    "active": {"upcoming", "completed", "cancelled", "draft"},
    "completed": {"active"},
    "cancelled": {"upcoming", "active"},
}


@pytest.mark.parametrize(("was", "becomes"), list(itertools.product(STATES, STATES)))
def test_what_an_event_may_become(api, olga, make_event, was, becomes):
    event = make_event(olga, status=was)
    answer = api(olga).patch(f"/events/{event.pk}", {"status": becomes})
    if becomes == was or becomes in MAY_BECOME[was]:
        assert (answer.status_code, answer.json()["status"]) == (200, becomes)
    else:
        problem = f"An event that is {was} cannot become {becomes}."
        body = {"msg": f"status: {problem}", "code": "invalid", "errors": {"status": [problem]}}
        assert (answer.status_code, answer.json()) == (400, body)


@pytest.mark.parametrize("status", ["registered", "waitlisted", "attended", "cancelled"])
def test_back_to_draft_only_without_live_registrations(api, olga, make_event, enroll, status):
    event = make_event(olga)
    enroll(event, status=status)
    answer = api(olga).patch(f"/events/{event.pk}", {"status": "draft"})
    if status == "cancelled":
        assert answer.status_code == 200
    else:
        refused = {"msg": "The event has live registrations", "code": "has_attendees"}
        assert (answer.status_code, answer.json()) == (409, refused)


@pytest.mark.parametrize("status", STATES)
def test_who_may_register_in_which_state(api, olga, ada, bob, make_event, person, status):
    event = make_event(olga, status=status)
    answer = api(bob).post("/attendees/", {"event_id": event.pk})
    why = {"cancelled": "the event is cancelled", "completed": "the event is over"}.get(status)
    reason = {"cancelled": "cancelled", "completed": "over"}.get(status)
    closed = (409, {"msg": f"Registration is closed: {why}", "code": "registration_closed", "reason": reason})
    if status in ("upcoming", "active"):
        assert answer.status_code == 201
    elif status == "draft":
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    else:
        assert (answer.status_code, answer.json()) == closed
    for who in (olga, ada):
        answer = api(who).post("/attendees/", {"event_id": event.pk, "user_id": person(f"friend-of-{who}").pk})
        if status == "cancelled":
            assert (answer.status_code, answer.json()) == closed
        else:
            assert answer.status_code == 201


MORNING, EVENING = datetime(2031, 5, 1, 7, tzinfo=UTC), datetime(2031, 5, 1, 19, tzinfo=UTC)
OPENS = {
    "msg": "Registration is closed: it opens on 1 May 2031, 09:00 CEST",
    "reason": "not_open_yet",
    "opens_at": "2031-05-01T07:00:00Z",
}
CLOSED = {
    "msg": "Registration is closed: it ended on 1 May 2031, 21:00 CEST",
    "reason": "closed",
    "closes_at": "2031-05-01T19:00:00Z",
}
OVER = {"msg": "Registration is closed: the event is over", "reason": "over"}


@pytest.mark.parametrize(
    ("fields", "now", "refused"),
    [
        ({"registration_opens": MORNING}, MORNING, None),
        ({"registration_opens": MORNING}, MORNING - SECOND, OPENS),
        ({"registration_closes": EVENING}, EVENING - SECOND, None),
        ({"registration_closes": EVENING}, EVENING, CLOSED),
        ({"registration_opens": MORNING, "registration_closes": EVENING}, MORNING - SECOND, OPENS),
        ({"registration_opens": MORNING, "registration_closes": EVENING}, EVENING + SECOND, CLOSED),
        ({"date_time": MORNING, "end_time": EVENING}, EVENING - SECOND, None),
        ({"date_time": MORNING, "end_time": EVENING, "registration_closes": MORNING}, EVENING, OVER),
        ({"date_time": MORNING}, datetime(2031, 5, 1, 21, 59, tzinfo=UTC), None),
        ({"date_time": MORNING, "registration_opens": EVENING}, datetime(2031, 5, 1, 22, tzinfo=UTC), OVER),
    ],
)
def test_the_times_of_registration(api, olga, bob, make_event, settings, fields, now, refused):
    """What is refused is told beforehand, with the reason and its time; who runs the event is not refused."""
    settings.TIME_ZONE = "Europe/Berlin"
    event = make_event(olga, max_capacity=1, **{"date_time": datetime(2031, 6, 1, tzinfo=UTC), **fields})
    with time_machine.travel(now, tick=False):
        told = api(bob).get(f"/events/{event.pk}/registration").json()
        answer = api(bob).post("/attendees/", {"event_id": event.pk})
        if refused is None:
            assert (answer.status_code, told["allowed"]) == (201, True)
            return
        body = {**refused, "code": "registration_closed"}
        assert (answer.status_code, answer.json()) == (409, body)
        assert told == {
            "allowed": False,
            "can_wait": False,
            "seats_left": event.seats_left,
            "attendee_id": None,
            **body,
        }
        assert api(olga).post("/attendees/", {"event_id": event.pk, "user_id": bob.pk}).status_code == 201


def test_a_draft_is_not_announced(olga, make_event):
    assert make_event(olga, status="draft").closed_reason(timezone.now()) == "not_announced"


def test_without_an_end_an_event_lasts_through_its_first_day_in_the_time_zone(olga, make_event, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    event = make_event(olga, date_time=timezone.datetime.fromisoformat("2031-05-01T10:00:00+09:00"))
    assert event.ends.isoformat() == "2031-05-01T15:00:00+00:00"


@pytest.mark.parametrize("closed", ["completed", "cancelled"])
def test_in_a_closed_event_registrations_stay_and_the_queue_waits(api, olga, make_event, enroll, closed):
    event = make_event(olga, max_capacity=1)
    seat, waiting = enroll(event), enroll(event, status="waitlisted")
    api(olga).patch(f"/events/{event.pk}", {"status": closed})
    api(olga).patch(f"/attendees/{seat.pk}", {"status": "cancelled"})
    assert Registration.objects.get(pk=waiting.pk).status == "waitlisted"
    body = api(olga).patch(f"/events/{event.pk}", {"status": "active"}).json()
    assert (body["seats_taken"], body["waitlisted"]) == (1, 0)
    assert Registration.objects.get(pk=waiting.pk).status == "registered"


def test_a_seat_freed_outside_the_window_still_goes_to_the_queue(api, olga, make_event, enroll):
    event = make_event(olga, max_capacity=1, registration_closes=timezone.now() - timedelta(hours=1))
    seat, waiting = enroll(event), enroll(event, status="waitlisted")
    api(olga).patch(f"/attendees/{seat.pk}", {"status": "cancelled"})
    assert Registration.objects.get(pk=waiting.pk).status == "registered"


def test_an_event_that_is_over_seats_nobody_until_it_is_prolonged(api, olga, make_event, enroll):
    now = timezone.now()
    event = make_event(
        olga, max_capacity=1, date_time=now - timedelta(hours=5), end_time=now - timedelta(hours=1), status="active"
    )
    seat, waiting = enroll(event), enroll(event, status="waitlisted")
    api(olga).patch(f"/attendees/{seat.pk}", {"status": "cancelled"})
    assert Registration.objects.get(pk=waiting.pk).status == "waitlisted"
    later = (now + timedelta(hours=1)).isoformat()
    api(olga).patch(f"/events/{event.pk}", {"end_time": later})
    assert Registration.objects.get(pk=waiting.pk).status == "registered"
