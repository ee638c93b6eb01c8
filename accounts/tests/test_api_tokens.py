"""Service tokens: how one is made, what it opens and what it does not, and what ends it."""

import io
import logging
import re
import time
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as service
from django.db import OperationalError, connection
from django.utils import timezone

from accounts.models import ServiceToken, User
from accounts.permissions import Scope
from accounts.services import accounts, api_tokens, token_secrets
from eventhub.db import routers
from eventhub.exceptions import Forbidden, TokenNotValid, TooManyTokens
from eventhub.testing.contract_client import ContractClient, token_for
from eventhub.testing.factories import PASSWORD
from eventhub.testing.responses import (
    BAD_TOKEN,
    DONE,
    EVENT_NOT_UPDATED,
    INACCESSIBLE,
    NO_EVENT,
    NO_HEADER,
    NO_TOKEN,
    SIGN_IN_AGAIN,
    invalid,
    refusal,
    whole,
)
from registrations.models import Registration
from registrations.services import account_deletion

pytestmark = pytest.mark.django_db

TOKENS = "/users/me/tokens/"
WANTED = {"name": "Website", "scopes": ["events:read", "attendees:write"]}
LONG_AGO = 1_000_000_000
REQUIRED = "This field is required."
NOT_IN_TIME = "Choose a time within the next 365 days."
TOO_MANY = refusal(409, "You have the maximum number of tokens. Revoke one first", "too_many_tokens")
ALL = [scope.value for scope in Scope]


def z(moment):
    return moment.isoformat().replace("+00:00", "Z")


def lacks(scope=None):
    more = {"scope": scope} if scope else {}
    return refusal(403, "This token lacks the scope for this", "insufficient_scope", **more)


def body_of(token):
    return {
        "token_id": token.pk,
        "name": token.name,
        "scopes": token.scopes,
        "created_at": z(token.created_at),
        "expires_at": z(token.expires_at),
        "last_used_at": token.last_used_at and z(token.last_used_at),
    }


@pytest.fixture
def made():
    """Makes a token of somebody's, past the API: `made(olga, "events:read")`."""

    def make(owner, *scopes, **values):
        return api_tokens.create_token(owner=owner, name="Website", scopes=scopes or ALL, **values)

    return make


@pytest.fixture
def using(made):
    """A client that signs with a service token: `using(olga, "events:read").get("/events/")`."""
    return lambda owner, *scopes, **values: ContractClient(made(owner, *scopes, **values).secret)


# Making one ----------------------------------------------------------------------------------------------------------


def test_a_token_is_made_and_shown_once(api, bob):
    with time_machine.travel(timezone.now(), tick=False):
        answer = api(bob).post(TOKENS, WANTED)
    token = ServiceToken.objects.get()
    shown = answer.json()["token"]
    assert whole(answer) == (201, {**body_of(token), "token": shown})
    assert (token.user, token.scopes, token.last_used_at) == (bob, ["attendees:write", "events:read"], None)
    assert token.expires_at - token.created_at == timedelta(days=90)
    listed = api(bob).get(TOKENS)
    assert whole(listed) == (200, {"next": None, "previous": None, "results": [body_of(token)]})


def test_its_text_is_kept_nowhere(api, bob):
    shown = api(bob).post(TOKENS, WANTED).json()["token"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_servicetoken")
        (row,) = cursor.fetchall()
    assert not any(shown[4:] in str(value) for value in row)


def test_its_text_is_as_a_scanner_for_secrets_looks_for_it(made, bob):
    texts = {made(bob).secret for _ in range(10)}
    assert len(texts) == 10
    assert all(re.fullmatch(r"evh_[0-9A-Za-z]{36}", text) for text in texts)
    assert all(token_secrets.is_well_formed(text, "evh_") for text in texts)


def test_it_is_in_no_representation(made, bob):
    new = made(bob)
    assert not any(new.secret in text for text in (repr(new), str(new), repr(new.token), str(new.token)))


def test_it_lives_as_long_as_was_asked_for(api, bob):
    until = timezone.now().replace(microsecond=0) + timedelta(days=300)
    assert api(bob).post(TOKENS, {**WANTED, "expires_at": z(until)}).json()["expires_at"] == z(until)
    day = until.date().isoformat()
    assert api(bob).post(TOKENS, {**WANTED, "expires_at": day}).json()["expires_at"] == f"{day}T23:59:59.999999Z"


@pytest.mark.parametrize("away", [timedelta(seconds=-1), timedelta(0), timedelta(days=365, seconds=1)])
def test_it_lives_from_now_on_and_at_most_a_year(api, bob, away):
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False):
        until = z(timezone.now() + away)
        assert whole(api(bob).post(TOKENS, {**WANTED, "expires_at": until})) == invalid(expires_at=NOT_IN_TIME)
    assert not ServiceToken.objects.exists()


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"name": None}, {"name": "This field may not be null."}),
        ({"name": " "}, {"name": "This field may not be blank."}),
        ({"name": "x" * 101}, {"name": "Ensure this field has no more than 100 characters."}),
        ({"name": "x\x00"}, {"name": "Null characters are not allowed."}),
        ({"scopes": []}, {"scopes": "This list may not be empty."}),
        ({"scopes": "events:read"}, {"scopes": 'Expected a list of items but got type "str".'}),
        ({"expires_at": "soon"}, {"expires_at": "Enter an ISO 8601 date and time, such as 2026-05-01T18:00:00Z."}),
    ],
)
def test_a_wrong_body_makes_none(api, bob, change, errors):
    assert whole(api(bob).post(TOKENS, {**WANTED, **change})) == invalid(**errors)


