"""The pages for guests: a request, the page of its link, and what other sites and scanners can do with them."""

import re
from datetime import UTC, datetime

import pytest
from django.core import mail
from django.core.cache import cache

from eventhub.testing.factories import QuestionFactory
from events.models import Event
from notifications.tokens import make_token
from public_pages.guest_texts import ENGLISH, GERMAN
from public_pages.texts import ENGLISH as TEXTS
from registrations.models import Answers, GuestRequest, Registration
from registrations.services import guests

pytestmark = pytest.mark.django_db

ANNA = {"name": "Anna", "email": "anna@example.org", "language": "en"}


@pytest.fixture
def event(olga, make_event):
    return make_event(olga, title="Night of the Telescopes", guests="confirm_first", max_capacity=2)


@pytest.fixture
def send(client, django_capture_on_commit_callbacks):
    """Send the form of an event's page."""

    def post(event, fields=ANNA, **headers):
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(f"/e/{event.pk}/register", fields, headers=headers)

    return post


def link():
    found = re.search(r"http://127.0.0.1:8000(/r/confirm/\S+)", mail.outbox[-1].body)
    assert found
    return found[1]


def test_a_guest_registers_by_one_button(client, event, send):
    page = client.get(f"/e/{event.pk}")
    assert (f'action="/e/{event.pk}/register#registration"' in page.text, "csrf" in page.text) == (True, False)
    sent = send(event)
    assert (sent.status_code, "We have sent a link to anna@example.org." in sent.text) == (200, True)
    path = link()
    for _ in range(2):  # scanners
        shown = client.get(path)
        assert (shown.status_code, shown.text.count("<button"), ENGLISH.confirm_button in shown.text) == (200, 1, True)
    assert client.head(path).status_code == 200
    assert Registration.objects.count() == 0
    done = client.post(path)
    registration = Registration.objects.get()
    assert (done.status_code, registration.name, registration.user.email) == (303, "Anna", "anna@example.org")
    assert done.headers["Location"].startswith(f"/r/{registration.pk}-")
    assert "You are registered." in client.get(done.headers["Location"]).text
    assert client.post(path).headers["Location"] == done.headers["Location"]


def test_known_and_unknown_addresses_get_the_same_page(event, send, bob):
    pages = [send(event, {**ANNA, "email": address}) for address in (bob.email, "anna@example.org", bob.email)]
    bodies = {page.text.replace(bob.email, "…").replace("anna@example.org", "…") for page in pages}
    assert (len(bodies), {page.status_code for page in pages}) == (1, {200})


def test_no_page_of_a_secret_is_kept_or_passed_on(client, event, send):
    send(event)
    place = client.post(link()).headers["Location"]
    for page in (client.get(link()), client.get(place), client.get(f"{place}/calendar.ics"), client.get("/r/nonsense")):
        kept = {name: page.headers[name] for name in ("Cache-Control", "Referrer-Policy", "X-Robots-Tag")}
        assert kept == {
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex, nofollow",
        }
        assert "form-action 'self'" in page.headers["Content-Security-Policy"]
        assert not page.cookies


@pytest.mark.parametrize(("site", "status"), [("cross-site", 403), ("same-origin", 200), ("none", 200)])
def test_forms_of_other_sites_are_refused(event, send, site, status):
    assert send(event, **{"sec-fetch-site": site}).status_code == status
    assert len(mail.outbox) == (status == 200)


def test_what_is_wrong_stands_beside_the_fields(event, send):
    page = send(event, {"name": "", "email": "anna"})
    assert (page.status_code, page.text.count("errorlist")) == (400, 2)
    assert GuestRequest.objects.count() == 0


