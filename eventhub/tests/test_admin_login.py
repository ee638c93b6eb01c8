"""The door of the back office: who comes in, what the others are told, and that nothing typed is lost on the way."""

import html
import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib import admin
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services.accounts import end_sign_ins
from eventhub.admin import form_recovery

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db]

PASSWORD = "a passphrase for tests"
LOGIN, PROFILE = "/admin/login/", "/admin/profile/"
WRONG = "Wrong username or password."


def sign_in(client, username, password=PASSWORD, path=LOGIN, **more):
    return client.post(path, {"username": username, "password": password, **more})


def text(answer):
    """What people read, in one line."""
    body = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(body).split())


def where(answer):
    return answer.status_code, answer.headers.get("Location")


def hidden(answer, name="typed"):
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.content.decode())
    return found and html.unescape(found[1])


# Who comes in --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["olga", "OLGA", "ada"])
def test_organizers_and_admins_come_in_by_their_name_in_any_case(olga, ada, name):
    client = Client()
    assert where(sign_in(client, name)) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200
    assert where(client.get(LOGIN)) == (302, "/admin/")


@pytest.mark.parametrize("fault", ["wrong password", "no such name", "deactivated", "attendee with a wrong password"])
def test_what_is_wrong_with_a_sign_in_is_never_said(olga, bob, fault):
    who = {"no such name": "nobody", "attendee with a wrong password": "bob"}.get(fault, "olga")
    if fault == "deactivated":
        User.objects.update(is_active=False)
    answer = sign_in(Client(), who, PASSWORD if fault == "deactivated" else "wrong")
    assert answer.status_code == 200
    assert WRONG in text(answer)


def test_who_has_no_role_is_told_so_for_the_right_password(bob):
    client = Client()
    answer = sign_in(client, "bob")
    assert answer.status_code == 200
    assert "The back office is for organizers and admins, and your account is neither" in text(answer)
    assert where(client.get("/admin/")) == (302, "/admin/login/?next=/admin/")


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/events/event/", "/admin/accounts/user/1/change/", "/admin/nonsense/"]
)
@pytest.mark.parametrize("verb", ["get", "post"])
def test_who_is_signed_in_without_a_role_gets_a_page_with_ways_out_and_no_loop(office, bob, path, verb):
    client = office(bob)
    answer = getattr(client, verb)(path)
    assert answer.status_code == 403
    assert "The back office is for organizers and admins" in text(answer)
    assert re.findall(r"<button[^>]*>\s*([A-Z][^<]*?)\s*</button>", answer.content.decode()) == [
        "Sign in as someone else",
        "Sign out",
    ]
    assert where(client.post("/admin/logout/", {"next": LOGIN})) == (302, LOGIN)
    assert where(sign_in(client, "bob")) == (200, None)


def test_signing_out_is_a_post(office, olga):
    client = office(olga)
    assert where(client.get("/admin/logout/")) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200
    assert "You are signed out" in text(client.post("/admin/logout/"))
    assert where(client.get("/admin/")) == (302, "/admin/login/?next=/admin/")


def test_losing_the_role_ends_the_rights_of_a_session_at_once(office, olga):
    client = office(olga)
    assert client.get("/admin/").status_code == 200
    User.objects.filter(pk=olga.pk).update(role="user")
    assert client.get("/admin/").status_code == 403
    User.objects.filter(pk=olga.pk).update(role="organizer", is_active=False)
    assert where(client.get("/admin/")) == (302, "/admin/login/?next=/admin/")


# Where it leads ------------------------------------------------------------------------------------------------------


def test_signing_in_leads_to_the_page_that_was_asked_for(olga):
    client = Client()
    asked = client.get("/admin/events/event/?q=talk")
    assert where(asked) == (302, "/admin/login/?next=/admin/events/event/%3Fq%3Dtalk")
    form = client.get(asked.headers["Location"])
    assert html.unescape(re.search(r'<form action="([^"]+)"', form.content.decode())[1]) == asked.headers["Location"]
    assert where(sign_in(client, "olga", path=asked.headers["Location"])) == (302, "/admin/events/event/?q=talk")
    assert where(client.get(asked.headers["Location"])) == (302, "/admin/events/event/?q=talk")


ELSEWHERE = ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:evil.example"]


@pytest.mark.parametrize("address", ELSEWHERE)
@pytest.mark.parametrize("signed_in", [True, False])
def test_signing_in_never_leads_elsewhere(office, olga, address, signed_in):
    client = office(olga) if signed_in else Client()
    path = f"{LOGIN}?next={address}"
    assert where(client.get(path) if signed_in else sign_in(client, "olga", path=path)) == (302, "/admin/")
    assert where(sign_in(Client(), "olga", next=address)) == (302, "/admin/")
    assert where(office(olga).post("/admin/logout/", {"next": address}))[1] in {None, "/admin/logout/"}


