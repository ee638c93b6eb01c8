"""POST /users/password/reset and /users/password/reset/confirm: a link by mail, and what it does."""

import logging
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts import signed_links
from accounts.models import User
from accounts.services import accounts, api_tokens, password_reset
from accounts.services.jwt import issue_tokens
from accounts.services.placeholder_accounts import find_or_create_accounts
from eventhub.exceptions import TokenNotValid
from eventhub.testing.concurrency import race
from eventhub.testing.factories import PASSWORD
from eventhub.testing.mailbox import text_of, token_in
from eventhub.testing.responses import BAD_TOKEN, DONE, invalid, whole

pytestmark = pytest.mark.django_db

NEW = "another long passphrase"
ASK, CONFIRM = "/users/password/reset", "/users/password/reset/confirm"


@pytest.fixture
def ask(api, django_capture_on_commit_callbacks):
    """Asks for a link; the answer. What waits for a commit is done."""

    def post(email, **more):
        with django_capture_on_commit_callbacks(execute=True):
            return api().post(ASK, {"email": email, **more})

    return post


@pytest.fixture
def confirm(api, django_capture_on_commit_callbacks):
    def post(token, password=NEW):
        with django_capture_on_commit_callbacks(execute=True):
            return api().post(CONFIRM, {"token": token, "password": password})

    return post


@pytest.fixture
def token(ask, bob):
    """The token of the link that bob was sent."""
    ask("bob@example.org")
    (sent,) = mail.outbox
    mail.outbox.clear()
    return token_in(sent)


def now_of(user):
    return User.objects.get(pk=user.pk)


# Asking --------------------------------------------------------------------------------------------------------------


def test_a_link_goes_to_the_account_of_that_address(ask, bob):
    assert whole(ask("bob@example.org")) == DONE
    (sent,) = mail.outbox
    assert (sent.to, sent.subject, sent.from_email) == (
        ["bob@example.org"],
        "Choose a new password",
        "EventHub <eventhub@localhost>",
    )
    assert f"http://127.0.0.1:8000/admin/new-password/?token={token_in(sent)}\n" in text_of(sent)
    assert "your account bob at" in text_of(sent)


@pytest.mark.parametrize("typed", ["BOB@EXAMPLE.ORG", " bob@Example.org "])
def test_the_address_is_known_in_any_case(ask, bob, typed):
    assert whole(ask(typed)) == DONE
    assert [sent.to for sent in mail.outbox] == [["bob@example.org"]]


def test_an_address_that_only_looks_alike_gets_nothing(ask, person):
    """Some letters become others in another case; the mail goes to the address that is kept."""
    person("mike", email="mike@ixample.org")
    assert whole(ask("mike@\u0131xample.org")) == DONE
    assert mail.outbox == []


@pytest.mark.parametrize("who", ["nobody", "deactivated"])
def test_the_answer_is_the_same_where_nobody_gets_anything(ask, bob, who):
    if who == "deactivated":
        User.objects.update(is_active=False)
    assert whole(ask("bob@example.org" if who == "deactivated" else "zoe@example.org")) == DONE
    assert mail.outbox == []


def test_who_is_known_costs_the_request_what_who_is_not_costs_it(api, bob, django_assert_num_queries, settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    for address in ("bob@example.org", "zoe@example.org"):
        with django_assert_num_queries(1):  # the account; handing over comes after the commit, for both
            api().post(ASK, {"email": address})


def test_a_request_hands_over_one_task_whoever_it_is_for(api, bob, django_capture_on_commit_callbacks, monkeypatch):
    handed = []
    monkeypatch.setattr(password_reset, "later", lambda task, *args: handed.append((task.name, args)))
    for address in ("bob@example.org", "zoe@example.org"):
        api().post(ASK, {"email": address})
    assert handed == [("send_reset_link", (bob.pk,)), ("send_reset_link", (0,))]


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({}, invalid(email="This field is required.")),
        ({"email": "bob"}, invalid(email="Enter a valid email address.")),
        ({"email": ["bob@example.org"]}, invalid(email="Enter a valid email address.")),
        ({"email": "bob@example.org\nBcc: eve@example.org"}, invalid(email="Enter a valid email address.")),
    ],
)
def test_what_is_no_address_is_a_400(api, bob, body, answer):
    assert whole(api().post(ASK, body)) == answer


