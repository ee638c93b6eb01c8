"""Organizers write to the attendees of an event: who may, who gets it, and how it is stopped."""

from datetime import timedelta
from unittest.mock import Mock
from urllib.parse import urlencode

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.services.accounts import apply_changes
from eventhub.testing.factories import RegistrationFactory, UserFactory
from eventhub.testing.mailbox import mail_server, text_of
from eventhub.testing.responses import NO_EVENT, NOT_ALLOWED, invalid, refusal, whole
from notifications.models import FanOut, Message, MessageState, Notice, Priority
from notifications.services import fan_outs, mail_queue, messages, preferences, retention
from notifications.services.delivery import Delivery
from registrations.models import Registration

pytestmark = pytest.mark.django_db(transaction=True)

NOT_TRUSTED = refusal(403, "You may not write to attendees on this site", "messages_not_allowed")
TOO_MANY = refusal(409, "This event has had its messages for today. Try again tomorrow", "too_many_messages")
NO_MESSAGE = refusal(404, "Message not found", "not_found")
WORDS = {"subject": "About {event}", "body": "Hello {name},\n\nsee you at {place}.\n\n{link}\n\n{organizer}"}


@pytest.fixture(autouse=True)
def for_organizers(settings):
    settings.BULK_MAIL = "organizers"


@pytest.fixture
def event(olga, make_event):
    return make_event(olga, title="Night of the Telescopes", location="Observatory", max_capacity=5000)


@pytest.fixture
def write(api, olga, event):
    """Write a message, by default as the event's organizer to all."""

    def post(by=olga, to=event, **body):
        return api(by).post(f"/events/{to.pk}/messages/", {**WORDS, **body})

    return post


def got():
    return sorted(address for message in mail.outbox for address in message.to)


def test_a_message_goes_to_each_person_of_its_audience_once(write, api, olga, bob, eve, person, event, enroll, deliver):
    enroll(event, bob, name="Bob B.")
    enroll(event, eve, status="waitlisted")
    enroll(event, person("zoe"), status="cancelled")
    answer = write(audience={"status": ["registered", "waitlisted"]})
    assert answer.status_code == 201
    made = answer.json()
    assert (made["recipients"], made["state"], made["user_id"], made["queued"]) == (2, "queued", olga.pk, 0)
    assert deliver()[-2:] == [("bob", "message", "sent"), ("eve", "message", "sent")]
    first = mail.outbox[0]
    assert (first.to, first.subject) == ([bob.email], "About Night of the Telescopes")
    assert text_of(first).startswith("Hello Bob B.,\n\nsee you at Observatory.\n\nhttp://127.0.0.1:8000/r/")
    assert not [part for part in first.alternatives if "calendar" in part.mimetype]
    assert deliver()[-2:] == [("bob", "message", "sent"), ("eve", "message", "sent")]
    assert len(mail.outbox) == 2
    path = f"/events/{event.pk}/messages/{made['message_id']}"
    assert api(olga).get(path).json() == made | {"state": "done", "sent": 2}
    listed = {name: value for name, value in made.items() if name not in ("queued", "sent", "failed", "skipped")}
    assert api(olga).get(f"/events/{event.pk}/messages/").json()["results"] == [listed | {"state": "done"}]


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        ({}, ["ann", "ben", "cat"]),
        ({"status": ["cancelled"]}, ["dan"]),
        ({"checked_in": True}, ["cat"]),
        ({"checked_in": False}, ["ann", "ben"]),
        ({"status": ["registered"], "checked_in": True}, []),
        ({"search": "BENJ"}, ["ben"]),
        ({"search": "+49 30", "status": ["registered"]}, ["ann"]),
        ({"search": "%%%"}, []),
    ],
)
def test_an_audience_is_what_the_list_of_attendees_shows(
    write, api, olga, event, enroll, person, deliver, audience, expected
):
    enroll(event, person("ann"), phone="+49 30 1234")
    enroll(event, person("ben"), status="waitlisted", name="Bénjamin")
    enroll(event, person("cat"), status="attended")
    enroll(event, person("dan"), status="cancelled")
    assert write(audience=audience).json()["recipients"] == len(expected)
    Delivery().run()
    assert got() == [f"{name}@example.org" for name in expected]
    query = urlencode({"status": "registered,waitlisted,attended", **audience}, doseq=True)
    if "checked_in" not in audience:
        listed = api(olga).get(f"/events/{event.pk}/attendees?{query}").json()["results"]
        assert len(listed) == len(expected)


