"""Signing in, staying signed in and signing out; what ends a token, and when the password is asked for again."""

import base64
import time
from datetime import timedelta

import jwt
import pytest
import time_machine
from django.conf import settings as django_settings
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts import signed_links
from accounts.hashers import Argon2
from accounts.models import User
from accounts.services.jwt import issue_tokens
from eventhub.testing.contract_client import ContractClient
from eventhub.testing.factories import PASSWORD
from eventhub.testing.responses import BAD_CREDENTIALS, BAD_TOKEN, DONE, NO_HEADER, SIGN_IN_AGAIN, invalid, whole

pytestmark = pytest.mark.django_db

LEEWAY = django_settings.SIMPLE_JWT["LEEWAY"]
NEW_PASSWORD = "another passphrase for tests"
MISSING = "This field is required."
NO_TEXT = "Not a valid string."


def pair_for(user, *, signed_in_at=None):
    return issue_tokens(user, auth_time=int(time.time() if signed_in_at is None else signed_in_at))


def refresh(token):
    return ContractClient().post("/users/token/refresh", {"refresh": token})


def me(token):
    return ContractClient(token).get("/users/me")


@pytest.fixture
def log_in(api):
    def post(username="bob", password=PASSWORD):
        return api().post("/users/login", {"username": username, "password": password})

    return post


# Signing in ----------------------------------------------------------------------------------------------------------


def test_signing_in_gives_a_token_that_opens_the_account(bob, log_in):
    answer = log_in()
    assert (answer.status_code, sorted(answer.json())) == (200, ["refresh", "token"])
    assert me(answer.json()["token"]).json()["user_id"] == bob.pk


@pytest.mark.parametrize("username", ["bob", "BOB", "bOb", " bob "])
def test_a_name_signs_in_in_any_case(bob, log_in, username):
    assert me(log_in(username).json()["token"]).json()["user_id"] == bob.pk


@pytest.mark.parametrize(
    ("username", "password"),
    [("bob", "a wrong passphrase"), ("bob", PASSWORD.upper()), ("bob", f" {PASSWORD}"), ("nobody", PASSWORD)],
)
def test_a_wrong_name_and_a_wrong_password_are_answered_alike(bob, log_in, username, password):
    assert whole(log_in(username, password)) == BAD_CREDENTIALS


def test_a_deactivated_account_cannot_sign_in(person, log_in):
    person("dora", is_active=False)
    assert whole(log_in("dora")) == BAD_CREDENTIALS


@pytest.mark.parametrize(
    ("username", "password"),
    [("bob", "a wrong passphrase"), ("nobody", PASSWORD), ("dora", PASSWORD), ("dora", "a wrong passphrase")],
)
def test_every_refusal_costs_one_hash(monkeypatch, bob, person, log_in, username, password):
    """So that the time of the answer does not tell whether the name exists."""
    person("dora", is_active=False)
    hashes = []
    for name in ("encode", "verify"):
        original = getattr(Argon2, name)
        monkeypatch.setattr(Argon2, name, lambda *args, original=original: hashes.append(1) or original(*args))
    assert (log_in(username, password).status_code, len(hashes)) == (401, 1)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"username": MISSING, "password": MISSING}),
        ({"username": "bob"}, {"password": MISSING}),
        ({"password": PASSWORD}, {"username": MISSING}),
        (
            {"username": "", "password": ""},
            {"username": "This field may not be blank.", "password": "This field may not be blank."},
        ),
        (
            {"username": None, "password": None},
            {"username": "This field may not be null.", "password": "This field may not be null."},
        ),
        ({"username": ["bob"], "password": {}}, {"username": NO_TEXT, "password": NO_TEXT}),
        ({"username": "b\x00b", "password": PASSWORD}, {"username": "Null characters are not allowed."}),
    ],
)
def test_signing_in_takes_a_name_and_a_password(api, body, errors):
    assert whole(api().post("/users/login", body)) == invalid(**errors)


# Staying signed in ---------------------------------------------------------------------------------------------------