def test_a_bad_authorization_header_is_ignored(api, bob):
    headers = {"authorization": "Bearer nonsense"}
    assert whole(api().post(ASK, {"email": "bob@example.org"}, headers=headers)) == DONE


def test_links_go_to_one_mailbox_once_a_minute(ask, bob):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for seconds in (0, 30, 31):
            clock.shift(seconds)
            assert whole(ask("bob@example.org")) == DONE
    assert len(mail.outbox) == 2


def test_the_link_is_never_made_of_the_host_header(ask, api, bob, settings, django_capture_on_commit_callbacks):
    settings.ALLOWED_HOSTS = ["*"]
    with django_capture_on_commit_callbacks(execute=True):
        api().post(
            ASK, {"email": "bob@example.org"}, headers={"host": "evil.example", "x-forwarded-host": "evil.example"}
        )
    (sent,) = mail.outbox
    assert "evil" not in sent.message().as_string()


def test_the_link_leads_where_the_operator_wants_it(ask, bob, settings):
    settings.PASSWORD_RESET_URL = "https://app.example.org/#/reset?token={token}"
    ask("bob@example.org")
    (sent,) = mail.outbox
    assert f"\nhttps://app.example.org/#/reset?token={token_in(sent)}\n" in text_of(sent)


@pytest.mark.parametrize("path", [ASK, CONFIRM])
def test_trying_is_throttled_by_account(api, bob, eve, settings, path):
    settings.THROTTLE_CREDENTIALS = "2/min"
    token = signed_links.make_token(bob, signed_links.RESET)
    body = {"email": "Bob@example.org"} if path == ASK else {"token": token, "password": "weak"}

    def post(n):
        return api().post(path, body, headers={"x-forwarded-for": f"10.0.0.{n}"}).status_code

    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    settings.NUM_PROXIES = 1
    assert [post(n) for n in range(3)] == [*[204 if path == ASK else 400] * 2, 429]


@pytest.mark.parametrize("path", [ASK, CONFIRM])
def test_trying_is_throttled_by_address(api, bob, settings, path):
    settings.THROTTLE_CREDENTIALS = "2/min"
    bodies = [{"email": f"somebody{n}@example.org", "token": f"x{n}", "password": NEW} for n in range(3)]
    assert [api().post(path, body).status_code for body in bodies] == [*[204 if path == ASK else 401] * 2, 429]


# The link ------------------------------------------------------------------------------------------------------------


def test_the_link_sets_a_new_password(confirm, api, bob, token):
    assert whole(confirm(token)) == DONE
    for password, status in ((PASSWORD, 401), (NEW, 200)):
        assert api().post("/users/login", {"username": "bob", "password": password}).status_code == status


def test_the_link_works_once(confirm, bob, token):
    assert whole(confirm(token)) == DONE
    assert whole(confirm(token, "a third long passphrase")) == BAD_TOKEN
    assert now_of(bob).check_password(NEW)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_use_one_link_at_once_one_does(api, person):
    bob = person("bob")
    token = signed_links.make_token(bob, signed_links.RESET)
    passwords = [f"another long passphrase {n}" for n in range(4)]
    calls = [lambda new=new: api().post(CONFIRM, {"token": token, "password": new}) for new in passwords]
    answers = [whole(answer) for answer in race(calls)]
    assert sorted(answers, key=str) == [DONE, *[BAD_TOKEN] * 3]
    assert now_of(bob).check_password(passwords[answers.index(DONE)])


def test_every_link_that_was_sent_is_used_up_by_one(confirm, bob, token):
    another = signed_links.make_token(bob, signed_links.RESET)
    assert whole(confirm(token)) == DONE
    assert whole(confirm(another)) == BAD_TOKEN


@pytest.mark.parametrize(("minutes", "answer"), [(59, DONE), (61, BAD_TOKEN)])
def test_the_link_works_for_an_hour(confirm, token, minutes, answer):
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
        assert whole(confirm(token)) == answer


@pytest.mark.parametrize(
    "change", ["password", "email", "sign-ins ended", "deactivated", "deactivated and back", "deleted"]
)
def test_other_changes_use_it_up_too(confirm, bob, ada, token, change):
    match change:
        case "password" | "email":
            new = "quite another passphrase" if change == "password" else "robert@example.org"
            accounts.apply_changes(account_id=bob.pk, changes={change: new})
        case "sign-ins ended":
            accounts.end_sign_ins(account=bob, by=bob)
        case "deleted":
            bob.delete()
        case _:
            accounts.apply_changes(account_id=bob.pk, changes={"is_active": False})
            if change == "deactivated and back":
                accounts.apply_changes(account_id=bob.pk, changes={"is_active": True})
    assert whole(confirm(token)) == BAD_TOKEN


