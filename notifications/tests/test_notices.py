"""Who is told what, whatever path changed it."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from eventhub import audit
from eventhub.testing.concurrency import wait_for_others
from eventhub.testing.mailbox import text_of
from notifications.models import FanOut, Notice, OptOutScope
from notifications.services import fan_outs, log_reader, mail_queue, preferences, retention

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
    assert "You gave your seat back" in text_of(mail.outbox[2])
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


def test_a_cancellation_that_nobody_has_read_of_is_taken_back_without_a_mail(
    api, deliver, olga, bob, make_event, enroll
):
    event = make_event(olga)
    enroll(event, bob)
    deliver()

    def become(*statuses):
        before = len(mail.outbox)
        for status in statuses:
            api(olga).patch(f"/events/{event.pk}", {"status": status})
        deliver()
        return [message.subject.partition(":")[0] for message in mail.outbox[before:]]

    assert become("cancelled", "upcoming", "cancelled", "upcoming") == []
    assert become("cancelled") == ["Cancelled"]
    assert become("upcoming", "cancelled") == []
    assert become("upcoming") == ["Takes place after all"]
    assert become("cancelled", "upcoming") == []


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


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("venue", "Dome", "Venue: Dome (before: none)"),
        ("address", "Hill 1", "Address: Hill 1 (before: none)"),
        ("time_zone", "Asia/Tokyo", "Time zone: Asia/Tokyo (before: UTC)"),
        ("time_zone", "UTC", None),  # which it is anyway
        ("attendance", "online", "Attendance: online (before: on site)"),
    ],
)
def test_a_change_of_the_place_is_told(
    api, deliver, olga, bob, make_event, enroll, later, settings, field, value, line
):
    settings.TIME_ZONE = "UTC"
    event = make_event(olga)
    enroll(event, bob)
    deliver()
    api(olga).patch(f"/events/{event.pk}", {field: value})
    with later(minutes=6):
        deliver()
    assert [line in text_of(message) for message in mail.outbox] == [True] * (line is not None)


NEW, NO_LINK = "The online link has changed.", "There is no online link any more."


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ({"online_url": "https://a.example"}, {"online_url": "https://b.example"}, NEW),
        ({"online_url": "https://a.example"}, {"online_url": ""}, NO_LINK),
        ({"online_url": ""}, {"online_url": "https://b.example"}, None),
        ({"online_url": "https://a.example", "online_from": 1}, {"online_url": "https://b.example"}, None),
        ({"online_url": "https://a.example"}, {"online_url": "https://b.example", "online_from": 1}, NEW),
        ({"online_url": "https://a.example"}, {"online_from": 1}, None),
    ],
)
def test_another_online_link_is_told_to_seats_to_which_it_was_open(
    api, deliver, olga, bob, eve, make_event, enroll, later, was, becomes, told
):
    hour = timezone.now() + timedelta(hours=1)
    event = make_event(olga, max_capacity=1, **{name: hour if value == 1 else value for name, value in was.items()})
    enroll(event, bob)
    enroll(event, eve, status="waitlisted")
    deliver()
    change = {name: hour.isoformat() if value == 1 else value for name, value in becomes.items()}
    assert api(olga).patch(f"/events/{event.pk}", change).status_code == 200
    with later(minutes=6):
        assert deliver() == [("bob", "event_changed", "sent")] * (told is not None)
    texts = [text_of(message) for message in mail.outbox]
    assert [told in text for text in texts] == [True] * (told is not None)
    is_open = becomes.get("online_url") and "online_from" not in becomes
    assert all(("Take part online: https://b.example" in text) is bool(is_open) for text in texts)
    api(olga).patch(f"/events/{event.pk}", {"location": "Roof"})
    with later(minutes=20):
        deliver()
    (to_eve,) = (text_of(message) for message in mail.outbox if message.to == [eve.email])
    assert [piece in to_eve for piece in ("Place: Roof", ".example", "online")] == [True, False, False]


def test_a_change_that_is_taken_back_is_not_told(api, deliver, olga, bob, make_event, enroll, later):
    event = make_event(olga, location="Hall")
    enroll(event, bob)
    deliver()
    api(olga).patch(f"/events/{event.pk}", {"location": "Cellar"})
    api(olga).patch(f"/events/{event.pk}", {"location": "Hall"})
    with later(minutes=6):
        assert deliver() == []


def test_whoever_registers_after_a_change_is_not_told_what_was_before(
    api, deliver, olga, bob, eve, person, make_event, enroll, later
):
    event = make_event(olga, max_capacity=2, location="Hall")
    seat = enroll(event, bob)
    zoe = person("zoe")
    api(zoe).post("/attendees/", {"event_id": event.pk})
    api(eve).post("/attendees/", {"event_id": event.pk, "status": "waitlisted"})
    deliver()
    api(olga).patch(f"/events/{event.pk}", {"location": "Cellar"})
    deliver()
    with later(minutes=2):
        api(bob).patch(f"/attendees/{seat.pk}", {"status": "cancelled"})  # eve moves up, and knows the hall
        api(olga).patch(f"/events/{event.pk}", {"max_capacity": 5})
        api(bob).post("/attendees/", {"event_id": event.pk})
        deliver()
    with later(minutes=6):
        told = {name: state for name, kind, state in deliver() if kind == "event_changed"}
    assert told == {"zoe": "sent", "eve": "sent"}


def test_a_receipt_does_not_come_after_a_new_registration(api, deliver, olga, bob, make_event):
    event = make_event(olga)
    seat = api(bob).post("/attendees/", {"event_id": event.pk}).json()
    deliver()
    api(bob).patch(f"/attendees/{seat['attendee_id']}", {"status": "cancelled"})
    api(bob).post("/attendees/", {"event_id": event.pk})
    assert deliver()[1:] == [("bob", "cancelled", "skipped"), ("bob", "registered", "sent")]


def test_two_changes_that_waited_for_the_mail_server_are_one_mail(
    api, deliver, olga, bob, make_event, enroll, later, monkeypatch
):
    event = make_event(olga, location="Hall")
    enroll(event, bob)
    deliver()
    monkeypatch.setattr(mail_queue, "send_next", lambda **_: 0)  # as if it were down
    api(olga).patch(f"/events/{event.pk}", {"location": "Cellar"})
    with later(minutes=6):
        deliver()
        api(olga).patch(f"/events/{event.pk}", {"location": "Roof"})
    with later(minutes=12):
        assert deliver() == [("bob", "event_changed", "queued")] * 2
    monkeypatch.undo()
    with later(minutes=20):
        assert deliver() == [("bob", "event_changed", "sent"), ("bob", "event_changed", "skipped")]
    assert "Place: Roof (before: Hall)" in text_of(mail.outbox[-1])


@pytest.fixture
def reminded(deliver, olga, bob, make_event, enroll, later):
    """Look for reminders at some hours before an event for which Bob is registered; return what became of each."""

    def look(remind_hours, *hours, **event):
        begins = timezone.now() + timedelta(hours=50)
        enroll(make_event(olga, date_time=begins, end_time=None, remind_hours=remind_hours, **event), bob)
        deliver()
        for before in hours:
            with later(hours=50 - before):
                found = deliver()
        return [state for _, kind, state in found if kind == "reminder"]

    return look


@pytest.mark.parametrize(
    ("remind_hours", "hours", "expected"),
    [
        ([24, 2], (23.9, 1.9), ["sent", "sent"]),
        ([24, 20], (19.9,), ["sent"]),  # both are due after an interruption
        ([24, 24], (23.9, 23.8), ["sent"]),
        ([], (23.9,), []),
    ],
)
def test_a_reminder_is_sent_once_for_each_of_its_times(reminded, remind_hours, hours, expected):
    assert reminded(remind_hours, *hours) == expected


def test_nobody_is_reminded_of_what_has_begun(reminded, monkeypatch, deliver, later):
    monkeypatch.setattr(mail_queue, "send_next", lambda **_: 0)  # as if it were down
    assert reminded([2], 1.9) == ["queued"]
    monkeypatch.undo()
    with later(hours=50, minutes=1):
        assert deliver()[-1:] == [("bob", "reminder", "skipped")]


def test_the_notices_of_a_person_are_exported_retained_and_erased(api, deliver, olga, bob, make_event):
    sent, waiting, unread = (make_event(olga) for _ in range(3))
    api(bob).post("/attendees/", {"event_id": sent.pk})
    deliver()
    api(bob).post("/attendees/", {"event_id": waiting.pk})
    wait_for_others()
    log_reader.read(log_reader.REGISTRATIONS)
    exported = api(bob).get("/users/me/export").json()["notices"]
    assert [(row["kind"], row["event_id"], row["state"]) for row in exported] == [
        ("registered", sent.pk, "sent"),
        ("registered", waiting.pk, "queued"),
    ]
    after = timezone.now() + timedelta(days=retention.KEPT_DAYS, minutes=1)
    retention.delete_old(now=after, dry_run=False)
    assert list(Notice.objects.values_list("event", flat=True)) == [waiting.pk]
    api(bob).post("/attendees/", {"event_id": unread.pk})
    assert api(bob).delete(f"/users/{bob.pk}").status_code == 204
    assert deliver() == []
    assert len(mail.outbox) == 1


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