def test_whoever_registered_several_times_gets_one(write, event, enroll, bob):
    for status in ("cancelled", "cancelled", "registered"):
        enroll(event, bob, status=status)
    assert write(audience={"status": ["registered", "cancelled"]}).json()["recipients"] == 1
    assert write(audience={"status": ["cancelled"]}).json()["recipients"] == 1
    Delivery().run()
    assert got() == [bob.email] * 2


def test_a_trial_sends_nothing_and_shows_a_sample_without_a_secret(write, event, enroll, bob):
    enroll(event, bob)
    answer = write(dry_run=True)
    assert (answer.status_code, sorted(answer.json())) == (200, ["recipients", "sample"])
    assert answer.json()["recipients"] == 1
    sample = answer.json()["sample"]
    assert sample["subject"] == "About Night of the Telescopes"
    assert sample["text"].startswith(
        "Hello Robin Example,\n\nsee you at Observatory.\n\nhttp://127.0.0.1:8000/r/example\n\nolga\n"
    )
    assert not Message.objects.exists()
    assert not FanOut.objects.exists()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"subject": ""}, invalid(subject="This field may not be blank.")),
        ({"subject": "a\nBcc: x@example.org"}, invalid(subject="Control characters are not allowed.")),
        (
            {"body": "{settings} {name.__class__}"},
            invalid(
                body="{settings}, {name.__class__} are not known here. Known: {name}, {event}, {date}, {place},"
                " {organizer}, {link}."
            ),
        ),
        (
            {"audience": {"stauts": ["registered"]}},
            {"stauts": ["Unknown key. Choose one of status, search, checked_in."]},
        ),
        ({"audience": {"search": "ab"}}, {"search": ["Enter at least 3 characters."]}),
        ({"audience": {"status": []}}, {"status": ["This list may not be empty."]}),
        ({"send_at": "2020-01-01T00:00:00Z"}, invalid(send_at="This time is past.")),
        ({"send_at": "2090-01-01T00:00:00Z"}, invalid(send_at="Give a time within the next year.")),
    ],
)
def test_what_cannot_be_sent_is_refused(write, body, expected):
    answer = write(**body)
    assert answer.status_code == 400
    if isinstance(expected, dict):
        assert answer.json()["errors"] == {"audience": expected}
    else:
        assert whole(answer) == expected
    assert not Message.objects.exists()


def test_values_are_not_read_again_and_not_taken_for_html(write, bob, event, enroll):
    enroll(event, bob, name="{link} <b>Bob</b> {{7*7}}")
    write()
    Delivery().run()
    assert text_of(mail.outbox[0]).startswith("Hello {link} <b>Bob</b> {{7*7}},")
    assert "<b>" not in mail.outbox[0].alternatives[0].content


# Who may --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bulk_mail", "who", "is_trusted", "expected"),
    [
        ("off", "ada", False, NOT_TRUSTED),
        ("off", "olga", True, NOT_TRUSTED),
        ("trusted", "ada", False, 201),
        ("trusted", "olga", False, NOT_TRUSTED),
        ("trusted", "olga", True, 201),
        ("trusted", "otto", True, NOT_ALLOWED),
        ("organizers", "olga", False, 201),
        ("organizers", "otto", False, NOT_ALLOWED),
        ("organizers", "bob", True, NOT_ALLOWED),
    ],
)
def test_who_may_write(settings, write, olga, otto, ada, bob, bulk_mail, who, is_trusted, expected):
    settings.BULK_MAIL = bulk_mail
    user = {"olga": olga, "otto": otto, "ada": ada, "bob": bob}[who]
    apply_changes(account_id=user.pk, changes={"is_trusted_to_write": is_trusted})
    for is_trial in (True, False):
        answer = write(by=user, dry_run=is_trial)
        assert (answer.status_code if expected == 201 else whole(answer)) == (
            (200 if is_trial else 201) if expected == 201 else expected
        )


def test_messages_of_foreign_events_are_closed(write, api, olga, otto, bob, make_event, event):
    message = write().json()["message_id"]
    path, foreign = f"/events/{event.pk}/messages/", make_event(otto)
    for user in (otto, bob):
        assert whole(api(user).get(path)) == NOT_ALLOWED
        assert whole(api(user).get(f"{path}{message}")) == NOT_ALLOWED
        assert whole(api(user).post(f"{path}{message}/stop")) == NOT_ALLOWED
    assert whole(api(otto).get(f"/events/{foreign.pk}/messages/{message}")) == NO_MESSAGE
    assert whole(api(otto).post(f"/events/{foreign.pk}/messages/{message}/stop")) == NO_MESSAGE
    draft = make_event(otto, draft=True)
    assert whole(write(to=draft)) == NO_EVENT


