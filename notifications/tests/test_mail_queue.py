"""Sending to a real SMTP server, with its faults."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from eventhub.testing.factories import UserFactory
from eventhub.testing.mailbox import mail_server, no_server, silent_server
from notifications.models import Kind, Notice, Priority, State
from notifications.services import mail_queue
from notifications.services.delivery import Delivery
from registrations.models import Transition

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def waiting(listening, olga, make_event, enroll):
    """Make notices that wait to be sent, as a registration makes them."""
    event = make_event(olga, max_capacity=1000)

    def make(number, user=None, **fields):
        notices = []
        for _ in range(number):
            registration = enroll(event, user or UserFactory(), **({"status": "cancelled"} if user else {}))
            notices.append(
                Notice(
                    kind=Kind.CANCELLED if user else Kind.REGISTERED,
                    priority=Priority.OWN,
                    user=registration.user,
                    event=event,
                    registration=registration,
                    transition=Transition.objects.get(registration=registration),
                    **fields,
                )
            )
        return Notice.objects.bulk_create(notices)

    return make


def states():
    return sorted(Notice.objects.values_list("state", "attempts", "why"))


@pytest.mark.slow
def test_fifty_mails_share_a_connection_and_each_has_its_own_message_id(waiting):
    notices = waiting(50)
    with mail_server() as mailbox:
        assert mail_queue.send_next() == 50
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 50
    assert mailbox.recipients == [notice.user.email for notice in notices]
    assert mailbox.mails[0]["Message-ID"] == f"<{notices[0].uid}@127.0.0.1>"
    assert mailbox.mails[0]["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("451 try later", (State.QUEUED, 1, "SMTPDataError 451")),
        ("554 no", (State.FAILED, 1, "SMTPDataError 554")),
    ],
)
def test_a_refused_mail_is_tried_again_or_given_up(waiting, reply, expected):
    waiting(1)
    with mail_server() as mailbox:
        mailbox.answer = reply
        mail_queue.send_next()
    assert states() == [expected]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("550 no such mailbox", (State.FAILED, 1, "SMTPRecipientsRefused 550")),
        ("450 mailbox busy", (State.QUEUED, 1, "SMTPRecipientsRefused 450")),
    ],
)
def test_one_refused_address_among_fifty_is_alone(waiting, reply, expected):
    notices = waiting(50)
    addresses = [notice.user.email for notice in notices]
    bad = addresses.pop(20)
    with mail_server() as mailbox:
        mailbox.refused = {bad: reply}
        mail_queue.send_next()
        assert mailbox.recipients == addresses
    assert states() == sorted([expected, *[(State.SENT, 0, "")] * 49])


@pytest.mark.parametrize(
    "address",
    [
        *("", "eve@example.org, victim@example.org", "eve@example.org\r\nBcc: victim@example.org"),
        *("eve@example..org", f"eve@{'ä' * 70}.example"),
    ],
)
def test_what_is_no_address_fails_alone_and_at_once(waiting, address):
    """Raw SQL may write anything."""
    bad, good = waiting(2)
    type(bad.user).objects.filter(pk=bad.user_id).update(email=address)
    with mail_server() as mailbox:
        mail_queue.send_next()
    assert mailbox.recipients == [good.user.email]
    assert states() == [(State.FAILED, 1, "ValueError"), (State.SENT, 0, "")]


def test_a_dropped_connection_costs_one_mail_an_attempt_and_the_rest_is_sent(waiting):
    waiting(3)
    with mail_server() as mailbox:
        mailbox.drop_next = 1
        mail_queue.send_next()
        assert len(mailbox.mails) == 2
    assert states() == [(State.QUEUED, 1, "SMTPServerDisconnected"), (State.SENT, 0, ""), (State.SENT, 0, "")]


def test_a_mail_whose_receipt_is_lost_is_sent_again_with_its_message_id(waiting):
    (notice,) = waiting(1)
    with mail_server() as mailbox:
        mailbox.drop_next, mailbox.keeps_dropped = 1, True
        mail_queue.send_next()
        Notice.objects.update(not_before=timezone.now())
        mail_queue.send_next()
    assert [mail["Message-ID"] for mail in mailbox.mails] == [f"<{notice.uid}@127.0.0.1>"] * 2
    assert states() == [(State.SENT, 1, "")]


@pytest.mark.slow
def test_several_senders_send_each_mail_once(waiting, monkeypatch):
    monkeypatch.setattr(mail_queue, "AT_ONCE", 4)
    waiting(30)
    together, claim = Barrier(3, timeout=30), mail_queue._claim

    def claim_together(now):
        together.wait()
        return claim(now)

    monkeypatch.setattr(mail_queue, "_claim", claim_together)

    def work(_):
        try:
            return sum(mail_queue.send_next() for _ in range(5))
        finally:
            connection.close()

    with mail_server() as mailbox, ThreadPoolExecutor(3) as pool:
        numbers = list(pool.map(work, range(3)))
    assert sum(numbers) == len(mailbox.mails) == len(set(mailbox.recipients)) == 30
    assert states() == [(State.SENT, 0, "")] * 30


def test_a_mail_that_cannot_be_made_keeps_nobody_from_theirs(waiting, monkeypatch):
    bad, _ = waiting(2)

    def compose(notice):
        return 1 / 0 if notice == bad else real(notice)

    real = mail_queue.compose
    monkeypatch.setattr(mail_queue, "compose", compose)
    with mail_server() as mailbox:
        mail_queue.send_next()
    assert len(mailbox.mails) == 1
    assert states() == [(State.QUEUED, 1, "ZeroDivisionError"), (State.SENT, 0, "")]


@pytest.mark.parametrize("reply", ["550 no such mailbox", "451 try later", ""])
def test_a_notice_may_go_with_its_account_while_it_is_sent(waiting, monkeypatch, reply):
    gone, _ = waiting(2)

    def compose(notice):
        if notice == gone:
            Notice.objects.filter(pk=gone.pk).delete()
        return real(notice)

    real = mail_queue.compose
    monkeypatch.setattr(mail_queue, "compose", compose)
    with mail_server() as mailbox:
        mailbox.refused = {gone.user.email: reply} if reply else {}
        mail_queue.send_next()
    assert states() == [(State.SENT, 0, "")]


def test_a_sender_that_the_server_refuses_is_for_the_operator_to_mend(waiting):
    waiting(1)
    with mail_server() as mailbox:
        mailbox.sender = "553 relaying denied"
        mail_queue.send_next()
    assert states() == [(State.QUEUED, 1, "SMTPSenderRefused 553")]


def test_attempts_are_later_and_later_and_end(waiting):
    (notice,) = waiting(1)
    pauses = []
    with mail_server() as mailbox:
        mailbox.answer = "451 try later"
        for _ in range(6):
            before = timezone.now()
            Notice.objects.update(not_before=before)
            mail_queue.send_next()
            notice.refresh_from_db()
            pauses.append(round((notice.not_before - before).total_seconds(), -1))
    assert (notice.state, notice.attempts) == (State.FAILED, 6)
    assert pauses == [10, 60, 600, 3600, 14400, 0]


def test_mails_wait_for_a_server_that_is_down_without_losing_an_attempt(waiting, capsys):
    waiting(2)
    with no_server(), pytest.raises(CommandError, match="cannot be reached"):
        call_command("deliver", once=True)
    assert states() == [(State.QUEUED, 0, "")] * 2
    with mail_server() as mailbox:
        call_command("deliver", once=True)
    assert len(mailbox.mails) == 2
    assert capsys.readouterr().out == "Done: 2 notices.\n"


@pytest.mark.slow
def test_a_server_that_hangs_holds_nobody_for_long(waiting, settings):
    settings.EMAIL_TIMEOUT = 1
    waiting(1)
    with silent_server(), pytest.raises(mail_queue.ServerUnreachable):
        mail_queue.send_next()
    assert states() == [(State.QUEUED, 0, "")]


def test_a_server_that_hangs_in_the_middle_of_a_mail_costs_an_attempt(waiting, settings):
    settings.EMAIL_TIMEOUT = 0.2
    waiting(1)
    with mail_server() as mailbox:
        mailbox.after = 0.6
        mail_queue.send_next()
    assert states() == [(State.QUEUED, 1, "SMTPServerDisconnected")]


def test_what_a_killed_sender_had_claimed_is_sent_later_with_the_same_message_id(waiting):
    (notice,) = waiting(1, state=State.SENDING, claimed_at=timezone.now() - timedelta(minutes=14))
    with mail_server() as mailbox:
        Delivery().run()
        assert mailbox.mails == []
        Notice.objects.update(claimed_at=timezone.now() - timedelta(minutes=16))
        Delivery().run()
    assert [mail["Message-ID"] for mail in mailbox.mails] == [f"<{notice.uid}@127.0.0.1>"]


def test_what_concerns_one_person_goes_before_what_concerns_many(waiting):
    reminder, change, own = waiting(3)
    Notice.objects.filter(pk=reminder.pk).update(priority=3)
    Notice.objects.filter(pk=change.pk).update(priority=2)
    with mail_server() as mailbox:
        mail_queue.send_next()
    assert mailbox.recipients == [own.user.email, change.user.email, reminder.user.email]


@pytest.mark.parametrize("priority", Priority.values)
def test_nobody_gets_more_than_thirty_mails_an_hour_of_one_priority(waiting, bob, eve, priority, monkeypatch):
    monkeypatch.setattr(mail_queue, "AT_ONCE", 1)
    now = timezone.now()
    waiting(30, bob, state=State.SENT, done_at=now)
    waiting(1, bob)
    waiting(1, eve)
    Notice.objects.update(priority=priority)
    with mail_server() as mailbox:
        Delivery().run()
    assert mailbox.recipients == [eve.email]  # whoever waits keeps nobody behind them
    held = Notice.objects.get(state=State.QUEUED)
    assert timedelta(minutes=59) < held.not_before - now < timedelta(minutes=61)


def test_what_is_overtaken_is_skipped_and_not_put_off(waiting, bob):
    waiting(30, bob, state=State.SENT, done_at=timezone.now())
    (notice,) = waiting(1, bob)
    notice.registration.delete()
    with mail_server():
        mail_queue.send_next()
    assert Notice.objects.get(pk=notice.pk).state == State.SKIPPED


def test_a_sender_that_is_told_to_stop_gives_the_rest_back(waiting):
    waiting(3)
    stops = iter([False, True])
    with mail_server():
        assert mail_queue.send_next(should_stop=lambda: next(stops)) == 1
    assert states() == [(State.QUEUED, 0, ""), (State.QUEUED, 0, ""), (State.SENT, 0, "")]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"is_active": False}, "the account is deactivated"),
        ({"email_verified": False}, "the address is not confirmed"),
    ],
)
def test_who_must_not_be_written_to_is_skipped(waiting, settings, change, why):
    settings.EMAIL_VERIFICATION = "required"
    (notice,) = waiting(1)
    type(notice.user).objects.filter(pk=notice.user_id).update(**change)
    with mail_server() as mailbox:
        mail_queue.send_next()
    assert (mailbox.mails, states()) == ([], [(State.SKIPPED, 0, why)])


def test_a_deleted_account_takes_its_notices_along(waiting, api, bob):
    waiting(1, bob)
    api(bob).delete(f"/users/{bob.pk}")
    assert not Notice.objects.exists()
