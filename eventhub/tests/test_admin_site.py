"""The site itself: its name and menus, its pages of errors, and that one sees what is one's own and nothing else."""

import re

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.staticfiles import finders
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User
from events.models import Event

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

PAGES = ["/admin/", *(f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry)]


@pytest.mark.parametrize("path", [*PAGES, "/admin/events/event/?q=talk"])
def test_every_page_opens_for_an_admin(office, ada, olga, make_event, enroll, path):
    enroll(make_event(olga))
    assert office(ada).get(path).status_code == 200


def test_these_models_have_pages_and_no_others():
    assert {model._meta.label for model in admin.site._registry} == {
        "accounts.ServiceToken",
        "accounts.User",
        "events.Event",
        "events.Tag",
        "registrations.Registration",
        "notifications.Notice",
        "django_tasks_database.DBTaskResult",
    }


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


def test_guessing_a_password_here_is_throttled_as_at_the_login_of_the_api(ada, settings):
    settings.THROTTLE_CREDENTIALS = "2/min"
    client, form = Client(), {"username": "ada", "password": "wrong"}
    pages = [client.post("/admin/login/", form) for _ in range(3)]
    assert ["Too many attempts" in page.content.decode() for page in pages] == [False, False, True]
    assert [page.status_code for page in pages] == [200, 200, 429]
    assert 0 < int(pages[2].headers["Retry-After"]) <= 60
    right = {"username": "ADA", "password": "a passphrase for tests"}
    assert client.post("/admin/login/", right).status_code == 429


# Name and menus ------------------------------------------------------------------------------------------------------


def menu(page):
    """The texts of the sidebar's links."""
    sidebar = page.content.decode().split('id="nav-sidebar-apps"')[1].split("</nav>")[0]
    links = re.findall(r'<li>\s*<a href="([^"]+)".*?<span>([^<]+)</span>', sidebar, re.DOTALL)
    return {title: href for href, title in links}


ORGANIZERS = {
    "Dashboard": "/admin/",
    "Events": "/admin/events/event/",
    "Add event": "/admin/events/event/add/",
    "Registrations": "/admin/registrations/registration/",
    "Check-in": "/admin/registrations/registration/door/",
}


def test_the_menu_has_what_one_may_open(office, olga, ada):
    assert menu(office(olga).get("/admin/")) == ORGANIZERS
    assert menu(office(ada).get("/admin/")) == {
        **ORGANIZERS,
        "Categories and tags": "/admin/events/tag/",
        "Accounts": "/admin/accounts/user/",
        "Service tokens": "/admin/accounts/servicetoken/",
        "Background tasks": "/admin/django_tasks_database/dbtaskresult/",
        "Failed emails": "/admin/notifications/notice/",
    }
    for path in ORGANIZERS.values():
        assert office(olga).get(path).status_code == 200


def test_the_account_menu_leads_to_ones_own_pages(office, olga):
    page = office(olga).get("/admin/").content.decode()
    for path in ("profile", "second-factor", "password_change"):
        assert f'href="/admin/{path}/"' in page
        assert office(olga).get(f"/admin/{path}/").status_code == 200


def test_the_site_has_its_own_name_and_face_and_asks_nothing_of_anybody_else(office, olga):
    for answer in (Client().get("/admin/login/"), office(olga).get("/admin/"), office(olga).get("/admin/nonsense/")):
        page = answer.content.decode()
        assert "EventHub</title>" in " ".join(page.split()).replace(" </title>", "</title>")
        assert 'href="/static/eventhub/favicon.svg" type="image/svg+xml"' in page
        linked = re.findall(r'(?:href|src)="(https?:[^"]*|//[^"]*)"', page)
        assert linked == []
        files = re.findall(r'(?:href|src)="/static/([^"]+)"', page)
        assert [path for path in files if finders.find(path) is None] == []


def test_recent_actions_are_ones_own(rf, olga, otto):
    kind = ContentType.objects.get_for_model(Event)
    for who in (olga, otto):
        LogEntry.objects.create(
            user=who, content_type=kind, object_id="1", object_repr=who.username, action_flag=CHANGE
        )
    request = rf.get("/admin/")
    request.user = olga
    assert [entry.object_repr for entry in admin.site.get_log_entries(request)] == ["olga"]


def test_the_history_of_an_account_lists_its_changes(office, ada, olga):
    kind, path = ContentType.objects.get_for_model(User), f"/admin/accounts/user/{olga.pk}/history/"
    assert "Nobody has changed this" in office(ada).get(path).content.decode()
    for change in ("First", "Second"):
        LogEntry.objects.create(
            user=ada, content_type=kind, object_id=olga.pk, action_flag=CHANGE, change_message=f"{change} change."
        )
    page = office(ada).get(path).content.decode()
    cells = re.findall(r'data-label="(User|Change)">(.*?)</td>', page)
    assert cells == [("User", "ada"), ("Change", "Second change."), ("User", "ada"), ("Change", "First change.")]
    assert 'aria-label="Pages"' not in page


