"""Screenshots of the demo for the README and the documentation; `make screenshots` writes them to docs/screenshots."""

import os
import re
from pathlib import Path

import pytest

from accounts.models import User
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
def take(live_server, folder):
    """Take pictures of pages, given as path and size by name, and check how large the files are."""

    def taken(page, pictures):
        for name, (path, size) in pictures.items():
            page.set_viewport_size(size)
            page.goto(f"{live_server.url}/admin/{path}")
            page.wait_for_load_state("networkidle")
            page.evaluate("document.activeElement.blur()")
            page.screenshot(path=folder / f"{name}.png")
        sizes = {name: (folder / f"{name}.png").stat().st_size for name in pictures}
        assert [name for name, size in sizes.items() if not 5_000 < size < MOST_BYTES] == []

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
        "my-registration": (link.partition("/admin/")[2], PHONE),
    }
    take(page, pictures)


def test_every_picture_is_shown():
    pages = [Path("README.md"), *Path("docs").glob("*.md")]
    shown = {name for page in pages for name in re.findall(r"screenshots/([\w-]+)\.png", page.read_text())}
    assert sorted(shown) == sorted(path.stem for path in Path("docs/screenshots").glob("*.png"))
