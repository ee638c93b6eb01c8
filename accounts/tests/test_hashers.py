"""A password is one password however a keyboard spells it (NIST SP 800-63B, section 3.1.1.2)."""

import unicodedata

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password

from accounts.hashers import Argon2
from eventhub.testing.responses import BAD_CREDENTIALS, whole

WIDE = {letter: letter + 0xFEE0 for letter in range(0x21, 0x7F)}  # as keyboards for Japanese write them
COMPOSED = f"zwölf Boxkämpfer, {'five 123'.translate(WIDE)}"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)
COMPATIBLE = unicodedata.normalize("NFKC", COMPOSED)
SPELLINGS = [COMPOSED, DECOMPOSED, COMPATIBLE]


@pytest.mark.parametrize("typed", SPELLINGS)
@pytest.mark.parametrize("chosen", SPELLINGS)
def test_every_spelling_is_the_same_password(chosen, typed):
    assert check_password(typed, make_password(chosen))
    assert not check_password(f"{typed}.", make_password(chosen))


@pytest.mark.parametrize("chosen", SPELLINGS)
def test_older_hashes_are_of_the_text_as_it_was_typed(chosen):
    class Older(Argon2PasswordHasher):
        time_cost, memory_cost, parallelism = Argon2.time_cost, Argon2.memory_cost, Argon2.parallelism

    assert check_password(chosen, Older().encode(chosen, "a salt of sixteen bytes"))


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["zoe", "nobody"])
def test_a_refusal_hashes_as_often_for_an_unknown_name(api, person, monkeypatch, name):
    zoe = person("zoe")
    zoe.set_password("something else")
    zoe.save()
    runs = []
    for method in ("encode", "verify"):
        run = getattr(Argon2PasswordHasher, method)
        monkeypatch.setattr(
            Argon2PasswordHasher, method, lambda self, *args, run=run: runs.append(1) or run(self, *args)
        )
    assert whole(api().post("/users/login", {"username": name, "password": DECOMPOSED})) == BAD_CREDENTIALS
    assert len(runs) == 2


@pytest.mark.django_db
def test_it_is_judged_in_one_spelling(api):
    body = {"username": "zoe", "email": "zoe@example.org", "password": "password123".translate(WIDE)}
    answer = api().post("/users/register", body)
    assert (answer.status_code, answer.json()["errors"]) == (400, {"password": ["This password is too common."]})


@pytest.mark.django_db
def test_signing_up_with_one_and_signing_in_with_another(api):
    body = {"username": "zoe", "email": "zoe@example.org", "password": DECOMPOSED}
    assert api().post("/users/register", body).status_code == 201
    assert api().post("/users/login", {"username": "zoe", "password": COMPOSED}).status_code == 200
