"""The page of a ticket, for whoever has its link."""

import io

import pytest
import zxingcpp
from django.test import override_settings
from PIL import Image

from checkin import ticket_files
from checkin.services.tickets import reissue, ticket_of
from events.models import Event
from registrations.services import seats

pytestmark = pytest.mark.django_db


@pytest.fixture
def registration(olga, bob, make_event, enroll):
    return enroll(make_event(olga, title="Night of the <Telescopes>"), bob, name="Bob & Co")


def test_the_page_shows_the_ticket(client, registration):
    ticket = ticket_of(registration)
    page = client.get(f"/t/{ticket.code}")
    assert page.status_code == 200
    for text in ("Night of the &lt;Telescopes&gt;", "Bob &amp; Co", ticket.spelled, ticket_files.data_uri(ticket)):
        assert text in page.text
    assert {name: page.headers[name] for name in ("Cache-Control", "Referrer-Policy", "X-Robots-Tag")} == {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow",
    }
    assert "img-src 'self' data:" in page.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in page.headers
    assert client.get(f"/t/{ticket.code.lower()}/").text == page.text
    assert client.post(f"/t/{ticket.code}").status_code == 405
    assert client.head(f"/t/{ticket.code}").status_code == 200


def test_the_page_is_in_the_language_of_the_person(client, registration, settings):
    Event.objects.filter(pk=registration.event_id).update(language="de")
    page = client.get(f"/t/{ticket_of(registration).code}").text
    shown = ("Wann", "Uhr (UTC)", "Zeigen Sie diese Seite am Eingang", '<html lang="de"')
    assert [text in page for text in (*shown, "Show this page")] == [True, True, True, True, False]
    settings.MAIL_LANGUAGE = "de"
    assert "Dieses Ticket gilt nicht" in client.get("/t/x").text


def test_all_that_is_not_good_gets_the_same_words(client, registration, olga, bob, eve, enroll):
    code = ticket_of(registration).code
    newer = reissue(registration=registration, by=olga).code
    waiting = enroll(registration.event, eve)
    left = ticket_of(waiting).code
    seats.cancel(registration=waiting, by=eve)
    pages = [client.get(f"/t/{each}") for each in (code, left, "EH" + "0" * 32, "x", "%00", "🎫" * 50)]
    assert {(page.status_code, page.text, page.headers["Referrer-Policy"]) for page in pages} == {
        (404, pages[0].text, "no-referrer")
    }
    assert "This ticket is not valid" in pages[0].text
    assert client.get(f"/t/{newer}").status_code == 200
    Event.objects.filter(pk=registration.event_id).update(status="draft")
    assert client.get(f"/t/{newer}").text == pages[0].text


@pytest.mark.parametrize(
    ("status", "sentence"), [("cancelled", "The event is cancelled."), ("completed", "The event is over.")]
)
def test_of_an_event_that_is_not_on_there_is_no_picture(client, registration, status, sentence):
    Event.objects.filter(pk=registration.event_id).update(status=status)
    page = client.get(f"/t/{ticket_of(registration).code}")
    assert sentence in page.text
    assert "data:image" not in page.text


def test_a_picture_of_the_page_is_read_from_a_bad_camera(registration):
    ticket = ticket_of(registration)
    picture = Image.open(io.BytesIO(ticket_files.png(ticket))).convert("L")
    (found,) = zxingcpp.read_barcodes(picture.resize((132, 132)).rotate(12, expand=True, fillcolor=255))
    assert found.text == ticket.code


def test_who_tries_codes_is_throttled(client):
    with override_settings(THROTTLE_GENERAL="3/min"):
        answers = [client.get(f"/t/EH{number:032}", REMOTE_ADDR="192.0.2.7") for number in range(5)]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 429, 429]
