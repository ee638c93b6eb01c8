"""POST /users/register: who gets in, as what, and every refusal."""

import pytest

from accounts.models import OrganizerProfile, User
from eventhub.testing.responses import USER_EXISTS, invalid, whole

pytestmark = pytest.mark.django_db

BODY = {"username": "zoe", "email": "zoe@example.org", "password": "correct horse battery"}
MISSING = "This field is required."
BLANK = "This field may not be blank."
NULL = "This field may not be null."
NO_TEXT = "Not a valid string."
NUL = "Null characters are not allowed."
NO_ADDRESS = "Enter a valid email address."
NO_NAME = (
    "Enter a valid username. This value may contain only unaccented lowercase a-z and uppercase A-Z letters, "
    "numbers, and @/./+/-/_ characters."
)
TOO_COMMON = "This password is too common."
ALL_DIGITS = "This password is entirely numeric."
TOO_SHORT = "This password is too short. It must contain at least 8 characters."


def at_most(length):
    return f"Ensure this field has no more than {length} characters."


def address_of(length):
    return f"{'z' * 64}@{'a' * 63}.{'b' * 63}.{'c' * (length - 197)}.org"


def no_role(text):
    return f'"{text}" is not a valid choice.'


@pytest.fixture
def sign_up(api):
    def post(**changes):
        body = {**BODY, **changes}
        return api().post("/users/register", {key: value for key, value in body.items() if value is not ...})

    return post


def test_signing_up_answers_with_the_account(sign_up):
    answer = sign_up()
    user = User.objects.get()
    created = user.created_at.isoformat().replace("+00:00", "Z")
    assert whole(answer) == (
        201,
        {
            "user_id": user.pk,
            "username": "zoe",
            "email": "zoe@example.org",
            "role": "user",
            "email_verified": False,
            "created_at": created,
            "updated_at": user.updated_at.isoformat().replace("+00:00", "Z"),
        },
    )


def test_who_signed_up_can_sign_in(api, sign_up):
    sign_up()
    assert api().post("/users/login", {"username": "zoe", "password": BODY["password"]}).status_code == 200


def test_the_password_is_kept_as_a_hash(sign_up):
    sign_up()
    user = User.objects.get()
    assert user.password.startswith("argon2$argon2id$")
    assert user.check_password(BODY["password"])


@pytest.mark.parametrize(
    ("asked", "given"), [(..., "user"), ("user", "user"), ("attendee", "user"), ("organizer", "organizer")]
)
def test_the_role_is_user_unless_organizer_is_asked_for(sign_up, asked, given):
    answer = sign_up(role=asked)
    assert (answer.status_code, answer.json()["role"], User.objects.get().role) == (201, given, given)


@pytest.mark.parametrize(("role", "profiles"), [("user", 0), ("organizer", 1)])
def test_an_organizer_signs_up_with_a_public_profile(sign_up, role, profiles):
    sign_up(role=role)
    assert OrganizerProfile.objects.filter(user__username="zoe").count() == profiles


@pytest.mark.parametrize("policy", ["open", "closed"])
def test_nobody_signs_up_as_an_admin(settings, sign_up, policy):
    settings.ORGANIZER_SIGNUP = policy
    assert whole(sign_up(role="admin")) == invalid(role="Only an admin can make an admin.")
    assert not User.objects.exists()


def test_nobody_signs_up_as_an_organizer_where_that_is_closed(settings, sign_up):
    settings.ORGANIZER_SIGNUP = "closed"
    assert whole(sign_up(role="organizer")) == invalid(role="Organizers are made by an admin here.")
    assert not User.objects.exists()


def test_anyone_signs_up_as_a_user_where_organizers_are_closed(settings, sign_up):
    settings.ORGANIZER_SIGNUP = "closed"
    assert sign_up(role="user").status_code == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"username": "bob"},
        {"username": "BoB"},
        {"username": " bob "},
        {"email": "bob@example.org"},
        {"email": "Bob@Example.ORG"},
        {"username": "BOB", "email": "BOB@EXAMPLE.ORG"},
    ],
)
def test_a_name_or_an_address_that_is_taken_in_any_case_is_refused(bob, sign_up, changes):
    assert whole(sign_up(**changes)) == USER_EXISTS
    assert list(User.objects.values_list("username", "email")) == [("bob", "bob@example.org")]


