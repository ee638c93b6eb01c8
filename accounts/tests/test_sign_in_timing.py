"""A refused sign-in does the same work whatever is wrong with it, so that its time tells nobody who has an account."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.hashers import Argon2
from accounts.models import User
from accounts.services.placeholder_accounts import find_or_create_accounts
from eventhub.testing.factories import PASSWORD
from eventhub.testing.responses import BAD_CREDENTIALS, whole

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

REFUSED = {
    "a wrong password": ("bob", "a wrong passphrase"),
    "no password to speak of": ("bob", "x"),
    "an unknown name": ("nobody", PASSWORD),
    "a deactivated account, with its password": ("eve", PASSWORD),
    "a deactivated account": ("eve", "a wrong passphrase"),
    "an address with a wrong password": ("bob@example.org", "a wrong passphrase"),
    "an unknown address": ("nobody@example.org", PASSWORD),
    "an account that nobody has claimed": ("zoe@example.org", PASSWORD),
    "an account whose hash is none": ("otto", PASSWORD),
}


@pytest.fixture(autouse=True)
def people(bob, eve, otto):
    User.objects.filter(pk=eve.pk).update(is_active=False)
    User.objects.filter(pk=otto.pk).update(password="of another time")
    find_or_create_accounts(["zoe@example.org"])


@pytest.fixture
def hashed(monkeypatch):
    """Each time that argon2 runs."""
    runs = []
    for name in ("encode", "verify"):
        run = getattr(Argon2, name)
        monkeypatch.setattr(Argon2, name, lambda *args, run=run: runs.append(1) or run(*args))
    return runs


def sign_in(username, password):
    return whole(Client().post("/users/login", {"username": username, "password": password}, "application/json"))


def sign_in_at_the_office(username, password):
    page = Client().post("/admin/login/", {"username": username, "password": password})
    return page.status_code, "Wrong username or password." in page.content.decode()


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize(("way", "refused"), [(sign_in, BAD_CREDENTIALS), (sign_in_at_the_office, (200, True))])
def test_it_hashes_once(hashed, way, refused, kind):
    assert way(*REFUSED[kind]) == refused
    assert len(hashed) == 1


@pytest.mark.parametrize("way", [sign_in, sign_in_at_the_office])
def test_it_asks_the_database_the_same(way):
    found = {}
    for kind, credentials in REFUSED.items():
        with CaptureQueriesContext(connection) as captured:
            way(*credentials)
        found[kind] = len(captured)
    assert len(set(found.values())) == 1, found