def test_an_event_has_three_messages_a_day(write, api, olga, event, later):
    assert [write().status_code for _ in range(3)] == [201] * 3
    assert whole(write()) == TOO_MANY
    assert write(dry_run=True).status_code == 200
    with later(hours=25):
        assert write().status_code == 201


@pytest.mark.parametrize("is_trusted", [False, True])
def test_people_who_were_added_by_address_hear_from_trusted_organizers_alone(
    write, olga, bob, event, enroll, is_trusted
):
    apply_changes(account_id=olga.pk, changes={"is_trusted_to_write": is_trusted})
    enroll(event, bob)
    for unclaimed in (True, False):  # no matter whether they have an account of their own
        enroll(event, UserFactory(unclaimed=unclaimed), added_by_address=True)
    assert write().json()["recipients"] == (3 if is_trusted else 1)
    Delivery().run()
    assert len(got()) == (3 if is_trusted else 1)


def test_who_has_opted_out_is_left_out_also_while_it_is_sent(write, api, olga, ada, bob, eve, person, event, enroll):
    apply_changes(account_id=olga.pk, changes={"is_trusted_to_write": True})
    zoe = person("zoe")
    enroll(event, bob)
    enroll(event, eve)
    enroll(event, zoe, added_by_address=True)
    preferences.opt_out(bob.pk, "organizer", organizer_id=olga.pk)
    preferences.opt_out(zoe.pk, "everything")
    made = write().json()
    assert made["recipients"] == 2  # whoever was added by address counts: it would tell that there was an account
    fan_outs.expand_next()
    preferences.opt_out(eve.pk, "event", event_id=event.pk)
    Delivery().run()
    assert got() == []
    path = f"/events/{event.pk}/messages/{made['message_id']}"
    assert api(olga).get(path).json() == made | {"state": "done", "skipped": 2, "sent": 1}
    assert api(ada).get(path).json() == made | {"state": "done", "skipped": 3}


def test_its_mails_can_be_unsubscribed_from(write, bob, event, enroll):
    enroll(event, bob)
    write()
    with mail_server() as mailbox:
        Delivery().run()
    (message,) = mailbox.mails
    link = preferences.unsubscribe_link(bob, event)
    assert message["List-Unsubscribe"].strip() == f"<{link}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert text_of(message).rstrip().endswith(f"Unsubscribe from these emails: {link}")
    assert message["X-Envelope-To"] == bob.email


# When -----------------------------------------------------------------------------------------------------------------


def test_a_message_waits_for_its_time(write, api, olga, bob, event, enroll, later):
    enroll(event, bob)
    write(send_at=(timezone.now() + timedelta(hours=2)).isoformat())
    Delivery().run()
    assert (got(), Message.objects.get().state) == ([], "queued")
    with later(hours=3):
        Delivery().run()
    assert (got(), Message.objects.get().state) == ([bob.email], "done")


def test_stopping_in_the_middle_keeps_the_rest_unsent(write, api, olga, event, enroll):
    RegistrationFactory.create_batch(60, event=event)
    path = f"/events/{event.pk}/messages/{write().json()['message_id']}"
    fan_outs.expand_next()
    mail_queue.send_next()
    assert api(olga).get(path).json()["state"] == "sending"
    stopped = api(olga).post(f"{path}/stop").json()
    assert (stopped["state"], stopped["sent"], stopped["skipped"], stopped["queued"]) == ("stopped", 50, 10, 0)
    Delivery().run()
    assert len(got()) == 50
    assert api(olga).post(f"{path}/stop").json() == stopped


def test_what_a_sender_has_in_hand_is_stopped_as_well(write, api, olga, event, enroll):
    enroll(event)
    enroll(event)
    made = write().json()
    fan_outs.expand_next()

    def stop_after_the_first():
        if len(mail.outbox) == 1:
            messages.stop(message=Message.objects.get(), by=olga)
        return False

    mail_queue.send_next(should_stop=stop_after_the_first)
    assert len(got()) == 1
    shown = api(olga).get(f"/events/{event.pk}/messages/{made['message_id']}").json()
    assert (shown["state"], shown["sent"], shown["skipped"]) == ("stopped", 1, 1)


