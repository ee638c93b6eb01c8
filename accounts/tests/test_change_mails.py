"""Whoever's password or address is changed is told, at the address of before, whatever changed it."""

import time
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command

from accounts.forms.account import AUTH_TIME
from accounts.models import Role
from accounts.services import accounts
from eventhub.testing.factories import PASSWORD
from eventhub.testing.mailbox import text_of
from registrations.services.attendee_file import Guest
from registrations.services.attendee_import import import_attendees

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

NEW = "another long passphrase"
PASSWORD_CHANGED, ADDRESS_CHANGED = "Your password has been changed", "Your email address has been changed"


@pytest.fixture
def told(django_capture_on_commit_callbacks):
    """Runs a call with what waits for its commit; who was told what by it."""

    def run(call):
        with django_capture_on_commit_callbacks(execute=True):
            call()
        return [(*sent.to, sent.subject) for sent in mail.outbox]

    return run


@pytest.fixture
def fresh(office):
    """A browser whose sign-in is new."""

    def signed_in(user):
        client = office(user)
        session = client.session
        session[AUTH_TIME] = int(time.time())
        session.save()
        return client

    return signed_in


def by_the_api(api, fresh, ada, olga):
    return lambda changes: api(olga).patch(f"/users/{olga.pk}", changes)


def by_an_admin_in_the_api(api, fresh, ada, olga):
    return lambda changes: api(ada).patch(f"/users/{olga.pk}", changes)


def by_an_admin_in_the_office(api, fresh, ada, olga):
    def change(changes):
        client = fresh(ada)
        if "password" in changes:
            passwords = {"new_password1": NEW, "new_password2": NEW}
            client.post(f"/admin/accounts/user/{olga.pk}/password/", passwords)
        if "email" in changes:
            form = {"username": "olga", "role": "organizer", "is_active": "on", **changes}
            client.post(f"/admin/accounts/user/{olga.pk}/change/", form)

    return change


def by_oneself_in_the_office(api, fresh, ada, olga):
    passwords = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    return lambda changes: fresh(olga).post("/admin/password_change/", passwords)


@pytest.mark.parametrize(
    "way", [by_the_api, by_an_admin_in_the_api, by_an_admin_in_the_office, by_oneself_in_the_office]
)
def test_of_a_new_password(told, api, fresh, ada, olga, way):
    change = way(api, fresh, ada, olga)
    assert told(lambda: change({"password": NEW})) == [("olga@example.org", PASSWORD_CHANGED)]


@pytest.mark.parametrize("way", [by_the_api, by_an_admin_in_the_api, by_an_admin_in_the_office])
def test_of_a_new_address_the_old_one(told, api, fresh, ada, olga, way):
    change = way(api, fresh, ada, olga)
    assert told(lambda: change({"email": "new@example.org"})) == [("olga@example.org", ADDRESS_CHANGED)]


def test_of_both_in_one_mail(told, api, olga):
    changes = {"password": NEW, "email": "new@example.org"}
    subject = "Your password and email address have been changed"
    assert told(lambda: api(olga).patch(f"/users/{olga.pk}", changes)) == [("olga@example.org", subject)]
    assert "The password and the email address of your account olga" in text_of(mail.outbox[0])


def test_what_to_do_depends_on_where_a_new_link_would_go(told, api, olga):
    for changes in ({"password": NEW}, {"email": "new@example.org"}):
        olga.refresh_from_db()
        told(lambda changes=changes: api(olga).patch(f"/users/{olga.pk}", changes))
    password, address = map(text_of, mail.outbox)
    assert ("http://127.0.0.1:8000/admin/password-reset/" in password, "at once. Only they" in address) == (True, True)
    assert "http://127.0.0.1:8000/admin/password-reset/" not in address


def test_the_new_address_is_not_in_the_mail_to_the_old_one(told, api, olga):
    told(lambda: api(olga).patch(f"/users/{olga.pk}", {"email": "new@example.org"}))
    assert "new@example.org" not in mail.outbox[0].message().as_string()


@pytest.mark.parametrize(
    "changes", [{"username": "olga2"}, {"email": "OLGA@example.org"}, {"role": "user"}, {"password": "weak"}, {}]
)
def test_nothing_else_is_worth_a_mail(told, api, olga, changes):
    assert told(lambda: api(olga).patch(f"/users/{olga.pk}", changes)) == []


def test_nobody_is_told_of_what_was_rolled_back(told, api, olga, bob):
    """The name is taken: nothing is changed, also not the password."""
    assert told(lambda: api(olga).patch(f"/users/{olga.pk}", {"username": "bob", "password": NEW})) == []


@pytest.mark.once
def test_imports_and_the_demo_write_to_nobody(told, settings, olga, make_event):
    settings.EMAIL_VERIFICATION = "required"
    event = make_event(olga)
    guests = [Guest(n, f"Guest {n}", f"guest{n}@example.org", "") for n in range(3)]
    assert told(lambda: import_attendees(event_id=event.pk, rows=guests, by=olga)) == []
    assert told(lambda: call_command("demo", "--force", verbosity=0, stdout=StringIO())) == []


def test_an_account_that_an_admin_makes_for_somebody_sends_nothing(told, settings, ada):
    settings.EMAIL_VERIFICATION = "required"
    assert told(lambda: accounts.create_account(by=ada, username="x", email="x@example.org", password=None)) == []
    assert (
        told(lambda: accounts.create_account(by=ada, username="y", email="y@example.org", password=NEW, role=Role.USER))
        == []
    )
