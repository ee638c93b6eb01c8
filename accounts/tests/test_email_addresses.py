"""One mailbox is one account, however its address is spelled; and people sign in by it."""

from importlib import import_module
from io import StringIO

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.email_addresses import normalize_email
from accounts.models import User
from accounts.services.placeholder_accounts import find_or_create_accounts
from eventhub.testing.factories import PASSWORD
from eventhub.testing.responses import BAD_CREDENTIALS, DONE, USER_EXISTS, refusal, whole

pytestmark = [pytest.mark.once, pytest.mark.django_db]

CANONICAL = "ann@xn--mnchen-3ya.example"
SPELLINGS = [
    "ann@münchen.example",
    "Ann@XN--MNCHEN-3YA.example",
    "ann\u200b@münchen.example",
    "ann@mün\u00adchen.example",
    "ann@mu\u0308nchen\u3002example",
    "\ufeff\uff41nn\uff20MÜNCHEN.example\u2060",
]
EMAIL_EXISTS = refusal(409, "Email already exists", "email_exists")
USERNAME_EXISTS = refusal(409, "Username already exists", "username_exists")


@pytest.fixture
def ann(person):
    return person("ann", email=CANONICAL)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_an_address_is_one(spelling):
    assert normalize_email(spelling) == CANONICAL


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a@straße.example", "a@xn--strae-oqa.example"),  # another domain than strasse.example since IDNA 2008
        ("a@☃.example", "a@xn--n3h.example"),
        (
            "a@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.example",
            "a@xn--mgba3gch31f060k.example",
        ),  # a joiner that the domain is registered with
        ("a@xn--n3h.example", "a@xn--n3h.example"),
        ("a@b..ü.example", "a@b..ü.example"),
        ("a\n@example.org", "a\n@example.org"),
        ("ü" * 2000, "ü" * 2000),
    ],
)
def test_the_canonical_form_stays_as_it_is(given, kept):
    assert (normalize_email(given), normalize_email(kept)) == (kept, kept)


@pytest.mark.parametrize(
    "email",
    [
        place.format(control)
        for control in ("\u2028", "\u2029", "\x85", "\x07", "\n")
        for place in ("ann{}@münchen.example", "ann@{}münchen.example", "ann@mün{}chen.example")
    ]
    + [f"ann@{'ü' * 63}.example", "ann@mün\u3002\u3002chen.example"],
)
def test_an_address_to_which_no_mail_can_be_sent_is_refused(api, olga, make_event, email):
    with pytest.raises(ValidationError):
        User._meta.get_field("email").clean(email, None)
    body = {"username": "ann2", "email": email, "password": "correct horse battery"}
    assert list(api().post("/users/register", body).json()["errors"]) == ["email"]
    answer = api(olga).post("/attendees/", {"event_id": make_event(olga).pk, "email": email})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["email"])
    assert "contact_details" not in answer.json()["msg"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_path_makes_a_second_account_of_an_address(api, ann, bob, spelling):
    body = {"username": "ann2", "email": spelling, "password": "correct horse battery"}
    assert whole(api().post("/users/register", body)) == USER_EXISTS
    change = {"email": spelling, "current_password": PASSWORD}
    assert whole(api(bob).patch(f"/users/{bob.pk}", change)) == EMAIL_EXISTS
    assert find_or_create_accounts({normalize_email(spelling)}) == {CANONICAL: ann.pk}
    assert User.objects.count() == 2


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_reset_is_mailed_to_the_canonical_address(api, ann, mailoutbox, django_capture_on_commit_callbacks, spelling):
    with django_capture_on_commit_callbacks(execute=True):
        assert whole(api().post("/users/password/reset", {"email": spelling})) == DONE
    assert [sent.to for sent in mailoutbox] == [[CANONICAL]]


# Signing in ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", ["ann", "ANN", CANONICAL, *SPELLINGS])
def test_people_sign_in_by_username_or_address(api, client, ann, login):
    credentials = {"username": login, "password": PASSWORD}
    assert api().post("/users/login", credentials).status_code == 200
    assert whole(api().post("/users/login", {**credentials, "password": "wrong"})) == BAD_CREDENTIALS
    User.objects.filter(pk=ann.pk).update(role="organizer")
    assert client.post("/admin/login/?next=/admin/", credentials).status_code == 302


def test_a_long_address_signs_in_to_the_back_office(client, person):
    address = f"{'x' * 60}@{'y.' * 60}example.org"
    person("long", email=address, role="organizer")
    assert client.post("/admin/login/", {"username": address, "password": PASSWORD}).status_code == 302


def test_the_username_of_one_wins_over_the_address_of_another(api, bob, person):
    person("eve", email="first@example.org")
    User.objects.filter(username="eve").update(username=bob.email, password="!")
    assert whole(api().post("/users/login", {"username": bob.email, "password": PASSWORD})) == BAD_CREDENTIALS


def test_nobody_takes_the_address_of_another_as_username(api, ada, ann, bob):
    body = {"username": CANONICAL.upper(), "email": "eve@example.org", "password": "correct horse battery"}
    assert whole(api().post("/users/register", body)) == USER_EXISTS
    assert whole(api(bob).patch(f"/users/{bob.pk}", {"username": CANONICAL})) == USERNAME_EXISTS
    assert api(ann).patch(f"/users/{ann.pk}", {"username": CANONICAL}).status_code == 200


# What is there already -----------------------------------------------------------------------------------------------


def checked():
    out = StringIO()
    try:
        call_command("check_addresses", stdout=out)
    except CommandError as problem:
        out.write(str(problem))
    return out.getvalue().splitlines()


def run_migration(name):
    module, function = name
    getattr(import_module(f"accounts.migrations.{module}"), function)(apps, connection.schema_editor())


def test_doubles_are_listed_and_the_others_rewritten(ann, bob, person):
    assert checked() == ["Every address is canonical. Accounts checked: 2."]
    double, alone = person("ann2"), person("zoe")
    User.objects.filter(pk=double.pk).update(email="ann@münchen.example")
    User.objects.filter(pk=alone.pk).update(email="zoe\u200b@example.org")
    shared = f"{CANONICAL}: accounts {ann.pk}, {double.pk} share this address."
    other = f"zoe@example.org: account {alone.pk} has it in another spelling. Save the address again."
    assert checked() == [shared, other, "Addresses to look at: 2."]
    run_migration(("0005_canonical_addresses", "rewrite"))
    assert checked() == [shared, "Addresses to look at: 1."]
    assert User.objects.get(pk=alone.pk).email == "zoe@example.org"


def test_usernames_that_imports_made_lose_the_address(bob, person):
    imported = person("zoe@example.org", email="zoe@example.org", password="!unusable")
    claimed = person("yan@example.org", email="yan@example.org")
    moved = person("was@example.org", email="is@example.org", password="!unusable")
    kept = [
        bob,
        person("own@example.org", email="other@example.org"),
        person("olga@example.org", email="olga@example.org", role="organizer"),
    ]
    names = [user.username for user in kept]
    run_migration(("0006_usernames_of_imports", "rename"))
    renamed = User.objects.filter(pk__in=[imported.pk, claimed.pk, moved.pk]).values_list("username", flat=True)
    assert all(name.startswith("guest-") and "@" not in name for name in renamed)
    assert len(set(renamed)) == 3
    assert [User.objects.get(pk=user.pk).username for user in kept] == names
    assert User.objects.get_by_natural_key("yan@example.org") == claimed
