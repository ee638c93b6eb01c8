"""An organizer builds a form of questions, on a desk and on a phone."""

import os

import pytest
from playwright.sync_api import expect

from eventhub.tests.browser.accessibility import DESK, PHONE, press, violations
from eventhub.tests.browser.test_accessibility import CUT
from registrations.models import Question


def shot(page, name):
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_an_organizer_builds_a_form_and_tries_it(sign_in, live_server, olga, bob, make_event, enroll, size, scheme):
    event = make_event(olga, title="Three Serenades for Orchestra")
    page = sign_in(olga)
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{live_server.url}/admin/events/event/{event.pk}/change/")
    page.get_by_role("link", name="Questions").click()
    problems = []

    def look(name):
        shot(page, f"{name}-{size['width']}")
        problems.extend(f"{name}: {problem}" for problem in (*violations(page), *page.evaluate(CUT)))

    look("empty")
    page.locator("#id_text").fill("Do you eat with us?")
    page.locator("#id_type").select_option("yes_no")
    page.locator("#id_required").select_option("yes")
    press(page, "Add question")
    page.locator("#id_text").fill("What do you eat?")
    page.locator("#id_type").select_option("choice")
    page.locator("#id_options").fill("Vegan\nFish")
    page.get_by_text("More settings").click()
    page.get_by_label("Yes").check()
    look("adding")
    press(page, "Add question")
    Question.objects.create(
        event=event,
        text="Which workshops would you like to attend?",
        type="choices",
        place=9,
        options=[{"id": n, "text": f"Workshop {n}"} for n in range(1, 4)],
        help="At most two.",
        max=2,
    )
    page.reload()
    press(page, "Move up: Which workshops would you like to attend?")
    moved = page.get_by_role("button", name="Move up: Which workshops would you like to attend?")
    expect(moved).to_have_attribute("autofocus", "")
    look("list")
    assert [row.text[:8] for row in event.questions.all()] == ["Do you e", "Which wo", "What do "]
    page.get_by_role("link", name="Preview").click()
    food = page.get_by_role("radio", name="Fish")
    expect(food).to_be_hidden()
    page.get_by_role("radio", name="Yes").check()
    expect(food).to_be_visible()
    look("preview")
    page.get_by_role("radio", name="No", exact=True).check()
    press(page, "Try these answers")
    expect(page.get_by_text("These answers would be accepted.")).to_be_visible()
    page.goto(f"{live_server.url}/admin/events/event/{event.pk}/questions/{event.questions.last().pk}/")
    look("edit")
    row = enroll(event, bob)
    page.goto(f"{live_server.url}/admin/registrations/registration/{row.pk}/change/")
    look("registration")
    page.get_by_role("link", name="Edit answers").click()
    look("answers")
    page.goto(f"{live_server.url}/admin/registrations/registration/add/?event={event.pk}")
    look("add")
    assert "\n".join(problems) == ""
