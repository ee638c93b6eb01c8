"""What organizers, people and admins see of mails."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from eventhub.exceptions import Forbidden
from eventhub.testing.mailbox import mail_server, no_server
from notifications.models import Kind, Notice, OptOutScope, State
from notifications.services import confirmations, mail_queue, preferences
from notifications.services.mail_queue import ServerUnreachable
from registrations.models import Registration

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def event(olga, make_event):
    return make_event(olga, max_capacity=50)


@pytest.fixture
def register(api, event):
    def make(person, status="registered"):
        answer = api(person).post("/attendees/", {"event_id": event.pk, "status": status})
        return Registration.objects.get(pk=answer.json()["attendee_id"])

    return make


@pytest.fixture
def cancel(api, olga):
    return lambda registration: api(olga).put(f"/attendees/{registration.pk}", {"status": "cancelled"})


@pytest.fixture
def listed(api):
    def read(reader, registration):
        answer = api(reader).get(f"/attendees/{registration.pk}/notifications")
        return [(notice["kind"], notice["state"]) for notice in answer.json()["results"]]

    return read


def test_a_person_an_organizer_and_an_admin_see_what_was_sent_without_its_text(
    deliver, register, cancel, olga, otto, ada, bob, eve, api
):
    registration = register(bob)
    deliver()
    cancel(registration)
    path = f"/attendees/{registration.pk}/notifications"
    deliver()
    newest, first = Notice.objects.order_by("-pk")
    shown = [
        {
            "notification_id": notice.pk,
            "kind": notice.kind,
            "state": "sent",
            "created_at": notice.created_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "done_at": notice.done_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        }
        for notice in (newest, first)
    ]
    for reader in (bob, olga, ada):
        assert api(reader).get(path).json()["results"] == shown
    for stranger in (eve, otto):
        assert api(stranger).get(path).json()["code"] == "permission_denied"
    assert api(bob).get(f"/attendees/{registration.pk + 1}/notifications").json()["code"] == "not_found"


@pytest.fixture
def make_people(event, olga, person, api):
    """Let an organizer add one person without an account and one for each thing an account may say."""

    def make():
        own = {
            "confirmed": {"email_verified": True},
            "unconfirmed": {"email_verified": False},
            "deactivated": {"is_active": False},
            "without_reminders": {},
        }
        people = {name: person(name, **fields).email for name, fields in own.items()}
        people["nobody"] = "nobody@example.org"
        found = {}
        for name, email in people.items():
            added = api(olga).post("/attendees/", {"event_id": event.pk, "email": email, "name": name})
            found[name] = Registration.objects.get(pk=added.json()["attendee_id"])
        preferences.opt_out(found["without_reminders"].user_id, OptOutScope.REMINDERS)
        return found

    return make


def test_an_organizer_cannot_tell_who_had_an_account(deliver, later, make_people, event, olga, ada, listed, settings):
    settings.EMAIL_VERIFICATION = "required"
    people = make_people()
    deliver()
    with later(days=(event.date_time - timezone.now()).days - 1, hours=25):
        deliver()
    truth = {name: {state for _, state in listed(ada, row)} for name, row in people.items()}
    assert truth["nobody"] == truth["confirmed"] == {"sent"}
    assert truth["unconfirmed"] == truth["deactivated"] == {"skipped"}
    assert truth["without_reminders"] == {"sent", "skipped"}
    seen = {tuple(listed(olga, row)) for row in people.values()}
    assert seen == {(("reminder", "sent"), ("registered", "sent"))}


@pytest.mark.parametrize("refusal", ["550 no such mailbox", "451 try later"])
def test_what_a_mail_server_refuses_does_not_tell_who_had_an_account(
    api, deliver, make_people, olga, ada, settings, refusal
):
    """Only mails that the account allows are tried, so a failure would tell. Until it is its turn, each one waits."""
    settings.EMAIL_VERIFICATION = "required"
    people = make_people()

    def seen(reader):
        answers = {name: api(reader).get(f"/attendees/{row.pk}/notifications") for name, row in people.items()}
        (bodies,) = zip(*(answer.json()["results"] for answer in answers.values()), strict=True)
        return {name: (body["state"], bool(body["done_at"])) for name, body in zip(answers, bodies, strict=True)}

    with mail_server() as mailbox:
        mailbox.recipient = refusal
        deliver()
        first = seen(ada)
        assert first["deactivated"] == ("skipped", True)
        assert first["nobody"] == (("failed", True) if refusal.startswith("550") else ("queued", False))
        assert set(seen(olga).values()) == {("sent", False)}
        Notice.objects.filter(state=State.QUEUED).update(attempts=6)
        Notice.objects.filter(state=State.QUEUED).update(not_before=timezone.now())
        deliver()
        assert seen(ada)["nobody"] == ("failed", True)
        confirmations.try_again(Notice.objects.all(), by=ada)
        assert set(seen(olga).values()) == {("sent", False)}


@pytest.mark.slow
@pytest.mark.parametrize("reply", ["250 OK", "550 no such mailbox", "451 try later"])
def test_later_mails_do_not_tell_who_had_an_account_either(
    api, deliver, later, make_people, event, olga, listed, settings, reply
):
    """Whether a mail is overtaken may depend on what went before, but not on what the account made of it."""
    settings.EMAIL_VERIFICATION = "required"
    people = make_people()
    seen = []

    def look():
        deliver()
        (rows,) = {tuple(listed(olga, row)) for row in people.values()}
        seen.append(rows[0])

    with mail_server() as mailbox:
        mailbox.recipient = reply
        look()
        for status in ("cancelled", "upcoming", "cancelled", "upcoming"):
            api(olga).patch(f"/events/{event.pk}", {"status": status})
            look()
        api(olga).patch(f"/events/{event.pk}", {"location": "Cellar"})
        with later(minutes=6), pytest.MonkeyPatch.context() as down:
            down.setattr(mail_queue, "send_next", lambda **_: 0)
            deliver()
            api(olga).patch(f"/events/{event.pk}", {"location": "Roof"})
        with later(minutes=12):
            look()
    states = ["sent"] * 5 + ["skipped"]
    kinds = ["registered", *["event_cancelled", "event_reopened"] * 2, "event_changed"]
    assert seen == list(zip(kinds, states, strict=True))


def test_what_happened_since_is_seen_for_everybody_alike(deliver, cancel, make_people, olga, listed, settings):
    settings.EMAIL_VERIFICATION = "required"
    people = make_people()
    for row in people.values():
        cancel(row)
    deliver()
    assert {tuple(listed(olga, row)) for row in people.values()} == {(("cancelled", "sent"), ("registered", "skipped"))}


def test_mails_wait_for_the_server_also_for_whom_there_will_be_none(deliver, make_people, olga, listed, settings):
    settings.EMAIL_VERIFICATION = "required"
    people = make_people()
    with no_server():
        with pytest.raises(ServerUnreachable):
            deliver()
        for row in people.values():
            Notice.objects.exclude(registration=row).update(not_before=timezone.now() + timedelta(hours=1))
            Notice.objects.filter(registration=row).update(not_before=timezone.now())
            with pytest.raises(ServerUnreachable):
                mail_queue.send_next()
    assert {tuple(listed(olga, row)) for row in people.values()} == {(("registered", "queued"),)}


def test_whose_account_prevented_thirty_mails_waits_like_others(deliver, cancel, make_people, olga, listed):
    people = make_people()
    deliver()
    now = timezone.now()
    for name, state, why in (("nobody", State.SENT, ""), ("deactivated", State.SKIPPED, "the account is deactivated")):
        about = {"event_id": people[name].event_id, "user_id": people[name].user_id, "priority": 1, "done_at": now}
        Notice.objects.bulk_create(
            Notice(**about, kind=Kind.CANCELLED, state=state, why=why, transition_id=-people[name].pk * 100 - number)
            for number in range(30)
        )
        cancel(people[name])
    with mail_server():
        deliver()
    expected = [("cancelled", "queued"), ("registered", "sent")]
    assert (listed(olga, people["nobody"]), listed(olga, people["deactivated"])) == (expected, expected)


def test_organizers_see_why_people_who_registered_themselves_got_none(deliver, register, olga, bob, listed):
    registration = register(bob)
    type(bob).objects.filter(pk=bob.pk).update(is_active=False)
    deliver()
    assert listed(olga, registration) == [("registered", "skipped")]


# Sending again -------------------------------------------------------------------------------------------------------


@pytest.fixture
def resend(api):
    def send(by, registration, **headers):
        answer = api(by).post(f"/attendees/{registration.pk}/notifications/resend", **headers)
        return answer.status_code, answer.json().get("code") or answer.json()["state"]

    return send


@pytest.mark.parametrize("who", ["bob", "olga", "ada"])
def test_the_newest_confirmation_is_sent_again_as_another_mail(deliver, register, resend, request, bob, olga, ada, who):
    registration = register(bob)
    deliver()
    before = Notice.objects.get().uid
    with mail_server() as mailbox:
        assert resend(request.getfixturevalue(who), registration) == (202, "queued")
        assert deliver() == [("bob", "registered", "sent")]
    (again,) = mailbox.mails
    assert again["To"] == bob.email
    assert again["Message-ID"] == f"<{Notice.objects.get().uid}@127.0.0.1>" != f"<{before}@127.0.0.1>"


def test_the_confirmation_that_is_true_is_sent(deliver, register, cancel, resend, event, olga, bob, eve):
    type(event).objects.filter(pk=event.pk).update(max_capacity=1)
    first, second = register(bob), register(eve, "waitlisted")
    deliver()
    assert resend(eve, second) == (202, "queued")
    deliver()
    cancel(first)
    deliver()
    assert resend(olga, second) == (202, "queued")
    assert resend(olga, first) == (409, "nothing_to_send")
    assert deliver() == [
        *(("bob", "registered", "sent"), ("eve", "queued", "sent")),
        *(("bob", "cancelled", "sent"), ("eve", "seated", "sent")),
    ]
    assert [each.to[0] for each in mail.outbox].count(eve.email) == 4


def test_who_may_not_see_a_registration_sends_nothing(deliver, register, resend, bob, eve, otto):
    registration = register(bob)
    deliver()
    assert [resend(each, registration) for each in (eve, otto)] == [(403, "permission_denied")] * 2
    assert len(mail.outbox) == 1


def test_nothing_is_sent_of_which_nobody_was_told(deliver, enroll, event, resend, olga, bob):
    assert resend(olga, enroll(event, bob)) == (409, "nothing_to_send")


def test_a_person_sends_five_a_day_and_an_organizer_five_for_each(deliver, register, resend, later, olga, bob, eve):
    registrations = register(bob), register(eve)
    deliver()
    assert [resend(bob, registrations[0])[0] for _ in range(6)] == [*[202] * 5, 429]
    assert [resend(olga, each)[0] for each in registrations for _ in range(6)] == [*[202] * 5, 429] * 2
    with later(days=1, minutes=1):
        assert resend(bob, registrations[0]) == (202, "queued")


def test_sending_again_answers_alike_for_all_accounts(deliver, make_people, cancel, olga, resend, listed, settings):
    settings.EMAIL_VERIFICATION = "required"
    people = make_people()
    deliver()
    assert {resend(olga, row) for row in people.values()} == {(202, "queued")}
    deliver()
    assert {tuple(listed(olga, row)) for row in people.values()} == {(("registered", "sent"),)}
    for row in people.values():
        cancel(row)
    deliver()
    assert {resend(olga, row) for row in people.values()} == {(409, "nothing_to_send")}


def test_an_unconfirmed_address_asks_for_nothing(deliver, register, resend, bob, settings):
    registration = register(bob)
    deliver()
    settings.EMAIL_VERIFICATION = "required"
    type(bob).objects.filter(pk=bob.pk).update(email_verified=False)
    bob.refresh_from_db()
    assert resend(bob, registration) == (403, "email_not_verified")


def test_what_is_being_sent_keeps_its_message_id(deliver, register, resend, bob):
    registration = register(bob)
    deliver()
    Notice.objects.update(state=State.SENDING)
    uid = Notice.objects.get().uid
    assert resend(bob, registration) == (202, "sending")
    assert Notice.objects.get().uid == uid


def test_only_admins_try_failed_ones_again_and_only_failed_ones(deliver, register, olga, ada, bob, eve):
    register(bob), register(eve)
    deliver()
    Notice.objects.filter(user=bob).update(state=State.FAILED, why="SMTPRecipientsRefused 550", attempts=6)
    with pytest.raises(Forbidden):
        confirmations.try_again(Notice.objects.all(), by=olga)
    assert confirmations.try_again(Notice.objects.all(), by=ada) == 1
    assert deliver() == [("bob", "registered", "sent"), ("eve", "registered", "sent")]
