"""An event's own words for its emails, tried and saved on a phone; and the page that its emails lead to."""

from playwright.sync_api import expect

from eventhub.tests.browser.accessibility import PHONE, press, violations
from notifications.models import Template
from notifications.tokens import make_token


def test_words_are_seen_as_people_get_them_and_saved(sign_in, olga, make_event, live_server):
    event = make_event(olga, title="Night of the Telescopes")
    page = sign_in(olga)
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/admin/events/event/{event.pk}/change/")
    page.get_by_role("link", name="Emails").click()
    page.get_by_role("link", name="Reminder").click()
    page.get_by_label("Text").fill("Hello {name},\n\nbring a <b>coat</b>.\n\n{link}")
    page.get_by_role("button", name="Preview").click()
    mail = page.frame_locator("iframe")
    expect(mail.get_by_text("bring a <b>coat</b>.")).to_be_in_viewport()
    expect(mail.get_by_role("link", name="See your registration")).to_be_visible()
    page.get_by_text("As plain text").click()
    expect(page.locator("pre")).to_contain_text("Hello Robin Example,\n\nbring a <b>coat</b>.")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert not Template.objects.exists()
    press(page, "Save")
    expect(page.get_by_text("The email “Reminder” was saved.")).to_be_visible()
    assert Template.objects.get().event == event


def test_a_title_of_one_long_word_is_broken_on_a_phone(sign_in, olga, bob, make_event, enroll, live_server):
    registration = enroll(make_event(olga, title="Donaudampfschifffahrt" * 12), bob)
    page = sign_in(olga)
    page.set_viewport_size(PHONE)
    pages = (
        "my-registration/?token=" + make_token(registration),
        f"registrations/registration/{registration.pk}/change/",
    )
    for path in pages:
        page.goto(f"{live_server.url}/admin/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