def test_a_full_event_offers_the_waiting_list_at_both_ends(client, event, send, enroll):
    send(event)
    path = link()
    for _ in range(2):
        enroll(event)
    refused = send(event, {**ANNA, "email": "ben@example.org"})
    assert (refused.status_code, "You can join the waiting list" in refused.text) == (409, True)
    page = client.post(path)
    assert (page.status_code, 'name="wait"' in page.text, ENGLISH.confirm_button in page.text) == (409, True, False)
    place = client.post(path, {"wait": "1"}).headers["Location"]
    assert "You are number 1 on the waiting list." in client.get(place).text
    assert send(event, {**ANNA, "email": "ben@example.org", "wait": "on"}).status_code == 200
    Event.objects.update(waitlist=False)
    assert TEXTS.refusals["event_full"] in send(event, {**ANNA, "email": "ben@example.org"}).text


def test_without_guests_there_is_no_form_and_none_is_taken(client, event, send):
    Event.objects.update(guests="no")
    assert "<form" not in client.get(f"/e/{event.pk}").text
    refused = send(event)
    assert (refused.status_code, TEXTS.refusals["guests_not_allowed"] in refused.text) == (403, True)


@pytest.mark.parametrize("fields", [{"status": "draft"}, {"visibility": "private"}])
def test_what_is_hidden_is_not_there(client, event, send, fields):
    Event.objects.update(**fields)
    answers = [send(event), client.post("/e/999999/register", ANNA)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_pages_and_mails_are_in_the_language_of_the_reader(client, event, send):
    german = {"accept-language": "de"}
    assert GERMAN.register in client.get(f"/e/{event.pk}", headers=german).text
    assert GERMAN.sent in send(event, {**ANNA, "language": "de"}, **german).text
    assert mail.outbox[0].subject.startswith("Bestätigen Sie Ihre Anmeldung")
    assert GERMAN.confirm_button in client.get(link()).text


def test_errors_and_countries_are_in_the_language_of_the_page(client, event, send):
    german, page = {"accept-language": "de"}, f"/e/{event.pk}"
    country = QuestionFactory(event=event, type="country", required="yes")
    number = QuestionFactory(event=event, type="number", max=3)
    Event.objects.update(asks_questions=True, language="de")
    shown = client.get(page, headers=german).text
    names = ["Aserbaidschan", "Österreich", "Osttimor", "Tschechien"]
    assert [f">{name}</option>" in shown for name in names] == [True, True, False, True]
    assert shown.index("Oman") < shown.index("Österreich") < shown.index("Pakistan")
    answers = {f"answers.{country.pk}": "", f"answers.{number.pk}": "4"}
    refused = send(event, {**ANNA, "name": "", "email": "x", **answers}, **german).text
    for text in (
        *("Bitte beantworten Sie diese Frage.", "Geben Sie höchstens 3 ein."),
        *("Dieses Feld ist zwingend erforderlich.", "Geben Sie eine E-Mail-Adresse ein."),
    ):
        assert text in refused
    assert "Von: Geben Sie ein Datum ein" in client.get("/e/?date_from=TEXT", headers=german).text


def test_a_deadline_is_told_in_the_language_of_the_person(client, event, enroll, bob):
    Event.objects.update(language="de", edit_until=datetime(2026, 1, 1, 12, tzinfo=UTC), time_zone="Europe/Berlin")
    place = f"/r/{make_token(enroll(event, bob))}"
    page = client.post(place, {"do": "details", "name": "Bob", "phone": "2"})
    told = "Angaben konnten bis Donnerstag, 1. Januar 2026, 13:00 Uhr (MEZ) geändert werden."
    assert (page.status_code, told in page.text) == (409, True)


def test_requests_are_bounded_by_address_place_and_event(event, send, settings, olga, make_event):
    settings.THROTTLE_CREDENTIALS, settings.THROTTLE_GUESTS = "2/min", "3/hour"
    assert [send(event).status_code for _ in range(3)] == [200, 200, 429]
    assert TEXTS.refusals["throttled"] in send(event, {**ANNA, "email": "ben@example.org"}).text  # from the same place
    cache.clear()
    settings.THROTTLE_CREDENTIALS = None
    answers = [send(event, {**ANNA, "email": f"guest{n}@example.org"}).status_code for n in range(4)]
    assert answers == [200, 200, 200, 429]
    assert send(make_event(olga, guests="hold")).status_code == 200


def test_questions_are_asked_and_asked_again_where_they_have_changed(client, event, send):
    question = QuestionFactory(event=event, text="What do you eat?", required="yes")
    Event.objects.update(asks_questions=True)
    assert "What do you eat?" in client.get(f"/e/{event.pk}").text
    assert send(event).status_code == 400
    answer = {f"answers.{question.pk}": "Apples"}
    assert send(event, {**ANNA, **answer}).status_code == 200
    later = QuestionFactory(event=event, text="What do you drink?", required="yes")
    page = client.post(link())
    assert (page.status_code, "What do you drink?" in page.text, "Apples" in page.text) == (400, True, True)
    client.post(link(), {"questions": "1", **answer, f"answers.{later.pk}": "Water"})
    assert Answers.objects.get().answers == {str(question.pk): "Apples", str(later.pk): "Water"}


def test_who_cannot_be_registered_reads_why(client, event, send, bob, settings):
    settings.EMAIL_VERIFICATION = "required"
    bob.email_verified = False
    bob.save()
    send(event, {**ANNA, "email": bob.email})
    page = client.post(link())
    assert (page.status_code, TEXTS.refusals["guest.email_not_verified"] in page.text) == (403, True)


def test_details_are_changed_and_an_account_claimed_by_the_link(
    client, event, send, olga, enroll, django_capture_on_commit_callbacks
):
    send(event)
    place = client.post(link()).headers["Location"]
    saved = client.post(place, {"do": "details", "name": "Anna A.", "contact_details": "", "phone": "1"})
    assert ENGLISH.saved in saved.text
    registration = Registration.objects.get()
    assert (registration.name, registration.contact_details, registration.phone) == ("Anna A.", "", "1")
    assert client.post(place, {"do": "details", "name": ""}).status_code == 400
    with django_capture_on_commit_callbacks(execute=True):
        assert ENGLISH.link_sent in client.post(place, {"do": "password"}).text
    assert (mail.outbox[-1].to, mail.outbox[-1].subject) == (["anna@example.org"], "Choose a new password")
    cancelled = client.post(place, {"do": "cancel"}, follow=True)
    assert "Your registration is cancelled." in cancelled.text
    assert client.post(place, {"do": "details", "name": "Ben"}).status_code == 303
    registration.refresh_from_db()
    assert (registration.status, registration.name) == ("cancelled", "Anna A.")


def test_a_new_name_says_that_it_deletes_answers_and_what_is_owed(client, event, send):
    send(event)
    place = client.post(link()).headers["Location"]
    question = QuestionFactory(event=event, text="What do you eat?", required="yes")
    QuestionFactory(event=event, text="What do you drink?")
    Event.objects.update(asks_questions=True)
    Answers.objects.create(registration=Registration.objects.get(), answers={str(question.pk): "Apples"})

    def saved(name):
        page = client.post(place, {"do": "details", "name": name, "contact_details": "", "phone": ""}).text
        return (
            ENGLISH.saved in page,
            ENGLISH.lost_answers in page,
            "<dt>Still to answer</dt>" in page,
            question.text in page,
        )

    assert saved("ANNA") == (True, False, False, False)
    assert saved("Annika") == (True, True, True, True)
    assert client.get(place).text.count("What do you drink?") == 1  # under "Optional"
    assert saved("Anna") == (True, False, True, True)


def test_a_seat_on_hold_says_so(client, event, send):
    Event.objects.update(guests="hold")
    send(event)
    held = Registration.objects.on_hold().get()
    token = guests.guest_links.make_token(GuestRequest.objects.get())
    assert "You get your seat when you confirm." in client.get(f"/r/confirm/{token}").text
    client.post(f"/r/confirm/{token}")
    held.refresh_from_db()
    assert held.confirm_by is None
