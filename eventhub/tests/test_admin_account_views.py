"""The pages that mails lead to, and the page of what is done beside requests."""

import html
import re
import time
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP
from django_tasks_db.models import DBTaskResult, get_date_max

from accounts import signed_links
from accounts.models import User
from accounts.services import second_factor
from accounts.services.placeholder_accounts import find_or_create_accounts
from eventhub.testing.factories import PASSWORD
from eventhub.testing.mailbox import text_of

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db]

NEW = "another long passphrase"
LOGIN, ASK, SET, VERIFY = "/admin/login/", "/admin/password-reset/", "/admin/new-password/", "/admin/verify-email/"
WORK = "/admin/django_tasks_database/dbtaskresult/"
NO_LONGER = "This link is no longer valid"


def text(answer):
    body = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(body).split())


def passwords(token, new=NEW, again=None):
    return {"token": token, "password": new, "password_again": new if again is None else again}


@pytest.fixture
def ask(django_capture_on_commit_callbacks):
    def post(address):
        with django_capture_on_commit_callbacks(execute=True):
            return Client().post(ASK, {"email": address})

    return post


def link_in(sent):
    """The path of the link in a mail, as whoever clicks on it asks for it."""
    return re.search(r"http://127\.0\.0\.1:8000(/\S+)", text_of(sent))[1]


# From the page of signing in to a new password -----------------------------------------------------------------------


def test_the_page_of_signing_in_leads_to_a_new_password(ask, olga):
    (path,) = re.findall(r'href="(/admin/password-reset/)"', Client().get(LOGIN).content.decode())
    assert Client().get(path).status_code == 200
    answer = ask("OLGA@example.org")
    assert (answer.status_code, "we have sent it a link" in text(answer)) == (200, True)
    client = Client()
    page = client.get(link_in(mail.outbox[0]))
    token = html.unescape(re.search(r'name="token" value="([^"]+)"', page.content.decode())[1])
    assert re.search(r'<form action="/admin/new-password/" method="post"', page.content.decode())
    assert "Your password was changed" in text(client.post(SET, passwords(token)))
    assert client.get("/admin/").status_code == 302  # it signs nobody in
    assert client.post(LOGIN, {"username": "olga", "password": NEW}).headers["Location"] == "/admin/"


@pytest.mark.parametrize("who", ["nobody", "deactivated", "known"])
def test_asking_says_the_same_for_every_address(ask, olga, who):
    User.objects.update(is_active=who != "deactivated")
    answer = ask("nobody@example.org" if who == "nobody" else "olga@example.org")
    token = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
    assert "If there is an account with this address" in text(answer)
    assert token.sub("", answer.content.decode()) == token.sub("", ask("x@example.org").content.decode())
    assert len(mail.outbox) == (1 if who == "known" else 0)


def test_imported_people_claim_their_account_by_it(ask):
    find_or_create_accounts({"zoe@example.org"})
    ask("zoe@example.org")
    link = link_in(mail.outbox[0])
    assert Client().post(SET, passwords(link.split("token=")[1])).status_code == 200
    zoe = User.objects.get()
    assert (zoe.check_password(NEW), zoe.email_verified) == (True, True)


def test_a_password_and_its_repetition_may_be_composed_in_other_ways(olga):
    composed, decomposed = "\u00f6lig, \u00e9toile du nord", "o\u0308lig, e\u0301toile du nord"
    token = signed_links.make_token(olga, signed_links.RESET)
    assert "Your password was changed" in text(Client().post(SET, passwords(token, composed, decomposed)))


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"new": "12345"}, "too short"),
        ({"new": "olga@example.org"}, "too similar"),
        ({"new": "x y" * 50}, "At most 128 characters."),
        ({"again": "another"}, "The passwords do not match."),
        ({"new": ""}, "This field is required."),
    ],
)
def test_a_bad_password_is_a_message_and_the_link_stays_good(olga, sent, problem):
    token = signed_links.make_token(olga, signed_links.RESET)
    client = Client()
    answer = client.post(SET, passwords(token, **sent))
    assert (answer.status_code, problem in text(answer)) == (200, True)
    assert f'name="token" value="{token}"' in answer.content.decode()
    assert "Your password was changed" in text(client.post(SET, passwords(token)))


