"""The back office's pages about an event's emails."""

import html
import re

import pytest

from notifications.models import Template
from notifications.texts import KINDS

pytestmark = pytest.mark.django_db

OWN = {"subject": "Tomorrow: {event}", "body": "Hello {name},\r\n\r\nbring a coat.\r\n\r\n{link}"}


@pytest.fixture
def event(olga, make_event):
    return make_event(olga, title="Night of the Telescopes")


@pytest.fixture
def path(event):
    return f"/admin/events/event/{event.pk}/emails/reminder/"


def opened(page):
    return re.search(r'name="opened" value="(\w+)"', page.text)[1]


def preview_of(page):
    """Return the preview's HTML, or None."""
    found = re.search(r'<iframe[^>]* sandbox title="[^"]*" srcdoc="([^"]*)"></iframe>', page.text)
    return found and html.unescape(found[1])


def test_the_page_of_the_event_leads_to_all_emails(office, olga, event, path):
    browser = office(olga)
    assert path.removesuffix("reminder/") in browser.get(f"/admin/events/event/{event.pk}/change/").text
    Template.objects.create(event=event, kind="reminder", subject="Tomorrow: {event}", body="x")
    listed = browser.get(path.removesuffix("reminder/")).text
    assert [f"/emails/{kind}/" in listed for kind in KINDS] == [True] * len(KINDS)
    assert (listed.count(">Your own<"), listed.count(">Default<")) == (1, len(KINDS) - 1)
    assert "Tomorrow: {event}" in listed


def test_words_are_previewed_saved_and_reset(office, olga, path):
    browser = office(olga)
    page = browser.get(path)
    assert "Hello Robin Example" in preview_of(page)
    typed = {**OWN, "opened": opened(page)}
    page = browser.post(path, {**typed, "preview": "1"})
    assert "bring a coat." in preview_of(page)
    assert "Tomorrow: Night of the Telescopes" in page.text
    assert "These words are not saved yet." in page.text
    assert not Template.objects.exists()
    assert browser.post(path, typed).status_code == 302
    assert Template.objects.get().body == "Hello {name},\n\nbring a coat.\n\n{link}"
    assert "These words are not saved yet." not in browser.get(path).text
    assert "Back to the default words?" in browser.post(path, {"reset": "1"}).text
    assert Template.objects.exists()
    assert browser.post(path, {"reset": "1", "confirmed": "yes"}).status_code == 302
    assert not Template.objects.exists()


def test_a_mistake_is_shown_beside_its_field_and_nothing_is_saved(office, olga, path):
    browser = office(olga)
    sent = {"subject": "{settings}", "body": "{name.__class__} {{7*7}}", "opened": opened(browser.get(path))}
    for button in ({}, {"preview": "1"}):
        page = browser.post(path, {**sent, **button})
        assert "{settings} is not known here. Known: {name}, {event}" in page.text
        assert "{name.__class__}, {7*7} are not known here." in page.text
        assert preview_of(page) is None
    page = browser.post(path, {"subject": " ", "body": "", "opened": ""})
    assert page.text.count("This field is required.") + page.text.count("This field may not be blank.") >= 2
    assert not Template.objects.exists()


def test_no_html_of_the_words_reaches_the_page(office, olga, path):
    script = '</pre></iframe>"><script>alert(1)</script>'
    browser = office(olga)
    page = browser.post(path, {"subject": script, "body": script, "preview": "1", "opened": ""})
    assert "<script>alert" not in page.text
    assert "<script" not in preview_of(page)
    assert "&lt;script&gt;alert(1)" in preview_of(page)


def test_words_that_somebody_else_has_saved_are_overwritten_only_on_purpose(office, olga, ada, path):
    early = opened(office(ada).get(path))
    office(olga).post(path, {**OWN, "opened": early})
    late = {**OWN, "subject": "Late"}
    for outdated in ({"opened": early}, {"opened": '"*'}, {}):
        page = office(ada).post(path, {**late, **outdated})
        assert "Someone else changed this email. Save again to overwrite it." in page.text
    assert Template.objects.get().subject == OWN["subject"]
    assert office(ada).post(path, {**late, "opened": opened(page)}).status_code == 302
    assert Template.objects.get().subject == "Late"


def test_only_who_runs_the_event_has_its_emails(office, olga, otto, bob, ada, event, path):
    for page in (path, path.removesuffix("reminder/")):
        statuses = [office(who).get(page).status_code for who in (olga, ada, otto, bob)]
        assert statuses == [200, 200, 404, 403]
    assert office(otto).post(path, {**OWN, "opened": ""}).status_code == 404
    assert office(otto).post(path, {"reset": "1", "confirmed": "yes"}).status_code == 404
    assert office(olga).get(path.replace("reminder", "invoice")).status_code == 404
    assert not Template.objects.exists()


def test_words_of_one_language(office, olga, event, path):
    browser, german = office(olga), f"{path}?language=de"
    page = browser.get(german)
    assert "Guten Tag Robin Example," in preview_of(page)
    assert re.findall(r'aria-current="page">(\w+)', page.text) == ["German"]
    typed = {"subject": "Bald: {event}", "body": "Guten Tag {name}", "opened": opened(page)}
    assert 'lang="de"' in preview_of(browser.post(german, {**typed, "preview": "1"}))
    assert browser.post(german, typed).url == german
    assert Template.objects.get().language == "de"
    assert "Hello Robin Example" in preview_of(browser.get(path))
    assert ">Default, German<" in browser.get(path.removesuffix("reminder/")).text
    Template.objects.create(event=event, kind="reminder", subject="For all", body="x")
    assert "Back to the words for all languages?" in browser.post(german, {"reset": "1"}).text
    browser.post(german, {"reset": "1", "confirmed": "yes"})
    assert "These are your own words for all languages." in browser.get(german).text
    assert browser.get(f"{path}?language=fr").status_code == 404
