"""Who marked an event is told when registration opens, and when a seat is free that nobody waits for."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from eventhub.testing.mailbox import text_of
from events.services.interests import mark, unmark
from notifications.models import OptOutScope
from notifications.services import preferences
from registrations.services.event_changes import edit_event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def closed(olga, make_event):
    return make_event(olga, title="Talk", registration_opens=timezone.now() + timedelta(hours=1))


def test_registration_opens_once_for_who_marked_the_event(closed, deliver, later, bob, eve, enroll, person):
    for user in (bob, eve):
        mark(event=closed, user=user)
    mark(event=closed, user=person("quiet"), notify=False)
    mark(event=closed, user=person("registered"))
    enroll(closed, person("zoe"))
    enroll(closed, closed.interests.get(user__username="registered").user)
    eve.language = "de"
    eve.save()
    assert deliver() == []
    with later(hours=2):
        told = [("bob", "opened", "sent"), ("eve", "opened", "sent")]
        assert [deliver(), deliver()] == [told, told]
    assert [message.subject for message in mail.outbox] == ["Registration is open: Talk", "Anmeldung geöffnet: Talk"]
    assert f"/e/{closed.pk}" in text_of(mail.outbox[0])
    assert "List-Unsubscribe" in mail.outbox[0].extra_headers


def test_registration_that_is_opened_by_hand_is_told_as_well(closed, deliver, bob):
    mark(event=closed, user=bob)
    deliver()
    edit_event(event_id=closed.pk, values={"registration_opens": None})
    assert deliver() == [("bob", "opened", "sent")]


def test_a_seat_that_nobody_waits_for_is_told_once_a_day(api, olga, deliver, later, bob, eve, person, make_event):
    event, zoe = make_event(olga, max_capacity=1), person("zoe")
    seat = api(eve).post("/attendees/", {"event_id": event.pk}).json()["attendee_id"]
    queued = api(zoe).post("/attendees/", {"event_id": event.pk, "status": "waitlisted"}).json()["attendee_id"]
    for user in (bob, eve):
        mark(event=event, user=user)
    deliver()
    api(eve).patch(f"/attendees/{seat}", {"status": "cancelled"})
    assert {kind for who, kind, _ in deliver() if who == "bob"} == set()  # it is Zoe's
    for _ in range(2):
        api(zoe).patch(f"/attendees/{queued}", {"status": "cancelled"})
        told = [line for line in deliver() if line[1] == "seat_free"]
        queued = api(zoe).post("/attendees/", {"event_id": event.pk}).json()["attendee_id"]
        deliver()
    assert told == [("bob", "seat_free", "sent"), ("eve", "seat_free", "sent")]


@pytest.mark.parametrize("overtaken", ["unmarked", "registered", "hidden", "opted out", "full", "silent"])
def test_what_is_true_no_more_is_not_sent(closed, deliver, later, bob, olga, enroll, monkeypatch, overtaken):
    mark(event=closed, user=bob)
    deliver()
    edit_event(event_id=closed.pk, values={"registration_opens": None})
    monkeypatch.setattr("notifications.services.mail_queue.send_next", lambda **_: 0)
    assert deliver() == [("bob", "opened", "queued")]
    monkeypatch.undo()
    if overtaken == "unmarked":
        unmark(event=closed, user=bob)
    elif overtaken == "registered":
        enroll(closed, bob)
    elif overtaken == "hidden":
        edit_event(event_id=closed.pk, values={"visibility": "private"})
    elif overtaken == "opted out":
        preferences.opt_out(bob.pk, OptOutScope.EVENT, event_id=closed.pk)
    elif overtaken == "silent":
        edit_event(event_id=closed.pk, values={"notifications": "none"})
    else:
        edit_event(event_id=closed.pk, values={"registration_closes": timezone.now()})
    assert [line for line in deliver() if line[1] == "opened"] == [("bob", "opened", "skipped")]


def test_nobody_is_told_of_a_hidden_event(closed, deliver, bob):
    mark(event=closed, user=bob)
    deliver()
    edit_event(event_id=closed.pk, values={"visibility": "private", "registration_opens": None})
    assert deliver() == []