@pytest.mark.parametrize("path", [SET, VERIFY])
@pytest.mark.parametrize("why", ["used up", "too old", "nonsense", "none", "deactivated", "of the other kind"])
def test_a_link_that_is_no_longer_good_says_so_before_anything_is_typed(olga, path, why):
    purposes = {SET: signed_links.RESET, VERIFY: signed_links.VERIFICATION}
    other = signed_links.VERIFICATION if path == SET else signed_links.RESET
    token = signed_links.make_token(olga, other if why == "of the other kind" else purposes[path])
    token = {"nonsense": "x\ud7ffé<script>", "none": ""}.get(why, token)
    later = timezone.now() + timedelta(days=4 if why == "too old" else 0)
    if why == "used up":
        olga.email = "other@example.org"
        olga.save()
    if why == "deactivated":
        User.objects.update(is_active=False)
    before = User.objects.values().get()
    with time_machine.travel(later):
        answers = [Client().get(path, {"token": token}), Client().post(path, passwords(token))]
    expected = 200 if why == "none" else 401
    assert [answer.status_code for answer in answers] in ([401, 401], [401, expected])
    assert NO_LONGER in text(answers[0])
    assert "<script>" not in answers[0].content.decode().split("</head>")[1].split("<form")[0]
    assert User.objects.values().get() == before


def test_the_second_factor_is_still_asked_for_after_a_reset(olga):
    key = "00112233445566778899aabbccddeeff00112233"
    totp = TOTP(bytes.fromhex(key))
    totp.time = time.time()
    second_factor.enable(account=olga, key=key, code=f"{totp.token():06}")
    client = Client()
    assert client.post(SET, passwords(signed_links.make_token(olga, signed_links.RESET))).status_code == 200
    client.post(LOGIN, {"username": "olga", "password": NEW})
    assert client.get("/admin/").headers["Location"] == "/admin/code/?next=/admin/"


def test_a_signed_in_browser_is_signed_out_by_it(office, olga):
    client = office(olga)
    assert client.post(SET, passwords(signed_links.make_token(olga, signed_links.RESET))).status_code == 200
    assert client.get("/admin/").headers["Location"].startswith(LOGIN)


# The address ---------------------------------------------------------------------------------------------------------


def test_opening_the_link_verifies_nothing_and_the_button_does(person):
    """Mailboxes open links by themselves."""
    zoe = person("zoe", email_verified=False)
    token = signed_links.make_token(zoe, signed_links.VERIFICATION)
    client = Client()
    assert "Confirm address" in text(client.get(VERIFY, {"token": token}))
    assert User.objects.get(pk=zoe.pk).email_verified is False
    assert "Your email address is confirmed" in text(client.post(VERIFY, {"token": token}))
    assert User.objects.get(pk=zoe.pk).email_verified is True


# What a link must not give away --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [ASK, SET, VERIFY])
def test_a_page_tells_its_address_to_nobody_and_is_kept_nowhere(olga, path):
    purpose = signed_links.VERIFICATION if path == VERIFY else signed_links.RESET
    page = Client().get(path, {"token": signed_links.make_token(olga, purpose)})
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert "no-store" in page.headers["Cache-Control"]
    loaded = re.findall(r"""(?:src|href|action)=["']([^"']+)["']""", page.content.decode())
    assert [address for address in loaded if not address.startswith(("/static/", "/admin/", "#"))] == []
    assert [address for address in loaded if "token" in address] == []


@pytest.mark.parametrize("origin", ["https://evil.example", "http://testserver"])
@pytest.mark.parametrize("path", [ASK, SET, VERIFY])
def test_these_pages_take_no_form_that_is_not_theirs_and_keep_nothing_of_it(olga, path, origin):
    """Of another site, or from before the browser forgot its cookie."""
    token = signed_links.make_token(olga, signed_links.VERIFICATION if path == VERIFY else signed_links.RESET)
    client = Client(enforce_csrf_checks=True)
    answer = client.post(path, {**passwords(token), "email": "olga@example.org"}, headers={"origin": origin})
    assert (answer.status_code, "This page is out of date" in text(answer)) == (403, True)
    assert (token in answer.content.decode(), NEW in answer.content.decode()) == (False, False)
    assert "typed" not in answer.content.decode()
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.parametrize("path", [ASK, SET, VERIFY])
def test_other_verbs_are_a_405(path):
    assert Client().put(path).status_code == 405


