"""The public profile of those who organize."""

import pytest

from accounts.models import OrganizerProfile, User
from eventhub.testing.responses import INACCESSIBLE, NO_HEADER, NO_USER, invalid, whole

pytestmark = [pytest.mark.once, pytest.mark.django_db]

NOBODY = 999_999
FULL = {"name": "Olga's Lectures", "contact": "hello@example.org", "about": "Evenings about science."}

both_verbs = pytest.mark.parametrize("verb", ["put", "patch"])


@pytest.fixture
def cast(olga, otto, ada, bob):
    return {"olga": olga, "otto": otto, "ada": ada, "bob": bob}


def path(user):
    return f"/users/{user.pk}/organizer"


@pytest.mark.parametrize("reader", ["olga", "otto", "ada", "bob"])
@pytest.mark.parametrize("name", ["olga", "ada"])
def test_everybody_signed_in_sees_the_profile_of_an_organizer_or_admin(api, cast, reader, name):
    user = cast[name]
    OrganizerProfile.objects.filter(user=user).update(**FULL)
    assert whole(api(cast[reader]).get(path(user))) == (200, {"user_id": user.pk, **FULL})


def test_a_profile_is_not_shown_to_strangers(api, olga):
    assert whole(api().get(path(olga))) == NO_HEADER


def test_an_empty_profile_shows_the_username_and_nothing_else(api, bob, olga):
    assert whole(api(bob).get(path(olga))) == (200, {"user_id": olga.pk, "name": "olga", "contact": "", "about": ""})


@pytest.mark.parametrize("reader", ["bob", "ada"])
def test_who_is_neither_organizer_nor_admin_has_no_profile(api, cast, person, reader):
    eve = person("eve")
    for user_id in (eve.pk, NOBODY):
        assert whole(api(cast[reader]).get(f"/users/{user_id}/organizer")) == NO_USER
        assert whole(api(cast[reader]).patch(f"/users/{user_id}/organizer", {"name": "Eve"})) == NO_USER
    assert not OrganizerProfile.objects.filter(user=eve).exists()


@both_verbs
@pytest.mark.parametrize("writer", ["olga", "ada"])
def test_an_organizer_and_an_admin_change_a_profile(api, cast, verb, writer):
    olga = cast["olga"]
    answer = getattr(api(cast[writer]), verb)(path(olga), FULL)
    assert whole(answer) == (200, {"user_id": olga.pk, **FULL})
    assert OrganizerProfile.objects.values("user_id", *FULL).get(user=olga) == {"user_id": olga.pk, **FULL}


@both_verbs
@pytest.mark.parametrize("field", ["name", "contact", "about"])
def test_what_is_absent_keeps_its_value(api, olga, verb, field):
    OrganizerProfile.objects.filter(user=olga).update(**FULL)
    assert whole(getattr(api(olga), verb)(path(olga), {field: "New"})) == (
        200,
        {"user_id": olga.pk, **FULL, field: "New"},
    )


@both_verbs
def test_an_empty_body_changes_nothing(api, olga, verb):
    OrganizerProfile.objects.filter(user=olga).update(**FULL)
    assert whole(getattr(api(olga), verb)(path(olga), {})) == (200, {"user_id": olga.pk, **FULL})


@both_verbs
@pytest.mark.parametrize("writer", ["otto", "bob"])
def test_nobody_else_changes_a_profile(api, cast, verb, writer):
    olga = cast["olga"]
    assert whole(getattr(api(cast[writer]), verb)(path(olga), FULL)) == INACCESSIBLE
    assert OrganizerProfile.objects.get(user=olga).name == ""


def test_an_empty_name_is_the_username_again(api, olga):
    OrganizerProfile.objects.filter(user=olga).update(**FULL)
    assert whole(api(olga).patch(path(olga), {"name": "", "contact": "", "about": ""})) == (
        200,
        {"user_id": olga.pk, "name": "olga", "contact": "", "about": ""},
    )


def test_read_only_and_unknown_keys_are_ignored(api, olga, otto):
    answer = api(olga).patch(path(olga), {"user_id": otto.pk, "user": otto.pk, "colour": "red"})
    assert whole(answer) == (200, {"user_id": olga.pk, "name": "olga", "contact": "", "about": ""})


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("name", "x" * 256, "Ensure this field has no more than 255 characters."),
        ("name", None, "This field may not be null."),
        ("name", ["x"], "Not a valid string."),
        ("contact", "x" * 256, "Ensure this field has no more than 255 characters."),
        ("contact", None, "This field may not be null."),
        ("about", None, "This field may not be null."),
        ("about", "x\x00", "Null characters are not allowed."),
    ],
)
def test_every_field_is_checked(api, olga, field, value, problem):
    assert whole(api(olga).patch(path(olga), {**FULL, field: value})) == invalid(**{field: problem})
    assert OrganizerProfile.objects.get(user=olga).name == ""


def test_the_longest_texts_that_are_allowed(api, olga):
    texts = {"name": "n" * 255, "contact": "ü" * 255, "about": "x" * 100_000}
    assert whole(api(olga).patch(path(olga), texts)) == (200, {"user_id": olga.pk, **texts})


def test_an_organizer_made_past_the_rules_has_a_profile_all_the_same(api, bob):
    User.objects.filter(pk=bob.pk).update(role="organizer")
    assert whole(api(bob).get(path(bob))) == (200, {"user_id": bob.pk, "name": "bob", "contact": "", "about": ""})
    assert whole(api(bob).patch(path(bob), FULL)) == (200, {"user_id": bob.pk, **FULL})


def test_the_profile_stands_in_the_body_of_every_event(api, bob, olga, make_event):
    event = make_event(olga)
    OrganizerProfile.objects.filter(user=olga).update(**FULL)
    shown = {"user_id": olga.pk, "name": FULL["name"], "contact": FULL["contact"]}
    assert api(bob).get(f"/events/{event.pk}").json()["organizer"] == shown
    assert api(bob).get("/events/").json()["results"][0]["organizer"] == shown
