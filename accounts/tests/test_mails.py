"""Mails through a real mail server: what is in them, and what becomes of one that it does not take."""

import logging
import time
from datetime import UTC, datetime

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from django_tasks_db.models import DBTaskResult, get_date_max

from accounts import mails, signed_links
from accounts.models import User
from eventhub import tasks
from eventhub.tasks import NotDone, in_process
from eventhub.testing.mailbox import mail_server, no_server, silent_server, text_of, token_in
from eventhub.testing.responses import DONE, whole
from registrations.services.account_deletion import delete_account

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.django_db]

ASK = "/users/password/reset"
ADDRESS_CHANGED = "Your email address has been changed"


@pytest.fixture
def server():
    with mail_server() as mailbox:
        yield mailbox


def failed():
    """The tasks that an admin sees as failed: which, of what, and why."""
    rows = DBTaskResult.objects.filter(status="FAILED")
    return [(row.task_path, row.args_kwargs["args"], row.traceback) for row in rows]


def ours(caplog):
    """What the service has logged; the mail server logs what it is told."""
    return "\n".join(
        f"{record.getMessage()} {record.exc_text}" for record in caplog.records if record.name != "mail.log"
    )


# What is in them -----------------------------------------------------------------------------------------------------


def test_a_mail_is_text_and_html_from_us_to_one_person(server, bob, settings):
    settings.DEFAULT_FROM_EMAIL = "Nights Out <events@example.org>"
    mails.send_reset_link.call(bob.pk)
    (sent,) = server.mails
    assert {name: sent[name] for name in ("From", "To", "Subject", "Auto-Submitted", "X-Envelope-To")} == {
        "From": "Nights Out <events@example.org>",
        "To": "bob@example.org",
        "Subject": "Choose a new password",
        "Auto-Submitted": "auto-generated",
        "X-Envelope-To": "bob@example.org",
    }
    assert (sent["Cc"], sent["Bcc"], sent["Reply-To"]) == (None, None, None)
    assert abs((sent["Date"].datetime.replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds()) < 60
    assert [part.get_content_type() for part in sent.walk()] == ["multipart/alternative", "text/plain", "text/html"]


CHANGED = "Guten Tag,\n\n{} Ihres Kontos zoe bei 127.0.0.1:8000 {} geändert"


@pytest.mark.parametrize(
    ("what", "subject", "says"),
    [
        (["password"], "Ihr Passwort wurde geändert", CHANGED.format("das Passwort", "wurde") + ".\n"),
        (
            ["password", "email address"],
            "Ihr Passwort und Ihre E-Mail-Adresse wurden geändert",
            CHANGED.format("das Passwort und die E-Mail-Adresse", "wurden") + ". Diese Adresse gehört nicht mehr",
        ),
    ],
)
def test_a_change_is_told_in_the_language_of_the_account(server, person, what, subject, says):
    zoe = person("zoe", language="de")
    mails.send_change_notice.call(zoe.pk, "zoe", "zoe@example.org", what)
    (sent,) = server.mails
    assert sent["Subject"] == subject
    assert text_of(sent).replace("\r\n", "\n").startswith(says)


def test_links_come_in_the_language_of_the_account_or_the_site(server, person, settings):
    mails.send_reset_link.call(person("zoe", language="de").pk)
    mails.send_reset_link.call(person("ann", language="en").pk)
    settings.MAIL_LANGUAGE = "de"
    mails.send_verification_link.call(person("uta", email_verified=False).pk)
    subjects = ["Neues Passwort wählen", "Choose a new password", "Bestätigen Sie Ihre E-Mail-Adresse"]
    assert [sent["Subject"] for sent in server.mails] == subjects
    assert ['<html lang="de">' in sent.get_body(("html",)).get_content() for sent in server.mails] == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("kind", ["reset", "verification", "changed"])
def test_text_and_html_say_the_same_and_load_nothing(server, person, kind, language):
    zoe = person("zoe", email_verified=False, language=language)
    match kind:
        case "reset":
            mails.send_reset_link.call(zoe.pk)
        case "verification":
            mails.send_verification_link.call(zoe.pk)
        case "changed":
            mails.send_change_notice.call(zoe.pk, "zoe", "zoe@example.org", ["password"])
    (sent,) = server.mails
    text, html = text_of(sent), sent.get_body(("html",)).get_content()
    assert ("zoe" in text, "zoe" in html) == (True, True)
    assert ("<" in text, "<img" in html, "<link" in html, "src=" in html) == (False, False, False, False)
    if kind != "changed":
        assert f"token={token_in(sent)}" in html


def test_links_work_as_they_stand_in_the_mail(server, bob, api):
    mails.send_reset_link.call(bob.pk)
    body = {"token": token_in(server.mails[0]), "password": "another long passphrase"}
    assert whole(api().post("/users/password/reset/confirm", body)) == DONE


@pytest.mark.parametrize("name", ["<b>bob</b>", "{{ link }}", "bob&co"])
def test_a_name_is_text_and_nothing_else(server, name):
    mails.send_change_notice.call(1, name, "bob@example.org", ["password"])
    (sent,) = server.mails
    assert f"account {name} at" in text_of(sent)
    assert "<b>bob" not in sent.get_body(("html",)).get_content()


@pytest.mark.parametrize("address", ["bob@example.org\nBcc: eve@example.org", "bob@example.org\r\n\r\nx"])
def test_an_address_that_would_be_another_header_is_sent_nowhere(server, bob, address):
    """No form lets it in; here it is written past all of them."""
    User.objects.update(email=address)
    with pytest.raises(ValueError, match=r"Header values|Invalid address"):
        mails.send_reset_link.func.__wrapped__(bob.pk)
    assert (server.mails, server.tried) == ([], 0)


def test_letters_of_any_alphabet_arrive(server, bob, settings):
    settings.DEFAULT_FROM_EMAIL = "Größe <events@example.org>"
    mails.send_reset_link.call(bob.pk)
    assert str(server.mails[0]["From"]) == "Größe <events@example.org>"


# Nobody gets one who should not --------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["nobody", "deactivated", "deleted"])
def test_who_is_not_there_gets_no_link(server, person, who):
    zoe = person("zoe", is_active=who != "deactivated", email_verified=False)
    pk = {"nobody": 0, "deactivated": zoe.pk, "deleted": zoe.pk}[who]
    if who == "deleted":
        zoe.delete()
    mails.send_reset_link.call(pk)
    mails.send_verification_link.call(pk)
    assert server.mails == []


def test_who_has_verified_meanwhile_is_not_asked_again(server, person):
    mails.send_verification_link.call(person("zoe", email_verified=True).pk)
    assert server.mails == []


def test_a_task_that_runs_twice_sends_one_link(server, bob):
    for _ in range(2):
        mails.send_reset_link.call(bob.pk)
    assert len(server.mails) == 1


def test_of_one_account_only_so_many_mails_an_hour_go_out_wherever_to(server, person):
    """Who changes an address from one of somebody else's to the next cannot have us write to all of them."""
    zoe = person("zoe", email_verified=False)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for n in range(25):
            User.objects.update(email=f"somebody{n}@example.org")
            mails.send_verification_link.call(zoe.pk)
            mails.send_change_notice.call(zoe.pk, "zoe", f"somebody{n}@example.org", ["email address"])
        subjects = [str(mail["Subject"]) for mail in server.mails]
        assert [subjects.count(subject) for subject in ("Confirm your email address", ADDRESS_CHANGED)] == [10, 20]
        clock.shift(3601)
        mails.send_verification_link.call(zoe.pk)
    assert server.recipients[-1] == "somebody24@example.org"


# What is not taken ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipient", "answer", "why", "for_good"),
    [
        ("550 No such user bob@example.org", "250 OK", "SMTPRecipientsRefused 550", True),
        ("450 Mailbox of bob@example.org is full", "250 OK", "SMTPRecipientsRefused 450", False),
        ("250 OK", "554 bob@example.org does not want this", "SMTPDataError 554", True),
        ("250 OK", "451 Come back later", "SMTPDataError 451", False),
    ],
)
def test_a_refusal_is_told_by_its_number_and_names_nobody(server, bob, recipient, answer, why, for_good):
    server.recipient, server.answer = recipient, answer
    with pytest.raises(NotDone, match=f"^The email could not be sent: {why}$") as refused:
        mails.send_reset_link.func.__wrapped__(bob.pk)
    assert (refused.value.for_good, refused.value.__cause__, refused.value.__suppress_context__) == (
        for_good,
        None,
        True,
    )


