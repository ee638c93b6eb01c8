"""Accounts: who sees, changes and deletes which; what that means for events and seats."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import OrganizerProfile, User
from eventhub.testing.responses import (
    BAD_TOKEN,
    DONE,
    EMAIL_EXISTS,
    HAS_EVENTS,
    INACCESSIBLE,
    LAST_ADMIN,
    NO_HEADER,
    NO_USER,
    NOT_ADMIN,
    USERNAME_EXISTS,
    invalid,
    whole,
)
from events.models import Event
from registrations.models import Registration
from registrations.services import account_deletion

pytestmark = pytest.mark.django_db

NOBODY = 999_999
ONLY_ADMINS = "Only an admin can make an admin."
CLOSED = "Organizers are made by an admin here."
TOO_SHORT = "This password is too short. It must contain at least 8 characters."
TOO_COMMON = "This password is too common."
ALL_DIGITS = "This password is entirely numeric."


def z(moment):
    return moment.isoformat().replace("+00:00", "Z")


def body_of(user, **others):
    """The whole body that the contract promises for an account."""
    return {
        "user_id": user.pk,
        "username": user.username,
        "email": user.email,
        "role": user.role,
        "email_verified": False,
        "created_at": z(user.created_at),
        "updated_at": z(user.updated_at),
        **others,
    }


def now_of(user):
    return User.objects.get(pk=user.pk)


@pytest.fixture
def cast(olga, otto, ada, bob, eve):
    """Everybody, by name: whoever a test does not ask about is there to leak."""
    return {"olga": olga, "otto": otto, "ada": ada, "bob": bob, "eve": eve}


both_verbs = pytest.mark.parametrize("verb", ["put", "patch"])


# Seeing one ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bob", "olga", "ada"])
def test_everybody_sees_their_own_account(api, cast, name):
    user = cast[name]
    assert whole(api(user).get("/users/me")) == (200, body_of(user))
    assert whole(api(user).get(f"/users/{user.pk}")) == (200, body_of(user))


def test_an_admin_sees_any_account(api, ada, bob):
    assert whole(api(ada).get(f"/users/{bob.pk}")) == (200, body_of(bob))


@pytest.mark.parametrize("name", ["eve", "olga"])
def test_nobody_else_sees_an_account(api, cast, bob, name):
    assert whole(api(cast[name]).get(f"/users/{bob.pk}")) == INACCESSIBLE


@pytest.mark.parametrize("name", ["bob", "ada"])
def test_an_account_that_is_not_there_is_not_found(api, cast, name):
    assert whole(api(cast[name]).get(f"/users/{NOBODY}")) == NO_USER


# The list ------------------------------------------------------------------------------------------------------------


def usernames(answer):
    assert answer.status_code == 200
    return [row["username"] for row in answer.json()["results"]]


def test_an_admin_lists_all_accounts_by_name(api, cast, ada):
    answer = api(ada).get("/users/")
    rows = [body_of(cast[name]) for name in ("ada", "bob", "eve", "olga", "otto")]
    assert whole(answer) == (200, {"next": None, "previous": None, "results": rows})


@pytest.mark.parametrize("name", ["bob", "olga"])
def test_nobody_else_lists_accounts(api, cast, name):
    assert whole(api(cast[name]).get("/users/")) == NOT_ADMIN
    assert whole(api(cast[name]).get("/users/?role=nonsense")) == NOT_ADMIN


def test_who_is_not_signed_in_lists_no_accounts(api, cast):
    assert whole(api().get("/users/")) == NO_HEADER


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("role=admin", ["ada"]),
        ("role=organizer", ["olga", "otto"]),
        ("role=user", ["bob", "eve"]),
        ("role=", ["ada", "bob", "eve", "olga", "otto"]),
        ("search=OLG", ["olga"]),
        ("search=ott", ["otto"]),
        ("search=%20ott%20", ["otto"]),
        ("search=example.org", ["ada", "bob", "eve", "olga", "otto"]),
        ("search=example%20otto", ["otto"]),
        ("search=%E2%80%8Botto", ["otto"]),
        ("search=bücher", ["eve"]),
        ("search=EVE@bücher.example.org", ["eve"]),
        ("search=olga%20otto", []),
        ("search=b_b", []),
        ("search=%25%25%25", []),
        ("role=user&search=olga", []),
        ("role=user&search=eve", ["eve"]),
        ("ordering=username", ["ada", "bob", "eve", "olga", "otto"]),
        ("ordering=-username", ["otto", "olga", "eve", "bob", "ada"]),
        ("ordering=created_at", ["olga", "otto", "ada", "bob", "eve"]),
        ("ordering=-created_at", ["eve", "bob", "ada", "otto", "olga"]),
        ("role=organizer&ordering=-username", ["otto", "olga"]),
    ],
)
def test_the_list_is_filtered_searched_and_ordered(api, cast, ada, query, found):
    User.objects.filter(username="eve").update(email="eve@xn--bcher-kva.example.org")
    assert usernames(api(ada).get(f"/users/?{query}")) == found


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("role=owner", {"role": "Choose one of user, organizer, admin, attendee."}),
        ("role=%00", {"role": "Choose one of user, organizer, admin, attendee."}),
        ("search=ol", {"search": "Enter at least 3 characters."}),
        ("search=%20ol%20", {"search": "Enter at least 3 characters."}),
        ("search=olg%00", {"search": "Null characters are not allowed."}),
        ("ordering=email", {"ordering": "Choose one of username, created_at."}),
        ("ordering=password", {"ordering": "Choose one of username, created_at."}),
    ],
)
def test_a_value_that_the_list_does_not_know_is_an_error(api, ada, query, errors):
    assert whole(api(ada).get(f"/users/?{query}")) == invalid(**errors)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_takes_two_queries_however_long_it_is(api, ada, person, django_assert_num_queries, rows):
    for n in range(rows - 1):
        person(f"guest{n}", role="organizer")
    client = api(ada)
    with django_assert_num_queries(2):  # who asks; the page
        assert len(client.get("/users/").json()["results"]) == rows


# Changing one --------------------------------------------------------------------------------------------------------


@both_verbs
def test_a_change_answers_with_the_account(api, bob, verb):
    changes = {"username": "robert", "email": "Robert@Example.ORG", "role": "organizer"}
    answer = getattr(api(bob), verb)(f"/users/{bob.pk}", changes)
    after = now_of(bob)
    assert whole(answer) == (
        200,
        body_of(bob, username="robert", email="robert@example.org", role="organizer", updated_at=z(after.updated_at)),
    )
    assert (after.username, after.email, after.role) == ("robert", "robert@example.org", "organizer")


@both_verbs
@pytest.mark.parametrize(
    ("field", "value"), [("username", "robert"), ("email", "robert@example.org"), ("role", "organizer")]
)
def test_what_is_absent_keeps_its_value(api, bob, verb, field, value):
    before = User.objects.values().get(pk=bob.pk)
    assert getattr(api(bob), verb)(f"/users/{bob.pk}", {field: value}).status_code == 200
    after = User.objects.values().get(pk=bob.pk)
    assert {name for name in after if after[name] != before[name]} == {field, "updated_at"}


@both_verbs
def test_a_new_password_is_kept_as_a_hash_and_never_returned(api, bob, verb):
    answer = getattr(api(bob), verb)(f"/users/{bob.pk}", {"password": "another passphrase for tests"})
    assert whole(answer) == (200, body_of(now_of(bob)))
    assert now_of(bob).check_password("another passphrase for tests")


@both_verbs
@pytest.mark.parametrize(
    "changes",
    [{}, {"username": "bob"}, {"email": "BOB@example.org"}, {"role": "user"}, {"role": "attendee"}, {"user_id": 1}],
)
def test_asking_for_what_is_so_changes_nothing(api, bob, verb, changes):
    before = User.objects.values().get(pk=bob.pk)
    assert whole(getattr(api(bob), verb)(f"/users/{bob.pk}", changes)) == (200, body_of(bob))
    assert User.objects.values().get(pk=bob.pk) == before


def test_a_change_moves_updated_at_alone_on(api, bob):
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        later = timezone.now()
        assert api(bob).patch(f"/users/{bob.pk}", {"username": "robert"}).json()["updated_at"] == z(later)
    assert (now_of(bob).created_at, now_of(bob).updated_at) == (bob.created_at, later)


def test_read_only_and_unknown_keys_are_ignored(api, bob):
    changes = {
        "user_id": NOBODY,
        "created_at": "2001-01-01T00:00:00Z",
        "updated_at": "2001-01-01T00:00:00Z",
        "is_active": False,
        "is_superuser": True,
        "colour": "red",
    }
    assert whole(api(bob).patch(f"/users/{bob.pk}", changes)) == (200, body_of(bob))
    assert now_of(bob).is_active


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"username": "eve"}, USERNAME_EXISTS),
        ({"username": "EVE"}, USERNAME_EXISTS),
        ({"email": "eve@example.org"}, EMAIL_EXISTS),
        ({"email": "Eve@Example.ORG"}, EMAIL_EXISTS),
        ({"username": "EVE", "role": "organizer"}, USERNAME_EXISTS),
        ({"email": "eve@example.org", "username": "robert"}, EMAIL_EXISTS),
    ],
)
def test_a_name_or_an_address_that_is_taken_in_any_case_is_refused(api, bob, eve, changes, refused):
    before = User.objects.values().get(pk=bob.pk)
    assert whole(api(bob).patch(f"/users/{bob.pk}", changes)) == refused
    assert User.objects.values().get(pk=bob.pk) == before
    assert not OrganizerProfile.objects.exists()


def test_ones_own_name_may_change_its_case(api, bob):
    assert api(bob).patch(f"/users/{bob.pk}", {"username": "BOB"}).json()["username"] == "BOB"


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("username", "", "This field may not be blank."),
        ("username", None, "This field may not be null."),
        ("username", "z" * 151, "Ensure this field has no more than 150 characters."),
        ("email", "bob", "Enter a valid email address."),
        ("email", None, "This field may not be null."),
        ("password", "", "This field may not be blank."),
        ("password", "12345", [TOO_SHORT, TOO_COMMON, ALL_DIGITS]),
        ("password", "x" * 129, "Ensure this field has no more than 128 characters."),
        ("password", "bob@example.org", "The password is too similar to the email."),
        ("role", "owner", '"owner" is not a valid choice.'),
        ("role", None, "This field may not be null."),
        ("current_password", None, "This field may not be null."),
        ("current_password", "", "This field may not be blank."),
    ],
)
def test_every_field_is_checked(api, bob, field, value, problem):
    before = User.objects.values().get(pk=bob.pk)
    assert whole(api(bob).patch(f"/users/{bob.pk}", {field: value})) == invalid(**{field: problem})
    assert User.objects.values().get(pk=bob.pk) == before


def test_a_new_password_is_held_against_the_new_name_and_address(api, bob):
    changes = {"username": "robertschmidt", "password": "robertschmidt1"}
    similar = "The password is too similar to the username."
    assert whole(api(bob).patch(f"/users/{bob.pk}", changes)) == invalid(password=similar)


@both_verbs
def test_an_admin_changes_any_account(api, ada, bob, verb):
    changes = {"username": "robert", "email": "robert@example.org", "password": "another passphrase for tests"}
    assert getattr(api(ada), verb)(f"/users/{bob.pk}", changes).status_code == 200
    assert (now_of(bob).username, now_of(bob).email) == ("robert", "robert@example.org")
    assert now_of(bob).check_password(changes["password"])


@both_verbs
@pytest.mark.parametrize("name", ["eve", "olga"])
def test_nobody_else_changes_an_account(api, cast, bob, verb, name):
    assert whole(getattr(api(cast[name]), verb)(f"/users/{bob.pk}", {"username": "robert"})) == INACCESSIBLE
    assert now_of(bob).username == "bob"


@both_verbs
@pytest.mark.parametrize("name", ["bob", "ada"])
def test_an_account_that_is_not_there_cannot_be_changed(api, cast, verb, name):
    assert whole(getattr(api(cast[name]), verb)(f"/users/{NOBODY}", {"username": "robert"})) == NO_USER


# Roles ---------------------------------------------------------------------------------------------------------------

OK = None


@pytest.mark.parametrize(
    ("by", "whose", "role", "while_open", "while_closed"),
    [
        ("bob", "bob", "user", OK, OK),
        ("bob", "bob", "attendee", OK, OK),
        ("bob", "bob", "organizer", OK, CLOSED),
        ("bob", "bob", "admin", ONLY_ADMINS, ONLY_ADMINS),
        ("olga", "olga", "user", OK, OK),
        ("olga", "olga", "organizer", OK, OK),
        ("olga", "olga", "admin", ONLY_ADMINS, ONLY_ADMINS),
        ("ada", "ada", "admin", OK, OK),
        ("ada", "bob", "organizer", OK, OK),
        ("ada", "bob", "admin", OK, OK),
        ("ada", "olga", "user", OK, OK),
        ("ada", "olga", "organizer", OK, OK),
        ("ada", "olga", "admin", OK, OK),
        ("ada", "amy", "user", OK, OK),
        ("ada", "amy", "organizer", OK, OK),
        ("ada", "amy", "admin", OK, OK),
        ("amy", "amy", "user", OK, OK),
        ("amy", "amy", "organizer", OK, OK),
    ],
)
@pytest.mark.parametrize("policy", ["open", "closed"])
def test_who_may_give_which_role(api, cast, person, settings, policy, by, whose, role, while_open, while_closed):
    settings.ORGANIZER_SIGNUP = policy
    cast["amy"] = person("amy", role="admin")
    account = cast[whose]
    answer = api(cast[by]).patch(f"/users/{account.pk}", {"role": role})
    problem = while_open if policy == "open" else while_closed
    if problem is OK:
        becomes = "user" if role == "attendee" else role
        assert (answer.status_code, answer.json()["role"], now_of(account).role) == (200, becomes, becomes)
    else:
        assert whole(answer) == invalid(role=problem)
        assert now_of(account).role == account.role


@pytest.mark.parametrize("role", ["organizer", "admin"])
def test_who_becomes_an_organizer_gets_a_public_profile(api, ada, bob, role):
    api(ada).patch(f"/users/{bob.pk}", {"role": role})
    assert OrganizerProfile.objects.filter(user=bob).exists()


def test_a_profile_outlives_a_time_as_a_user(api, olga):
    OrganizerProfile.objects.filter(user=olga).update(name="Olga's Lectures")
    for role in ("user", "organizer"):
        api(olga).patch(f"/users/{olga.pk}", {"role": role})
    assert OrganizerProfile.objects.get(user=olga).name == "Olga's Lectures"


@pytest.mark.parametrize("role", ["user", "organizer"])
def test_the_last_admin_stays_one(api, ada, role):
    assert whole(api(ada).patch(f"/users/{ada.pk}", {"role": role})) == LAST_ADMIN
    assert now_of(ada).role == "admin"


def test_an_admin_who_cannot_sign_in_does_not_count_as_one(api, ada, person):
    person("amy", role="admin", is_active=False)
    assert whole(api(ada).patch(f"/users/{ada.pk}", {"role": "user"})) == LAST_ADMIN
    assert whole(api(ada).delete(f"/users/{ada.pk}")) == LAST_ADMIN


def test_an_admin_who_cannot_sign_in_may_be_removed(api, ada, person):
    amy, abe = person("amy", role="admin", is_active=False), person("abe", role="admin", is_active=False)
    assert api(ada).patch(f"/users/{amy.pk}", {"role": "user"}).status_code == 200
    assert whole(api(ada).delete(f"/users/{abe.pk}")) == DONE


def test_an_admin_who_cannot_sign_in_is_not_the_last_one(person):
    amy = person("amy", role="admin", is_active=False)
    account_deletion.delete_account(account_id=amy.pk)
    assert not User.objects.exists()


@pytest.mark.parametrize("status", ["registered", "waitlisted", "attended", "cancelled"])
def test_an_organizer_whose_events_have_registrations_stays_one(api, olga, make_event, enroll, status):
    enroll(make_event(olga), status=status)
    assert whole(api(olga).patch(f"/users/{olga.pk}", {"role": "user"})) == HAS_EVENTS
    assert now_of(olga).role == "organizer"


def test_an_admin_whose_events_have_registrations_may_become_an_organizer(api, ada, person, make_event, enroll):
    amy = person("amy", role="admin")
    enroll(make_event(amy))
    assert whole(api(ada).patch(f"/users/{amy.pk}", {"role": "user"})) == HAS_EVENTS
    assert api(ada).patch(f"/users/{amy.pk}", {"role": "organizer"}).json()["role"] == "organizer"


def test_an_organizer_without_registrations_may_stop_and_the_events_stay(api, olga, otto, make_event, enroll):
    event = make_event(olga)
    enroll(make_event(otto))
    assert api(olga).patch(f"/users/{olga.pk}", {"role": "user"}).json()["role"] == "user"
    assert Event.objects.get(pk=event.pk).organizer == olga


def test_other_changes_of_an_organizer_do_not_ask_for_registrations(api, olga, make_event, enroll):
    enroll(make_event(olga))
    assert api(olga).patch(f"/users/{olga.pk}", {"username": "helga", "role": "organizer"}).status_code == 200


# Deleting one --------------------------------------------------------------------------------------------------------


def test_deleting_ones_account_ends_it(api, bob, eve):
    client = api(bob)
    assert whole(client.delete(f"/users/{bob.pk}")) == DONE
    assert list(User.objects.all()) == [eve]
    assert whole(client.get("/users/me")) == BAD_TOKEN


def test_an_admin_deletes_any_account(api, ada, bob):
    assert whole(api(ada).delete(f"/users/{bob.pk}")) == DONE
    assert list(User.objects.all()) == [ada]


@pytest.mark.parametrize("name", ["eve", "olga"])
def test_nobody_else_deletes_an_account(api, cast, bob, name):
    assert whole(api(cast[name]).delete(f"/users/{bob.pk}")) == INACCESSIBLE
    assert User.objects.filter(pk=bob.pk).exists()


@pytest.mark.parametrize("name", ["bob", "ada"])
def test_an_account_that_is_not_there_cannot_be_deleted(api, cast, name):
    assert whole(api(cast[name]).delete(f"/users/{NOBODY}")) == NO_USER


def test_the_name_of_a_deleted_account_is_free_again(api, bob):
    api(bob).delete(f"/users/{bob.pk}")
    body = {"username": "bob", "email": "bob@example.org", "password": "correct horse battery"}
    assert api().post("/users/register", body).status_code == 201


def test_the_last_admin_cannot_be_deleted(api, ada):
    assert whole(api(ada).delete(f"/users/{ada.pk}")) == LAST_ADMIN
    assert User.objects.get() == ada


@pytest.mark.parametrize("name", ["ada", "amy"])
def test_one_of_two_admins_can_be_deleted(api, ada, person, name):
    admins = {"ada": ada, "amy": person("amy", role="admin")}
    assert whole(api(ada).delete(f"/users/{admins.pop(name).pk}")) == DONE
    assert list(User.objects.all()) == list(admins.values())


@pytest.mark.parametrize("status", ["registered", "waitlisted", "attended", "cancelled"])
@pytest.mark.parametrize("days", [-7, 7])
def test_an_organizer_whose_events_have_registrations_cannot_be_deleted(
    api, ada, olga, make_event, enroll, status, days
):
    registration = enroll(make_event(olga, date_time=timezone.now() + timedelta(days=days)), status=status)
    assert whole(api(olga).delete(f"/users/{olga.pk}")) == HAS_EVENTS
    assert whole(api(ada).delete(f"/users/{olga.pk}")) == HAS_EVENTS
    assert Registration.objects.get() == registration


def test_events_without_registrations_go_with_their_organizer(api, olga, otto, make_event):
    make_event(olga)
    make_event(olga, status="draft")
    other = make_event(otto)
    assert whole(api(olga).delete(f"/users/{olga.pk}")) == DONE
    assert (list(User.objects.all()), list(Event.objects.all())) == ([otto], [other])


def test_a_refused_deletion_leaves_everything_as_it_was(api, olga, otto, make_event, enroll):
    enroll(make_event(olga))
    empty, elsewhere = make_event(olga), make_event(otto)
    own = enroll(elsewhere, olga)
    assert whole(api(olga).delete(f"/users/{olga.pk}")) == HAS_EVENTS
    assert Event.objects.filter(pk=empty.pk).exists()
    assert Registration.objects.filter(pk=own.pk, user=olga).exists()


def past(make_event, organizer, **fields):
    return make_event(organizer, date_time=timezone.now() - timedelta(days=7), **fields)


@pytest.mark.parametrize("status", ["registered", "waitlisted", "attended", "cancelled"])
def test_registrations_for_events_to_come_go(api, bob, eve, olga, make_event, enroll, status):
    event = make_event(olga)
    enroll(event, bob, status=status)
    kept = enroll(event, eve)
    assert whole(api(bob).delete(f"/users/{bob.pk}")) == DONE
    assert list(Registration.objects.all()) == [kept]


@pytest.mark.parametrize("status", ["registered", "waitlisted", "attended", "cancelled"])
def test_registrations_for_past_events_stay_without_the_person(api, bob, eve, olga, make_event, enroll, status):
    event = past(make_event, olga)
    held = enroll(event, bob, status=status, name="Bob", contact_details="bob@example.org")
    other = enroll(event, eve, name="Eve", contact_details="eve@example.org")
    before = Event.objects.get(pk=event.pk)
    assert whole(api(bob).delete(f"/users/{bob.pk}")) == DONE
    rows = Registration.objects.order_by("pk").values_list("pk", "status", "user", "name", "contact_details")
    assert list(rows) == [
        (held.pk, status, None, "", ""),
        (other.pk, "registered", eve.pk, "Eve", "eve@example.org"),
    ]
    after = Event.objects.get(pk=event.pk)
    assert (after.seats_taken, after.waitlisted) == (before.seats_taken, before.waitlisted)


def test_what_stays_is_shown_without_the_person(api, bob, olga, make_event, enroll):
    held = enroll(past(make_event, olga), bob, contact_details="bob@example.org")
    api(bob).delete(f"/users/{bob.pk}")
    body = api(olga).get(f"/attendees/{held.pk}").json()
    assert (body["user_id"], body["name"], body["contact_details"]) == (None, "", "")


def test_two_deleted_people_stay_counted_in_one_past_event(api, bob, eve, olga, make_event, enroll):
    event = past(make_event, olga)
    for user in (bob, eve):
        enroll(event, user, status="attended")
        assert whole(api(user).delete(f"/users/{user.pk}")) == DONE
    assert Event.objects.get(pk=event.pk).seats_taken == 2


@pytest.mark.parametrize(
    ("fields", "is_past"),
    [
        ({"days": 0, "hours": 1}, False),
        ({"days": 0, "hours": -1, "end_hours": 1}, False),
        ({"days": 0, "hours": -2, "end_hours": -1}, True),
        ({"days": -7, "hours": 0}, True),
        ({"days": 7, "hours": 0, "status": "completed"}, True),
        ({"days": 7, "hours": 0, "status": "cancelled"}, False),
        ({"days": 7, "hours": 0, "status": "active"}, False),
    ],
    ids=lambda value: " ".join(f"{key}={item}" for key, item in value.items()) if isinstance(value, dict) else None,
)
def test_an_event_is_past_once_it_is_over(api, bob, olga, make_event, enroll, fields, is_past):
    noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    values = {"date_time": noon + timedelta(days=fields["days"], hours=fields["hours"])}
    if "end_hours" in fields:
        values["end_time"] = noon + timedelta(hours=fields["end_hours"])
    enroll(make_event(olga, status=fields.get("status", "upcoming"), **values), bob)
    with time_machine.travel(noon, tick=False):
        assert whole(api(bob).delete(f"/users/{bob.pk}")) == DONE
    assert Registration.objects.filter(user=None).count() == is_past


def test_the_seats_of_a_deleted_account_go_to_the_queues(api, bob, eve, olga, otto, make_event, enroll):
    events = [make_event(organizer, max_capacity=1) for organizer in (olga, otto)]
    for event in events:
        enroll(event, bob)
    first = [enroll(event, eve, status="waitlisted") for event in events]
    second = [enroll(event, status="waitlisted") for event in events]
    assert whole(api(bob).delete(f"/users/{bob.pk}")) == DONE
    statuses = dict(Registration.objects.values_list("pk", "status"))
    assert statuses == {**{row.pk: "registered" for row in first}, **{row.pk: "waitlisted" for row in second}}
    assert [(event.seats_taken, event.waitlisted) for event in Event.objects.all()] == [(1, 1), (1, 1)]


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_a_closed_queue_is_not_served_by_a_deletion(api, bob, eve, olga, make_event, enroll, status):
    event = make_event(olga, max_capacity=1)
    enroll(event, bob)
    waiting = enroll(event, eve, status="waitlisted")
    Event.objects.filter(pk=event.pk).update(status=status)
    assert whole(api(bob).delete(f"/users/{bob.pk}")) == DONE
    assert Registration.objects.get(pk=waiting.pk).status == "waitlisted"


def test_an_organizer_who_is_also_a_guest_goes_altogether(api, olga, otto, make_event, enroll):
    """Their own registration for their own event counts: it is a registration for an event of theirs."""
    event = make_event(olga)
    own = enroll(event, olga)
    assert whole(api(olga).delete(f"/users/{olga.pk}")) == HAS_EVENTS
    own.delete()
    enroll(make_event(otto), olga)
    assert whole(api(olga).delete(f"/users/{olga.pk}")) == DONE
    assert not Registration.objects.exists()


# Their events --------------------------------------------------------------------------------------------------------


def titles(answer):
    assert answer.status_code == 200
    return [event["title"] for event in answer.json()["results"]]


@pytest.mark.parametrize("name", ["olga", "ada"])
def test_the_events_of_an_organizer_drafts_among_them(api, cast, make_event, name):
    make_event(cast["olga"], title="Second", date_time=timezone.now() + timedelta(days=2), status="draft")
    make_event(cast["olga"], title="First", date_time=timezone.now() + timedelta(days=1))
    make_event(cast["otto"], title="Otto's")
    assert titles(api(cast[name]).get(f"/users/{cast['olga'].pk}/events")) == ["First", "Second"]


def test_who_organizes_nothing_has_an_empty_list(api, bob, olga, make_event):
    make_event(olga)
    assert whole(api(bob).get(f"/users/{bob.pk}/events")) == (200, {"next": None, "previous": None, "results": []})


def test_who_used_to_organize_still_sees_their_events(api, olga, make_event):
    make_event(olga)
    User.objects.filter(pk=olga.pk).update(role="user")
    assert titles(api(olga).get(f"/users/{olga.pk}/events")) == ["Talk"]


def test_the_events_of_an_organizer_are_filtered_and_ordered(api, olga, make_event):
    for title, status in (("Aaa", "draft"), ("Bbb", "upcoming"), ("Ccc", "upcoming")):
        make_event(olga, title=title, status=status)
    path = f"/users/{olga.pk}/events"
    assert titles(api(olga).get(f"{path}?ordering=-title&status=upcoming")) == ["Ccc", "Bbb"]
    assert titles(api(olga).get(f"{path}?search=aaa")) == ["Aaa"]


@pytest.mark.parametrize("name", ["bob", "otto"])
def test_nobody_else_sees_the_events_of_an_organizer_as_a_list(api, cast, name):
    assert whole(api(cast[name]).get(f"/users/{cast['olga'].pk}/events")) == INACCESSIBLE


@pytest.mark.parametrize("name", ["bob", "ada"])
def test_the_events_of_nobody_are_not_found(api, cast, name):
    assert whole(api(cast[name]).get(f"/users/{NOBODY}/events")) == NO_USER