@pytest.mark.parametrize("path", ["/admin/profile/", "/admin/password_change/", "/admin/second-factor/"])
def test_ones_own_pages_make_few_statements(office, olga, path):
    """The session; the account; its second factor; what the page shows."""
    client = office(olga)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    assert len(captured) <= 4, [query["sql"] for query in captured]


# Forms ---------------------------------------------------------------------------------------------------------------

REQUIRED = "This field is required."
CONFIRM = "Your password: Enter your current password."


@pytest.mark.parametrize(
    ("path", "sent", "link"),
    [
        ("login/", {}, ("#id_username", f"Username or email address: {REQUIRED}")),
        ("code/", {}, ("#id_code", f"One-time code: {REQUIRED}")),
        ("second-factor/", {"key": ""}, ("#id_code", f"One-time code: {REQUIRED}")),
        ("end-sign-ins/", {}, ("#id_current_password", CONFIRM)),
        ("password-reset/", {"email": "olga"}, ("#id_email", "Email address: Enter a valid email address.")),
        ("registrations/registration/import/{event}/", {}, ("#id_file", f"CSV or XLSX file: {REQUIRED}")),
        ("accounts/user/{account}/end-sign-ins/", {}, ("#id_current_password", CONFIRM)),
    ],
)
def test_every_form_lists_its_errors_on_top(office, ada, make_event, path, sent, link):
    if path == "code/":
        TOTPDevice.objects.create(user=ada, confirmed=True)
    client = Client() if path in {"login/", "password-reset/"} else office(ada)
    page = client.post(f"/admin/{path.format(event=make_event(ada).pk, account=ada.pk)}", sent).content.decode()
    notes = page.split('role="alert"')[1:]
    assert [re.findall(r'href="(#id_[^"]+)">([^<]+)</a>', note)[:1] for note in notes] == [[link]]


# Errors --------------------------------------------------------------------------------------------------------------


def sentence(answer):
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    found = re.search(r"<h1.*?<span[^>]*tracking-tight[^>]*>([^<]*)</span>", answer.content.decode(), re.DOTALL)
    return answer.status_code, found and found[1]


def test_a_page_that_is_not_there_is_a_page(office, olga):
    answer = office(olga).get("/admin/nonsense/")
    assert sentence(answer) == (404, "Page not found.")
    assert 'href="/admin/"' in answer.content.decode()


def test_a_page_that_is_not_ones_own_to_open_is_a_page(office, olga):
    assert sentence(
        office(olga).get("/admin/autocomplete/?app_label=events&model_name=event&field_name=organizer")
    ) == (
        403,
        "Not allowed.",
    )


@pytest.mark.parametrize("breaks", ["the view", "the database"])
def test_a_mistake_of_ours_is_a_page_that_needs_no_database(office, olga, monkeypatch, breaks):
    client = office(olga)
    client.raise_request_exception = False

    def broken(*args, **kwargs):
        raise RuntimeError("tell-tale")

    if breaks == "the view":
        monkeypatch.setattr("eventhub.admin.account_views.page", broken)
        answer = client.get("/admin/profile/")
    else:
        monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", broken)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get("/admin/profile/")
        assert len(captured) == 0
    assert sentence(answer) == (500, "Something went wrong.")
    assert "tell-tale" not in answer.content.decode()


def test_where_even_that_page_fails_the_answer_is_plain(office, olga, monkeypatch):
    client = office(olga)
    client.raise_request_exception = False

    def broken(*args, **kwargs):
        raise RuntimeError("tell-tale")

    monkeypatch.setattr("eventhub.http.error_views.office_page", broken)
    answer = client.get("/admin/nonsense/")
    assert (answer.status_code, answer.json()) == (404, {"msg": "Not found", "code": "not_found"})


def test_a_database_that_is_away_is_a_page(office, olga, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("the server closed the connection unexpectedly")

    client = office(olga)
    monkeypatch.setattr("eventhub.admin.account_views.page", away)
    answer = client.get("/admin/profile/")
    assert sentence(answer) == (503, "Temporarily unavailable.")
    assert answer.headers["Retry-After"] == "5"


def test_too_many_fields_are_a_page(office, olga):
    answer = office(olga).post("/admin/profile/", {f"field{n}": "x" for n in range(1001)})
    assert sentence(answer) == (400, "Invalid request.")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite takes a NUL in a text")
def test_what_the_database_cannot_take_is_a_page(office, ada):
    assert office(ada).get("/admin/accounts/user/?role__exact=%00").status_code in {302, 400}


def test_outside_the_back_office_errors_are_the_contracts(client):
    for path in ("/nonsense", "/administrator/x", "/users/"):
        assert client.get(path).headers["Content-Type"] == "application/json"


def test_no_page_shows_a_password_hash(office, ada, bob):
    page = office(ada).get(f"/admin/accounts/user/{bob.pk}/change/").content.decode()
    assert ("argon2" in page, bob.email in page) == (False, True)
    assert User.objects.get(pk=bob.pk).password.startswith("argon2")
