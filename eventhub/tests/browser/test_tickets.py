"""The page of a ticket, and the ticket on the page of a registration."""

import io

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from checkin.services.tickets import ticket_of
from eventhub.tests.browser.accessibility import DESK, PHONE, violations
from eventhub.tests.browser.test_accessibility import CUT


def read(picture):
    return [found.text for found in zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))]


@pytest.fixture
def ticket(settings, live_server, olga, bob, make_event, enroll):
    settings.PUBLIC_URL = live_server.url
    return ticket_of(enroll(make_event(olga, title="Three Serenades for Orchestra"), bob, name="Bob the Builder"))


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_a_decoder_reads_the_page(page, requests_elsewhere, ticket, size, scheme):
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    page.goto(ticket.link)
    expect(page.get_by_text("Bob the Builder")).to_be_visible()
    assert [*violations(page), *page.evaluate(CUT)] == []
    assert read(page.screenshot()) == [ticket.code]
    page.emulate_media(media="print")
    assert read(page.screenshot()) == [ticket.code]
    assert "keep the link" not in page.locator("body").inner_text()


def test_a_code_that_is_none_has_a_page_too(page, ticket):
    page.set_viewport_size(PHONE)
    page.goto(ticket.link[:-4])
    expect(page.get_by_text("This ticket is not valid")).to_be_visible()
    assert [*violations(page), *page.evaluate(CUT)] == []
