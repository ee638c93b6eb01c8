"""What the logger `eventhub.security` is told of accounts, with ids and never with names."""

import io
import json
import logging
import re

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from accounts.models import User
from accounts.services import accounts, second_factor
from eventhub.exceptions import WrongCode
from eventhub.observability import logging as logs
from eventhub.observability.security_log import Occasion
from eventhub.testing.factories import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "another passphrase for tests"


@pytest.fixture
def told():
    """The events so far: each its name and its facts."""
    stream, logger = io.StringIO(), logging.getLogger("eventhub.security")
    handler, level = logging.StreamHandler(stream), logger.level
    handler.setFormatter(logs.JsonFormatter())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)

    def events():
        frame = {"time", "level", "logger", "process", "request_id"}
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        return [{name: value for name, value in line.items() if name not in frame} for line in lines]

    yield events
    logger.removeHandler(handler)
    logger.setLevel(level)


def event(message, **facts):
    return {"message": message, **facts}


def test_the_page_on_monitoring_names_every_occasion():
    page = (settings.BASE_DIR / "docs" / "monitoring.md").read_text()
    table = page.split("`eventhub.security` has a line")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`(\w+)`", "".join(rows))) == sorted(Occasion)


def test_a_failed_login_says_which_account_was_tried_if_there_is_one(told, api, bob):
    for name in ("BOB", "nobody"):
        api().post("/users/login", {"username": name, "password": "wrong"})
    api().post("/users/login", {"username": "bob", "password": PASSWORD})
    assert told() == [
        event("login_failed", user_id=bob.pk, through="api"),
        event("login_failed", through="api"),
    ]


def test_a_failed_login_at_the_back_office_does_too(told, olga):
    for name, password in (("olga", "wrong"), ("nobody", "wrong"), ("olga", PASSWORD)):
        Client().post("/admin/login/", {"username": name, "password": password})
    assert told() == [
        event("login_failed", user_id=olga.pk, through="admin"),
        event("login_failed", through="admin"),
    ]


def test_a_wrong_second_factor_is_told(told, olga):
    with pytest.raises(WrongCode):
        second_factor.verify(account=olga, code="123456")
    assert told() == [event("code_refused", user_id=olga.pk)]


def test_whoever_guesses_a_password_with_a_stolen_token_is_told(told, api, bob):
    client = api(bob, signed_in_at=0)
    client.patch(f"/users/{bob.pk}", {"password": NEW, "current_password": "wrong"})
    client.patch(f"/users/{bob.pk}", {"password": NEW})
    assert told() == [event("reauthentication_failed", user_id=bob.pk)]


def test_a_role_that_is_given_or_taken_is_told(told, api, ada, bob):
    for role in ("organizer", "organizer", "user", "admin"):
        api(ada).patch(f"/users/{bob.pk}", {"role": role})
    assert told() == [
        event("role_given", user_id=bob.pk, by=ada.pk, role=role) for role in ("organizer", "user", "admin")
    ]


def test_a_role_that_a_new_account_has_is_told(told, api, ada):
    for name, role in (("una", "user"), ("zoe", "organizer")):
        body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD, "role": role}
        assert api().post("/users/register", body).status_code == 201
    accounts.create_account(by=ada, username="max", email="max@example.org", password=None, role="admin")
    zoe, max_ = (User.objects.get(username=name) for name in ("zoe", "max"))
    assert told() == [
        event("role_given", user_id=zoe.pk, by=zoe.pk, role="organizer"),
        event("role_given", user_id=max_.pk, by=ada.pk, role="admin"),
    ]


def test_an_admin_that_is_made_at_the_command_line_is_told(told, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", interactive=False, username="root", email="root@example.org", verbosity=0)
    assert told() == [event("role_given", user_id=User.objects.get().pk, role="admin")]


def test_a_new_password_or_address_is_told(told, api, bob):
    assert api(bob).patch(f"/users/{bob.pk}", {"email": "new@example.org", "password": NEW}).status_code == 200
    assert api(bob).patch(f"/users/{bob.pk}", {"email": "new@example.org"}).status_code == 401  # signed out by it
    assert told() == [event(name, user_id=bob.pk, by=bob.pk) for name in ("password_changed", "email_changed")]


def test_sign_ins_that_are_ended_are_told(told, office, ada, bob):
    accounts.end_sign_ins(account=bob, by=ada)
    accounts.apply_changes(account_id=bob.pk, changes={"is_active": False})
    assert told() == [
        event("sign_ins_ended", user_id=bob.pk, by=ada.pk),
        event("sign_ins_ended", user_id=bob.pk),
    ]


def test_what_is_undone_is_not_told(told, ada, bob):
    with transaction.atomic():
        accounts.end_sign_ins(account=bob, by=ada)
        transaction.set_rollback(True)
    assert told() == []


def test_what_is_refused_is_not_told(told, api, ada, bob, eve):
    assert api(bob).patch(f"/users/{bob.pk}", {"role": "admin"}).status_code == 400
    assert api(bob).patch(f"/users/{bob.pk}", {"email": eve.email}).status_code == 409
    assert api(ada).patch(f"/users/{ada.pk}", {"role": "user"}).status_code == 409
    assert told() == []