def test_a_refresh_token_gives_new_tokens(bob):
    first = pair_for(bob)
    answer = refresh(first["refresh"])
    second = answer.json()
    assert (answer.status_code, sorted(second)) == (200, ["refresh", "token"])
    assert {first["token"], first["refresh"]}.isdisjoint({second["token"], second["refresh"]})
    assert me(second["token"]).json()["user_id"] == bob.pk


def test_a_refresh_token_works_once(bob):
    first = pair_for(bob)
    second = refresh(first["refresh"]).json()
    assert whole(refresh(first["refresh"])) == BAD_TOKEN
    assert refresh(second["refresh"]).status_code == 200


@pytest.mark.parametrize(("seconds", "is_valid"), [(3, True), (30, False)])
def test_a_token_of_a_server_whose_clock_is_a_little_ahead_counts(bob, seconds, is_valid):
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=False):
        pair = pair_for(bob)
    assert (me(pair["token"]).status_code == 200, refresh(pair["refresh"]).status_code == 200) == (is_valid, is_valid)


@pytest.mark.parametrize("purpose", [signed_links.RESET, signed_links.VERIFICATION])
def test_a_link_of_a_server_whose_clock_is_ahead_counts(bob, purpose):
    with time_machine.travel(timezone.now() + timedelta(seconds=3), tick=False):
        token = signed_links.make_token(bob, purpose)
    assert signed_links.check_token(token, bob, purpose)


def test_a_token_opens_the_account_until_it_expires(bob):
    lifetime = django_settings.SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"]
    with time_machine.travel(timezone.now(), tick=False) as clock:
        token = pair_for(bob)["token"]
        clock.shift(lifetime + LEEWAY - timedelta(seconds=1))
        assert me(token).status_code == 200
        clock.shift(timedelta(seconds=1))
        assert whole(me(token)) == BAD_TOKEN


def test_a_refresh_token_works_until_it_expires(bob):
    lifetime = django_settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"]
    with time_machine.travel(timezone.now(), tick=False) as clock:
        one, two = pair_for(bob)["refresh"], pair_for(bob)["refresh"]
        clock.shift(lifetime + LEEWAY - timedelta(seconds=1))
        assert refresh(one).status_code == 200
        clock.shift(timedelta(seconds=1))
        assert whole(refresh(two)) == BAD_TOKEN


def part(text):
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def forged(user, kind, **changes):
    """A token of `user` with other claims, or signed otherwise."""
    payload = {**kind.for_user(user).payload, **changes.pop("claims", {})}
    return jwt.encode(payload, **{"key": django_settings.SECRET_KEY, "algorithm": "HS256", **changes})


BAD_TOKENS = {
    "no JWT": lambda user, kind: "garbage",
    "three empty parts": lambda user, kind: "..",
    "no JSON inside": lambda user, kind: f"{part('nonsense')}.{part('nonsense')}.{part('nonsense')}",
    "a header nested too deep": lambda user, kind: f"{part('[' * 6000)}.{part('{}')}.x",
    "not ASCII": lambda user, kind: "tökén",
    "another key": lambda user, kind: forged(user, kind, key="another key that is just as long as it should be"),
    "no signature": lambda user, kind: forged(user, kind, key=None, algorithm="none"),
    "another algorithm": lambda user, kind: forged(user, kind, algorithm="HS512", key=django_settings.SECRET_KEY * 2),
    "a signature cut short": lambda user, kind: forged(user, kind)[:-4],
    "nobody's": lambda user, kind: forged(user, kind, claims={"user_id": "0"}),
    "a number that no column holds": lambda user, kind: forged(user, kind, claims={"user_id": str(2**70)}),
    "expired": lambda user, kind: forged(user, kind, claims={"exp": int(time.time()) - 11}),
    "of another password": lambda user, kind: forged(user, kind, claims={"hash_password": "0"}),
    "of another kind": lambda user, kind: forged(user, kind, claims={"token_type": "sliding"}),
}
each_bad_token = pytest.mark.parametrize("make", BAD_TOKENS.values(), ids=BAD_TOKENS.keys())


@each_bad_token
def test_nothing_but_a_good_refresh_token_refreshes(bob, make):
    assert whole(refresh(make(bob, RefreshToken))) == BAD_TOKEN


