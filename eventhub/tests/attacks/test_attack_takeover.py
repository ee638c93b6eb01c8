"""Somebody has another's access token, an hour old, and wants the account: the password or the address. Whatever they
try, both stay what they were, and so they do for whoever an admin's stolen token is turned against."""

import json

import pytest
from django.core import mail
from django.test import Client

from accounts.forms.account import AUTH_TIME
from accounts.models import ServiceToken, User
from accounts.permissions import Scope
from accounts.services import api_tokens
from accounts.services.jwt import issue_tokens
from eventhub.testing.contract_client import ContractClient, token_for
from eventhub.testing.factories import PASSWORD
from eventhub.testing.mailbox import token_in
from eventhub.testing.responses import BAD_TOKEN, DONE, NO_HEADER, SIGN_IN_AGAIN, refusal, whole

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db]

EVIL = "evil@example.com"
NEW = "the thief's long passphrase"
WANTED = [{"password": NEW}, {"email": EVIL}]


def credentials():
    """What opens each account."""
    fields = ("pk", "password", "email", "role", "is_active", "sign_in_generation", "email_verified")
    return list(User.objects.order_by("pk").values_list(*fields))


@pytest.fixture
def thief(bob):
    """A client with bob's token, of a sign-in long ago."""
    return ContractClient(token_for(bob, signed_in_at=0))


def bodies():
    """Bodies with which one might get past the question for the password."""
    for wanted in WANTED:
        yield json.dumps(wanted)
        for nothing in ("", "wrong", None, True, 0, [], {}, [PASSWORD], {"$ne": ""}, PASSWORD.upper(), f"{PASSWORD} "):
            yield json.dumps({**wanted, "current_password": nothing})
        for more in ({"auth_time": 2**40}, {"fresh": True}, {"iat": 2**40}, {"role": "user"}, {"username": "bob"}):
            yield json.dumps({**wanted, **more})
        (name, value), *_ = wanted.items()
        for other in ("bob@example.org", "", None, 1):
            yield f'{{"{name}": {json.dumps(other)}, "{name}": {json.dumps(value)}}}'
            yield f'{{"{name}": {json.dumps(value)}, "{name}": {json.dumps(other)}}}'
            yield f'{{"{name}": {json.dumps(other)}, "\\u{ord(name[0]):04x}{name[1:]}": {json.dumps(value)}}}'
        for spelled in (name.upper(), name.title(), f"{name} ", f"{name}[]", f"user.{name}", f"new_{name}", f"_{name}"):
            yield json.dumps({spelled: value})
        yield json.dumps({"user": wanted, "account": wanted, "data": wanted})
        yield json.dumps([wanted])
    for address in (
        " Evil@Example.com ",
        "EVIL@EXAMPLE.COM",
        ["evil@example.com"],
        "bob@example.org\nevil@example.com",
    ):
        yield json.dumps({"email": address})
    for address in ("bob@example.org,evil@example.com", "bob@example.org%0aevil@example.com", "b\u00f6b@example.org"):
        yield json.dumps({"email": address})
    yield '{"password": "' + NEW + '"'
    yield f"password={NEW}&email={EVIL}"


@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_no_body_gets_past_the_question_for_the_password(thief, bob, verb, slash):
    before, path = credentials(), f"/users/{bob.pk}{slash}"
    answers = {raw: thief.generic(verb, path, raw) for raw in bodies()}
    assert credentials() == before
    told = {answer.json()["code"] for answer in answers.values() if answer.status_code != 200}
    assert told == {"reauthentication_required", "invalid", "parse_error"}


def test_no_other_way_to_send_it_does(thief, bob):
    before = credentials()
    query = f"password={NEW}&email={EVIL}"
    ways = [
        thief.post(f"/users/{bob.pk}", {"password": NEW}),
        thief.generic("PATCH", f"/users/{bob.pk}?{query}", "{}"),
        thief.generic("GET", f"/users/{bob.pk}?{query}"),
        thief.generic("GET", "/users/me", json.dumps({"password": NEW})),
        thief.patch("/users/me", {"password": NEW}),
        thief.generic("PATCH", f"/users/{bob.pk}", query, "application/x-www-form-urlencoded"),
        thief.post(f"/users/{bob.pk}", {"password": NEW}, headers={"x-http-method-override": "PATCH"}),
        thief.patch(f"/users/{bob.pk}/organizer", {"email": EVIL, "password": NEW}),
        thief.patch(f"/users/%30{bob.pk}", {"password": NEW}),
    ]
    assert credentials() == before
    assert {answer.status_code for answer in ways} <= {200, 403, 404, 405, 415}


