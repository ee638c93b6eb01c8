"""Screenshots of the demo for the README and the documentation; `make screenshots` writes them to docs/screenshots."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from accounts.models import User
from checkin.services.gate_tokens import create_token
from checkin.services.tickets import ticket_of
from events.models import Event
from notifications.tokens import make_link

MOST_BYTES = 300_000
SIZE = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 780}


@pytest.fixture
def folder(tmp_path):
    """Where the pictures go; without SCREENSHOTS they are made all the same, and thrown away."""
    folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def snap(folder):
    """Take a picture of a page as it is, and check how large the file is."""

    def snapped(page, name):
        page.evaluate("document.activeElement.blur()")
        picture = folder / f"{name}.png"
        page.screenshot(path=picture)
        assert 5_000 < picture.stat().st_size < MOST_BYTES, name

    return snapped


@pytest.fixture
def take(live_server, snap):
    """Take pictures of pages, given as path and size by name."""

    def taken(page, pictures):
        for name, (path, size) in pictures.items():
            page.set_viewport_size(size)
            page.goto(f"{live_server.url}/admin/{path}")
            page.wait_for_load_state("networkidle")
            snap(page, name)

    return taken


def test_the_pictures_of_the_readme(demo, sign_in, take):
    page = sign_in(User.objects.get(username="lanternhouse"), demo)
    full = Event.objects.filter(organizer__username="lanternhouse", waitlisted__gt=20, status="upcoming").first()
    today = Event.objects.filter(organizer__username="lanternhouse", registrations__status="attended", status="active")
    pictures = {
        "dashboard": ("", SIZE),
        "events": ("events/event/", SIZE),
        "event": (f"events/event/{full.pk}/change/", SIZE),
        "registrations": (f"registrations/registration/?event__id__exact={full.pk}", SIZE),
        "door": (f"registrations/registration/door/{today.first().pk}/", PHONE),
    }
    take(page, pictures)


def test_the_pictures_of_emails(demo, sign_in, take):
    event = Event.objects.get(messages__state="queued")
    page = sign_in(event.organizer, demo)
    link = make_link(event.registrations.filter(status="registered").first())
    pictures = {
        "emails": (f"events/event/{event.pk}/emails/", SIZE),
        "my-registration": (f"my-registration/?token={link.rpartition('/r/')[2]}", PHONE),
    }
    take(page, pictures)


def test_the_pictures_of_the_event_day(demo, sign_in, page, take, snap, live_server, settings):
    settings.PUBLIC_URL = live_server.url
    event = Event.objects.get(checkpoints__is_entrance=False)
    gate = create_token(event=event, by=event.organizer, name="Side door, Kim's phone", may=("search",))
    come, late = event.registrations.with_event().filter(status="registered").order_by("name")[:2]
    take(sign_in(event.organizer, demo), {"doors": (f"events/event/{event.pk}/doors/", PHONE)})
    page.goto(gate.url)
    for name, person, words, is_online in (
        ("scan-welcome", come, "Welcome", True),
        ("scan-again", come, "Already in", True),
        ("scan-offline", late, "Welcome", False),
    ):
        page.wait_for_timeout(3100)  # the same code twice in a moment is one scan
        page.context.set_offline(not is_online)
        page.get_by_label("Code of the ticket").fill(ticket_of(person).code)
        page.get_by_role("button", name="Scan", exact=True).click()
        expect(page.locator("#answer")).to_contain_text(words)
        expect(page.locator("#answer")).to_contain_text(person.name)
        expect(page.locator("#connection")).to_contain_text("Ready" if is_online else "1 scan")
        snap(page, name)
    page.context.set_offline(False)


def test_every_picture_is_shown():
    pages = [Path("README.md"), *Path("docs").glob("*.md")]
    shown = {name for page in pages for name in re.findall(r"screenshots/([\w-]+)\.png", page.read_text())}
    assert sorted(shown) == sorted(path.stem for path in Path("docs/screenshots").glob("*.png"))
