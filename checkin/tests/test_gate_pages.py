"""The helpers at the door of an event in the back office."""

from datetime import timedelta
from uuid import uuid4

import pytest
import segno
import time_machine
from django.utils import timezone

from checkin.models import Checkpoint, GateToken, Scan
from checkin.services import gate_tokens
from checkin.services.checkpoints import entrance_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(make_event, olga):
    return make_event(olga, title="Night of the Telescopes")


@pytest.fixture
def path(event):
    return f"/admin/events/event/{event.pk}/helpers/"


def test_the_page_of_the_event_leads_there(office, olga, event, path):
    assert f'href="{path}"' in office(olga).get(f"/admin/events/event/{event.pk}/change/").text
    assert "Give access to a phone" in office(olga).get(path).text


def test_a_new_one_is_shown_once_as_a_code_and_a_link(office, olga, event, path, settings):
    dinner = Checkpoint.objects.create(event=event, name="Dinner")
    page = office(olga).post(path, {"name": "Paula's phone", "checkpoint": dinner.pk, "search": "on"})
    token = GateToken.objects.get()
    assert (token.name, token.checkpoint, token.may, token.created_by) == ("Paula's phone", dinner, ["search"], olga)
    made = page.context["made"]
    assert gate_tokens.authenticate_token(made.secret) == token
    assert made.url == f"{settings.PUBLIC_URL}/scan/#{made.secret}"
    picture = segno.make_qr(made.url, error="m").svg_data_uri(border=4, scale=8, dark="#000", light="#fff")
    for text in (made.url, f'src="{picture}"', "It is shown only once."):
        assert text in page.text
    assert made.secret not in office(olga).get(path).text


def test_the_list_says_what_each_has_done(office, olga, event, path):
    used = gate_tokens.create_token(event=event, by=olga, name="North door", may=["search", "force"]).token
    gate_tokens.create_token(event=event, by=olga, name="South door")
    Scan.objects.bulk_create(
        Scan(
            event=event,
            checkpoint=entrance_of(event.pk),
            nonce=uuid4(),
            kind="in",
            result="ticket_unknown",
            at=timezone.now(),
            gate=gate,
        )
        for gate in (used, used, None)
    )
    page = office(olga).get(path)
    assert [(token.name, is_live, scans) for token, is_live, scans in page.context["rows"]] == [
        ("South door", True, 0),
        ("North door", True, 2),
    ]
    assert "Search, let in anyway" in page.text


def test_revoking_asks_first(office, olga, event, path):
    token = gate_tokens.create_token(event=event, by=olga, name="North door").token
    browser = office(olga)
    asked = browser.post(path, {"revoke": token.pk})
    assert "Revoke access?" in asked.text
    token.refresh_from_db()
    assert token.revoked_at is None
    done = browser.post(path, {"revoke": token.pk, "confirmed": "yes"}, follow=True)
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert "The access of “North door” was revoked." in done.text
    assert "Revoked</td>" in done.text


def test_those_of_other_events_are_not_there(office, olga, otto, make_event, path):
    token = gate_tokens.create_token(event=make_event(olga), by=olga, name="Elsewhere").token
    for number in (token.pk, 0, "x"):
        assert office(olga).post(path, {"revoke": number}).status_code == 404
    assert office(otto).get(path).status_code == 404


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"name": " "}, "This field is required."),
        ({"name": "x" * 81}, "Ensure this value has at most 80 characters (it has 81)."),
        (
            {"name": "Door", "checkpoint": "0"},
            "Select a valid choice. That choice is not one of the available choices.",
        ),
    ],
)
def test_a_wrong_form_says_what_is_wrong(office, olga, path, sent, problem):
    assert problem in office(olga).post(path, sent).text
    assert not GateToken.objects.exists()


def test_a_refusal_is_shown_in_the_form(office, olga, event, path):
    GateToken.objects.bulk_create(
        GateToken(event=event, name="Door", digest=str(number), created_by=olga) for number in range(50)
    )
    page = office(olga).post(path, {"name": "One more"})
    assert "This event has the maximum number of gate tokens. Revoke one first." in page.text


def test_an_event_that_is_over_offers_none(office, olga, event, path):
    with time_machine.travel(event.ends + timedelta(hours=24)):
        page = office(olga).get(path).text
        assert ("The event is over" in page, "Give access to a phone" in page) == (True, False)
