"""Requests that race for a token, a name or the last admin, on whichever database this runs."""

import threading
import time
from collections import Counter
from functools import partial

import pytest
from django_otp.oath import TOTP

from accounts.models import User
from accounts.services import accounts, jwt, second_factor
from accounts.services.jwt import issue_tokens
from eventhub.exceptions import CodesPaused, LastAdmin, SecondFactorExists, WrongCode
from eventhub.testing.concurrency import race
from eventhub.testing.responses import BAD_TOKEN, EMAIL_EXISTS, LAST_ADMIN, USER_EXISTS, USERNAME_EXISTS, whole
from registrations.services import account_deletion

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ROUNDS = 4


@pytest.fixture
def hold(monkeypatch):
    """Holds requests at the door of a rule until so many have come. All of them have then passed what comes before
    it: a token that the first request ends was still good when the others showed it."""

    def at(module, name, parties):
        gate, rule = threading.Barrier(parties, timeout=30), getattr(module, name)

        def wait(*args, **kwargs):
            gate.wait()
            return rule(*args, **kwargs)

        monkeypatch.setattr(module, name, wait)

    return at


def count(answers):
    """How often each refusal, or each status of a success, was the answer."""
    return Counter(str(whole(answer)) if answer.status_code >= 400 else answer.status_code for answer in answers)


@pytest.mark.parametrize("clients", [2, 6])
def test_a_refresh_token_works_once_however_many_use_it_at_once(hold, call, api, bob, clients):
    hold(jwt, "refresh", clients)
    for _ in range(ROUNDS):
        token = issue_tokens(bob, auth_time=0)["refresh"]
        answers = race([call(None, "POST", "/users/token/refresh", {"refresh": token})] * clients)
        assert count(answers) == {200: 1, str(BAD_TOKEN): clients - 1}
        (won,) = [answer.json() for answer in answers if answer.status_code == 200]
        assert api().get("/users/me", headers={"authorization": f"Bearer {won['token']}"}).status_code == 200


def test_a_refresh_token_is_used_up_by_refreshing_or_by_signing_out(call, bob):
    for _ in range(ROUNDS):
        body = {"refresh": issue_tokens(bob, auth_time=0)["refresh"]}
        answers = race([call(None, "POST", "/users/token/refresh", body), call(bob, "POST", "/users/logout", body)])
        assert count(answers) in ({200: 1, str(BAD_TOKEN): 1}, {204: 1, str(BAD_TOKEN): 1})


@pytest.mark.parametrize(
    ("verb", "rule", "body", "success"),
    [("DELETE", "delete_account", None, 204), ("PATCH", "change_account", {"role": "user"}, 200)],
    ids=["delete", "demote"],
)
def test_of_two_admins_who_remove_each_other_one_stays(hold, call, person, verb, rule, body, success):
    hold(account_deletion, rule, 2)
    for n in range(ROUNDS):
        one, two = person(f"one{n}", role="admin"), person(f"two{n}", role="admin")
        answers = race([call(one, verb, f"/users/{two.pk}", body), call(two, verb, f"/users/{one.pk}", body)])
        assert count(answers) == {success: 1, str(LAST_ADMIN): 1}
        left = User.objects.filter(role="admin")
        assert left.count() == 1
        left.delete()


def test_of_two_admins_who_resign_one_stays(hold, call, person):
    hold(account_deletion, "change_account", 2)
    for n in range(ROUNDS):
        admins = [person(f"admin{n}{m}", role="admin") for m in range(2)]
        answers = race([call(admin, "PATCH", f"/users/{admin.pk}", {"role": "organizer"}) for admin in admins])
        assert count(answers) == {200: 1, str(LAST_ADMIN): 1}
        User.objects.filter(role="admin").delete()


@pytest.mark.parametrize("changes", [{"is_active": False}, {"role": "user"}])
def test_of_two_admins_who_deactivate_or_demote_each_other_one_stays(hold, person, changes):
    hold(account_deletion, "change_account", 2)

    def by(admin, other, changes):
        try:
            account_deletion.change_account(account=other, by=admin, changes=changes)
        except LastAdmin:
            return "last admin"
        return "done"

    for n in range(ROUNDS):
        one, two = person(f"one{n}", role="admin"), person(f"two{n}", role="admin")
        answers = race([partial(by, one, two, {"is_active": False}), partial(by, two, one, changes)])
        assert sorted(answers) == ["done", "last admin"]
        assert User.objects.filter(role="admin", is_active=True).count() == 1
        User.objects.filter(role="admin").delete()


@pytest.mark.parametrize("kind", ["phone", "recovery"])
def test_a_code_of_the_second_factor_works_once_however_many_try_it_at_once(olga, kind):
    key = second_factor.generate_key()
    totp = TOTP(bytes.fromhex(key))
    totp.time = time.time()
    made = second_factor.enable(account=olga, key=key, code=f"{totp.token():06}")
    made.device.last_t = -1  # as if that had been long ago
    made.device.save()
    code = f"{totp.token():06}" if kind == "phone" else made.recovery_codes[0]

    def verify():
        try:
            second_factor.verify(account=olga, code=code)
        except (WrongCode, CodesPaused):
            return False
        return True

    assert sum(race([verify] * 4)) == 1


def test_a_second_factor_is_set_up_once_by_two_at_once(olga):
    def set_up():
        key = second_factor.generate_key()
        totp = TOTP(bytes.fromhex(key))
        totp.time = time.time()
        try:
            second_factor.enable(account=olga, key=key, code=f"{totp.token():06}")
        except SecondFactorExists:
            return False
        return True

    assert sorted(race([set_up] * 3)) == [False, False, True]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"username": "zoe", "email": "one@example.org"}, {"username": "ZOE", "email": "two@example.org"}),
        ({"username": "one", "email": "zoe@example.org"}, {"username": "two", "email": "Zoe@Example.ORG"}),
    ],
    ids=["name", "address"],
)
def test_of_two_sign_ups_under_one_name_or_address_one_wins(hold, call, one, two):
    hold(accounts, "sign_up", 2)
    for _ in range(ROUNDS):
        bodies = [{**body, "password": "correct horse battery"} for body in (one, two)]
        answers = race([call(None, "POST", "/users/register", body) for body in bodies])
        assert count(answers) == {201: 1, str(USER_EXISTS): 1}
        User.objects.get().delete()


@pytest.mark.parametrize(
    ("key", "values", "refused"),
    [
        ("username", ["zoe", "ZOE"], USERNAME_EXISTS),
        ("email", ["zoe@example.org", "Zoe@Example.ORG"], EMAIL_EXISTS),
    ],
)
def test_of_two_accounts_that_take_one_name_or_address_one_gets_it(hold, call, bob, eve, key, values, refused):
    hold(account_deletion, "change_account", 2)
    for n in range(ROUNDS):
        for user in (bob, eve):
            User.objects.filter(pk=user.pk).update(username=f"{user.pk}", email=f"{user.pk}@example.org")
        users = [bob, eve] if n % 2 else [eve, bob]
        calls = [
            call(user, "PATCH", f"/users/{user.pk}", {key: value}) for user, value in zip(users, values, strict=True)
        ]
        assert count(race(calls)) == {200: 1, str(refused): 1}
