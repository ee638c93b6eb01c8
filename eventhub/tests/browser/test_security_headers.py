"""The pages work under their policies, in a real browser: what one refuses it says on the console, where the fixture
`context` looks."""

import json

import pytest
from playwright.sync_api import expect

from eventhub.api.docs_views import document


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_docs_ask_the_api_under_their_policy(page, live_server, requests_elsewhere, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{live_server.url}/docs/")
    paths = json.loads(document())["paths"].values()
    groups = {operation["tags"][0] for path in paths for operation in path.values()}
    expect(page.locator(".opblock-tag")).to_have_count(len(groups))
    page.locator('.opblock-tag[data-tag="user"]').click()
    page.get_by_role("button", name="GET /users/me").first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.get_by_text("Missing Authorization Header").first).to_be_visible()


def test_an_inline_script_does_not_run_and_the_browser_says_so(browser, live_server):
    """A hole in a template does less; and the console is where to look for what a policy forbids."""
    page, said = browser.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{live_server.url}/admin/login/")
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))")
    assert page.evaluate("window.ran") is None
    assert ["Content Security Policy" in text for text in said] == [True]
