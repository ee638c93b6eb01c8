"""The walk of docs/quickstart.md: sign-up, an event, a full house, the waiting list, a cancellation."""

import pytest

pytestmark = pytest.mark.django_db


def test_full_house_queue_and_cancellation(api):
    def signed_in(name, role="user"):
        body = {"username": name, "email": f"{name}@example.org", "password": "open sesame please"}
        assert api().post("/users/register", {**body, "role": role}).status_code == 201
        client = api()
        token = client.post("/users/login", {"username": name, "password": body["password"]}).json()["token"]
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    olga, bob, eve = signed_in("olga", "organizer"), signed_in("bob"), signed_in("eve")
    values = {"title": "Talk", "date_time": "2031-05-01T18:00:00Z", "location": "Hall", "max_capacity": 1}
    event = olga.post("/events/", values).json()
    seat = bob.post("/attendees/", {"event_id": event["event_id"]})
    assert (seat.status_code, seat.json()["status"]) == (201, "registered")
    refused = eve.post("/attendees/", {"event_id": event["event_id"]})
    assert (refused.status_code, refused.json()) == (
        409,
        {"msg": "Event is full", "code": "event_full", "can_wait": True},
    )
    waiting = eve.post("/attendees/", {"event_id": event["event_id"], "status": "waitlisted"}).json()
    assert (waiting["status"], waiting["waitlist_position"]) == ("waitlisted", 1)
    assert bob.patch(f"/attendees/{seat.json()['attendee_id']}", {"status": "cancelled"}).status_code == 200
    assert eve.get(f"/attendees/{waiting['attendee_id']}").json()["status"] == "registered"
    assert b"STATUS:CONFIRMED" in eve.get(f"/attendees/{waiting['attendee_id']}/calendar.ics").content
    assert (
        eve.get(f"/attendees/{waiting['attendee_id']}/notifications").json()["results"] == []
    )  # nothing delivers here
    counts = olga.get(f"/events/{event['event_id']}").json()
    assert (counts["seats_taken"], counts["waitlisted"]) == (1, 0)