# Making a fresh sign-in out of an old one ----------------------------------------------------------------------------


def test_a_refresh_token_does_not_make_it_fresh(bob):
    before = credentials()
    pair = issue_tokens(bob, auth_time=0)
    for _ in range(3):
        pair = ContractClient().post("/users/token/refresh", {"refresh": pair["refresh"]}).json()
        for wanted in WANTED:
            assert whole(ContractClient(pair["token"]).patch(f"/users/{bob.pk}", wanted)) == SIGN_IN_AGAIN
    assert whole(ContractClient(pair["refresh"]).patch(f"/users/{bob.pk}", WANTED[0])) == BAD_TOKEN
    assert credentials() == before


def test_no_service_token_can_be_made_with_it(thief):
    body = {"name": "x", "scopes": [*Scope]}
    assert whole(thief.post("/users/me/tokens/", body)) == SIGN_IN_AGAIN
    assert not ServiceToken.objects.exists()


def test_no_service_token_changes_an_account_or_makes_another(bob):
    secret = api_tokens.create_token(owner=bob, name="x", scopes=[*Scope]).secret
    before, client = credentials(), ContractClient(secret)
    narrow = refusal(403, "This token lacks the scope for this", "insufficient_scope")
    for wanted in WANTED:
        for body in (wanted, {**wanted, "current_password": PASSWORD}):
            assert whole(client.patch(f"/users/{bob.pk}", body)) == narrow
    body = {"name": "y", "scopes": [*Scope], "current_password": PASSWORD}
    assert whole(client.post("/users/me/tokens/", body)) == narrow
    assert (credentials(), ServiceToken.objects.count()) == (before, 1)


def test_nothing_but_the_own_account_is_read_out_with_it(thief):
    answer = thief.get("/users/me/export")
    assert whole(answer)[1]["code"] == "reauthentication_required"


# By mail -------------------------------------------------------------------------------------------------------------


def test_a_reset_goes_to_the_person_whatever_the_thief_has_renamed(thief, bob, django_capture_on_commit_callbacks):
    assert thief.patch(f"/users/{bob.pk}", {"username": "evil"}).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        for address in ("bob@example.org", EVIL, "evil", "evil@example.org"):
            ContractClient().post("/users/password/reset", {"email": address})
    assert {address for sent in mail.outbox for address in sent.to + sent.cc + sent.bcc} == {"bob@example.org"}


def test_a_link_to_an_address_that_one_had_is_good_no_more(bob, api, django_capture_on_commit_callbacks):
    """Whoever has read the old mailbox has nothing of it once the address is another."""
    with django_capture_on_commit_callbacks(execute=True):
        ContractClient().post("/users/password/reset", {"email": "bob@example.org"})
    link = token_in(mail.outbox[0])
    assert api(bob).patch(f"/users/{bob.pk}", {"email": "new@example.org"}).status_code == 200
    before = credentials()
    confirm = {"token": link, "password": NEW}
    assert whole(ContractClient().post("/users/password/reset/confirm", confirm)) == BAD_TOKEN
    assert credentials() == before


def test_a_token_of_one_kind_is_none_of_another(bob, settings, django_capture_on_commit_callbacks):
    """Access and refresh tokens, and both kinds of links."""
    settings.EMAIL_VERIFICATION = "optional"
    with django_capture_on_commit_callbacks(execute=True):
        ContractClient().post("/users/password/reset", {"email": "bob@example.org"})
        ContractClient(token_for(bob)).post("/users/email/verification")
    reset, verification = (token_in(sent) for sent in mail.outbox)
    pair, before = issue_tokens(bob, auth_time=0), credentials()
    for token in (verification, pair["token"], pair["refresh"]):
        confirm = {"token": token, "password": NEW}
        assert whole(ContractClient().post("/users/password/reset/confirm", confirm)) == BAD_TOKEN
    for token in (reset, pair["token"], pair["refresh"]):
        assert whole(ContractClient().post("/users/email/verify", {"token": token})) == BAD_TOKEN
    for token in (reset, verification):
        assert whole(ContractClient(token).get("/users/me")) == BAD_TOKEN
        assert whole(ContractClient().post("/users/token/refresh", {"refresh": token})) == BAD_TOKEN
    assert credentials() == before


