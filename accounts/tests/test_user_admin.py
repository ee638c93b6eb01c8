"""Accounts in the back office: admins keep them, organizers keep their own, and nobody locks out the last admin."""

import html
import re
import time

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.forms.account import AUTH_TIME
from accounts.models import User
from accounts.services import accounts
from accounts.services.jwt import issue_tokens
from eventhub.api.filters import found_in
from eventhub.exceptions import Forbidden
from events.models import Event
from registrations.models import Registration
from registrations.services import account_deletion

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

PASSWORD, OTHER = "a passphrase for tests", "another passphrase for tests"
LIST, ADD = "/admin/accounts/user/", "/admin/accounts/user/add/"
LAST_ADMIN = "The last admin cannot be removed."
HAS_EVENTS = "This organizer's events have registrations."


@pytest.fixture
def fresh(office):
    """A browser whose sign-in is a moment old."""

    def client(user):
        browser = office(user)
        session = browser.session
        session[AUTH_TIME] = int(time.time())
        session.save()
        return browser

    return client


def of(user, page="change"):
    return f"{LIST}{user.pk}/{page}/"


def where(answer):
    return answer.status_code, answer.headers.get("Location")


def read(answer):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def fields(client, user):
    """What the form of an account would send, untouched."""
    body = client.get(of(user)).content.decode()
    form = re.search(r'<form[^>]*id="user_form".*?</form>', body, re.DOTALL)[0]
    inputs = re.findall(r"<input[^>]*>", form)
    found = {}
    for tag in inputs:
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and (' type="checkbox"' not in tag or re.search(r"\schecked[\s>]", tag)):
            found[name[1]] = html.unescape(value[1]) if value else "on" if "checkbox" in tag else ""
    for name, options in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', form, re.DOTALL):
        found[name] = re.search(r'value="([^"]*)" selected', options)[1]
    for name, value in re.findall(r'<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[name] = html.unescape(value).removeprefix("\n")
    return found


def change(client, user, **values):
    data = {**fields(client, user), **values}
    return client.post(of(user), {name: value for name, value in data.items() if value is not None})


# Who may -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["", "add/", "{}/change/", "{}/delete/", "{}/history/", "{}/password/"])
@pytest.mark.parametrize("whose", ["own", "another's", "nobody's"])
def test_organizers_have_no_page_of_accounts(fresh, olga, otto, which, whose):
    pk = {"own": olga.pk, "another's": otto.pk, "nobody's": 10**18}[whose]
    before = User.objects.values().get(pk=otto.pk)
    answers = [getattr(fresh(olga), verb)(LIST + which.format(pk)) for verb in ("get", "post")]
    assert {answer.status_code for answer in answers} <= {302, 403, 404}
    assert not any(otto.email in answer.content.decode() for answer in answers)
    assert User.objects.values().get(pk=otto.pk) == before
    assert "Accounts" not in read(fresh(olga).get("/admin/profile/"))


@pytest.mark.parametrize("which", ["password", "end-sign-ins", "reset-second-factor", "delete"])
def test_what_an_organizer_may_not_do_to_an_account_looks_like_no_such_account(fresh, olga, otto, which):
    gone = f"{LIST}{10**9}/{which}/"
    for verb in ("get", "post"):
        there, nowhere = (getattr(fresh(olga), verb)(path) for path in (of(otto, which), gone))
        assert (there.status_code, there.content) == (404, nowhere.content)
    assert User.objects.get(pk=otto.pk).sign_in_generation == 0


@pytest.mark.parametrize("query", ["", "?q=otto", "?role__exact=organizer", "?o=1", "?all="])
def test_organizers_find_nobody(fresh, olga, otto, query):
    assert fresh(olga).get(LIST + query).status_code == 403


def test_organizers_find_nobody_through_the_choices_of_an_event(fresh, olga, otto):
    answer = fresh(olga).get("/admin/autocomplete/?app_label=events&model_name=event&field_name=organizer&term=otto")
    assert (answer.status_code, f'"{otto.pk}"' in answer.content.decode()) == (403, False)


def test_admins_see_every_account(fresh, ada, olga, bob):
    page = read(fresh(ada).get(LIST))
    assert all(name in page for name in ("ada", "olga@example.org", "Organizer", "bob", "Attendee"))
    assert "olga" not in read(fresh(ada).get(f"{LIST}?role__exact=user")).split("Created at")[1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=OLG", ["olga"]),
        ("?q=bob@exam", ["bob"]),
        ("?q=o", ["olga"]),  # one or two letters begin a word
        ("?role__exact=admin", ["ada"]),
        ("?is_active__exact=0", ["bob"]),
        ("?q=nobody", []),
        ("?q=%00", ["ada", "bob", "olga"]),
    ],
)
def test_search_and_filters_of_the_list(fresh, ada, olga, bob, query, found):
    User.objects.filter(pk=bob.pk).update(is_active=False)
    body = fresh(ada).get(LIST + query).content.decode()
    assert sorted(re.findall(r'/admin/accounts/user/\d+/change/[^"]*"[^>]*>(\w+)</a>', body)) == sorted(found)


