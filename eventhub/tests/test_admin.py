"""The admin shows what is one's own, changes nothing, and opens every page of every model without an error."""

import pytest
from django.contrib import admin
from django.core.cache import cache
from django.db import connection
from django.test import Client

pytestmark = pytest.mark.django_db


PAGES = ["/admin/", *(f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry)]


@pytest.mark.parametrize("page", [*PAGES, "/admin/events/event/?q=talk", "/admin/events/event/?status__exact=draft"])
def test_every_page_opens_for_an_admin(office, ada, olga, make_event, enroll, page):
    enroll(make_event(olga))
    assert office(ada).get(page).status_code == 200


def test_an_organizer_sees_their_own_and_nothing_of_anyone_else(office, olga, otto, make_event, enroll):
    mine, theirs = make_event(olga, title="Mine"), make_event(otto, title="Theirs")
    my_row, their_row = enroll(mine, name="My guest"), enroll(theirs, name="Their guest")
    client = office(olga)
    names = ("Mine", "Theirs")
    for path, own, foreign in (("events/event", mine, theirs), ("registrations/registration", my_row, their_row)):
        page = client.get(f"/admin/{path}/").content.decode()
        assert (names[0] in page, names[1] in page) == (True, False)
        assert client.get(f"/admin/{path}/{own.pk}/change/").status_code == 200
        assert client.get(f"/admin/{path}/{foreign.pk}/change/").status_code == 302
    assert client.get("/admin/accounts/user/").status_code == 403


@pytest.mark.parametrize("path", ["add/", "{pk}/delete/"])
def test_nothing_is_changed_here(office, ada, olga, make_event, path):
    event = make_event(olga)
    assert office(ada).get(f"/admin/events/event/{path.format(pk=event.pk)}").status_code == 403
    assert office(ada).post(f"/admin/events/event/{event.pk}/change/", {"title": "x"}).status_code == 403


def test_guessing_a_password_here_is_throttled_as_at_the_login_of_the_api(ada, settings):
    cache.clear()
    settings.THROTTLE_CREDENTIALS = "2/min"
    client, form = Client(), {"username": "ada", "password": "wrong"}
    pages = [client.post("/admin/login/", form).content.decode() for _ in range(3)]
    assert ["Too many attempts" in page for page in pages] == [False, False, True]
    right = {"username": "ADA", "password": "a passphrase for tests"}
    assert client.post("/admin/login/", right).status_code == 200


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite takes a NUL in a text")
def test_what_the_database_cannot_take_is_a_400(office, ada):
    answer = office(ada).get("/admin/events/event/?status__exact=%00")
    assert (answer.status_code, answer.json()) == (400, {"msg": "Invalid request", "code": "invalid"})


def test_no_page_shows_a_password_hash(office, ada, bob):
    page = office(ada).get(f"/admin/accounts/user/{bob.pk}/change/").content.decode()
    assert ("argon2" in page, bob.email in page) == (False, True)