@pytest.mark.parametrize("path", [ASK, SET, VERIFY])
def test_trying_is_throttled(olga, settings, path):
    settings.THROTTLE_CREDENTIALS = "2/min"
    sent = [{"email": f"x{n}@example.org", **passwords(f"x{n}")} for n in range(3)]
    pages = [text(Client().post(path, fields)) for fields in sent]
    assert ["Too many attempts" in page for page in pages] == [False, False, True]


# Accounts ------------------------------------------------------------------------------------------------------------


def test_the_list_of_accounts_says_and_filters_whose_address_is_verified(office, ada, person):
    for name, verified in (("zoe", True), ("zac", False), ("zed", None)):
        person(name, email_verified=verified)

    def listed(query):
        page = office(ada).get(f"/admin/accounts/user/?{query}").content.decode()
        return [name for name in ("zoe", "zac", "zed") if f">{name}</a>" in page]

    assert listed("") == ["zoe", "zac", "zed"]
    assert listed("email_verified__exact=1") == ["zoe"]
    assert listed("email_verified__exact=0") == ["zac"]


# Background tasks -----------------------------------------------------------------------------------------------------


def kept(status="FAILED", **fields):
    values = {
        "args_kwargs": {"args": [7, "bob@example.org"], "kwargs": {}},
        "task_path": "accounts.mails.send_change_notice",
        "backend_name": "default",
        "run_after": get_date_max(),
        "traceback": "Traceback:\n  File\neventhub.tasks.NotDone: The mail server is away\n",
        **fields,
    }
    return DBTaskResult.objects.create(status=status, **values)


def test_an_admin_sees_what_failed_and_why_and_what_is_tried_again(office, ada):
    kept()
    waiting = {"args": [8], "kwargs": {"attempt": 3, "problem": "It is slow"}}
    kept("READY", args_kwargs=waiting, task_path="accounts.mails.send_reset_link", run_after=timezone.now())
    kept("SUCCESSFUL", task_path="gone.module.that_is_no_more")
    page = text(office(ada).get(WORK))
    for said in (
        "Background tasks",
        "Send change notice",
        "The mail server is away",
        "Send reset link",
        "It is slow",
        "That is no more",
    ):
        assert said in page


def test_one_task_is_shown_with_what_it_was_told_and_nothing_can_be_changed(office, ada):
    row = kept()
    client = office(ada)
    page = client.get(f"{WORK}{row.pk}/change/")
    assert page.status_code == 200
    for said in ("Arguments 7, bob@example.org", "Status Failed", "Error The mail server is away"):
        assert said in text(page)
    assert not re.search(r'<(textarea|select|input[^>]*type="text")', page.content.decode().split('id="content"')[-1])
    before = DBTaskResult.objects.values().get()
    assert client.post(f"{WORK}{row.pk}/change/", {"status": "READY"}).status_code == 403
    assert client.post(f"{WORK}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{WORK}add/").status_code == 403
    client.post(WORK, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert DBTaskResult.objects.values().get() == before


@pytest.mark.parametrize("status", ["", "?status__exact=FAILED", "?status__exact=x", "?o=1", "?q=x"])
def test_the_list_opens_however_it_is_filtered(office, ada, status):
    kept()
    assert office(ada).get(f"{WORK}{status}").status_code in {200, 302}


def test_nobody_but_an_admin_sees_any_of_it(office, olga):
    row = kept()
    assert office(olga).get(WORK).status_code == 403
    assert office(olga).get(f"{WORK}{row.pk}/change/").status_code in {302, 403}
    assert "Background tasks" not in text(office(olga).get("/admin/"))


def test_the_list_asks_the_same_of_the_database_for_one_and_for_three(office, ada, django_assert_num_queries):
    client = office(ada)
    for _ in range(2):
        kept()
        kept()
        with django_assert_num_queries(4):  # session, account, second factor, the rows
            client.get(WORK)