@pytest.mark.parametrize("query", ["?p=x", "?p=99999999999999999999", "?o=9", "?o=x", "?role__exact=x", "?nonsense=1"])
def test_no_address_of_the_list_is_a_500(fresh, ada, query):
    assert fresh(ada).get(LIST + query).status_code in {200, 302}


# How much it costs ---------------------------------------------------------------------------------------------------

ONE = ["change", "history", "delete", "password", "end-sign-ins", "reset-second-factor"]


@pytest.mark.parametrize(
    ("path", "count"),
    [
        # the session; the account at work; its second factor; the rows
        (LIST, 4),
        (f"{LIST}?q=guest&role__exact=user", 4),
        (ADD, 3),
        # and the account; its second factor; what the log says of it
        ("change", 5),
        ("password", 4),
        ("delete", 4),
        ("end-sign-ins", 4),
        ("reset-second-factor", 4),
    ],
)
def test_a_page_makes_as_many_statements_for_many_accounts_as_for_one(fresh, ada, olga, person, enroll, path, count):
    def statements():
        client = fresh(ada)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path if path.startswith("/") else of(olga, path)).status_code == 200
        return [query["sql"] for query in captured if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN"))]

    statements()  # which content types there are is asked once
    first = statements()
    assert len(first) == count, first
    for n in range(45):  # a full page is counted
        person(f"guest{n}", role="user")
    many = statements()
    assert len(many) == count, many
    assert not [sql for sql in many if "COUNT(" in sql]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no index inside texts")
def test_accounts_are_searched_through_an_index_on_postgresql():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        if cursor.fetchone() is None:
            pytest.skip("this PostgreSQL comes without pg_trgm")
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "user_text_search" in User.objects.filter(found_in("telescope", ("username", "email"))).order_by().explain()


@pytest.mark.parametrize("query", [{"role": "admin"}, {"is_active": False}, {}])
def test_the_filters_of_the_list_read_an_index_in_its_order(query):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # What it prefers depends on what it knows of a table this small; here it is asked what it can do.
            cursor.execute(
                "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off"
            )
    found = User.objects.filter(**query).order_by("username")[:50].explain()
    assert ("TEMP B-TREE" in found or "Sort" in found, "ndex" in found.replace("INDEX", "index")) == (False, True), (
        found
    )


# Adding --------------------------------------------------------------------------------------------------------------

NEW = {"username": "zoe", "email": "Zoe@Example.ORG", "role": "organizer", "new_password": OTHER}


@pytest.mark.parametrize("role", ["user", "organizer", "admin"])
def test_an_admin_adds_an_account_of_any_role(fresh, ada, api, role):
    answer = fresh(ada).post(ADD, {**NEW, "role": role})
    zoe = User.objects.get(username="zoe")
    assert where(answer) == (302, LIST)
    assert (zoe.email, zoe.role, zoe.is_active, hasattr(zoe, "profile")) == (
        "zoe@example.org",
        role,
        True,
        role != "user",
    )
    assert api().post("/users/login", {"username": "zoe", "password": OTHER}).status_code == 200


def test_without_a_password_nobody_signs_in_yet(fresh, ada, api):
    fresh(ada).post(ADD, {**NEW, "new_password": ""})
    assert not User.objects.get(username="zoe").has_usable_password()
    assert api().post("/users/login", {"username": "zoe", "password": ""}).status_code in {400, 401}


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"username": "ADA"}, "Username already exists."),
        ({"email": "ADA@example.org"}, "Email already exists."),
        ({"username": "zö"}, "Enter a valid username"),
        ({"username": "x" * 151}, "at most 150 characters"),
        ({"email": "x"}, "Enter a valid email address."),
        ({"email": f"{'x' * 250}@example.org"}, "at most 254 characters"),
        ({"new_password": "12345"}, "This password is too short"),
        ({"new_password": "x y" * 50}, "At most 128 characters."),
        ({"new_password": "zoe@example.org"}, "too similar to the email"),
        ({"role": "owner"}, "Select a valid choice."),
        ({"username": ""}, "This field is required."),
    ],
)
def test_what_is_wrong_with_a_new_account_stands_on_the_form(fresh, ada, wrong, problem):
    answer = fresh(ada).post(ADD, {**NEW, **wrong})
    assert answer.status_code == 200
    assert problem in read(answer)
    assert 'value="zoe"' in answer.content.decode() or "username" in wrong
    assert OTHER not in answer.content.decode()
    assert User.objects.count() == 1


