"""Lists of the back office on screens of any size."""

from itertools import product

import pytest

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