def test_what_leaves_the_account_as_it_was_leaves_the_link_good(confirm, bob, token):
    accounts.apply_changes(account_id=bob.pk, changes={"username": "robert"})
    assert whole(confirm(token)) == DONE


def test_a_token_of_another_kind_or_hand_is_none(confirm, bob, eve, token):
    payload, stamp, signature = token.split(".")
    others = (
        signed_links.make_token(bob, signed_links.VERIFICATION),
        issue_tokens(bob, auth_time=0)["token"],
        f"{signed_links.make_token(eve, signed_links.RESET).split('.')[0]}.{stamp}.{signature}",
        f"{payload}.{stamp}.{signature[:-1]}",
        token.upper(),
        "x",
        "\ud800",
        "é" * 100,
    )
    for other in others:
        assert confirm(other).status_code in {400, 401}
    assert now_of(bob).check_password(PASSWORD)


@pytest.mark.parametrize("weak", ["12345678", "bob@example.org", "x y" * 50])
def test_a_weak_password_is_a_400_and_leaves_the_link_good(confirm, token, weak):
    assert confirm(token, weak).status_code == 400
    assert whole(confirm(token)) == DONE


def test_what_is_missing_is_a_400(api):
    assert whole(api().post(CONFIRM, {})) == invalid(
        token="This field is required.", password="This field is required."
    )


# What it does --------------------------------------------------------------------------------------------------------


def test_all_sign_ins_end(confirm, api, office, olga, ask):
    browser, pair = office(olga), issue_tokens(olga, auth_time=0)
    service = api_tokens.create_token(owner=olga, name="sync", scopes=["profile:read"]).secret

    def works():
        signed = [{"authorization": f"Bearer {text}"} for text in (pair["token"], service)]
        return [
            browser.get("/admin/profile/").status_code == 200,
            *(api().get("/users/me", headers=headers).status_code == 200 for headers in signed),
        ]

    assert works() == [True] * 3
    assert whole(confirm(signed_links.make_token(olga, signed_links.RESET))) == DONE
    assert works() == [False] * 3
    assert now_of(olga).sign_in_generation == 1
    assert whole(api().post("/users/token/refresh", {"refresh": pair["refresh"]})) == BAD_TOKEN


def test_it_signs_nobody_in(confirm, token):
    answer = confirm(token)
    assert (answer.content, answer.cookies) == (b"", {})


def test_imported_people_claim_their_account_and_their_address_is_verified(ask, confirm, api):
    find_or_create_accounts({"zoe@example.org"})
    zoe = User.objects.get()
    assert (zoe.has_usable_password(), zoe.email_verified) == (False, None)
    ask("zoe@example.org")
    assert whole(confirm(token_in(mail.outbox[0]))) == DONE
    assert now_of(zoe).email_verified is True
    assert api().post("/users/login", {"username": zoe.username, "password": NEW}).status_code == 200


def test_the_address_is_told_that_the_password_was_changed(confirm, token):
    confirm(token)
    assert [(sent.to, sent.subject) for sent in mail.outbox] == [
        (["bob@example.org"], "Your password has been changed")
    ]


def test_what_happens_is_written_down_without_names(ask, confirm, bob, caplog):
    caplog.set_level(logging.INFO, logger="eventhub.security")
    ask("zoe@example.org")
    ask("bob@example.org")
    token = token_in(mail.outbox[0])
    confirm(token)
    assert [(record.message, record.facts) for record in caplog.records if record.name == "eventhub.security"] == [
        ("password_reset_asked", {}),
        ("password_reset_asked", {"user_id": bob.pk}),
        ("password_reset", {"user_id": bob.pk}),
    ]
    assert not [record for record in caplog.records if token in record.getMessage() or "@" in record.getMessage()]


def test_the_rule_itself_refuses_a_deactivated_account(bob):
    token = signed_links.make_token(bob, signed_links.RESET)
    User.objects.update(is_active=False)
    with pytest.raises(TokenNotValid):
        password_reset.reset_password(token=token, password=NEW)
