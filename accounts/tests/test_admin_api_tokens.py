"""Service tokens in the back office: one's own, and everybody's for admins, whose texts nobody sees."""

import html
import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from accounts.models import ServiceToken
from accounts.services import accounts, api_tokens
from eventhub.testing.contract_client import ContractClient
from eventhub.testing.factories import PASSWORD

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db]

OWN, LIST = "/admin/tokens/", "/admin/accounts/servicetoken/"
WANTED = {"name": "Website", "scopes": ["events:read", "attendees:read"], "days": "90"}
AUTH_TIME = "auth_time"


@pytest.fixture
def fresh(office):
    """A browser whose password was given just now."""

    def signed_in(user):
        client = office(user)
        session = client.session
        session[AUTH_TIME] = int(timezone.now().timestamp())
        session.save()
        return client

    return signed_in


def make(owner, name="Website", **values):
    return api_tokens.create_token(owner=owner, name=name, scopes=["events:read"], **values)


def text(answer):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


# One's own -----------------------------------------------------------------------------------------------------------


def test_a_token_is_made_and_shown_once(fresh, olga):
    client = fresh(olga)
    answer = client.post(OWN, WANTED)
    (secret,) = re.findall(r"evh_\w{36}", answer.content.decode())
    token = ServiceToken.objects.get()
    assert (answer.status_code, token.user, token.name, token.scopes) == (
        200,
        olga,
        "Website",
        ["attendees:read", "events:read"],
    )
    assert token.expires_at - token.created_at == timedelta(days=90)
    assert ContractClient(secret).get("/events/").status_code == 200
    page = client.get(OWN)
    assert ("Website" in text(page), secret in page.content.decode()) == (True, False)
    assert "no-store" in answer.headers["Cache-Control"]


def test_only_ones_own_are_there(office, olga, ada):
    make(ada, "The admin's")
    assert "The admin's" not in text(office(olga).get(OWN))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": ""}, "This field is required."),
        ({"scopes": []}, "This field is required."),
        ({"scopes": ["users:write"]}, "Select a valid choice. users:write is not one of the available choices."),
        ({"days": "366"}, "Select a valid choice. 366 is not one of the available choices."),
    ],
)
def test_a_wrong_form_makes_none_and_says_why(fresh, olga, change, problem):
    assert problem in text(fresh(olga).post(OWN, {**WANTED, **change}))
    assert not ServiceToken.objects.exists()


def test_one_too_many_is_refused_on_the_page(fresh, olga, monkeypatch):
    monkeypatch.setattr(api_tokens, "MAX_TOKENS", 0)
    assert "You have the maximum number of tokens. Revoke one first." in text(fresh(olga).post(OWN, WANTED))


def test_making_one_takes_a_fresh_sign_in_or_the_password(office, olga):
    client = office(olga)
    assert "Enter your current password." in text(client.post(OWN, WANTED))
    assert "Enter your current password." in text(client.post(OWN, {**WANTED, "current_password": "wrong"}))
    assert not ServiceToken.objects.exists()
    assert "evh_" in text(client.post(OWN, {**WANTED, "current_password": PASSWORD}))


def test_its_owner_revokes_it(office, olga):
    new, other = make(olga), make(olga, "Other")
    answer = office(olga).post(OWN, {"revoke": new.token.pk})
    assert (answer.status_code, answer.headers["Location"]) == (302, OWN)
    assert ContractClient(new.secret).get("/events/").json()["code"] == "token_not_valid"
    assert list(ServiceToken.objects.all()) == [other.token]


@pytest.mark.parametrize("number", ["0", "-1", "x", "", "9" * 30, "{}"])
def test_nobody_revokes_anothers_there(office, olga, ada, number):
    token = make(ada).token
    assert office(olga).post(OWN, {"revoke": number.format(token.pk)}).status_code == 404
    assert ServiceToken.objects.exists()


