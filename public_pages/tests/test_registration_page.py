"""The page that mails link to: it shows and cancels one registration, without signing in."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
import time_machine
from django.core.cache import caches
from django.core.signing import Signer
from django.utils import timezone, translation

from accounts import signed_links
from eventhub.testing.factories import QuestionFactory
from events.models import Event
from notifications import tokens
from notifications.services.preferences import unsubscribe_link
from notifications.tokens import make_link, make_token
from registrations.models import Registration, RegistrationStatus
from registrations.services import answers

pytestmark = pytest.mark.django_db


@pytest.fixture
def open_page(client, settings):
    return lambda registration: client.get(make_link(registration).removeprefix(settings.PUBLIC_URL))


def cancel(client, registration):
    return client.post(f"/r/{make_token(registration)}", {"do": "cancel"}, follow=True)


def test_the_page_shows_the_registration_and_a_get_changes_nothing(open_page, olga, bob, make_event, enroll):
    registration = enroll(make_event(olga, title="Night of the Telescopes"), bob)
    for _ in range(2):
        page = open_page(registration)
        assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "no-referrer")
        assert "You are registered." in page.text
        assert "Night of the Telescopes" in page.text
        assert "Cancel registration" in page.text
    registration.refresh_from_db()
    assert registration.status == RegistrationStatus.REGISTERED


def test_one_button_cancels_and_the_seat_goes_on(client, olga, bob, eve, make_event, enroll):
    event = make_event(olga, max_capacity=1)
    registration, waiting = enroll(event, bob), enroll(event, eve, status="waitlisted")
    page = cancel(client, registration)
    assert "Your registration is cancelled." in page.text
    waiting.refresh_from_db()
    assert waiting.status == RegistrationStatus.REGISTERED
    last = registration.transitions.last()
    assert (last.becomes, last.by_id) == ("cancelled", bob.pk)
    assert cancel(client, registration).status_code == 200
    assert registration.transitions.count() == 2


def test_who_waits_sees_the_position_and_can_leave(open_page, olga, bob, make_event, enroll):
    event = make_event(olga, full=True)
    page = open_page(enroll(event, bob, status="waitlisted"))
    assert "You are number 1 on the waiting list." in page.text
    assert "Leave waiting list" in page.text


def test_what_is_over_cannot_be_cancelled(client, open_page, olga, bob, make_event, enroll):
    registration = enroll(make_event(olga), bob)
    with time_machine.travel(timezone.now() + timedelta(days=3650)):
        assert "The event is over." in open_page(registration).text
        cancel(client, registration)
    registration.refresh_from_db()
    assert registration.status == RegistrationStatus.REGISTERED


def test_a_draft_is_hidden_from_its_former_attendees(client, api, open_page, olga, bob, make_event, enroll):
    registration = enroll(make_event(olga), bob, status="cancelled")
    path = f"/r/{make_token(registration)}/calendar.ics"
    assert [open_page(registration).status_code, client.get(path).status_code] == [200, 200]
    assert api(olga).patch(f"/events/{registration.event_id}", {"status": "draft"}).status_code == 200
    assert [open_page(registration).status_code, client.get(path).status_code] == [404, 404]


def test_who_has_cancelled_sees_that_and_no_more_of_a_private_event(client, olga, bob, make_event, enroll):
    event = make_event(olga, title="Night of the Telescopes", location="Old dome", visibility="private")
    registration = enroll(event, bob)
    path = f"/r/{make_token(registration)}"
    assert "Old dome" in client.get(path).text
    page = cancel(client, registration)
    shown = [text in page.text for text in ("Your registration is cancelled.", "Old dome", "Night of the Telescopes")]
    assert (page.status_code, shown) == (200, [True, False, False])
    assert client.get(f"{path}/calendar.ics").status_code == 404
    event.status = "draft"
    event.save()
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("token", ["", "1-abc", "1-abc.def", "💥", "1-" + "a" * 16 + "." + "b" * 43])
def test_an_invented_link_shows_nothing(client, token):
    path = f"/r/{quote(token) or '-'}"
    for page in (
        client.get(path),
        client.post(path, {"do": "cancel"}),
        client.get(f"{path}/calendar.ics"),
        client.get("/admin/my-registration/", {"token": token}),
    ):
        assert page.status_code == 404
        assert "This link is no longer valid" in page.text


@pytest.mark.parametrize("path", ["/r/{}", "/r/{}/calendar.ics", "/admin/unsubscribe/?token={}"])
def test_guessing_costs_no_query_and_locks_nobody_else_out(
    client, settings, django_assert_num_queries, olga, bob, make_event, enroll, path
):
    registration = enroll(make_event(olga), bob)
    token = make_token(registration)
    if "unsubscribe" in path:
        token = unsubscribe_link(bob, registration.event).partition("token=")[2]
    settings.THROTTLE_GENERAL = "2/min"
    caches["throttling"].clear()
    with django_assert_num_queries(0):
        guesses = [client.get(path.format(token[:-1] + letter)) for letter in "!:*"]
    assert [guess.status_code for guess in guesses] == [404, 404, 429]
    assert client.get(path.format(token), REMOTE_ADDR="198.51.100.7").status_code == 200


def test_secrets_of_other_kinds_and_of_others_open_nothing(client, olga, bob, eve, make_event, enroll):
    registration, other = enroll(make_event(olga), bob), enroll(make_event(olga), eve)
    theirs, _, signature = make_token(other).rpartition(".")
    wrong = [
        tokens.make_unsubscribe_token(tokens.subscription_of(bob)),
        *(signed_links.make_token(bob, kind) for kind in (signed_links.RESET, signed_links.VERIFICATION)),
        make_token(registration).replace(f"{registration.pk}-", f"{other.pk}-", 1),
        f"{make_token(registration).rpartition('.')[0]}.{signature}",
        f"{registration.pk}{theirs.removeprefix(str(other.pk))}.{signature}",
        Signer(sep=".").sign(make_token(registration).rpartition(".")[0]),
    ]
    for token in wrong:
        assert client.get(f"/r/{token}").status_code == 404
        assert client.post(f"/r/{token}", {"do": "cancel"}).status_code == 404
    assert set(Registration.objects.values_list("status", flat=True)) == {"registered"}


def test_a_deactivated_account_has_no_page(open_page, olga, bob, make_event, enroll):
    registration = enroll(make_event(olga), bob)
    bob.is_active = False
    bob.save()
    assert open_page(registration).status_code == 404


def test_the_calendar_file_is_that_of_the_registration(client, api, olga, bob, make_event, enroll):
    registration = enroll(make_event(olga), bob)
    file = client.get(f"/r/{make_token(registration)}/calendar.ics")
    assert file.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert file.content == api(bob).get(f"/attendees/{registration.pk}/calendar.ics").content


def test_the_button_needs_a_page_of_ours(client, olga, bob, make_event, enroll):
    path = f"/r/{make_token(enroll(make_event(olga), bob))}"
    assert client.post(path, {"do": "cancel"}, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert Registration.objects.get().status == "registered"


def test_the_address_that_mails_had_before_leads_to_the_page(client, olga, bob, make_event, enroll):
    token = make_token(enroll(make_event(olga), bob))
    for former, present in (("", f"/r/{token}"), ("calendar.ics", f"/r/{token}/calendar.ics")):
        answer = client.get(f"/admin/my-registration/{former}", {"token": token})
        assert (answer.status_code, answer.headers["Location"]) == (302, present)


@pytest.mark.parametrize(
    ("own", "of_event", "language", "said"),
    [
        (
            "de",
            "",
            "de",
            ["Sie sind angemeldet.", "In den Kalender eintragen", "Anmeldung stornieren", "Mai 2031, 18:00 Uhr"],
        ),
        ("", "de", "de", ["Sie sind angemeldet."]),
        ("en", "de", "en", ["You are registered.", "Add to calendar", "Cancel registration"]),
    ],
)
def test_the_page_has_the_language_of_the_mail(open_page, olga, bob, make_event, enroll, own, of_event, language, said):
    bob.language = own
    bob.save()
    begins = datetime(2031, 5, 1, 18, tzinfo=UTC)
    page = open_page(enroll(make_event(olga, language=of_event, date_time=begins), bob))
    assert page.headers["Content-Language"] == language
    assert f'<html lang="{language}"' in page.text
    assert [each for each in said if each not in page.text] == []
    assert translation.get_language() == "en-us"


def test_an_invalid_link_is_told_in_the_language_of_the_site(client, settings):
    settings.MAIL_LANGUAGE = "de"
    page = client.get("/r/1-abc")
    assert (page.status_code, page.headers["Content-Language"]) == (404, "de")
    assert "Dieser Link gilt nicht mehr" in page.text


@pytest.mark.parametrize(
    ("language", "heading", "owed", "at_door", "optional", "answer", "more", "change", "see"),
    [
        (
            *("en", "Questions of the organizer", "Still to answer", "Answer now or at the door", "Optional"),
            *("Answer questions", "Answer or change", "Change answers", "See answers"),
        ),
        (
            *("de", "Fragen des Veranstalters", "Noch zu beantworten", "Jetzt oder am Einlass zu beantworten"),
            "Freiwillig",
            *("Fragen beantworten", "Beantworten oder ändern", "Antworten ändern", "Antworten ansehen"),
        ),
    ],
)
def test_the_page_names_required_questions_first_and_then_optional_ones(
    open_page, olga, bob, make_event, enroll, language, heading, owed, at_door, optional, answer, more, change, see
):
    event = make_event(olga, language=language)
    registration = enroll(event, bob)
    assert asked_on(open_page(registration).text) is None
    wishes = QuestionFactory(event=event, text="Any <wishes>?")
    diet = QuestionFactory(event=event, text="Diet?", required="yes", place=1)
    shirt = QuestionFactory(event=event, text="Which shirt?", required="at_door", place=2)
    QuestionFactory(event=event, text="Size?", show_if={"question_id": shirt.pk, "is": ["L"]}, place=3)
    Event.objects.filter(pk=event.pk).update(asks_questions=True)

    def seen(*given):
        values = {str(question.pk): "L" for question in given}
        answers.save(registration=registration, given=values, by=olga)
        return asked_on(open_page(registration).text)

    others = [(at_door, ["Which shirt?"]), (optional, ["Any &lt;wishes&gt;?"])]
    assert seen() == (heading, [(owed, ["Diet?"]), *others], answer)
    assert seen(diet) == (heading, others, more)
    assert seen(diet, wishes) == (heading, [(at_door, ["Which shirt?"])], more)
    assert seen(diet, wishes, shirt) == (heading, [(optional, ["Size?"])], more)
    event.questions.filter(text="Size?").update(archived=True)
    assert seen() == (heading, [], change)
    Event.objects.filter(pk=event.pk).update(edit_until=timezone.now() - timedelta(hours=1))
    assert seen() == (heading, [], see)


def test_optional_questions_are_named_while_they_can_be_answered(open_page, olga, bob, make_event, enroll):
    event = make_event(olga, asks_questions=True)
    registration = enroll(event, bob)
    wishes = QuestionFactory(event=event, text="Any wishes?")
    shown = ("Questions of the organizer", [("Optional", ["Any wishes?"])], "Answer questions")
    assert asked_on(open_page(registration).text) == shown
    wishes.editable_until = timezone.now() - timedelta(hours=1)
    wishes.save()
    assert asked_on(open_page(registration).text) is None
    with time_machine.travel(timezone.now() - timedelta(hours=2)):
        assert asked_on(open_page(registration).text) == shown
    with time_machine.travel(timezone.now() + timedelta(days=3650)):
        assert asked_on(open_page(registration).text) is None


def asked_on(page):
    """Return the heading of the questions, each list under its label, and what the button says."""
    section = re.search(r'<section aria-labelledby="questions">(.*?)</section>', page, re.S)
    if section is None:
        return None
    (heading,) = re.findall(r"<h2[^>]*>(.*?)</h2>", section[1])
    (button,) = re.findall(r'<a class="button" href="/admin/my-answers/[^"]*">(.*?)</a>', section[1])
    labels = [re.findall(r"(.*?)</dt>", part)[0] for part in section[1].split("<dt>")[1:]]
    lists = [re.findall(r"<dd[^>]*>(.*?)</dd>", part) for part in section[1].split("<dt>")[1:]]
    return heading, list(zip(labels, lists, strict=True)), button
