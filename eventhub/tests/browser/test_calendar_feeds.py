"""A calendar feed of one's own, made and revoked on a phone."""

import re

from eventhub.testing.contract_client import ContractClient
from eventhub.tests.browser.accessibility import PHONE, press, violations


def test_a_feed_is_made_shown_once_and_revoked(sign_in, olga, live_server):
    page = sign_in(olga)
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/admin/calendar-feeds/")
    page.get_by_label("Shows").select_option("events")
    press(page, "Create feed")
    url = page.locator(".office-secret").inner_text().strip()
    path = re.fullmatch(r"http://127\.0\.0\.1:8000(/calendars/[\w-]{43}\.ics)", url)[1]
    assert ContractClient().get(path).status_code == 200
    link = page.get_by_role("link", name="Open in a calendar program")
    assert link.get_attribute("href") == f"webcal://127.0.0.1:8000{path}"
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.get_by_role("link", name="I have copied it").click()
    page.wait_for_url(f"{live_server.url}/admin/calendar-feeds/")
    assert url not in page.content()
    press(page, re.compile("Revoke Events that I organize"))
    assert page.get_by_text("was revoked.").count() == 1
    assert ContractClient().get(path).status_code == 404