# An admin's token ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_an_admins_old_token_makes_no_admin(ada, eve, bob, verb, slash):
    """Who then signs in with a password of their own, and gives everybody another."""
    before, client = credentials(), ContractClient(token_for(ada, signed_in_at=0))
    for body in ({"role": "admin"}, {"role": "admin", "username": "eve"}, {"role": "admin", "current_password": "x"}):
        assert whole(client.send(verb, f"/users/{eve.pk}{slash}", body)) == SIGN_IN_AGAIN
    for wanted in WANTED:
        assert whole(client.send(verb, f"/users/{bob.pk}{slash}", wanted)) == SIGN_IN_AGAIN
    assert credentials() == before


def test_an_admin_who_says_the_password_makes_one(ada, eve):
    client = ContractClient(token_for(ada, signed_in_at=0))
    answer = client.patch(f"/users/{eve.pk}", {"role": "admin", "current_password": PASSWORD})
    assert (answer.status_code, answer.json()["role"]) == (200, "admin")


def test_what_an_admins_old_token_may_still_do_with_roles(ada, eve):
    client = ContractClient(token_for(ada, signed_in_at=0))
    for role in ("organizer", "user"):
        assert client.patch(f"/users/{eve.pk}", {"role": role}).json()["role"] == role
    assert client.patch(f"/users/{ada.pk}", {"role": "admin"}).status_code == 200  # which changes nothing


def test_who_is_no_admin_is_told_that_before_anything_else(thief, bob):
    answer = thief.patch(f"/users/{bob.pk}", {"role": "admin"})
    assert answer.json()["errors"] == {"role": ["Only an admin can make an admin."]}


# From one door to the other ------------------------------------------------------------------------------------------


def test_a_token_of_the_api_opens_no_page_of_the_back_office(ada):
    token = token_for(ada)
    for client in (
        Client(headers={"authorization": f"Bearer {token}"}),
        Client(headers={"cookie": f"sessionid={token}"}),
        Client(headers={"x-csrftoken": token, "authorization": f"Bearer {token}"}),
    ):
        for path in ("/admin/", "/admin/accounts/user/", f"/admin/accounts/user/{ada.pk}/password/"):
            assert client.get(path).headers["Location"].startswith("/admin/login/")
            assert client.post(path, {"new_password1": NEW, "new_password2": NEW}).status_code in {302, 403}


def test_a_session_of_the_back_office_opens_nothing_of_the_api(office, ada):
    client = office(ada)
    assert client.get("/admin/").status_code == 200
    for path in ("/users/me", "/users/", "/events/", "/attendees/"):
        assert whole(client.get(path)) == NO_HEADER


@pytest.fixture
def old_session(office, ada):
    """A browser of ada's that was signed in long ago."""
    client = office(ada)
    session = client.session
    session[AUTH_TIME] = 0
    session.save()
    return client


def test_an_old_session_of_an_admins_makes_no_admin(old_session, eve, ada):
    before = credentials()
    form = {"username": "eve", "email": "eve@example.org", "role": "admin", "is_active": "on"}
    for more in ({}, {"current_password": ""}, {"current_password": "wrong"}):
        answer = old_session.post(f"/admin/accounts/user/{eve.pk}/change/", {**form, **more})
        assert "Enter your current password." in answer.content.decode()
    new = {"username": "evil", "email": EVIL, "role": "admin", "new_password": NEW}
    for more in ({}, {"current_password": ""}, {"current_password": "wrong"}):
        answer = old_session.post("/admin/accounts/user/add/", {**new, **more})
        assert "Enter your current password." in answer.content.decode()
    assert credentials() == before
    old_session.post("/admin/accounts/user/add/", {**new, "current_password": PASSWORD})
    assert User.objects.get(username="evil").is_admin
    old_session.post("/admin/accounts/user/add/", {**new, "username": "max", "email": "max@x.org", "role": "user"})
    assert not User.objects.get(username="max").is_organizer


# When the account is gone --------------------------------------------------------------------------------------------


def test_whoever_takes_the_name_of_a_deleted_account_gets_nothing_of_it(thief, bob, olga, make_event, enroll):
    past = enroll(make_event(olga, status="completed", date_time="2020-01-01T00:00:00Z"), bob, status="attended")
    secret = api_tokens.create_token(owner=bob, name="x", scopes=[*Scope]).secret
    assert whole(thief.delete(f"/users/{bob.pk}")) == DONE
    body = {"username": "bob", "email": "bob@example.org", "password": NEW}
    again = ContractClient().post("/users/register", body).json()
    assert again["user_id"] != bob.pk
    taken = ContractClient(token_for(User.objects.get(pk=again["user_id"])))
    assert taken.get("/attendees/").json()["results"] == []
    assert taken.get(f"/attendees/{past.pk}").status_code == 403
    for old in (ContractClient(secret), thief):
        assert whole(old.get("/users/me")) == BAD_TOKEN
