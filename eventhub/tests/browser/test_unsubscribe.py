"""Turning emails off on the page that mails link to."""

import pytest
from playwright.sync_api import expect

from eventhub.tests.browser.accessibility import DESK, PHONE, violations
from eventhub.tests.browser.test_accessibility import CUT
from notifications.models import OptOut
from notifications.services import preferences


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_a_person_unsubscribes_and_changes_their_mind(
    page, live_server, requests_elsewhere, settings, olga, bob, make_event, size, scheme
):
    settings.PUBLIC_URL = live_server.url
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    page.goto(preferences.unsubscribe_link(bob, make_event(olga, title="Three Serenades for Orchestra")))
    problems = [*violations(page), *page.evaluate(CUT)]
    page.get_by_role("button", name="Unsubscribe All messages from olga").click()
    expect(page.get_by_text("You are unsubscribed.")).to_be_visible()
    assert OptOut.objects.filter(user=bob, organizer=olga).exists()
    problems += [*violations(page), *page.evaluate(CUT)]
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("You are unsubscribed.")).to_be_hidden()
    assert not OptOut.objects.exists()
    assert problems == []