def test_the_rule_of_adding_is_for_admins(olga, bob):
    for who in (olga, bob):
        with pytest.raises(Forbidden):
            accounts.create_account(by=who, username="zoe", email="zoe@example.org", password=None)


def test_nothing_is_taken_over_from_the_address(fresh, ada):
    assert "evil" not in fresh(ada).get(f"{ADD}?username=evil&role=admin").content.decode()


# Changing ------------------------------------------------------------------------------------------------------------


def test_an_untouched_form_changes_nothing(fresh, ada, olga):
    before = User.objects.values().get(pk=olga.pk)
    assert where(change(fresh(ada), olga)) == (302, LIST)
    assert User.objects.values().get(pk=olga.pk) == before


def test_an_admin_changes_name_address_role_and_profile(fresh, ada, olga):
    answer = change(
        fresh(ada),
        olga,
        username="olga2",
        email="O2@Example.org",
        role="admin",
        profile_name="Olga's",
        profile_about="Hi",
    )
    olga = User.objects.get(pk=olga.pk)
    assert where(answer) == (302, LIST)
    assert (olga.username, olga.email, olga.role) == ("olga2", "o2@example.org", "admin")
    assert (olga.profile.name, olga.profile.contact, olga.profile.about) == ("Olga's", "", "Hi")
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (ada, str(olga.pk))
    assert entry.get_change_message() == "Changed Username, Email address, Role, Name and About."


def test_a_new_address_takes_a_fresh_sign_in_or_ones_own_password(office, fresh, ada, bob):
    client = office(ada)  # who signed in who knows when
    answer = change(client, bob, email="new@example.org")
    assert (answer.status_code, "Enter your current password." in read(answer)) == (200, True)
    assert 'value="new@example.org"' in answer.content.decode()
    assert change(client, bob, email="new@example.org", current_password="wrong").status_code == 200
    assert User.objects.get(pk=bob.pk).email == "bob@example.org"
    assert change(client, bob, email="new@example.org", current_password=PASSWORD).status_code == 302
    assert change(client, bob, username="bob2").status_code == 302  # which is no secret
    assert change(fresh(ada), bob, email="newer@example.org").status_code == 302
    assert User.objects.get(pk=bob.pk).email == "newer@example.org"


def test_guessing_ones_own_password_here_is_throttled(office, ada, bob, settings):
    settings.THROTTLE_CREDENTIALS = "2/min"
    client = office(ada)
    answers = [read(change(client, bob, email="new@example.org", current_password="wrong")) for _ in range(3)]
    assert ["Too many attempts" in text for text in answers] == [False, False, True]


@pytest.mark.parametrize(
    ("values", "problem"),
    [({"username": "ADA"}, "Username already exists."), ({"email": "ada@example.org"}, "Email already exists.")],
)
def test_a_name_that_is_taken_is_a_message_and_nothing_is_lost(fresh, ada, bob, values, problem):
    answer = change(fresh(ada), bob, role="organizer", **values)
    assert (answer.status_code, problem in read(answer)) == (200, True)
    assert '<option value="organizer" selected>' in answer.content.decode()
    assert User.objects.get(pk=bob.pk).role == "user"


def test_what_somebody_else_changed_meanwhile_stays(fresh, ada, bob):
    client = fresh(ada)
    opened = fields(client, bob)
    User.objects.filter(pk=bob.pk).update(role="organizer")
    assert where(client.post(of(bob), {**opened, "username": "bob2"})) == (302, LIST)
    bob = User.objects.get(pk=bob.pk)
    assert (bob.username, bob.role) == ("bob2", "organizer")


