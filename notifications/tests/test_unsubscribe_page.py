"""The page that turns emails off, for people and for the one click of mail programs (RFC 8058)."""

import re

import pytest
from django.core.signing import Signer
from django.test import Client

from notifications import tokens
from notifications.models import OptOut, OptOutScope
from notifications.services import preferences

pytestmark = pytest.mark.django_db

PAGE = "/admin/unsubscribe/"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
EVERYTHING, ORGANIZER, EVENT, REMINDERS, DIGESTS = OptOutScope


@pytest.fixture
def event(olga, make_event):
    olga.profile.name = "Olga's Lectures"
    olga.profile.save()
    return make_event(olga, title="Night of the Telescopes")


@pytest.fixture
def strict():
    """A client as mail programs are: no cookies, and CSRF is checked."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def link(bob, event, settings):
    return lambda scope=ORGANIZER: preferences.unsubscribe_link(bob, event, scope=scope).removeprefix(
        settings.PUBLIC_URL
    )


def opt_outs():
    return list(OptOut.objects.values_list("user__username", "scope", "organizer", "event"))


def offers(page):
    """Return the buttons of a page, in order: what each turns on or off, and its text."""
    found = re.findall(
        r'<button type="submit" +name="(on|off)" value="(\w+)".*?>\s*(\w+)<span.*?>(.*?)</span>', page.text, re.S
    )
    return [(name, scope, text, label.replace("&#x27;", "'")) for name, scope, text, label in found]


THIS = "Messages about Night of the Telescopes"
THEIRS = "All messages from Olga's Lectures"
ALL = "Messages from all organizers"
BEFORE = "Reminders before events"


def test_a_get_shows_what_can_be_turned_off_and_changes_nothing(client, link):
    for verb in (client.get, client.head, client.get):
        page = verb(link())
        assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "strict-origin")
        assert "no-store" in page.headers["Cache-Control"]
        assert not page.cookies
    assert offers(page) == [
        ("off", "organizer", "Unsubscribe", THEIRS),
        ("off", "event", "Unsubscribe", THIS),
        ("off", "everything", "Unsubscribe", ALL),
        ("off", "reminders", "Unsubscribe", BEFORE),
    ]
    client.get(f"{link()}&List-Unsubscribe=One-Click&off=everything")
    assert opt_outs() == []


@pytest.mark.parametrize("scope", OptOutScope)
@pytest.mark.parametrize(
    "form", [{}, {"content_type": "application/x-www-form-urlencoded"}], ids=["multipart", "plain"]
)
def test_one_click_of_a_mail_program_turns_the_scope_of_the_mail_off(strict, link, event, olga, scope, form):
    body = "List-Unsubscribe=One-Click" if form else ONE_CLICK
    for _ in range(2):
        answer = strict.post(link(scope), body, **form)
        assert (answer.status_code, bool(answer.cookies), answer.has_header("Location")) == (200, False, False)
    named = {ORGANIZER: (olga.pk, None), EVENT: (None, event.pk)}
    assert opt_outs() == [("bob", scope, *named.get(scope, (None, None)))]


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "Two"}, {"off": "nothing"}, {"off": ""}, {"on": "💥"}])
def test_another_post_turns_nothing_off(strict, link, body):
    assert strict.post(link(), body).status_code == 200
    assert opt_outs() == []


@pytest.mark.parametrize(
    ("scope", "hides"),
    [(EVENT, set()), (ORGANIZER, {EVENT}), (EVERYTHING, {EVENT, ORGANIZER}), (REMINDERS, set())],
)
def test_the_buttons_of_the_page_turn_a_scope_off_and_on(strict, link, scope, hides):
    token = link().partition("token=")[2]
    before = offers(strict.get(link()))
    off = strict.post(PAGE, {"token": token, "off": scope})
    assert (off.status_code, [each[1] for each in opt_outs()]) == (200, [scope])
    assert offers(off) == [
        ("on", scope, "Undo", label) if each == scope else (name, each, text, label)
        for name, each, text, label in before
        if each not in hides
    ]
    assert off.text.count("You are unsubscribed.") == 1
    assert offers(strict.post(PAGE, {"token": token, "on": scope})) == before
    assert opt_outs() == []


def test_what_is_gone_or_hidden_has_no_name_and_the_rest_can_be_turned_off(strict, link, event, olga, bob):
    event.status = "draft"
    event.save()
    shown = strict.get(link())
    assert [scope for _, scope, *_ in offers(shown)] == ["organizer", "everything", "reminders"]
    assert "Telescopes" not in shown.text
    page = link()
    event.delete()
    olga.delete()
    assert strict.post(page, ONE_CLICK).status_code == 200
    assert [scope for _, scope, *_ in offers(strict.get(page))] == ["everything", "reminders"]
    assert opt_outs() == []


def test_the_page_of_a_summary_offers_what_concerns_no_event(strict, olga, settings):
    preferences.save_preferences(user=olga, digest="daily")
    page = preferences.unsubscribe_link(olga).removeprefix(settings.PUBLIC_URL)
    before = offers(strict.get(page))
    assert before == [
        ("off", "digests", "Unsubscribe", "Summaries of your events"),
        ("off", "everything", "Unsubscribe", ALL),
        ("off", "reminders", "Unsubscribe", BEFORE),
    ]
    strict.post(page, ONE_CLICK)
    assert opt_outs() == [("olga", "digests", None, None)]
    assert offers(strict.get(page)) == [("on", "digests", "Undo", "Summaries of your events"), *before[1:]]


def test_organizers_who_get_summaries_can_stop_them_by_the_link_of_any_mail(strict, olga, event, settings):
    page = preferences.unsubscribe_link(olga, event).removeprefix(settings.PUBLIC_URL)
    assert "digests" not in {scope for _, scope, *_ in offers(strict.get(page))}
    preferences.save_preferences(user=olga, digest="weekly")
    assert offers(strict.get(page))[-1] == ("off", "digests", "Unsubscribe", "Summaries of your events")


def test_a_link_that_is_not_valid_gets_one_answer_whatever_the_reason(client, link, event, bob, enroll):
    token = link().partition("token=")[2]
    registration = enroll(event, bob)
    wrong = ["", "x", "💥", token[:-1], token.replace("organizer", "everything"), tokens.make_token(registration)]
    wrong += [Signer(sep=".").sign(token.partition(".")[0])]
    answers = [
        answer
        for each in wrong
        for answer in (
            client.get(PAGE, {"token": each}),
            client.post(PAGE, {"token": each, "off": "everything"}),
            client.post(f"{PAGE}?token={each}", ONE_CLICK),
        )
    ]
    page = link()
    registration.delete()
    bob.delete()
    answers += [client.get(page), client.post(page, ONE_CLICK)]
    assert {(each.status_code, each.text) for each in answers} == {(404, answers[0].text)}
    assert "This link is no longer valid" in answers[0].text
    assert opt_outs() == []


def test_other_verbs_are_refused(client, link):
    assert {client.put(link()).status_code, client.delete(link()).status_code} == {405}


def test_a_name_cannot_become_markup(client, link, event):
    event.title = "<script>alert(1)</script>"
    event.save()
    assert "<script>alert" not in client.get(link()).text


@pytest.mark.parametrize(("own", "of_event"), [("de", ""), ("", "de")])
def test_the_page_has_the_language_of_the_mail_that_led_to_it(client, bob, event, link, own, of_event):
    type(bob).objects.filter(pk=bob.pk).update(language=own)
    type(event).objects.filter(pk=event.pk).update(language=of_event)
    page = client.post(link(), ONE_CLICK)
    assert (page.status_code, page.headers["Content-Language"]) == (200, "de")
    assert '<html lang="de"' in page.text
    assert "Sie bekommen diese E-Mails nicht mehr." in page.text
    assert ("on", "organizer", "Rückgängig", "Alle Nachrichten von Olga's Lectures") in offers(page)
    assert preferences.opted_out([bob.pk], event) == {bob.pk}
