"""Who is told what, whatever path changed it."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from eventhub import audit
from eventhub.testing.concurrency import wait_for_others
from eventhub.testing.mailbox import text_of
from notifications.models import FanOut, Notice, OptOutScope
from notifications.services import fan_outs, log_reader, preferences

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_registration_is_confirmed(api, deliver, olga, bob, make_event):
    event = make_event(olga, title="Night of the Telescopes", location="Observatory")
    api(bob).post("/attendees/", {"event_id": event.pk})
    assert deliver() == [("bob", "registered", "sent")]
    (message,) = mail.outbox
    assert (message.to, message.subject) == ([bob.email], "You are registered: Night of the Telescopes")
    assert "You have a seat at Night of the Telescopes" in text_of(message)
    assert deliver() == [("bob", "registered", "sent")]
    assert len(mail.outbox) == 1


def test_who_moves_up_from_the_waiting_list_is_told(api, deliver, olga, bob, eve, make_event):
    event = make_event(olga, max_capacity=1)
    seat = api(bob).post("/attendees/", {"event_id": event.pk}).json()
    api(eve).post("/attendees/", {"event_id": event.pk, "status": "waitlisted"})
    assert deliver() == [("bob", "registered", "sent"), ("eve", "queued", "sent")]
    assert "number 1 on the waiting list" in text_of(mail.outbox[1])
    api(bob).patch(f"/attendees/{seat['attendee_id']}", {"status": "cancelled"})
    assert deliver()[2:] == [("bob", "cancelled", "sent"), ("eve", "seated", "sent")]
    assert "You cancelled your registration" in text_of(mail.outbox[2])
    assert "you are registered" in text_of(mail.outbox[3])


def test_only_the_last_word_is_sent(api, deliver, olga, bob, make_event):
    event = make_event(olga)
    seat = api(bob).post("/attendees/", {"event_id": event.pk}).json()
    api(bob).patch(f"/attendees/{seat['attendee_id']}", {"status": "cancelled"})
    assert deliver() == [("bob", "registered", "skipped"), ("bob", "cancelled", "sent")]


@pytest.mark.parametrize(
    ("channel", "telling", "told"),
    [
        (audit.Channel.API, "usual", True),
        (audit.Channel.ADMIN, "usual", True),
        (audit.Channel.IMPORT, "usual", False),
        (audit.Channel.COMMAND, "usual", False),
        (audit.Channel.IMPORT, "all", True),
        (audit.Channel.DATABASE, "all", True),
        (audit.Channel.API, "none", False),
    ],
)
def test_an_event_says_which_changes_people_are_told(deliver, olga, bob, make_event, enroll, channel, telling, told):
    event = make_event(olga, notifications=telling)
    with audit.acting_through(channel):
        enroll(event, bob)
    assert deliver() == [("bob", "registered", "sent")] * told


def test_a_cancelled_event_is_told_to_all_who_are_registered(api, deliver, olga, bob, eve, person, make_event, enroll):
    event = make_event(olga, max_capacity=1)
    enroll(event, bob)
    enroll(event, eve, status="cancelled")
    enroll(event, person("zoe"), status="waitlisted")
    deliver()
    api(olga).patch(f"/events/{event.pk}", {"status": "cancelled"})
    assert deliver() == [("bob", "event_cancelled", "sent"), ("zoe", "event_cancelled", "sent")]
    api(olga).patch(f"/events/{event.pk}", {"status": "upcoming"})
    assert deliver()[2:] == [("bob", "event_reopened", "sent"), ("zoe", "event_reopened", "sent")]


def test_a_fan_out_that_is_interrupted_goes_on_where_it_ended(api, deliver, olga, make_event, enroll, monkeypatch):
    event = make_event(olga)
    people = [enroll(event).user.username for _ in range(5)]
    deliver()
    api(olga).patch(f"/events/{event.pk}", {"status": "cancelled"})
    wait_for_others()
    log_reader.read(log_reader.EVENTS)
    monkeypatch.setattr(fan_outs, "AT_ONCE", 2)
    assert fan_outs.expand_next()
    with monkeypatch.context() as broken:
        broken.setattr(FanOut, "save", lambda self, **options: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            fan_outs.expand_next()
    assert Notice.objects.count() == 2
    told = [(name, "event_cancelled", "sent") for name in people]
    assert deliver() == told
    FanOut.objects.update(last_registration_id=0, done_at=None)
    assert deliver() == told


def test_several_changes_are_one_mail_five_minutes_later(api, deliver, olga, bob, make_event, enroll, later):
    event = make_event(olga, title="Talk", location="Hall")
    enroll(event, bob)
    deliver()
    api(olga).patch(f"/events/{event.pk}", {"location": "Cellar"})
    api(olga).patch(f"/events/{event.pk}", {"title": "Lecture", "max_capacity": 20})
    assert deliver() == []
    with later(minutes=6):
        assert deliver() == [("bob", "event_changed", "sent")]
    text = text_of(mail.outbox[0])
    assert "Title: Lecture (before: Talk)\nPlace: Cellar (before: Hall)" in text


def test_a_change_that_is_taken_back_is_not_told(api, deliver, olga, bob, make_event, enroll, later):
    event = make_event(olga, location="Hall")
    enroll(event, bob)
    deliver()
    api(olga).patch(f"/events/{event.pk}", {"location": "Cellar"})
    api(olga).patch(f"/events/{event.pk}", {"location": "Hall"})
    with later(minutes=6):
        assert deliver() == []


def test_who_turned_off_all_that_can_be_gets_no_reminder_and_all_the_rest(
    api, deliver, olga, bob, eve, make_event, later
):
    event = make_event(olga, date_time=timezone.now() + timedelta(hours=48), end_time=None)
    for scope in OptOutScope:
        preferences.opt_out(bob.pk, scope, organizer_id=olga.pk, event_id=event.pk)
    for each in (bob, eve):
        api(each).post("/attendees/", {"event_id": event.pk})
    assert deliver() == [("bob", "registered", "sent"), ("eve", "registered", "sent")]
    with later(hours=25):
        assert deliver()[2:] == [("bob", "reminder", "skipped"), ("eve", "reminder", "sent")]
        assert Notice.objects.get(state="skipped").why == "the person does not want it"
        api(olga).patch(f"/events/{event.pk}", {"status": "cancelled"})
        assert deliver()[4:] == [("bob", "event_cancelled", "sent"), ("eve", "event_cancelled", "sent")]