def test_who_changed_the_same_meanwhile_is_told(fresh, ada, olga):
    client = fresh(ada)
    opened = fields(client, olga)
    accounts.update_profile(organizer=olga, by=olga, changes={"name": "Olga's own"})
    accounts.update_profile(organizer=olga, by=olga, changes={"about": "x"})
    answer = client.post(of(olga), {**opened, "profile_name": "Ada's"})
    assert (answer.status_code, "Someone else changed this to “Olga's own”" in read(answer)) == (200, True)


def test_an_organizer_whose_events_have_registrations_is_not_demoted(fresh, ada, olga, make_event, enroll):
    enroll(make_event(olga))
    answer = change(fresh(ada), olga, role="user", profile_name="kept?")
    assert (answer.status_code, HAS_EVENTS in read(answer)) == (200, True)
    assert User.objects.get(pk=olga.pk).role == "organizer"
    assert User.objects.get(pk=olga.pk).profile.name == ""


@pytest.mark.parametrize("values", [{"role": "user"}, {"role": "organizer"}, {"is_active": None}])
def test_the_last_active_admin_stays(fresh, ada, person, values):
    person("amy", role="admin", is_active=False)
    answer = change(fresh(ada), ada, **values)
    assert (answer.status_code, LAST_ADMIN in read(answer)) == (200, True)
    ada = User.objects.get(pk=ada.pk)
    assert (ada.role, ada.is_active) == ("admin", True)


def test_one_of_two_admins_may_go(fresh, ada, person):
    amy = person("amy", role="admin")
    assert change(fresh(ada), amy, is_active=None).status_code == 302
    assert not User.objects.get(pk=amy.pk).is_active


def test_the_rule_of_deactivating_is_for_admins_and_the_api_has_no_key_for_it(api, olga, bob, ada):
    for who in (olga, bob):
        with pytest.raises(Forbidden):
            account_deletion.change_account(account=who, by=who, changes={"is_active": False})
    for who, account in ((bob, bob), (ada, bob)):
        body = {"is_active": False, "sign_in_generation": 7, "is_staff": True}
        assert api(who).patch(f"/users/{account.pk}", body).status_code == 200
    api().post("/users/register", {"username": "z", "email": "z@x.org", "password": OTHER, "is_active": False})
    assert set(User.objects.values_list("is_active", "sign_in_generation")) == {(True, 0)}


# Ending sign-ins -----------------------------------------------------------------------------------------------------


@pytest.fixture
def signed_in(api, office):
    """Every way in which somebody may be signed in, and whether each still works."""

    class SignedIn:
        def __init__(self, user):
            self.browser, self.pair = office(user), issue_tokens(user, auth_time=0)

        def works(self):
            authorization = {"authorization": f"Bearer {self.pair['token']}"}
            return (
                self.browser.get("/admin/profile/").status_code == 200,
                api().get("/users/me", headers=authorization).status_code == 200,
                api().post("/users/token/refresh", {"refresh": self.pair["refresh"]}).status_code == 200,
            )

    return SignedIn


ALL, NONE = (True, True, True), (False, False, False)


def test_all_sign_ins_work_until_they_are_ended(signed_in, olga):
    assert signed_in(olga).works() == ALL


def test_an_admin_ends_all_sign_ins_of_somebody(fresh, signed_in, ada, olga, otto):
    before, others = signed_in(olga), signed_in(otto)
    client = fresh(ada)
    assert client.get(of(olga, "end-sign-ins")).status_code == 200
    assert User.objects.get(pk=olga.pk).sign_in_generation == 0
    assert where(client.post(of(olga, "end-sign-ins"))) == (302, of(olga))
    assert (before.works(), others.works()) == (NONE, ALL)
    assert signed_in(User.objects.get(pk=olga.pk)).works() == ALL


def test_one_ends_ones_own_sign_ins_elsewhere(fresh, office, signed_in, olga, ada):
    for user, client in ((olga, fresh(olga)), (ada, fresh(ada))):
        before = signed_in(user)
        path = "/admin/end-sign-ins/" if user is olga else of(user, "end-sign-ins")
        assert client.get(path).status_code == 200
        assert client.post(path).status_code == 302
        assert before.works() == NONE
        assert client.get("/admin/profile/").status_code == 200
    olga = User.objects.get(pk=olga.pk)
    assert office(olga).post("/admin/end-sign-ins/").status_code == 200  # asks for the password first
    assert User.objects.get(pk=olga.pk).sign_in_generation == olga.sign_in_generation


