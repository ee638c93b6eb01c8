"""The walk of docs/quickstart.md: sign-up, an event, a full house, the waiting list, a cancellation."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from notifications.mails import compose
from notifications.models import Kind, Notice
from registrations.selectors.calendars import registration_entry

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


def test_the_email_and_the_calendar_of_the_walk_are_those_that_people_get(olga, eve, make_event, enroll):
    """But for their numbers, moments and the token."""
    begins = datetime(2030, 5, 1, 19, tzinfo=UTC)
    event = make_event(
        olga, title="Night of the Telescopes", date_time=begins, location="Observatory", slug="night-of-the-telescopes"
    )
    registration = enroll(event, eve, name="eve")
    message = compose(Notice(kind=Kind.SEATED, user=eve, event=event, registration=registration))
    head = f"Subject: {message.subject}\nFrom: {message.from_email}\nTo: {eve.email}\n\n"
    mail, answers = re.findall(r"```text\n(.*?)```", Path("docs/quickstart.md").read_text(), re.DOTALL)
    assert plain(head + message.body).startswith(plain(mail.replace("@example.net", "@example.org")))
    calendar = answers.partition("END:VCALENDAR")[0]
    assert plain(registration_entry(registration).decode()).startswith(plain(calendar))


def plain(text):
    return re.sub(r"\d+T\d+Z|(?<=SEQUENCE:)\d+|(?<=event-)\d+|(?<=/r/)\S+", "", text.replace("\r\n", "\n"))