def test_one_that_has_expired_says_so_and_one_that_ended_is_not_there(office, olga):
    now = timezone.now()
    make(olga, "Old", now=now - timedelta(days=100))
    assert "Old events:read Expired Never Revoke" in text(office(olga).get(OWN))
    olga = accounts.end_sign_ins(account=olga, by=olga)
    assert "Old" not in text(office(olga).get(OWN))


def test_a_name_is_shown_as_it_was_typed_and_not_as_a_page(fresh, olga):
    client = fresh(olga)
    name = "<script>alert(1)</script>"
    for answer in (client.post(OWN, {**WANTED, "name": name}), client.get(OWN)):
        assert (name in answer.content.decode(), html.escape(name) in answer.content.decode()) == (False, True)


def test_who_is_not_inside_does_not_get_there(office, client, bob):
    assert client.get(OWN).status_code == 302
    assert office(bob).get(OWN).status_code == 403


# Everybody's ---------------------------------------------------------------------------------------------------------


def test_an_admin_sees_everybodys_and_no_text_of_any(office, ada, olga, bob):
    made = [make(olga, "Olga's site"), make(bob, "Bob's script")]
    client = office(ada)
    pages = [client.get(LIST), *(client.get(f"{LIST}{new.token.pk}/change/") for new in made)]
    assert [page.status_code for page in pages] == [200, 200, 200]
    assert all(name in text(pages[0]) for name in ("Olga's site", "Bob's script", "olga", "bob"))
    secrets = [part for new in made for part in (new.secret, new.token.digest, new.token.bond)]
    assert [secret for page in pages for secret in secrets if secret in page.content.decode()] == []


def test_an_admin_finds_them_by_their_owner(office, ada, olga, bob):
    make(olga, "Website"), make(bob, "Script")
    page = text(office(ada).get(f"{LIST}?q=bob"))
    assert ("Script" in page, "Website" in page) == (True, False)


def test_an_admin_revokes_anybodys(office, ada, bob, caplog):
    new = make(bob)
    with caplog.at_level("INFO", logger="eventhub.security"):
        answer = office(ada).post(f"{LIST}{new.token.pk}/delete/", {"post": "yes"})
    assert (answer.status_code, answer.headers["Location"]) == (302, LIST)
    assert ContractClient(new.secret).get("/users/me").json()["code"] == "token_not_valid"
    assert [(record.getMessage(), record.facts) for record in caplog.records] == [
        ("token_revoked", {"user_id": bob.pk, "by": ada.pk, "token_id": new.token.pk})
    ]
    assert LogEntry.objects.get().object_repr == f"Token {new.token.pk} of account {bob.pk}"


def test_nobody_makes_or_changes_one_for_somebody_else(office, ada, bob):
    token = make(bob).token
    client = office(ada)
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{token.pk}/change/", {"name": "Other"}).status_code == 403
    assert client.post(LIST, {"action": "delete_selected", "_selected_action": [token.pk], "post": "yes"}).status_code
    assert ServiceToken.objects.get().name == "Website"


@pytest.mark.parametrize("which", ["", "{}/change/", "{}/delete/", "{}/history/"])
def test_an_organizer_sees_no_list_of_them(office, olga, bob, which):
    pk = make(bob).token.pk
    assert office(olga).get(f"{LIST}{which.format(pk)}").status_code in (302, 403)
    mine = make(olga).token.pk
    assert office(olga).post(f"{LIST}{mine}/delete/", {"post": "yes"}).status_code in (302, 403)
    assert ServiceToken.objects.count() == 2


def test_the_menus_lead_there(office, olga, ada):
    pages = {who: office(who).get("/admin/").content.decode() for who in (olga, ada)}
    assert {who: (OWN in page, LIST in page) for who, page in pages.items()} == {olga: (True, False), ada: (True, True)}


def test_a_list_of_many_takes_as_many_queries_as_one_of_few(office, ada, bob, olga, django_assert_num_queries):
    client = office(ada)
    counts = []
    for owner in (bob, olga):
        make(owner)
        # the session, the account and its second factor; the tokens with their owners
        with django_assert_num_queries(4):
            counts.append(client.get(LIST).status_code)
    assert counts == [200, 200]