def test_an_admin_trusts_an_organizer_with_writing_to_attendees(fresh, ada, olga, bob):
    client = fresh(ada)
    assert change(client, olga, is_trusted_to_write="on").status_code == 302
    assert User.objects.get(pk=olga.pk).is_trusted_to_write
    assert change(client, olga, is_trusted_to_write=None).status_code == 302
    assert not User.objects.get(pk=olga.pk).is_trusted_to_write
    for other in (ada, bob):  # admins may anyway, and attendees have no events
        assert "is_trusted_to_write" not in fields(client, other)
    with pytest.raises(Forbidden):
        account_deletion.change_account(account=olga, by=olga, changes={"is_trusted_to_write": True})


def test_deactivating_ends_all_sign_ins_and_they_do_not_come_back(fresh, signed_in, ada, olga):
    before = signed_in(olga)
    client = fresh(ada)
    change(client, olga, is_active=None)
    assert before.works() == NONE
    assert Client().post("/admin/login/", {"username": "olga", "password": PASSWORD}).status_code == 200
    change(client, olga, is_active="on")
    assert User.objects.get(pk=olga.pk).is_active
    assert before.works() == NONE
    assert signed_in(User.objects.get(pk=olga.pk)).works() == ALL


def test_losing_the_role_ends_its_rights_at_once(fresh, signed_in, api, ada, olga):
    before = signed_in(olga)
    change(fresh(ada), olga, role="user")
    assert before.browser.get("/admin/profile/").status_code == 403
    answer = api().post(
        "/events/",
        {"title": "x", "location": "x", "max_capacity": 1, "date_time": "2030-01-01T00:00:00Z"},
        headers={"authorization": f"Bearer {before.pair['token']}"},
    )
    assert answer.status_code == 403


# Passwords -----------------------------------------------------------------------------------------------------------


def passwords(new=OTHER, again=None, **more):
    return {"new_password1": new, "new_password2": new if again is None else again, **more}


def test_an_admin_gives_a_new_password_which_ends_all_sign_ins(fresh, signed_in, api, ada, olga):
    before = signed_in(olga)
    assert where(fresh(ada).post(of(olga, "password"), passwords())) == (302, of(olga))
    assert before.works() == NONE
    assert api().post("/users/login", {"username": "olga", "password": OTHER}).status_code == 200


def test_a_password_and_its_repetition_may_be_composed_in_other_ways(fresh, ada, olga):
    new = passwords("\u00f6lig, \u00e9toile du nord", "o\u0308lig, e\u0301toile du nord")
    assert fresh(ada).post(of(olga, "password"), new).status_code == 302
    assert fresh(ada).post("/admin/password_change/", {"old_password": PASSWORD, **new}).status_code == 302
    for who in (ada, olga):
        assert User.objects.get(pk=who.pk).check_password(new["new_password1"])


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        (passwords(again="x"), "The two password fields didn"),
        (passwords("12345"), "too short"),
        (passwords("olga@example.org"), "too similar to the email"),
        (passwords("x y" * 50), "At most 128 characters."),
        ({}, "This field is required."),
    ],
)
def test_a_bad_new_password_is_a_message(fresh, ada, olga, sent, problem):
    before = User.objects.get(pk=olga.pk).password
    answer = fresh(ada).post(of(olga, "password"), sent)
    assert (answer.status_code, problem in read(answer)) == (200, True)
    assert User.objects.get(pk=olga.pk).password == before


def test_a_new_password_takes_a_fresh_sign_in_or_ones_own_password(office, ada, olga):
    client = office(ada)
    refused = client.post(of(olga, "password"), passwords())
    assert (refused.status_code, "Enter your current password." in read(refused)) == (200, True)
    assert client.post(of(olga, "password"), passwords(current_password="wrong")).status_code == 200
    assert User.objects.get(pk=olga.pk).check_password(PASSWORD)
    assert client.post(of(olga, "password"), passwords(current_password=PASSWORD)).status_code == 302
    assert User.objects.get(pk=olga.pk).check_password(OTHER)


def test_ones_own_password_takes_the_old_one_also_an_admins(fresh, ada):
    assert where(fresh(ada).post(of(ada, "password"), passwords())) == (302, "/admin/password_change/")
    assert User.objects.get(pk=ada.pk).check_password(PASSWORD)


