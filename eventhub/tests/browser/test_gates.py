"""Giving a helper's phone access to the door of an event."""

import pytest
from playwright.sync_api import expect

from checkin.models import GateToken
from eventhub.tests.browser.accessibility import DESK, PHONE, press, violations
from eventhub.tests.browser.test_accessibility import CUT
from eventhub.tests.browser.test_tickets import read


@pytest.fixture
def event(settings, live_server, olga, make_event):
    settings.PUBLIC_URL = live_server.url
    return make_event(olga, title="Three Serenades for Orchestra")


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_a_phone_reads_the_new_code_and_the_access_is_revoked(sign_in, live_server, olga, event, size, scheme):
    page = sign_in(olga)
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{live_server.url}/admin/events/event/{event.pk}/change/")
    page.get_by_role("link", name="Helpers at the door").click()
    page.get_by_role("textbox", name="Name").fill("Paula's phone")
    page.get_by_text("May search by name").click()
    press(page, "Show QR code")
    link = page.locator(".office-secret").inner_text()
    assert GateToken.objects.get().may == ["search"]
    assert link.startswith(f"{live_server.url}/scan/#evg_")
    assert [*violations(page), *page.evaluate(CUT)] == []
    assert read(page.screenshot(full_page=True)) == [link]
    page.emulate_media(media="print")
    assert read(page.screenshot(full_page=True)) == [link]
    said = page.locator("body").inner_text()
    assert ("Paula's phone" in said, "Done" in said, "Events" in said) == (True, False, False)
    page.emulate_media(media="screen")
    phone = page.context.new_page()
    phone.goto(link)
    expect(phone.get_by_text("Three Serenades for Orchestra").first).to_be_visible()
    phone.close()
    page.get_by_role("link", name="Done").click()
    page.get_by_role("button", name="Revoke Paula's phone").click()
    press(page, "Revoke access")
    expect(page.get_by_text("The access of “Paula's phone” was revoked.")).to_be_visible()
    assert [*violations(page), *page.evaluate(CUT)] == []
