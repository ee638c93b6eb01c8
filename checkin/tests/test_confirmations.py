"""The ticket in the confirmation of a seat, and on the page that the confirmation links to."""

import io

import pytest
import zxingcpp
from django.utils import timezone
from PIL import Image

from checkin.services.tickets import reissue, ticket_of
from eventhub.testing.factories import make_confirmation
from events.models import Event
from notifications.mails import compose
from notifications.models import Kind, Notice
from notifications.services.notices import COLUMNS, make_notices
from notifications.services.truth import OVERTAKEN, reason_to_skip
from notifications.tokens import make_link
from registrations.models import Registration, Transition
from registrations.services import seats

pytestmark = pytest.mark.django_db


@pytest.fixture
def registration(olga, bob, make_event, enroll):
    return enroll(make_event(olga), bob, name="Bob")


def parts(message):
    return {part.get_content_type(): part for part in message.message().walk()}


@pytest.mark.parametrize("kind", [Kind.REGISTERED, Kind.SEATED, Kind.TICKET])
def test_the_confirmation_carries_the_ticket(registration, kind):
    notice = make_confirmation(registration)
    notice.kind = kind
    ticket = ticket_of(registration)
    found = parts(compose(notice))
    entry = [] if kind == Kind.TICKET else ["text/calendar"]  # of the first one, which stays as it was
    assert [*found] == ["multipart/related", "multipart/alternative", "text/plain", "text/html", *entry, "image/png"]
    picture = found["image/png"]
    html = found["text/html"].get_payload(decode=True).decode()
    assert picture["Content-Disposition"] == 'inline; filename="ticket.png"'
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in html
    assert f'alt="Ticket {ticket.spelled}"' in html
    assert f'href="{ticket.link}"' in html
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.get_payload(decode=True))))
    assert code.text == ticket.code
    text = found["text/plain"].get_payload(decode=True).decode()
    assert f"\n\nTicket: {ticket.link}\n{ticket.spelled}\n" in text


def test_other_mails_carry_none(registration, enroll, eve):
    waiting = make_confirmation(enroll(registration.event, eve, "waitlisted"))
    cancelled = make_confirmation(registration)
    cancelled.kind = Kind.CANCELLED
    Event.objects.filter(pk=registration.event_id).update(status="completed")
    over = Notice(kind=Kind.REGISTERED, user=cancelled.user)
    over.registration = Registration.objects.select_related("event").get(pk=registration.pk)
    over.event = over.registration.event
    for notice in (waiting, cancelled, over):
        assert "image/png" not in parts(compose(notice))


@pytest.mark.parametrize("status", ["registered", "attended"])
def test_who_gets_another_ticket_is_told(olga, bob, make_event, enroll, status):
    registration = enroll(make_event(olga), bob, status)
    ticket = reissue(registration=registration, by=olga)
    rows = Transition.objects.filter(registration=registration).values(*COLUMNS)
    make_notices([{**row, "through": "admin"} for row in rows])
    notice = Notice.objects.select_related("registration__event", "user").get(kind=Kind.TICKET)
    assert reason_to_skip(notice, now=timezone.now()) == ""
    message = compose(notice)
    assert message.subject == f"Your new ticket: {registration.event.title}"
    assert f"Ticket: {ticket.link}\n" in message.body
    seats.cancel(registration=registration, by=olga)
    notice.registration.refresh_from_db()
    assert reason_to_skip(notice, now=timezone.now()) == OVERTAKEN


def test_of_several_new_tickets_only_the_last_is_told(olga, registration):
    for _ in range(3):
        reissue(registration=registration, by=olga)
    rows = Transition.objects.filter(registration=registration).values(*COLUMNS)
    make_notices([{**row, "through": "admin"} for row in rows])
    notices = Notice.objects.select_related("registration__event", "user").order_by("transition")
    skipped = [(notice.kind, reason_to_skip(notice, now=timezone.now())) for notice in notices]
    assert skipped == [("registered", ""), ("ticket", OVERTAKEN), ("ticket", OVERTAKEN), ("ticket", "")]


def test_a_mail_that_is_sent_again_has_the_new_ticket(registration, olga):
    notice = make_confirmation(registration)
    old, new = ticket_of(registration), reissue(registration=registration, by=olga)
    notice.registration.refresh_from_db()
    html = compose(notice).alternatives[0].content
    assert (old.link in html, new.link in html) == (False, True)


@pytest.mark.parametrize(("status", "shown"), [("registered", True), ("attended", True), ("waitlisted", False)])
def test_the_page_of_the_registration_links_to_the_ticket(
    client, settings, olga, bob, make_event, enroll, status, shown
):
    registration = enroll(make_event(olga), bob, status)
    page = client.get(make_link(registration).removeprefix(settings.PUBLIC_URL))
    assert ("/t/EH" in page.text) is shown
    if shown:
        assert f'href="{ticket_of(registration).link}"' in page.text
