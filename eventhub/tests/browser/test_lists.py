"""Lists of the back office on screens of any size."""

from itertools import product

import pytest
from playwright.sync_api import expect

from eventhub.admin import bulk
from eventhub.tests.browser.accessibility import PHONE, violations
from registrations.models import Registration

EVENTS, REGISTRATIONS = "events/event/?when=all", "registrations/registration/"
SIZES = [(1280, 900), (1280, 360), (375, 800), (375, 320)]
# Where each control is after the browser has scrolled it into view, as it does for the Tab key.
COVERED = """
() => [...document.querySelectorAll("#main a[href], #main button, #main input, #main select")]
  .filter((control) => control.checkVisibility() && control.getClientRects().length)
  .map((control) => {
    control.scrollIntoView({block: "nearest", inline: "nearest", behavior: "instant"});
    const box = control.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return control.contains(top) || top?.closest("label")?.contains(control) ? null
      : `${control.outerHTML.slice(0, 80)} under ${top?.outerHTML.slice(0, 80)}`;
  })
  .filter(Boolean)
"""


@pytest.fixture
def page_of_olga(sign_in, olga, make_event, enroll):
    event = make_event(olga, max_capacity=60)
    for number in range(51):
        make_event(olga, title=f"Event {number}")
        enroll(event, name=f"Person {number}")
    return sign_in(olga)


def test_labels_on_a_phone_are_in_sentence_case(sign_in, live_server, olga, make_event):
    make_event(olga)
    page = sign_in(olga)
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(f"{live_server.url}/admin/{EVENTS}")
    cells = page.locator("#result_list tbody [data-label]")
    assert cells.evaluate_all("cells => cells.map((cell) => cell.dataset.label)") == [
        "Select record",
        "Title",
        "Status",
        "Begins",
        "Seats taken",
    ]
    assert cells.last.evaluate("cell => getComputedStyle(cell, '::before').textTransform") == "none"


@pytest.mark.parametrize(("path", "few"), [(EVENTS, "&q=Event+1"), (REGISTRATIONS, "?q=Person+1")])
def test_no_control_is_covered_by_a_bar_at_any_height(page_of_olga, live_server, path, few):
    page, found = page_of_olga, {}
    for query, (width, height) in product(("", few), SIZES):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{live_server.url}/admin/{path}{query}")
        page.locator("input.action-select").last.check()
        page.locator("#changelist-actions").wait_for()
        found[query, width, height] = page.evaluate(COVERED)
    assert {size: controls for size, controls in found.items() if controls} == {}


def test_all_rows_of_a_filter_are_cancelled_after_one_question(page_of_olga, live_server, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 20)
    page = page_of_olga
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/admin/{REGISTRATIONS}?q=Person")
    page.locator("#action-toggle").check()
    expect(page.locator("#changelist-actions")).to_contain_text("50 of 50 selected")
    page.get_by_text("Select all 51 registrations").click()
    expect(page.locator("#changelist-actions")).to_contain_text("All 51 registrations selected")
    page.locator("select[name=action]").select_option("cancel")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("and 41 more")).to_be_visible()
    found = violations(page)
    page.route("**/bulk.js", lambda route: route.fulfill(body=""))  # as without scripts
    page.get_by_role("button", name="Cancel 51 registrations").click()
    expect(page.get_by_role("status")).to_contain_text("20 of 51 done")
    assert (found, violations(page)) == ([], [])
    page.unroute("**/bulk.js")
    page.get_by_role("button", name="Continue").click()  # from here by itself
    expect(page.get_by_text("51 registrations: cancelled.")).to_be_visible()
    assert page.url.endswith(f"{REGISTRATIONS}?q=Person")
    assert set(Registration.objects.values_list("status", flat=True)) == {"cancelled"}