def test_a_server_that_is_down_is_told_so(bob):
    with no_server(), pytest.raises(NotDone, match=r"could not be sent: ConnectionRefusedError$"):
        mails.send_reset_link.func.__wrapped__(bob.pk)


def test_a_server_that_says_nothing_is_given_up(bob, settings):
    settings.EMAIL_TIMEOUT = 0.2
    with silent_server(), pytest.raises(NotDone, match=r"could not be sent: SMTPServerDisconnected$"):
        mails.send_reset_link.func.__wrapped__(bob.pk)


def test_a_link_that_could_not_be_sent_can_be_asked_for_at_once(server, bob):
    server.answer = "451 Come back later"
    mails.send_reset_link.call(bob.pk)
    server.answer = "250 OK"
    mails.send_reset_link.call(bob.pk)
    assert len(server.mails) == 1


# What the request sees of it -----------------------------------------------------------------------------------------


@pytest.fixture
def immediate(settings, monkeypatch):
    settings.TASKS = {"default": {"BACKEND": "eventhub.tasks.in_process.InProcessBackend"}}
    monkeypatch.setattr(in_process, "HEAD_START", 0)
    monkeypatch.setattr(in_process.InProcessBackend, "pauses", (0, 0))
    yield
    in_process.finish(30)


@pytest.mark.django_db(transaction=True)
def test_a_request_does_not_wait_for_a_slow_server(immediate, server, api, person):
    bob = person("bob")
    server.after = 1.0
    started = time.monotonic()
    assert whole(api().post(ASK, {"email": bob.email})) == DONE
    assert (server.mails, tasks.backlog()) == ([], 1)  # answered, and the mail not yet taken
    assert in_process.finish(30)
    assert (server.recipients, time.monotonic() - started >= 1.0) == (["bob@example.org"], True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("trouble", ["down", "silent", "refusing"])
def test_a_failing_mail_breaks_no_request_is_logged_and_seen_by_an_admin(
    immediate, api, office, person, ada, settings, caplog, trouble
):
    caplog.set_level(logging.INFO)
    bob = person("bob")
    settings.EMAIL_TIMEOUT = 0.2
    new = "another long passphrase"
    with {"down": no_server, "silent": silent_server, "refusing": mail_server}[trouble]() as mailbox:
        if mailbox:
            mailbox.answer = "550 No"
        answer = api(bob).patch(f"/users/{bob.pk}", {"password": new})
        assert (answer.status_code, User.objects.get(pk=bob.pk).check_password(new)) == (200, True)
        assert whole(api().post(ASK, {"email": bob.email})) == DONE
        assert in_process.finish(60)
    why = {"down": "ConnectionRefusedError", "silent": "SMTPServerDisconnected", "refusing": "SMTPDataError 550"}[
        trouble
    ]
    problem = f"The email could not be sent: {why}"
    assert sorted(failed(), reverse=True) == [
        ("accounts.mails.send_reset_link", [bob.pk], problem),
        ("accounts.mails.send_change_notice", [bob.pk, "bob", "bob@example.org", ["password"]], problem),
    ]
    page = office(ada).get("/admin/django_tasks_database/dbtaskresult/").content.decode()
    assert (page.count(problem), "Send reset link" in page, "Send change notice" in page) == (2, True, True)
    logged = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert sorted(logged, reverse=True) == [
        f"send_reset_link failed ({problem}) and is given up",
        f"send_change_notice failed ({problem}) and is given up",
    ]
    assert "bob@example.org" not in ours(caplog)


@pytest.mark.django_db(transaction=True)
def test_a_token_is_in_the_mail_and_nowhere_else(immediate, server, api, office, person, ada, caplog):
    caplog.set_level(logging.DEBUG)
    bob = person("bob")
    server.answer = "550 No"
    mailed = []
    made = signed_links.make_token

    def remember(*args):
        mailed.append(made(*args))
        return mailed[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signed_links, "make_token", remember)
        api().post(ASK, {"email": bob.email})
        assert in_process.finish(30)
    (token,) = mailed
    (row,) = DBTaskResult.objects.all()
    client = office(ada)
    shown = [
        client.get(f"/admin/django_tasks_database/dbtaskresult/{path}").content.decode()
        for path in ("", f"{row.pk}/change/")
    ]
    kept = [str(value) for value in DBTaskResult.objects.values().get().values()]
    assert not [text for text in [*shown, *kept, ours(caplog)] if token in text or token.split(".")[-1] in text]


def test_with_an_account_goes_what_failed_about_it_and_not_what_is_still_to_be_told(person, eve, settings):
    """Whoever takes an account over and deletes it is not to silence the word of that."""
    bob = person("bob")

    def row(status, account):
        kept = {"args": [account.pk, account.username, account.email, ["email address"]], "kwargs": {}}
        return DBTaskResult.objects.create(
            status=status,
            args_kwargs=kept,
            task_path="accounts.mails.send_change_notice",
            backend_name="default",
            run_after=get_date_max(),
        )

    stay = [row(status, bob) for status in ("READY", "RUNNING")] + [row("FAILED", eve)]
    for status in ("FAILED", "SUCCESSFUL"):
        row(status, bob)
    delete_account(account_id=bob.pk)
    assert set(DBTaskResult.objects.values_list("pk", flat=True)) == {one.pk for one in stay}


def test_in_tests_mails_go_nowhere(bob):
    mails.send_reset_link.call(bob.pk)
    assert len(mail.outbox) == 1
