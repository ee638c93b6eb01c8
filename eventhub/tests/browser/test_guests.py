"""A guest on a phone without scripts: the form, the email, one button, and the page of the registration."""

import pytest
from django.core import mail
from playwright.sync_api import expect

from eventhub.tests.browser.accessibility import PHONE, violations
from registrations.models import Registration


@pytest.fixture
def plain(browser):
    """A phone whose browser runs no scripts."""
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    yield context.new_page()
    context.close()


@pytest.fixture
def event(settings, live_server, olga, make_event):
    settings.PUBLIC_URL = live_server.url
    return make_event(olga, title="Night of the Telescopes", guests="hold", max_capacity=30)


def test_a_guest_needs_no_script(plain, live_server, event):
    plain.goto(f"{live_server.url}/e/{event.pk}")
    plain.get_by_label("Name").fill("Anna")
    plain.get_by_label("Email address").fill("anna@example.org")
    plain.get_by_role("button", name="Register", exact=True).click()
    expect(plain.get_by_role("heading", name="Check your email")).to_be_visible()
    plain.goto(f"{live_server.url}/r/confirm/{mail.outbox[0].body.partition('/r/confirm/')[2].split()[0]}")
    plain.get_by_role("button", name="Confirm registration").click()
    expect(plain.get_by_text("You are registered.")).to_be_visible()
    plain.get_by_label("Phone").fill("+49 30 1")
    plain.get_by_role("button", name="Save").click()
    expect(plain.get_by_text("Your details are saved.")).to_be_visible()
    plain.get_by_role("button", name="Cancel registration").click()
    expect(plain.get_by_text("Your registration is cancelled.")).to_be_visible()
    assert (Registration.objects.get().phone, Registration.objects.get().status) == ("+49 30 1", "cancelled")


def test_the_pages_are_accessible_and_fit_a_phone(page, live_server, event):
    page.set_viewport_size(PHONE)

    def check(path=None):
        if path:
            page.goto(f"{live_server.url}{path}")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    check(f"/e/{event.pk}")
    page.get_by_label("Name").fill("Anna")
    page.get_by_label("Email address").fill("anna@example.org")
    page.get_by_role("button", name="Register", exact=True).click()
    check()
    check(f"/r/confirm/{mail.outbox[0].body.partition('/r/confirm/')[2].split()[0]}")
    page.get_by_role("button", name="Confirm registration").click()
    check()
