"""The public pages as people use them: on a phone, by the keyboard, without scripts; and the widget elsewhere."""

import functools
import http.server
import threading

import pytest
from playwright.sync_api import expect

from eventhub.testing.factories import PASSWORD, UserFactory
from eventhub.tests.browser.accessibility import DESK, PHONE, violations
from eventhub.tests.browser.test_accessibility import CUT
from events.models import Event, EventSlug
from registrations.models import Registration


@pytest.fixture
def night(settings, live_server, olga, make_event):
    settings.PUBLIC_URL = live_server.url
    olga.profile.name, olga.profile.contact, olga.profile.about = "Olga's Lectures", "hello@example.org", "Since 1998."
    olga.profile.save()
    text = "Bring a coat.\n\nMore at https://example.org/a/very/long/address/that/has/to/be/broken/somewhere/on/a/phone"
    title = "Night of the Telescopes </script><script>alert(1)</script>"
    event = make_event(olga, title=title, description=text, location="Observatory", venue="North lawn", slug="night")
    EventSlug.objects.create(slug="night", event=event)
    return event


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_everybody_can_use_the_pages(page, requests_elsewhere, live_server, night, size, scheme):
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    for path in (
        "/e/",
        "/e/?search=nothing",
        "/e/night",
        f"/o/{night.organizer_id}",
        "/e/no-such",
        "/admin/register/night/",
    ):
        page.goto(f"{live_server.url}{path}")
        assert [path, *violations(page), *page.evaluate(CUT)] == [path]
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_the_keyboard_leads_from_the_list_to_a_seat(page, live_server, night):
    UserFactory(username="zoe")
    page.goto(f"{live_server.url}/e/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(6):  # the fields of the search and its button
        page.keyboard.press("Tab")
    while not page.evaluate("document.activeElement.getAttribute('href') === '/e/night'"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Night of the Telescopes </script>")
    while not page.evaluate("document.activeElement.getAttribute('href') === '/admin/register/night/'"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_label("Username or email address").focus()
    page.keyboard.type("zoe")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are registered")
    assert Registration.objects.get().user.username == "zoe"


def test_nothing_needs_a_script(new_context, live_server, night):
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{live_server.url}/e/")
    page.get_by_label("Words in the title").fill("telescopes")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Night of the Telescopes").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("10 of 10 free")).to_be_visible()
    page.get_by_role("link", name="Olga's Lectures").click()
    expect(page.get_by_text("Since 1998.")).to_be_visible()


def test_a_page_is_small(page, live_server, night):
    sizes = []
    page.on("response", lambda answer: sizes.append(len(answer.body())))
    page.goto(f"{live_server.url}/e/night", wait_until="networkidle")
    assert sum(sizes) < 50_000


ELSEWHERE = """<!DOCTYPE html><html lang="en"><title>Our club</title><h1>Our club</h1>
<script src="{server}/static/public/widget.js" defer></script>
<eventhub-events organizer="{organizer}"></eventhub-events>"""


@pytest.fixture
def elsewhere(tmp_path):
    """A website of another origin: its folder and its address."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield tmp_path, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_another_website_shows_the_list(page, live_server, elsewhere, night, otto, make_event):
    make_event(otto, title="Of somebody else")
    folder, address = elsewhere
    (folder / "index.html").write_text(ELSEWHERE.format(server=live_server.url, organizer=night.organizer_id))
    page.goto(f"{live_server.url}/admin/login/")  # a cookie of ours, which must not travel
    sent = []
    page.on("request", lambda request: sent.append(request) if "/public/events" in request.url else None)
    page.goto(f"{address}/index.html")
    link = page.get_by_role("link", name="Night of the Telescopes")
    expect(link).to_have_attribute("href", f"{live_server.url}/e/night")
    expect(page.get_by_text("10 seats free")).to_be_visible()
    expect(page.get_by_text("Of somebody else")).to_have_count(0)
    assert violations(page) == []
    assert [request.all_headers().get("cookie") for request in sent] == [None]
    assert page.evaluate("Object.keys(localStorage).length") == 0
    with page.expect_popup() as popup:
        link.click()
    expect(popup.value.get_by_role("heading", level=1)).to_contain_text("Night of the Telescopes")
    Event.objects.update(visibility="private")
    # Another address: the browser keeps its copy of the present one for a minute.
    page.locator("eventhub-events").evaluate("list => list.setAttribute('limit', '5')")
    expect(page.get_by_text("No coming events.")).to_be_visible()