def test_one_changes_ones_own_password_and_stays_here(fresh, signed_in, olga):
    before, client = signed_in(olga), fresh(olga)
    answer = client.post("/admin/password_change/", passwords(old_password="wrong"))
    assert (answer.status_code, "old password was entered incorrectly" in read(answer)) == (200, True)
    answer = client.post("/admin/password_change/", passwords("12345", old_password=PASSWORD))
    assert (answer.status_code, "too short" in read(answer)) == (200, True)
    assert before.works() == ALL
    before = signed_in(olga)
    answer = client.post("/admin/password_change/", passwords(old_password=PASSWORD))
    assert where(answer) == (302, "/admin/password_change/done/")
    assert before.works() == NONE
    assert client.get("/admin/profile/").status_code == 200
    assert User.objects.get(pk=olga.pk).check_password(OTHER)


def test_a_password_too_long_is_a_message_here_too(fresh, olga):
    answer = fresh(olga).post("/admin/password_change/", passwords("x y" * 50, old_password=PASSWORD))
    assert (answer.status_code, "At most 128 characters." in read(answer)) == (200, True)


def test_guessing_the_old_password_is_throttled(office, olga, settings):
    settings.THROTTLE_CREDENTIALS = "2/min"
    client = office(olga)
    answers = [read(client.post("/admin/password_change/", passwords(old_password="wrong"))) for _ in range(3)]
    assert ["Too many attempts" in text for text in answers] == [False, False, True]


# Deleting ------------------------------------------------------------------------------------------------------------


def test_deleting_says_what_goes_and_what_stays(fresh, ada, bob, olga, make_event, enroll):
    registration = enroll(make_event(olga), bob)
    client = fresh(ada)
    page = read(client.get(of(bob, "delete")))
    assert "Registrations for upcoming events are cancelled, and their seats go to the waiting list." in page
    assert Registration.objects.filter(pk=registration.pk).exists()
    assert where(client.post(of(bob, "delete"), {"post": "yes"})) == (302, LIST)
    assert not User.objects.filter(pk=bob.pk).exists()
    assert not Registration.objects.filter(pk=registration.pk).exists()
    assert Event.objects.get().seats_taken == 0
    assert LogEntry.objects.get().object_repr == f"Account {bob.pk}"


@pytest.mark.parametrize("who", ["organizer with registrations", "last admin"])
def test_who_may_not_be_deleted_stays_with_all_that_is_theirs(fresh, ada, olga, make_event, enroll, who):
    enroll(make_event(olga))
    account, problem = (ada, LAST_ADMIN) if who == "last admin" else (olga, HAS_EVENTS)
    answer = fresh(ada).post(of(account, "delete"), {"post": "yes"})
    assert (answer.status_code, problem in read(answer)) == (200, True)
    assert (User.objects.filter(pk=account.pk).exists(), Registration.objects.count()) == (True, 1)


def test_deleting_takes_a_fresh_sign_in_or_ones_own_password(office, ada, bob):
    assert office(ada).post(of(bob, "delete"), {"post": "yes"}).status_code == 200
    assert User.objects.filter(pk=bob.pk).exists()


def test_one_of_two_admins_may_delete_oneself(fresh, ada, person):
    person("amy", role="admin")
    client = fresh(ada)
    assert where(client.post(of(ada, "delete"))) == (302, "/admin/")
    assert where(client.get("/admin/"))[1].startswith("/admin/login/")


def test_nothing_is_deleted_in_bulk(fresh, ada, bob):
    sent = {"action": "delete_selected", "_selected_action": [bob.pk], "post": "yes"}
    fresh(ada).post(LIST, sent)
    assert "delete_selected" not in fresh(ada).get(LIST).content.decode()
    assert User.objects.filter(pk=bob.pk).exists()


# My profile ----------------------------------------------------------------------------------------------------------


def test_an_organizer_keeps_the_own_profile_and_no_others(fresh, olga, otto):
    values = {"name": "Olga's Lectures", "contact": "hello@example.org", "about": "Evenings", "user": otto.pk}
    assert where(fresh(olga).post("/admin/profile/", values)) == (302, "/admin/profile/")
    assert "Olga's Lectures" in html.unescape(fresh(olga).get("/admin/profile/").content.decode())
    assert User.objects.get(pk=olga.pk).profile.contact == "hello@example.org"
    assert User.objects.get(pk=otto.pk).profile.name == ""
    with pytest.raises(Forbidden):
        accounts.update_profile(organizer=otto, by=olga, changes={"name": "x"})


def test_what_does_not_fit_is_a_message_and_stays_typed(fresh, olga):
    answer = fresh(olga).post("/admin/profile/", {"name": "x" * 256, "about": "kept"})
    assert (answer.status_code, "at most 255 characters" in read(answer), "kept" in read(answer)) == (200, True, True)