# What was typed ------------------------------------------------------------------------------------------------------


TYPED = {"name": 'Olga & "friends"', "contact": "<b>hello</b>", "about": "Zeile\nzwei"}


def test_a_form_that_finds_no_sign_in_travels_with_the_sign_in_and_is_sent_again(olga):
    client = Client()
    answer = client.post(PROFILE, TYPED)
    assert answer.status_code == 403
    assert "Your session has ended. Nothing was changed yet." in text(answer)
    # A slip at the password does not lose it.
    again = sign_in(client, "olga", "wrong", typed=hidden(answer))
    assert hidden(again) == hidden(answer)
    assert where(sign_in(client, "olga", typed=hidden(again))) == (302, "/admin/send-again/")
    page = client.get("/admin/send-again/")
    body = page.content.decode()
    assert [html.unescape(value) for value in re.findall(r"<dd[^>]*>(.*?)</dd>", body, re.DOTALL)] == [*TYPED.values()]
    sent = {
        name: html.unescape(value) for name, value in re.findall(r'name="(name|contact|about)" value="([^"]*)"', body)
    }
    assert sent == TYPED
    assert f'action="{PROFILE}"' in body
    assert where(client.post(PROFILE, sent)) == (302, PROFILE)
    assert User.objects.get(pk=olga.pk).profile.contact == TYPED["contact"]
    assert "There are no unsaved changes" in text(client.get("/admin/send-again/"))


def test_what_was_typed_is_shown_by_the_labels_of_its_form(office, olga, make_event):
    path = f"/admin/events/event/{make_event(olga).pk}/change/"
    form = office(olga).get(path).content.decode()
    opened = html.unescape(re.search(r'name="opened" value="([^"]*)"', form)[1])
    client, begins = Client(), {"date_time_0": "31 May 2031", "date_time_1": "19:00", "date_time_2": "+02:00"}
    answer = client.post(path, {"title": "Jazz", **begins, "max_capacity": "70", "waitlist": "on", "opened": opened})
    sign_in(client, "olga", typed=hidden(answer))
    body = client.get("/admin/send-again/").content.decode()
    assert re.findall(r"<dt[^>]*>(.*?)</dt>\s*<dd[^>]*>(.*?)</dd>", body, re.DOTALL) == [
        ("Title", "Jazz"),
        ("Begins", "31 May 2031 19:00 +02:00"),
        ("Seats", "70"),
        ("Waiting list", "Yes"),
    ]


def test_nothing_is_done_before_it_is_sent_again(olga):
    Client().post(PROFILE, TYPED)
    assert User.objects.get(pk=olga.pk).profile.name == ""


def test_what_was_typed_is_thrown_away_by_a_post(olga):
    client = Client()
    sign_in(client, "olga", typed=hidden(client.post(PROFILE, TYPED)))
    assert where(client.post("/admin/send-again/")) == (302, "/admin/")
    assert "There are no unsaved changes" in text(client.get("/admin/send-again/"))


@pytest.mark.parametrize("ending", ["a new password", "end all sign-ins", "deactivated and back"])
def test_what_somebody_typed_is_not_shown_to_another(office, olga, otto, ending):
    client = office(olga)
    if ending == "a new password":
        olga.set_password("another passphrase")
        olga.save()
    elif ending == "end all sign-ins":
        end_sign_ins(account=olga, by=olga)
    else:
        User.objects.filter(pk=olga.pk).update(is_active=False)
    answer = client.post(PROFILE, {"name": "A secret of olga's"})
    assert answer.status_code == 403
    for_another = sign_in(client, "otto", typed=hidden(answer))
    assert where(for_another) == (302, "/admin/")
    assert "We could not restore your unsaved changes" in text(client.get("/admin/profile/"))
    assert "A secret of olga" not in text(client.get("/admin/send-again/"))


def test_passwords_codes_and_files_are_never_kept(olga):
    fields = {
        "name": "x",
        "old_password": "s3cret-1",
        "new_password1": "s3cret-2",
        "code": "s3cret-3",
        "key": "s3cret-4",
    }
    file = SimpleUploadedFile("people.csv", b"s3cret-5")
    answer = Client().post(PROFILE, {**fields, "file": file})
    assert "Files are not kept" in text(answer)
    assert form_recovery.read(hidden(answer)) == form_recovery.UnsentForm(
        PROFILE, {"name": ["x"]}, ["people.csv"], None
    )
    client = Client()
    sign_in(client, "olga", typed=hidden(answer))
    page = client.get("/admin/send-again/")
    assert ("people.csv" in text(page), "s3cret" in page.content.decode()) == (True, False)


def test_a_form_of_nothing_but_passwords_is_typed_again(olga):
    answer = Client().post("/admin/password_change/", {"old_password": "a", "new_password1": "b"})
    assert where(answer) == (302, "/admin/login/?next=/admin/password_change/")