def test_a_body_without_name_and_scopes_makes_none(api, bob):
    assert whole(api(bob).post(TOKENS, {})) == invalid(name=REQUIRED, scopes=REQUIRED)


@pytest.mark.parametrize("scope", ["everything", "EVENTS:READ", "", None, ["events:read"]])
def test_an_unknown_scope_is_refused(api, bob, scope):
    answer = api(bob).post(TOKENS, {**WANTED, "scopes": ["events:read", scope]})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["scopes"])


def test_a_scope_named_twice_is_one(api, bob):
    assert api(bob).post(TOKENS, {**WANTED, "scopes": ["events:read"] * 2}).json()["scopes"] == ["events:read"]


def test_making_one_takes_a_fresh_sign_in_or_the_password(api, bob):
    stale = api(bob, signed_in_at=time.time() - 15 * 60)
    assert whole(stale.post(TOKENS, WANTED)) == SIGN_IN_AGAIN
    assert whole(stale.post(TOKENS, {})) == SIGN_IN_AGAIN  # before it says anything about the body
    assert whole(stale.post(TOKENS, {**WANTED, "current_password": "a wrong passphrase"})) == SIGN_IN_AGAIN
    assert not ServiceToken.objects.exists()
    assert stale.post(TOKENS, {**WANTED, "current_password": PASSWORD}).status_code == 201


def test_guessing_the_password_there_is_throttled(api, bob, settings):
    settings.THROTTLE_CREDENTIALS = "2/min"
    stale = api(bob, signed_in_at=LONG_AGO)
    guess = {**WANTED, "current_password": "a wrong passphrase"}
    assert [stale.post(TOKENS, guess).status_code for _ in range(3)] == [403, 403, 429]
    assert stale.post(TOKENS, {**WANTED, "current_password": PASSWORD}).status_code == 429


def test_an_account_has_so_many_and_no_more(api, bob, eve, made, monkeypatch):
    monkeypatch.setattr(api_tokens, "MAX_TOKENS", 2)
    made(eve)
    assert [api(bob).post(TOKENS, WANTED).status_code for _ in range(2)] == [201, 201]
    assert whole(api(bob).post(TOKENS, WANTED)) == TOO_MANY


def test_those_that_have_ended_make_room(bob, made, monkeypatch):
    monkeypatch.setattr(api_tokens, "MAX_TOKENS", 1)
    now = timezone.now()
    made(bob, expires_at=now + timedelta(hours=1))
    with pytest.raises(TooManyTokens):
        made(bob)
    made(bob, now=now + timedelta(hours=1))
    bob = accounts.end_sign_ins(account=bob, by=bob)
    assert [made(bob).token] == list(ServiceToken.objects.all())


def test_a_sign_in_that_has_been_ended_meanwhile_makes_none(bob, made):
    accounts.end_sign_ins(account=bob, by=bob)
    with pytest.raises(TokenNotValid):
        made(bob)
    assert not ServiceToken.objects.exists()


# What it opens -------------------------------------------------------------------------------------------------------


