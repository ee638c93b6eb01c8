"""The ticket on the page of a registration in the back office."""

import pytest

from checkin import ticket_files
from checkin.services.tickets import CodeState, read_code, ticket_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def registration(olga, bob, make_event, enroll):
    return enroll(make_event(olga), bob, name="Bob")


def page_of(registration, action="change"):
    return f"/admin/registrations/registration/{registration.pk}/{action}/"


def test_the_page_shows_the_ticket(office, olga, registration):
    ticket = ticket_of(registration)
    page = office(olga).get(page_of(registration))
    for text in (ticket.spelled, f'href="{ticket.link}"', ticket_files.data_uri(ticket), "Reissue ticket"):
        assert text in page.text


@pytest.mark.parametrize("status", ["waitlisted", "cancelled"])
def test_who_has_no_seat_has_none(office, olga, eve, enroll, registration, status):
    page = office(olga).get(page_of(enroll(registration.event, eve, status)))
    assert page.status_code == 200
    assert 'id="ticket"' not in page.text


def test_reissuing_asks_first_and_is_in_the_history(office, olga, registration):
    browser, code = office(olga), ticket_of(registration).code
    asked = browser.post(page_of(registration, "reissue-ticket"))
    assert "Reissue ticket?" in asked.text
    assert "Bob" in asked.text
    assert read_code(code).state == CodeState.GOOD
    done = browser.post(page_of(registration, "reissue-ticket"), {"confirmed": "yes"}, follow=True)
    assert done.redirect_chain == [(page_of(registration), 302)]
    assert "The ticket was reissued." in done.text
    assert "Ticket reissued" in done.text
    assert read_code(code).state == CodeState.REVOKED
    assert browser.get(page_of(registration, "reissue-ticket")).status_code == 302


def test_a_refusal_is_a_message(office, olga, registration):
    type(registration).objects.filter(pk=registration.pk).update(status="cancelled")
    page = office(olga).post(page_of(registration, "reissue-ticket"), {"confirmed": "yes"}, follow=True)
    assert "Only people with a seat have a ticket." in page.text


def test_others_have_no_page(office, otto, registration):
    for data in ({}, {"confirmed": "yes"}):
        assert office(otto).post(page_of(registration, "reissue-ticket"), data).status_code == 404
    registration.refresh_from_db()
    assert registration.issue == 0