def test_the_name_keeps_its_case_and_the_address_does_not(sign_up):
    answer = sign_up(username="ZoE", email="  Zoe@Example.ORG ")
    assert (answer.json()["username"], answer.json()["email"]) == ("ZoE", "zoe@example.org")
    assert User.objects.get().email == "zoe@example.org"


@pytest.mark.parametrize(
    "changes",
    [
        {"username": "a.b+c@d-e_1"},
        {"username": " zoe\n"},  # white space around a name is none of it
        {"username": "z" * 150},
        {"email": address_of(254)},
        {"password": "correct horse " * 9 + "ok"},  # 128 characters
        {"password": "  with spaces around  "},
    ],
)
def test_the_longest_and_strangest_that_is_allowed(api, sign_up, changes):
    assert sign_up(**changes).status_code == 201
    credentials = {key: {**BODY, **changes}[key] for key in ("username", "password")}
    assert api().post("/users/login", credentials).status_code == 200


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("username", ..., MISSING),
        ("username", None, NULL),
        ("username", "", BLANK),
        ("username", "   ", BLANK),
        ("username", True, NO_TEXT),
        ("username", ["zoe"], NO_TEXT),
        ("username", {"name": "zoe"}, NO_TEXT),
        ("username", "z" * 151, at_most(150)),
        ("username", "zoe smith", NO_NAME),
        ("username", "zoé", NO_NAME),
        ("username", "zo\ne", NO_NAME),
        ("username", "zo\x00e", [NO_NAME, NUL]),
        ("email", ..., MISSING),
        ("email", None, NULL),
        ("email", "", BLANK),
        ("email", "zoe", NO_ADDRESS),
        ("email", "zoe@localhost@example.org", NO_ADDRESS),
        ("email", 5, NO_ADDRESS),
        ("email", ["zoe@example.org"], NO_ADDRESS),
        ("email", address_of(255), at_most(254)),
        ("email", f"zoe@{('İ' * 31 + '.') * 4}org", [at_most(254), NO_ADDRESS]),  # each is two characters in lower case
        ("email", "zoe\x00@example.org", [NUL, NO_ADDRESS]),
        ("password", ..., MISSING),
        ("password", None, NULL),
        ("password", "", BLANK),
        ("password", ["correct horse battery"], NO_TEXT),
        ("password", "correct\x00horse battery", NUL),
        ("password", "x" * 129, at_most(128)),
        ("password", "q8wzk2p", TOO_SHORT),
        ("password", "sunshine1", TOO_COMMON),
        ("password", "7204918365", ALL_DIGITS),
        ("password", 7204918365, ALL_DIGITS),
        ("password", "12345", [TOO_SHORT, TOO_COMMON, ALL_DIGITS]),
        ("password", "zoe@example.org", "The password is too similar to the email."),
        ("role", None, NULL),
        ("role", "", no_role("")),
        ("role", "owner", no_role("owner")),
        ("role", "Organizer", no_role("Organizer")),
        ("role", ["organizer"], no_role("['organizer']")),
        ("role", 1, no_role("1")),
    ],
)
def test_every_field_is_checked(sign_up, field, value, problem):
    answer = sign_up(**{field: value})
    assert whole(answer) == invalid(**{field: problem})
    assert not User.objects.exists()


def test_a_password_like_the_name_is_refused(sign_up):
    similar = "The password is too similar to the username."
    assert whole(sign_up(username="zoeschmidt", password="zoeschmidt1")) == invalid(password=similar)


def test_all_problems_are_told_at_once(api):
    answer = api().post("/users/register", {"email": "zoe"})
    assert whole(answer) == invalid(username=MISSING, email=NO_ADDRESS, password=MISSING)


def test_unknown_and_read_only_keys_are_ignored(sign_up):
    answer = sign_up(
        user_id=1, created_at="2001-01-01T00:00:00Z", is_active=False, is_staff=True, is_superuser=True, colour="red"
    )
    user = User.objects.get()
    assert (answer.status_code, answer.json()["user_id"]) == (201, user.pk)
    assert (user.is_active, user.is_staff, user.is_superuser, user.created_at.year > 2001) == (True, False, False, True)