@each_bad_token
def test_nothing_but_a_good_token_opens_an_account(bob, make):
    assert whole(me(make(bob, AccessToken))) == BAD_TOKEN


def test_the_forger_of_these_tests_can_make_good_tokens(bob):
    assert refresh(forged(bob, RefreshToken)).status_code == 200
    assert me(forged(bob, AccessToken)).status_code == 200


def test_a_token_is_of_one_kind(bob):
    pair = pair_for(bob)
    assert whole(refresh(pair["token"])) == BAD_TOKEN
    assert whole(me(pair["refresh"])) == BAD_TOKEN


@pytest.mark.parametrize(
    ("body", "problem"),
    [({}, MISSING), ({"refresh": None}, "This field may not be null."), ({"refresh": ["x"]}, NO_TEXT)],
)
def test_refreshing_takes_a_token(api, body, problem):
    assert whole(api().post("/users/token/refresh", body)) == invalid(refresh=problem)


def test_the_tokens_of_a_deleted_account_end(bob):
    pair = pair_for(bob)
    bob.delete()
    assert (whole(me(pair["token"])), whole(refresh(pair["refresh"]))) == (BAD_TOKEN, BAD_TOKEN)


def test_the_tokens_of_a_deactivated_account_end(bob):
    pair = pair_for(bob)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert (whole(me(pair["token"])), whole(refresh(pair["refresh"]))) == (BAD_TOKEN, BAD_TOKEN)


@pytest.mark.parametrize("who", ["bob", "ada"])
def test_a_new_password_ends_every_token_issued_before_it(api, bob, ada, log_in, who):
    pair = pair_for(bob)
    by = {"bob": bob, "ada": ada}[who]
    assert api(by).patch(f"/users/{bob.pk}", {"password": NEW_PASSWORD}).status_code == 200
    assert (whole(me(pair["token"])), whole(refresh(pair["refresh"]))) == (BAD_TOKEN, BAD_TOKEN)
    assert whole(log_in()) == BAD_CREDENTIALS
    assert me(log_in(password=NEW_PASSWORD).json()["token"]).json()["user_id"] == bob.pk


def test_a_role_counts_from_the_next_request_on(api, bob):
    client = api(bob)
    User.objects.filter(pk=bob.pk).update(role="admin")
    assert client.get("/users/").status_code == 200


# Signing out ---------------------------------------------------------------------------------------------------------


def test_signing_out_uses_up_the_refresh_token(api, bob):
    pair = pair_for(bob)
    assert whole(api(bob).post("/users/logout", {"refresh": pair["refresh"]})) == DONE
    assert whole(refresh(pair["refresh"])) == BAD_TOKEN


def test_signing_out_leaves_other_sessions_alone(api, bob):
    here, there = pair_for(bob), pair_for(bob)
    api(bob).post("/users/logout", {"refresh": here["refresh"]})
    assert refresh(there["refresh"]).status_code == 200


def test_signing_out_twice_is_refused(api, bob):
    pair = pair_for(bob)
    api(bob).post("/users/logout", {"refresh": pair["refresh"]})
    assert whole(api(bob).post("/users/logout", {"refresh": pair["refresh"]})) == BAD_TOKEN


def test_a_used_refresh_token_does_not_sign_out(api, bob):
    pair = pair_for(bob)
    refresh(pair["refresh"])
    assert whole(api(bob).post("/users/logout", {"refresh": pair["refresh"]})) == BAD_TOKEN


@pytest.mark.parametrize("who", ["eve", "ada"])
def test_nobody_signs_another_out(api, bob, eve, ada, who):
    pair = pair_for(bob)
    assert whole(api({"eve": eve, "ada": ada}[who]).post("/users/logout", {"refresh": pair["refresh"]})) == BAD_TOKEN
    assert refresh(pair["refresh"]).status_code == 200


@pytest.mark.parametrize("token", ["garbage", str(AccessToken())], ids=["garbage", "an access token"])
def test_signing_out_takes_a_refresh_token(api, bob, token):
    assert whole(api(bob).post("/users/logout", {"refresh": token})) == BAD_TOKEN


