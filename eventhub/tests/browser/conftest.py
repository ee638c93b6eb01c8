"""A browser at the back office of a live server: `sign_in(olga)` gives a page there."""

import os

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from eventhub.testing import system_programs

PASSWORD = "a passphrase for tests"

# A page on a busy machine is slow, not wrong; a wait ends with the state that it waits for.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items):
    has_none = system_programs.find("chromium") is None
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)
            # CI goes on where no browser can be had; the reason is printed for each test.
            item.add_marker(
                pytest.mark.skipif(
                    has_none,
                    reason="NO BROWSER TESTS: there is no Chromium (make test-browser installs it where it can)",
                )
            )


@pytest.fixture(scope="session", autouse=True)
def database_beside_a_loop():
    """Playwright's synchronous API runs an event loop in this thread, and Django would refuse its database there."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    # Chromium does not put root, or a container without user namespaces, into its sandbox.
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    return {**browser_type_launch_args, "executable_path": system_programs.find("chromium"), "args": arguments}


@pytest.fixture
def context(context):
    """What a page does against its policy, the browser refuses and says; no page may."""
    said = []
    context.on("console", lambda message: said.append(f"{message.page.url}: {message.text}"))
    yield context
    assert [text for text in said if "Content Security Policy" in text or "Permissions" in text] == []


@pytest.fixture
def requests_elsewhere(context, live_server):
    """What the pages asked of any other host; none may."""
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    yield asked
    assert [url for url in asked if not url.startswith((live_server.url, "data:", "blob:"))] == []


@pytest.fixture
def sign_in(page, live_server, requests_elsewhere):
    """Signs in by the form, as a person does, and gives the page."""

    def signed_in(user, password=PASSWORD):
        page.goto(f"{live_server.url}/admin/")
        page.get_by_label("Username").fill(str(user))
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{live_server.url}/admin/")
        return page

    return signed_in


@pytest.fixture
def demo(transactional_db):
    """The demo's programme and people; the names of its accounts are in registrations/demo."""
    call_command("demo", verbosity=0)
    return "a seat for everybody"
