"""An organizer repeats an event and changes several dates, on a desk and on a phone."""

import pytest
from playwright.sync_api import expect

from eventhub.tests.browser.accessibility import DESK, PHONE, press, violations
from eventhub.tests.browser.test_accessibility import CUT
from eventhub.tests.browser.test_questions import shot
from events.models import Event


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_an_organizer_repeats_an_event(sign_in, live_server, olga, make_event, size, scheme):
    event = make_event(olga, title="Three Serenades for Orchestra")
    page = sign_in(olga)
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{live_server.url}/admin/events/event/{event.pk}/change/")
    page.get_by_role("link", name="Repeat").click()
    problems = []

    def look(name):
        shot(page, f"series-{name}-{size['width']}")
        problems.extend(f"{name}: {problem}" for problem in (*violations(page), *page.evaluate(CUT)))

    page.locator("#id_count").fill("4")
    look("rule")
    press(page, "Show the dates")
    look("preview")
    press(page, "Make these dates")
    expect(page.get_by_role("row")).to_have_count(5)
    look("dates")
    page.get_by_role("link", name="Back to event").click()
    page.locator("#id_title").fill("Four Serenades")
    page.get_by_label("All dates to come").check()
    look("scope")
    page.get_by_role("button", name="Save", exact=True).click()
    look("asked")
    press(page, "Change them")
    assert set(Event.objects.values_list("title", flat=True)) == {"Four Serenades"}
    assert problems == []