def test_a_message_that_waits_can_be_stopped_and_one_that_ended_stays(write, api, olga, event, enroll, later):
    enroll(event)
    waiting = write(send_at=(timezone.now() + timedelta(hours=2)).isoformat()).json()
    sent = write().json()
    path = f"/events/{event.pk}/messages/"
    assert api(olga).post(f"{path}{waiting['message_id']}/stop").json()["state"] == "stopped"
    Delivery().run()
    assert api(olga).post(f"{path}{sent['message_id']}/stop").json()["state"] == "done"
    with later(hours=3):
        Delivery().run()
    assert len(got()) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda settings, olga, event: setattr(settings, "BULK_MAIL", "off"),
        lambda settings, olga, event: apply_changes(account_id=olga.pk, changes={"is_active": False}),
        lambda settings, olga, event: type(event).objects.filter(pk=event.pk).update(organizer=UserFactory()),
    ],
)
@pytest.mark.parametrize("is_expanded", [False, True])
def test_a_message_ends_when_its_author_may_not_write_any_more(
    settings, write, ada, olga, event, enroll, change, is_expanded
):
    enroll(event)
    write()
    if is_expanded:
        fan_outs.expand_next()
    change(settings, olga, event)
    Delivery().run()
    assert got() == []
    if not is_expanded:
        assert Message.objects.get().state == MessageState.STOPPED


def test_who_cancels_before_it_is_sent_gets_none(write, bob, event, enroll):
    registration = enroll(event, bob)
    write()
    fan_outs.expand_next()
    Registration.objects.filter(pk=registration.pk).update(status="cancelled")
    Delivery().run()
    assert got() == []


def test_an_expansion_that_was_killed_goes_on_and_writes_to_nobody_twice(write, event, monkeypatch):
    monkeypatch.setattr(fan_outs, "AT_ONCE", 4)
    RegistrationFactory.create_batch(10, event=event)
    write()
    fan_outs.expand_next()
    with monkeypatch.context() as broken:
        broken.setattr(messages, "note_expansion", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            fan_outs.expand_next()
    assert Notice.objects.count() == 4
    Delivery().run()
    assert len(got()) == len(set(got())) == 10


def test_what_concerns_one_person_goes_before_a_message(write, api, bob, event, enroll, deliver):
    enroll(event)
    write()
    fan_outs.expand_next()
    api(bob).post("/attendees/", {"event_id": event.pk})
    deliver()
    assert [message.subject[:5] for message in mail.outbox][-1] == "About"
    assert set(Notice.objects.filter(kind="message").values_list("priority", flat=True)) == {Priority.BULK}


def test_a_message_reaches_people_of_an_event_that_is_over(write, bob, event, enroll, later):
    enroll(event, bob, status="attended")
    with later(days=30):
        write(audience={"checked_in": True})
        Delivery().run()
    assert got() == [bob.email]


@pytest.mark.slow
def test_a_message_to_two_thousand_takes_few_statements(write, api, olga, event):
    people = UserFactory.build_batch(2000)
    accounts = type(people[0]).objects.bulk_create(people)
    Registration.objects.bulk_create([Registration(event=event, user=user, name=user.username) for user in accounts])
    with CaptureQueriesContext(connection) as captured:
        made = write().json()
        assert made["recipients"] == 2000
        Delivery().make_notices()
    shown = api(olga).get(f"/events/{event.pk}/messages/{made['message_id']}").json()
    assert (shown["state"], shown["queued"]) == ("sending", 2000)
    assert len(captured) < 100


# What stays -----------------------------------------------------------------------------------------------------------


def test_a_repeated_request_writes_once(write, api, olga, event):
    client, path = api(olga), f"/events/{event.pk}/messages/"
    answers = [client.post(path, WORDS, headers={"Idempotency-Key": "once"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert Message.objects.count() == 1


def test_messages_go_with_their_event_and_stay_without_their_author(write, api, olga, ada, event, person):
    admin = person("adam", role="admin")
    write(by=admin)
    write()
    api(ada).delete(f"/users/{admin.pk}")
    assert sorted(Message.objects.values_list("by", flat=True), key=str) == [olga.pk, None]
    api(olga).delete(f"/events/{event.pk}")
    assert (Message.objects.count(), FanOut.objects.count()) == (0, 0)


def test_housekeeping_deletes_old_messages_with_their_notices(write, event, enroll, later):
    enroll(event)
    write()
    ahead = timezone.now() + timedelta(days=100)
    write(send_at=ahead.isoformat())
    Delivery().run()
    retention.delete_old(now=timezone.now() + timedelta(days=91), dry_run=False)
    assert [message.send_at for message in Message.objects.all()] == [ahead]