def test_it_acts_in_its_owners_name(using, bob, olga, make_event):
    event = make_event(olga)
    client = using(bob)
    assert client.get("/users/me").json()["user_id"] == bob.pk
    assert client.post("/attendees/", {"event_id": event.pk}).status_code == 201
    row = Registration.objects.get()
    assert (row.user, row.status_by, row.status_through) == (bob, bob, "api")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_in_any_case(made, bob, scheme):
    client = ContractClient()
    assert client.get("/users/me", headers={"authorization": f"{scheme} {made(bob).secret}"}).status_code == 200


def test_it_does_what_its_scopes_name_and_nothing_else(using, olga, make_event):
    event = make_event(olga)
    client = using(olga, "events:read")
    assert client.get("/events/").status_code == client.get(f"/events/{event.pk}").status_code == 200
    assert whole(client.patch(f"/events/{event.pk}", {"title": "Other"})) == lacks("events:write")
    assert whole(client.get(f"/events/{event.pk}/attendees")) == lacks("attendees:read")
    assert whole(client.post("/attendees/", {"event_id": event.pk})) == lacks("attendees:write")
    assert whole(client.get("/users/me")) == lacks("profile:read")


def test_the_refusal_says_by_header_too_which_scope_is_missing(using, olga, ada):
    answer = using(olga, "events:read").get("/users/me")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api", error="insufficient_scope", scope="profile:read"'
    answer = using(ada).get("/users/")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api", error="insufficient_scope"'


def test_no_scope_opens_accounts_sign_ins_or_tokens(using, ada, bob, made):
    client = using(ada)
    other = made(ada).token
    refusals = [
        client.get("/users/"),
        client.get(f"/users/{ada.pk}"),
        client.get(f"/users/{bob.pk}"),
        client.patch(f"/users/{ada.pk}", {"username": "other", "current_password": PASSWORD}),
        client.patch(f"/users/{bob.pk}", {"role": "admin"}),
        client.delete(f"/users/{bob.pk}"),
        client.post("/users/logout", {"refresh": "x"}),
        client.patch(f"/users/{ada.pk}/organizer", {"name": "Other"}),
        client.get(TOKENS),
        client.post(TOKENS, {**WANTED, "current_password": PASSWORD}),
        client.delete(f"{TOKENS}{other.pk}"),
    ]
    assert [whole(answer) for answer in refusals] == [lacks()] * len(refusals)


def test_it_may_no_more_than_its_owner(using, olga, otto, bob, make_event):
    event, draft = make_event(otto), make_event(otto, status="draft")
    client = using(olga)
    assert whole(client.patch(f"/events/{event.pk}", {"title": "Other"})) == EVENT_NOT_UPDATED
    assert whole(client.get(f"/events/{draft.pk}")) == NO_EVENT
    assert whole(client.get(f"/users/{otto.pk}/events")) == INACCESSIBLE
    assert using(bob).post("/events/", {}).json()["code"] == "permission_denied"


def test_what_its_owner_may_is_asked_at_every_request(using, olga):
    client = using(olga)
    body = {"title": "Talk", "location": "Hall", "date_time": "2030-05-01T19:00:00Z", "max_capacity": 1}
    assert client.post("/events/", body).status_code == 201
    User.objects.filter(pk=olga.pk).update(role="user")
    assert client.post("/events/", body).json()["msg"] == "You must be an organizer to create events"


def test_a_public_operation_does_not_look_at_it(api):
    client = ContractClient("evh_nonsense")
    assert client.post("/users/login", {"username": "x", "password": "y"}).json()["code"] == "invalid_credentials"


def test_it_is_no_refresh_token(made, bob):
    answer = ContractClient().post("/users/token/refresh", {"refresh": made(bob).secret})
    assert whole(answer) == BAD_TOKEN


