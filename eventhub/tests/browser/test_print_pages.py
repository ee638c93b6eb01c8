"""Badges and name lists on paper: the number of pages, and that no text leaves its place, in many scripts."""

import io
import re

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from checkin.badges import FIELDS, PAPERS
from checkin.services.ticket_codes import make_code
from eventhub.tests.browser.accessibility import DESK, PHONE, press, violations

NAMES = [
    "Zoë Müller-Łukaszewicz",
    "Αλέξανδρος Παπαδόπουλος",
    "Екатерина Достоевская",
    "محمد بن عبد الله الهاشمي",
    "אברהם בן־גוריון",
    "आर्यभट नमस्ते",
    "สมชาย วงศ์สวัสดิ์",
    "张伟",
    "佐藤 さくら",
    "김철수",
    "Nguyễn Thị Ánh Nguyệt",
    "W" * 255,
    "Ab " * 85,
    "漢" * 255,
    "Wolfeschlegelsteinhausenbergerdorff, Hubert Blaine",
    "م" * 255,
    "क्षि" * 60,
    "👩‍🔬 " * 40,
    "Bo",
]
SHOW = "&".join(f"show={field}" for field in FIELDS)
# Texts that are higher or wider than their box, and badges that are outside of their sheet.
OVERFLOWING = """
() => {
  const outside = (inner, outer) => {
    const [a, b] = [inner.getBoundingClientRect(), outer.getBoundingClientRect()];
    return a.left < b.left - 1 || a.right > b.right + 1 || a.top < b.top - 1 || a.bottom > b.bottom + 1;
  };
  const pairs = [["p", ".text"], [".text", ".texts"], [".texts", ".badge"], [".code", ".badge"], [".badge", ".sheet"]];
  return pairs.flatMap(([inner, outer]) =>
    [...document.querySelectorAll(`${outer} ${inner}`)]
      .filter((part) => outside(part, part.closest(outer)) || part.scrollWidth > part.clientWidth + 1)
      .map((part) => `${inner}: ${part.innerText}`));
}
"""
SIZES = {**{name: f"format={name}" for name in PAPERS}, "small": "format=free&width=40&height=20"}
PAGES = {"a4-2x4": 3, "a4-2x5": 2, "label-62": 19, "a6": 19, "small": 19}


@pytest.fixture
def event(olga, make_event, enroll):
    event = make_event(olga, title="Three Serenades for Orchestra and One Overture, Played Twice", max_capacity=50)
    for name in NAMES:
        enroll(event, name=name, contact_details="Table 4, vegetarian, at the very end of the hall " * 5)
    return event


def pages(pdf):
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def codes(page):
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot(full_page=True))))
    return sorted(each.text for each in found)


def test_no_text_leaves_its_place(sign_in, live_server, olga, event):
    page = sign_in(olga)
    page.emulate_media(media="print")
    found = {}
    for size, query in SIZES.items():
        base = f"{live_server.url}/admin/events/event/{event.pk}/badges/print/?status=registered&{query}"
        for fields in (SHOW, "show=code", ""):
            page.goto(f"{base}&{fields}")
            found[size, fields] = (page.evaluate(OVERFLOWING), pages(page.pdf(prefer_css_page_size=True)))
    assert found == {(size, fields): ([], PAGES[size]) for size, fields in found}
    page.goto(f"{live_server.url}/admin/events/event/{event.pk}/names/print/?status=registered&show=contact&letters=on")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    letters = page.locator(".letter").all_inner_texts()
    assert (len(letters), pages(page.pdf()) >= len(letters)) == (len({*letters}), True)


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_badges_are_printed_and_marked(sign_in, olga, event, size, scheme):
    page = sign_in(olga)
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    page.goto(page.url + f"events/event/{event.pk}/change/")
    with page.expect_navigation(wait_until="load"):
        page.get_by_role("link", name="Badges").click()
    page.get_by_label("Paper").select_option("a4-2x5")
    page.get_by_label("Only new or changed").check()
    press(page, "Show badges")
    expect(page.get_by_text("19 badges on 2 pages.")).to_be_visible()
    assert violations(page) == []
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Mark as printed")).to_be_hidden()
    assert codes(page) == sorted(make_code(row.pk, row.issue) for row in event.registrations.all())
    page.emulate_media(media="screen")
    press(page, "Mark as printed")
    expect(page.get_by_text("19 badges are marked as printed.")).to_be_visible()
    expect(page.get_by_label("Only new or changed")).to_be_checked()
    press(page, "Show badges")
    expect(page.get_by_text("There is nothing new to print.")).to_be_visible()