def test_what_is_too_long_to_carry_is_said_to_be(olga):
    lines = "".join(f"{n * n} " for n in range(90_000))
    answer = Client().post(PROFILE, {"about": lines})
    assert answer.status_code == 403
    assert "what you typed is too long to be kept" in text(answer)
    assert hidden(answer) is None


@pytest.mark.parametrize("fault", ["an hour old", "another's signature", "nonsense"])
def test_only_what_we_signed_within_an_hour_is_taken(olga, fault):
    client = Client()
    given = hidden(client.post(PROFILE, TYPED))
    if fault == "another's signature":
        given = signing.dumps([PROFILE, {}, [], None], salt="elsewhere")
    elif fault == "nonsense":
        given = "x" * 40
    with time_machine.travel(timezone.now() + timedelta(minutes=61 if fault == "an hour old" else 0), tick=False):
        assert where(sign_in(client, "olga", typed=given)) == (302, "/admin/")
        assert "We could not restore your unsaved changes" in text(client.get(PROFILE))
        assert "There are no unsaved changes" in text(client.get("/admin/send-again/"))


# Another tab ---------------------------------------------------------------------------------------------------------

OURS = {"HTTP_ORIGIN": "http://testserver"}


@pytest.fixture
def strict(olga):
    client = Client(enforce_csrf_checks=True)
    client.force_login(olga)
    return client


def test_a_page_from_before_a_sign_in_in_another_tab_loses_nothing(strict):
    assert where(strict.post(PROFILE, TYPED, **OURS)) == (302, "/admin/send-again/")
    page = strict.get("/admin/send-again/")
    assert TYPED["contact"] in text(page)
    token = hidden(page, "csrfmiddlewaretoken")
    assert where(strict.post(PROFILE, {**TYPED, "csrfmiddlewaretoken": token}, **OURS)) == (302, PROFILE)


@pytest.mark.parametrize("origin", [{}, {"HTTP_ORIGIN": "https://evil.example"}, {"HTTP_ORIGIN": "null"}])
def test_a_form_that_another_site_may_have_sent_is_offered_to_nobody(strict, origin):
    answer = strict.post(PROFILE, TYPED, **origin)
    assert answer.status_code == 403
    assert "We could not verify that this form came from our site." in text(answer)
    assert "There are no unsaved changes" in text(strict.get("/admin/send-again/"))


def test_a_stale_sign_in_page_leads_back_to_the_form(olga):
    answer = sign_in(Client(enforce_csrf_checks=True), "olga", path=f"{LOGIN}?next={PROFILE}")
    assert answer.status_code == 403
    assert "This page is out of date. Sign in again." in text(answer)
    assert f'href="{LOGIN}?next={PROFILE}"' in answer.content.decode()


def test_without_a_sign_in_it_travels_with_the_sign_in(db):
    answer = Client(enforce_csrf_checks=True).post(PROFILE, TYPED, **OURS)
    assert (answer.status_code, form_recovery.read(hidden(answer)).fields["contact"]) == (403, [TYPED["contact"]])


# Every page ----------------------------------------------------------------------------------------------------------


def paths(patterns=None, prefix="/admin/"):
    """An address of every page of the back office."""
    for pattern in patterns or admin.site.urls[0]:
        route = re.sub(r"<(\w+:)?\w+>", "1", str(pattern.pattern)).strip("^$")
        if hasattr(pattern, "url_patterns"):
            yield from paths(pattern.url_patterns, prefix + route)
        elif "(?P" not in route:
            yield prefix + route


OPEN = {LOGIN, "/admin/logout/", "/admin/password-reset/", "/admin/new-password/", "/admin/verify-email/"}
OPEN |= {"/admin/my-registration/", "/admin/my-registration/calendar.ics", "/admin/unsubscribe/"}
# By the secret link of an email; and for a public event, by the password of an account.
OPEN |= {"/admin/my-answers/", "/admin/team-invitation/", "/admin/register/1/"}


@pytest.mark.parametrize("path", sorted({*paths()} - OPEN))
def test_no_page_opens_for_who_is_not_inside(office, bob, path):
    for verb in ("get", "post"):
        assert getattr(Client(), verb)(path).status_code in {302, 403}
        assert getattr(office(bob), verb)(path).status_code in ({302} if path == "/admin/code/" else {403})


def test_no_address_ends_in_a_500(office, ada, olga):
    """What unfold itself does not foresee."""
    for path in ("search/?s=a&page=x", "search/?s=a", "r/1/1/", "r/x/x/", "autocomplete/?app_label=x", "jsi18n/"):
        assert {office(who).get(f"/admin/{path}").status_code for who in (ada, olga)} <= {200, 403, 404}, path
