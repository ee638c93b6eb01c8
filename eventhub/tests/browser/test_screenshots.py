"""Screenshots of the demo for the README and the quickstart; `make screenshots` writes them to docs/screenshots."""

import os
import re
from pathlib import Path

import pytest

from accounts.models import User
from events.models import Event

MOST_BYTES = 300_000
SIZE = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 780}


@pytest.fixture
def folder(tmp_path):
    """Where the pictures go; without SCREENSHOTS they are made all the same, and thrown away."""
    folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_the_pictures_of_the_readme(demo, sign_in, live_server, folder):
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
    for name, (path, size) in pictures.items():
        page.set_viewport_size(size)
        page.goto(f"{live_server.url}/admin/{path}")
        page.wait_for_load_state("networkidle")
        page.evaluate("document.activeElement.blur()")
        page.screenshot(path=folder / f"{name}.png")
    sizes = {name: (folder / f"{name}.png").stat().st_size for name in pictures}
    assert [name for name, size in sizes.items() if not 5_000 < size < MOST_BYTES] == []


def test_every_picture_is_shown():
    pages = Path("README.md").read_text() + Path("docs/quickstart.md").read_text()
    shown = set(re.findall(r"screenshots/(\w+)\.png", pages))
    assert sorted(shown) == sorted(path.stem for path in Path("docs/screenshots").glob("*.png"))
