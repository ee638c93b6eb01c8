"""The logs are read once and whole, whatever happens between."""

import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from eventhub.testing.concurrency import wait_for_others
from eventhub.testing.live_server import SETTINGS, migrated_database, serving
from eventhub.testing.mailbox import mail_server
from eventhub.testing.plain_sql import run_sql
from notifications.metrics import gauges
from notifications.models import LogPosition, Notice, State
from notifications.services import log_reader, notices

pytestmark = pytest.mark.django_db(transaction=True)

INSERT = """INSERT INTO registrations_registration (event_id, user_id, status, name, contact_details,
 registration_date, updated_at) VALUES (%s, %s, 'registered', '', '', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)"""
on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")


def told(*, before=None):
    wait_for_others(before)
    log_reader.read(log_reader.REGISTRATIONS)
    return list(Notice.objects.order_by("pk").values_list("user__username", flat=True))


@pytest.fixture
def others(db):
    """Open further connections to the database, each in a transaction."""
    opened = []

    def begin():
        opened.append(connection.copy())
        opened[-1].set_autocommit(False)
        return opened[-1]

    yield begin
    for each in opened:
        each.close()


def register(where, event, user):
    with where.cursor() as cursor:
        cursor.execute(INSERT, [event.pk, user.pk])


@on_postgres
def test_a_row_that_commits_after_younger_ones_is_not_lost(listening, others, olga, bob, eve, person, make_event):
    """The first transaction to begin writes last, and the one with the first row commits last."""
    first, second, third = (make_event(olga, notifications="all") for _ in range(3))
    slow, quick = others(), others()
    for each in (slow, quick):
        cursor = each.cursor()
        cursor.execute("SELECT pg_current_xact_id()::text")
        open_one = int(cursor.fetchone()[0])
    register(quick, first, bob)
    register(slow, second, eve)
    slow.commit()
    register(connection, third, person("zoe"))
    seen = [told(before=open_one)]
    quick.commit()
    seen += [told(), told()]
    assert seen == [["eve"], ["eve", "bob", "zoe"], ["eve", "bob", "zoe"]]


def test_what_is_rolled_back_is_told_to_nobody(listening, olga, bob, make_event):
    event = make_event(olga, notifications="all")
    with transaction.atomic():
        register(connection, event, bob)
        transaction.set_rollback(True)
    assert told() == []


