"""A forgotten password, from the page of signing in to the next sign-in, and a verified address, in a real browser."""

import pytest
from django.core import mail
from django.utils import timezone
from django_tasks_db.models import DBTaskResult, get_date_max
from playwright.sync_api import expect

from accounts import signed_links
from accounts.models import User
from eventhub.testing.mailbox import token_in
from eventhub.tests.browser.accessibility import PHONE, violations

NEW = "another long passphrase"
WORK = "/admin/django_tasks_database/dbtaskresult/"


@pytest.fixture
def referrers(context):
    """What each request said where it came from."""
    said = []
    context.on("request", lambda request: said.append(request.headers.get("referer", "")))
    return said


def test_a_forgotten_password_is_set_anew_by_the_link_of_the_mail(
    page, live_server, requests_elsewhere, referrers, olga
):
    page.goto(f"{live_server.url}/admin/login/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Email address").fill("olga@example.org")
    page.get_by_role("button", name="Send link").click()
    expect(page.get_by_text("we have sent it a link")).to_be_visible()
    token = token_in(mail.outbox[0])
    page.goto(f"{live_server.url}/admin/new-password/?token={token}")
    assert violations(page) == []
    for field, text in (("#id_password", NEW), ("#id_password_again", "something else")):
        page.locator(field).fill(text)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("The passwords do not match.", exact=True)).to_be_visible()
    assert token not in page.url
    for field in ("#id_password", "#id_password_again"):
        page.locator(field).fill(NEW)
    page.get_by_role("button", name="Change password").click()
    page.get_by_role("link", name="Sign in").click()
    page.locator("#id_username").fill("olga")
    page.locator("#id_password").fill(NEW)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Create your first event")).to_be_visible()
    assert [text for text in referrers if token in text] == []


def test_an_address_is_verified_by_a_button(page, live_server, requests_elsewhere, person):
    zoe = person("zoe", email_verified=False)
    page.goto(f"{live_server.url}/admin/verify-email/?token={signed_links.make_token(zoe, signed_links.VERIFICATION)}")
    assert violations(page) == []
    page.get_by_role("button", name="Confirm address").click()
    expect(page.get_by_text("Your email address is confirmed")).to_be_visible()
    assert User.objects.get(pk=zoe.pk).email_verified is True


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_these_pages_are_accessible(page, live_server, olga, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(PHONE)
    found = {}
    for path in (
        "password-reset/",
        f"new-password/?token={signed_links.make_token(olga, signed_links.RESET)}",
        "new-password/?token=x",
    ):
        page.goto(f"{live_server.url}/admin/{path}")
        found[path] = violations(page)
    assert [problem for problems in found.values() for problem in problems] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_background_work_is_accessible(sign_in, live_server, ada, scheme):
    for status in ("FAILED", "READY"):
        row = DBTaskResult.objects.create(
            status=status,
            args_kwargs={"args": [7, "bob@example.org"], "kwargs": {"attempt": 2, "problem": "It is slow"}},
            task_path="accounts.mails.send_change_notice",
            backend_name="default",
            run_after=timezone.now() if status == "READY" else get_date_max(),
            traceback="eventhub.tasks.NotDone: The mail server is away",
        )
    page = sign_in(ada)
    page.emulate_media(color_scheme=scheme)
    found = []
    for path in ("", f"{row.pk}/change/"):
        page.goto(f"{live_server.url}{WORK}{path}")
        found += violations(page)
    assert found == []