def test_it_opens_nothing_of_the_back_office(made, ada, client):
    answer = client.get("/admin/", headers={"authorization": f"Bearer {made(ada).secret}"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/login/?next=/admin/")


def test_it_counts_for_its_owners_throttle(using, api, bob, settings):
    settings.THROTTLE_GENERAL = "2/day"
    client = using(bob)
    answers = [client.get("/users/me"), api(bob).get("/users/me"), client.get("/users/me")]
    assert [answer.status_code for answer in answers] == [200, 200, 429]


def test_it_is_known_by_one_statement(made, bob, django_assert_num_queries):
    new = made(bob)
    api_tokens.record_use(new.token)
    with django_assert_num_queries(1):  # the token with its owner
        assert ContractClient(new.secret).get("/users/me").status_code == 200


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has replicas")
def test_the_same_statement_says_how_new_a_replica_has_to_be(made, bob, monkeypatch, django_assert_num_queries):
    secret = made(bob).secret
    monkeypatch.setattr(routers, "IS_CONFIGURED", True)
    with routers.one_request(), django_assert_num_queries(1):
        token = api_tokens.authenticate_token(secret)
        position = routers._reading.get().position
    assert re.fullmatch(r"[0-9A-F]+/[0-9A-F]+", position)
    assert position == token.log_position


# What ends it --------------------------------------------------------------------------------------------------------


def test_it_works_until_it_expires(made, bob):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = ContractClient(made(bob, expires_at=timezone.now() + timedelta(days=2)).secret)
        clock.shift(timedelta(days=2, seconds=-1))
        assert client.get("/users/me").status_code == 200
        clock.shift(timedelta(seconds=1))
        assert whole(client.get("/users/me")) == BAD_TOKEN


def test_one_that_has_expired_is_still_listed(made, api, bob):
    new = made(bob, expires_at=timezone.now() + timedelta(seconds=1))
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert [row["token_id"] for row in api(bob).get(TOKENS).json()["results"]] == [new.token.pk]


def test_its_owner_revokes_it(api, made, bob):
    new, other = made(bob), made(bob)
    assert whole(api(bob).delete(f"{TOKENS}{new.token.pk}")) == DONE
    assert whole(ContractClient(new.secret).get("/users/me")) == BAD_TOKEN
    assert ContractClient(other.secret).get("/users/me").status_code == 200
    assert whole(api(bob).delete(f"{TOKENS}{new.token.pk}")) == NO_TOKEN


@pytest.mark.parametrize("who", ["eve", "ada"])
def test_there_are_only_ones_own(request, api, made, bob, who):
    somebody = request.getfixturevalue(who)
    new = made(bob)
    assert api(somebody).get(TOKENS).json()["results"] == []
    assert whole(api(somebody).delete(f"{TOKENS}{new.token.pk}")) == NO_TOKEN
    assert ContractClient(new.secret).get("/users/me").status_code == 200


def test_the_rule_itself_lets_its_owner_and_an_admin_revoke_it(made, bob, eve, ada):
    new, other = made(bob), made(bob)
    with pytest.raises(Forbidden):
        api_tokens.revoke_token(token=new.token, by=eve)
    api_tokens.revoke_token(token=new.token, by=ada)
    assert list(ServiceToken.objects.all()) == [other.token]


def a_new_password(account):
    account_deletion.change_account(account=account, by=account, changes={"password": "another passphrase"})


def the_end_of_all_sign_ins(account):
    accounts.end_sign_ins(account=account, by=account)


def deactivation(account):
    User.objects.filter(pk=account.pk).update(is_active=False)


def a_deactivation_that_is_taken_back(account, by):
    for is_active in (False, True):
        account_deletion.change_account(
            account=User.objects.get(pk=account.pk), by=by, changes={"is_active": is_active}
        )


def a_password_given_by_hand(account):
    account.set_password("another passphrase")
    account.save()


def the_end_of_the_account(account):
    account_deletion.delete_account(account_id=account.pk)


ENDS = [
    a_new_password,
    the_end_of_all_sign_ins,
    deactivation,
    a_deactivation_that_is_taken_back,
    a_password_given_by_hand,
    the_end_of_the_account,
]


@pytest.mark.parametrize("end", ENDS)
def test_it_ends_with_its_owners_sign_ins(made, bob, ada, end):
    new = made(bob)
    end(bob, ada) if end is a_deactivation_that_is_taken_back else end(bob)
    assert whole(ContractClient(new.secret).get("/users/me")) == BAD_TOKEN


def test_one_that_has_ended_with_the_sign_ins_is_not_listed(api, made, bob):
    made(bob)
    bob = accounts.end_sign_ins(account=bob, by=bob)
    assert api(bob).get(TOKENS).json()["results"] == []


def test_a_sign_in_ends_none(api, made, bob):
    new = made(bob)
    assert api().post("/users/login", {"username": "bob", "password": PASSWORD}).status_code == 200
    assert ContractClient(new.secret).get("/users/me").status_code == 200


WRONG = {
    "nothing behind the prefix": lambda text: "evh_",
    "cut short": lambda text: text[:-1],
    "too long": lambda text: text + "0",
    "one letter changed": lambda text: f"{text[:9]}{'a' if text[9] != 'a' else 'b'}{text[10:]}",
    "another checksum": lambda text: text[:-1] + ("a" if text[-1] != "a" else "b"),
    "in capitals": lambda text: "evh_" + text[4:].swapcase(),
    "no ASCII": lambda text: text[:-1] + "ö",
    "nobody's": lambda text: token_secrets.new_secret("evh_"),
    "its digest": lambda text: "evh_" + token_secrets.digest_of(text),
    "the prefix in capitals": lambda text: "EVH_" + text[4:],
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG.keys())
def test_nothing_but_its_text_opens_anything(made, bob, change):
    secret = made(bob).secret
    client = ContractClient()
    answer = client.get("/users/me", headers={"authorization": f"Bearer {change(secret)}"})
    assert whole(answer) == BAD_TOKEN
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'


def test_another_scheme_is_no_signature(made, bob):
    client = ContractClient()
    answer = client.get("/users/me", headers={"authorization": f"Token {made(bob).secret}"})
    assert whole(answer) == NO_HEADER


def test_what_is_mistyped_costs_no_query(django_assert_num_queries):
    with django_assert_num_queries(0), pytest.raises(TokenNotValid):
        api_tokens.authenticate_token("evh_" + "0" * 36)


# Its last use --------------------------------------------------------------------------------------------------------


def test_its_last_use_is_written_down_once_a_minute(made, api, bob):
    new = made(bob)
    start = timezone.now().replace(microsecond=0) + timedelta(seconds=10)
    seen = []
    with time_machine.travel(start, tick=False) as clock:
        for seconds in (0, 59, 1):
            clock.shift(timedelta(seconds=seconds))
            assert ContractClient(new.secret).get("/users/me").status_code == 200
            seen.append(ServiceToken.objects.get().last_used_at - start)
    assert seen == [timedelta(0), timedelta(0), timedelta(seconds=60)]


def test_a_request_goes_on_where_its_use_cannot_be_written(made, bob, caplog):
    new = made(bob)

    def refuse(execute, sql, params, many, context):
        if sql.startswith("UPDATE"):
            raise OperationalError("the disk is full")
        return execute(sql, params, many, context)

    with caplog.at_level(logging.INFO), connection.execute_wrapper(refuse):
        assert ContractClient(new.secret).get("/users/me").status_code == 200
    assert ServiceToken.objects.get().last_used_at is None
    assert "Could not record the use of a service token (OperationalError)" in caplog.text


def test_those_that_expired_a_month_ago_are_forgotten(made, bob):
    now = timezone.now()
    made(bob, expires_at=now + timedelta(minutes=1))
    live = made(bob, expires_at=now + timedelta(minutes=3)).token
    later = now + timedelta(days=30, minutes=1)
    assert (api_tokens.delete_expired(now=later, dry_run=True), ServiceToken.objects.count()) == (1, 2)
    assert api_tokens.delete_expired(now=later, dry_run=False) == 1
    assert api_tokens.delete_expired(now=later, dry_run=False) == 0
    assert list(ServiceToken.objects.all()) == [live]


# What is written down ------------------------------------------------------------------------------------------------


def test_its_making_and_its_end_are_security_events(api, bob, caplog):
    with caplog.at_level(logging.INFO, logger="eventhub.security"):
        token_id = api(bob).post(TOKENS, WANTED).json()["token_id"]
        api(bob).delete(f"{TOKENS}{token_id}")
    ids = {"user_id": bob.pk, "by": bob.pk, "token_id": token_id}
    assert [(record.getMessage(), record.facts) for record in caplog.records] == [
        ("token_made", {**ids, "scopes": "attendees:write events:read"}),
        ("token_revoked", ids),
    ]


def test_its_text_is_in_no_log(api, bob, caplog):
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    logging.getLogger().addHandler(handler)
    try:
        with caplog.at_level(logging.DEBUG):
            shown = api(bob).post(TOKENS, WANTED).json()["token"]
            client = ContractClient(shown)
            client.get("/events/")
            client.get(TOKENS)
            client.get("/users/")
            ContractClient(shown[:-1]).get("/events/")
    finally:
        logging.getLogger().removeHandler(handler)
    assert service.DEBUG is False
    assert not [text for text in (caplog.text, out.getvalue()) if shown[4:30] in text]


def test_a_token_of_a_sign_in_still_opens_everything(bob):
    assert ContractClient(token_for(bob)).get(TOKENS).status_code == 200
