"""Registering for a public event with an account: by a session's button, or by the password."""

import re

import pytest
from django.test import Client

from eventhub.testing.factories import PASSWORD, QuestionFactory
from events.models import Event
from registrations.models import Registration

pytestmark = pytest.mark.django_db


@pytest.fixture
def night(olga, make_event):
    return make_event(olga, title="Night of the Telescopes", slug="night", max_capacity=2)


def path_of(event):
    return f"/admin/register/{event.pk}/"


def rows():
    return [*Registration.objects.order_by("pk").values_list("user__username", "status")]


def test_who_is_signed_in_needs_one_button(office, night, otto):
    client = office(otto)
    page = client.get(path_of(night))
    assert ("<strong>otto</strong>" in page.text, 'name="password"' in page.text) == (True, False)
    done = client.post(path_of(night))
    assert (done.status_code, "You are registered" in done.text, rows()) == (200, True, [("otto", "registered")])
    again = client.post(path_of(night))
    assert ("You are already registered for this event." in again.text, len(rows())) == (True, 1)


def test_a_form_of_another_site_registers_nobody(night, otto):
    client = Client(enforce_csrf_checks=True)
    client.force_login(otto)
    assert (client.post(path_of(night)).status_code, rows()) == (403, [])
    token = re.search('name="csrfmiddlewaretoken" value="(.*?)"', client.get(path_of(night)).text)[1]
    assert client.post(path_of(night), {"csrfmiddlewaretoken": token}).status_code == 200
    assert rows() == [("otto", "registered")]


def test_everybody_else_enters_their_password_and_gets_no_session(client, night, bob):
    wrong = client.post(path_of(night), {"username": "bob", "password": "wrong"})
    assert ("Wrong username or password." in wrong.text, rows()) == (True, [])
    done = client.post(path_of(night), {"username": bob.email, "password": PASSWORD})
    assert ("You are registered" in done.text, rows()) == (True, [("bob", "registered")])
    assert "sessionid" not in client.cookies


def test_guesses_are_counted_as_at_the_sign_in(client, settings, night, bob):
    settings.THROTTLE_CREDENTIALS = "2/hour"
    sent = {"username": "bob", "password": "wrong"}
    assert [client.post(path_of(night), sent).status_code for _ in range(3)] == [200, 200, 429]


def test_a_full_event_offers_the_waiting_list(office, night, otto, enroll):
    enroll(night), enroll(night)
    client = office(otto)
    assert 'name="wait" checked' in client.get(path_of(night)).text
    assert "All seats are taken by now. You can join the waiting list" in client.post(path_of(night)).text
    assert "You are on the waiting list" in client.post(path_of(night), {"wait": "on"}).text
    assert rows()[-1] == ("otto", "waitlisted")


def test_questions_are_asked(office, night, otto):
    question = QuestionFactory(event=night, text="Which diet?", required="yes")
    Event.objects.filter(pk=night.pk).update(asks_questions=True)
    client = office(otto)
    assert "Which diet?" in client.get(path_of(night)).text
    assert client.post(path_of(night)).status_code == 200
    assert rows() == []
    client.post(path_of(night), {f"answers.{question.pk}": "None"})
    assert rows() == [("otto", "registered")]


@pytest.mark.parametrize("values", [{"status": "draft"}, {"visibility": "private"}])
def test_what_is_not_public_has_no_such_page(office, olga, night, values):
    Event.objects.update(**values)
    for name in ("night", night.pk):
        assert office(olga).get(f"/admin/register/{name}/").status_code == 404


def test_a_closed_event_has_no_button(office, night, otto):
    Event.objects.update(status="cancelled")
    client = office(otto)
    assert "<button" not in client.get(path_of(night)).text
    assert (client.post(path_of(night)).status_code, rows()) == (200, [])


@pytest.mark.parametrize(
    ("values", "page", "embed"),
    [({}, True, True), ({"visibility": "unlisted"}, True, False), ({"status": "draft"}, False, False)],
)
def test_organizers_find_the_page_and_what_to_embed(office, olga, night, values, page, embed):
    Event.objects.update(**values)
    shown = office(olga).get(f"/admin/events/event/{night.pk}/change/").text
    assert ('href="http://127.0.0.1:8000/e/night">Public page</a>' in shown) == page
    assert (f"organizer=&quot;{olga.pk}&quot;&gt;&lt;/eventhub-events&gt;" in shown) == embed