def test_a_reader_that_dies_before_it_moves_on_reads_again(listening, olga, bob, make_event, monkeypatch):
    event = make_event(olga, notifications="all")
    register(connection, event, bob)
    with monkeypatch.context() as broken:
        broken.setattr(LogPosition, "save", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            told()
    assert not Notice.objects.exists()
    assert told() == ["bob"]


def test_a_cause_that_is_read_twice_makes_one_notice(listening, olga, bob, make_event):
    register(connection, make_event(olga, notifications="all"), bob)
    log = log_reader.REGISTRATIONS
    before = LogPosition.objects.get(pk=log.name)
    assert told() == ["bob"]
    before.save()
    assert told() == ["bob"]


def test_a_long_log_is_read_in_pieces(listening, olga, make_event, enroll, monkeypatch):
    monkeypatch.setattr(log_reader, "READ_AT_ONCE", 2)
    event = make_event(olga, notifications="all")
    with transaction.atomic():
        for _ in range(5):
            enroll(event)
    wait_for_others()
    assert [log_reader.read(log_reader.REGISTRATIONS) for _ in range(4)] == [2, 2, 1, 0]
    assert Notice.objects.count() == 5


def test_what_happened_long_ago_is_told_to_nobody(listening, olga, bob, make_event, later):
    register(connection, make_event(olga, notifications="all"), bob)
    with later(days=3, minutes=1):
        assert told() == []


def test_nothing_is_read_while_notifications_are_off(deliver, settings, olga, bob, make_event, capsys):
    settings.NOTIFICATIONS = False
    register(connection, make_event(olga, notifications="all"), bob)
    assert deliver() == []
    call_command("deliver", once=True)
    assert capsys.readouterr().err == "Nothing is sent: NOTIFICATIONS is off.\n"


@on_postgres
def test_logs_that_were_restored_on_another_server_are_read_on(listening, olga, bob, make_event):
    LogPosition.objects.update(transaction_id=2**60)
    log_reader.adopt_restored_logs()
    register(connection, make_event(olga, notifications="all"), bob)
    assert told() == ["bob"]


def test_metrics_show_the_lag_of_the_log_and_what_became_of_mails(listening, olga, enroll, make_event, later):
    def metrics():
        wait_for_others()
        return {name: value for name, _, value in gauges()}

    event = make_event(olga, notifications="all")
    assert metrics()["log_lag_seconds"] == 0
    for _ in range(4):
        enroll(event)
    with later(seconds=90):
        assert 89 < metrics()["log_lag_seconds"] < 120
    log_reader.read(log_reader.REGISTRATIONS)
    first, *_, last = Notice.objects.order_by("pk")
    first.end(State.SENT, at=timezone.now())
    last.end(State.FAILED, at=timezone.now())
    expected = {"notices_waiting": 2, "notices_sent_24h": 1, "notices_failed_24h": 1, "log_lag_seconds": 0}
    assert metrics() == expected
    with later(days=1, minutes=1):
        assert metrics() == expected | {"notices_sent_24h": 0, "notices_failed_24h": 0}


def test_the_log_names_kinds_for_every_step():
    statuses = ("", "registered", "waitlisted", "attended", "cancelled")
    told = {(was, becomes): notices.kind_of(was, becomes) for was in statuses for becomes in statuses[1:]}
    assert {step: kind.value for step, kind in told.items() if kind} == {
        ("", "registered"): "registered",
        ("cancelled", "registered"): "registered",
        ("waitlisted", "registered"): "seated",
        ("", "waitlisted"): "queued",
        ("registered", "waitlisted"): "queued",
        ("attended", "waitlisted"): "queued",
        ("cancelled", "waitlisted"): "queued",
        ("", "cancelled"): "cancelled",
        ("registered", "cancelled"): "cancelled",
        ("waitlisted", "cancelled"): "cancelled",
        ("attended", "cancelled"): "cancelled",
        ("registered", "registered"): "ticket",
        ("attended", "attended"): "ticket",
    }


@pytest.mark.slow
def test_the_web_server_mails_by_itself(tmp_path):
    with migrated_database(tmp_path) as url, mail_server() as mailbox:
        mails = {"NOTIFICATIONS": "on", "EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}"}
        with serving(url, tmp_path, **mails) as service:
            olga, bob = (sign_up(service, name) for name in ("olga", "bob"))
            event = {"title": "Talk", "location": "Hall", "date_time": "2030-05-01T19:00:00Z", "max_capacity": 9}
            event_id = service.ask("POST", "/events/", event, **olga).json()["event_id"]
            wait_for(lambda: run_sql(url, "SELECT count(*) FROM notifications_logposition") == [(3,)])
            assert service.ask("POST", "/attendees/", {"event_id": event_id}, **bob).status == 201
            wait_for(lambda: mailbox.mails)
        assert mailbox.recipients == ["bob@example.org"]


@pytest.mark.slow
def test_senders_that_are_killed_at_random_tell_everybody_of_each_cause(tmp_path):
    """Each cause makes one notice, and each notice at least one mail, all of them with one Message-ID.

    SIGTERM ends a sender after the mail in hand, and it gives the rest of its batch back.
    """
    with migrated_database(tmp_path) as url, mail_server() as mailbox:
        mailbox.after = 0.01
        mails = {"NOTIFICATIONS": "on", "EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}", "DATABASE_URL": url}
        start = [sys.executable, "manage.py", "deliver"]
        subprocess.run([*start, "--once"], env={**SETTINGS, **mails}, cwd=settings.BASE_DIR, check=True)
        number = 150
        fill(url, number)
        for _ in range(2):
            processes = [subprocess.Popen(start, env={**SETTINGS, **mails}, cwd=settings.BASE_DIR) for _ in range(2)]
            try:
                mailbox_grows(mailbox)
            finally:
                for process in processes:
                    process.kill()
                    process.wait()
            run_sql(url, "UPDATE notifications_notice SET claimed_at = '2020-01-01' WHERE state = 'sending'")
        process = subprocess.Popen(start, env={**SETTINGS, **mails}, cwd=settings.BASE_DIR)
        mailbox_grows(mailbox)
        process.terminate()
        assert process.wait(60) == 0
        waiting = dict(run_sql(url, "SELECT state, count(*) FROM notifications_notice GROUP BY state"))
        assert waiting.keys() == {"sent", "queued"}
        subprocess.run([*start, "--once"], env={**SETTINGS, **mails}, cwd=settings.BASE_DIR, check=True)
        made = run_sql(
            url, "SELECT count(*), count(DISTINCT transition_id) FROM notifications_notice WHERE state='sent'"
        )
        assert made == [(number, number)]
        assert len({mail["Message-ID"] for mail in mailbox.mails}) == number
        assert len(set(mailbox.recipients)) == number


def sign_up(service, name):
    """Return the headers of a new account's requests."""
    secret = {"username": name, "password": "bring a coat"}
    account = {**secret, "email": f"{name}@example.org", "role": "organizer" if name == "olga" else "user"}
    assert service.ask("POST", "/users/register", account).status == 201
    return {"Authorization": f"Bearer {service.ask('POST', '/users/login', secret).json()['token']}"}


def fill(url, number):
    people = ", ".join(
        f"('p{n}', 'p{n}@example.org', '', 'user', true, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)" for n in range(number)
    )
    run_sql(
        url,
        "INSERT INTO accounts_user (username, email, password, role, is_active, created_at, updated_at)"
        f" VALUES {people}",
    )
    run_sql(
        url,
        "INSERT INTO events_event (title, description, location, date_time, organizer_id, max_capacity, waitlist,"
        " status, uid, notifications, created_at, updated_at) SELECT 'Talk', '', 'Hall', '2030-05-01 19:00:00Z',"
        " min(id), 1000, true, 'upcoming', '', 'all', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP FROM accounts_user",
    )
    run_sql(
        url,
        "INSERT INTO registrations_registration (event_id, user_id, status, name, contact_details,"
        " registration_date, updated_at) SELECT (SELECT max(id) FROM events_event), id, 'registered', username, '',"
        " CURRENT_TIMESTAMP, CURRENT_TIMESTAMP FROM accounts_user",
    )


def mailbox_grows(mailbox):
    goal = len(mailbox.mails) + 10
    wait_for(lambda: len(mailbox.mails) >= goal)


def wait_for(true, seconds=60):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