def test_signing_out_needs_a_refresh_token_in_the_body(api, bob):
    assert whole(api(bob).post("/users/logout")) == invalid(refresh=MISSING)


def test_only_who_is_signed_in_signs_out(api, bob):
    pair = pair_for(bob)
    assert whole(api().post("/users/logout", {"refresh": pair["refresh"]})) == NO_HEADER
    assert refresh(pair["refresh"]).status_code == 200


# Giving the password again -------------------------------------------------------------------------------------------

FRESH, STALE = 15 * 60 - 1, 15 * 60
sensitive = pytest.mark.parametrize(
    "changes", [{"email": "new@example.org"}, {"password": NEW_PASSWORD}], ids=["email", "password"]
)


def change(account, changes, *, by, age):
    """PATCH by somebody who gave their password so many seconds ago."""
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False):
        token = pair_for(by, signed_in_at=time.time() - age)["token"]
        return ContractClient(token).patch(f"/users/{account.pk}", changes)


@sensitive
def test_a_sign_in_under_fifteen_minutes_old_may_change_it(bob, changes):
    assert change(bob, changes, by=bob, age=FRESH).status_code == 200


@sensitive
def test_an_older_sign_in_may_not(bob, changes):
    before = User.objects.values().get()
    assert whole(change(bob, changes, by=bob, age=STALE)) == SIGN_IN_AGAIN
    assert User.objects.values().get() == before


@sensitive
def test_an_older_sign_in_may_with_the_current_password(bob, changes):
    assert change(bob, {**changes, "current_password": PASSWORD}, by=bob, age=STALE).status_code == 200


@sensitive
def test_a_wrong_current_password_does_not_help(bob, changes):
    answer = change(bob, {**changes, "current_password": "a wrong passphrase"}, by=bob, age=STALE)
    assert whole(answer) == SIGN_IN_AGAIN


@sensitive
def test_an_admin_gives_their_own_password(person, ada, changes):
    bob = person("bob", password="argon2$of another password")
    assert whole(change(bob, changes, by=ada, age=STALE)) == SIGN_IN_AGAIN
    assert change(bob, {**changes, "current_password": PASSWORD}, by=ada, age=STALE).status_code == 200


@sensitive
def test_an_account_that_is_not_yours_is_refused_before_you_are_asked_to_sign_in(bob, eve, changes):
    answer = change(bob, {**changes, "current_password": PASSWORD}, by=eve, age=STALE)
    assert whole(answer) == (403, {"msg": "Resource inaccessible", "code": "permission_denied"})


@pytest.mark.parametrize(
    "changes", [{"username": "robert"}, {"role": "organizer"}, {"email": "BOB@example.org"}, {}, {"user_id": 5}]
)
def test_other_changes_take_no_fresh_sign_in(bob, changes):
    assert change(bob, changes, by=bob, age=STALE).status_code == 200


def test_refreshing_is_not_signing_in(bob):
    """`auth_time` goes through every refresh."""
    old = pair_for(bob, signed_in_at=time.time() - STALE)
    for _ in range(2):
        old = refresh(old["refresh"]).json()
    assert whole(ContractClient(old["token"]).patch(f"/users/{bob.pk}", {"email": "new@example.org"})) == SIGN_IN_AGAIN


def test_refreshing_a_fresh_sign_in_leaves_it_fresh(bob):
    new = refresh(pair_for(bob)["refresh"]).json()
    assert ContractClient(new["token"]).patch(f"/users/{bob.pk}", {"email": "new@example.org"}).status_code == 200


def test_signing_in_is_fresh(bob, log_in):
    client = ContractClient(log_in().json()["token"])
    assert client.patch(f"/users/{bob.pk}", {"email": "new@example.org"}).status_code == 200


def test_a_token_that_does_not_say_when_the_password_was_given_is_not_fresh(bob):
    client = ContractClient(str(AccessToken.for_user(bob)))
    assert whole(client.patch(f"/users/{bob.pk}", {"email": "new@example.org"})) == SIGN_IN_AGAIN
