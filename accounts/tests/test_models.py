"""What holds for accounts below the API: in the database, in Django's own questions, in its commands."""

import pytest
from django.contrib.auth.hashers import identify_hasher, make_password
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import OrganizerProfile, Role, User
from eventhub import settings as service

pytestmark = pytest.mark.django_db


# The database --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"username": "bob", "email": "other@example.org"},
        {"username": "BOB", "email": "other@example.org"},
        {"username": "other", "email": "bob@example.org"},
        {"username": "other", "email": "Bob@Example.ORG"},
    ],
)
def test_the_database_refuses_a_second_of_one_name_or_address_in_any_case(bob, fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(**fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(**fields)])
    assert list(User.objects.all()) == [bob]


def test_the_database_refuses_a_name_in_another_case_by_update(bob, eve):
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=eve.pk).update(username="BOB")


@pytest.mark.parametrize("role", ["", "owner", "Admin", "attendee"])
def test_the_database_refuses_an_unknown_role(bob, role):
    with pytest.raises(IntegrityError, match="user_role_is_known"), transaction.atomic():
        User.objects.filter(pk=bob.pk).update(role=role)


def test_a_user_has_at_most_one_profile(olga):
    with pytest.raises(IntegrityError), transaction.atomic():
        OrganizerProfile.objects.bulk_create([OrganizerProfile(user=olga)])


def test_an_account_is_looked_up_in_an_index(bob):
    with CaptureQueriesContext(connection) as queries:
        User.objects.get_by_natural_key("BOB")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # it would read a table this small
        cursor.execute(f"EXPLAIN {'QUERY PLAN' if connection.vendor == 'sqlite' else ''} {queries[0]['sql']}")
        assert "user_username_unique_in_any_case" in str(cursor.fetchall())


def test_every_change_of_the_models_has_its_migration():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


# What follows from the role ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "is_active", "is_organizer", "is_admin", "has_module_perms", "has_perm"),
    [
        ("user", True, False, False, False, False),
        ("organizer", True, True, False, True, False),
        ("admin", True, True, True, True, True),
        ("user", False, False, False, False, False),
        ("organizer", False, True, False, False, False),
        ("admin", False, True, True, False, False),
    ],
)
def test_djangos_questions_are_answered_from_the_role(
    role, is_active, is_organizer, is_admin, has_module_perms, has_perm
):
    """As values: a plain method would be true for everybody."""
    user = User(username="zoe", role=role, is_active=is_active)
    assert (user.is_organizer, user.is_staff) == (is_organizer, is_organizer)
    assert (user.is_admin, user.is_superuser) == (is_admin, is_admin)
    assert user.has_module_perms("events") is has_module_perms
    assert user.has_perm("events.change_event") is has_perm


def test_the_role_gives_all_rights_but_one():
    """No flags, groups or permissions could say otherwise, except for writing to attendees (BULK_MAIL) and teams."""
    fields = {field.name for field in User._meta.get_fields() if not field.auto_created}
    written = {"created_at", "updated_at", "sign_in_generation", "email_verified"}
    rights = {"role", "is_active", "is_trusted_to_write", "in_teams"}
    assert fields == {"password", "last_login", "username", "email", "language"} | rights | written


@pytest.mark.parametrize(("role", "profiles"), [("user", 0), ("organizer", 1), ("admin", 1)])
def test_a_profile_is_made_once_for_who_organizes(role, profiles):
    user = User.objects.create(username="zoe", email="zoe@example.org", role=role)
    for _ in range(2):
        user.ensure_profile()
    assert OrganizerProfile.objects.filter(user=user).count() == profiles


def test_a_profile_goes_by_the_name_or_the_username(olga):
    assert str(olga.public_profile) == "olga"
    olga.public_profile.name = "Olga's Lectures"
    assert str(olga.public_profile) == "Olga's Lectures"


# Making and finding accounts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role.values)
def test_create_user_keeps_the_address_in_lower_case_and_makes_the_profile(role):
    user = User.objects.create_user("Zoe", " Zoe@Example.ORG ", "correct horse battery", role=role)
    assert (user.username, user.email, user.role) == ("Zoe", "zoe@example.org", role)
    assert user.check_password("correct horse battery")
    assert OrganizerProfile.objects.filter(user=user).exists() == (role != "user")


def test_an_account_without_a_password_cannot_sign_in():
    assert not User.objects.create_user("zoe", "zoe@example.org").has_usable_password()


def test_createsuperuser_makes_an_admin_with_a_profile(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")
    call_command("createsuperuser", interactive=False, username="zoe", email="Zoe@example.org", verbosity=0)
    zoe = User.objects.get(username="zoe")
    assert (zoe.role, zoe.email, zoe.is_superuser) == ("admin", "zoe@example.org", True)
    assert zoe.check_password("correct horse battery")
    assert zoe.profile.public_name == "zoe"


@pytest.mark.parametrize("email", ["bob@example.org", "BOB@example.org"])
def test_createsuperuser_names_an_address_that_is_taken(monkeypatch, bob, email):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")
    with pytest.raises(CommandError, match="An account with this email address exists already"):
        call_command("createsuperuser", interactive=False, username="zoe", email=email, verbosity=0)


@pytest.mark.parametrize("name", ["bob", "BOB", "bOb", "bob@example.org", "Bob@Example.ORG"])
def test_an_account_is_found_by_its_name_or_address_in_any_case(bob, eve, name):
    assert User.objects.get_by_natural_key(name) == bob


@pytest.mark.parametrize("name", ["", None, "bo", "bob@", "@example.org"])
def test_an_account_is_found_by_nothing_else(bob, name):
    with pytest.raises(User.DoesNotExist):
        User.objects.get_by_natural_key(name)


def test_passwords_are_hashed_as_owasp_recommends(settings):
    """Argon2id, 19 MiB, two passes, one lane (Password Storage Cheat Sheet)."""
    settings.PASSWORD_HASHERS = service.PASSWORD_HASHERS
    encoded = make_password("correct horse battery")
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert not identify_hasher(encoded).must_update(encoded)
