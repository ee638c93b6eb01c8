"""POST /public/events/<name>/registrations and /public/registrations/confirm, and the captcha in front of the first."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest
from django.core import mail

from eventhub.testing.mailbox import free_port
from eventhub.testing.responses import NO_EVENT, refusal, whole
from events.models import Event
from registrations.models import GuestRequest, Registration

pytestmark = [pytest.mark.once, pytest.mark.django_db]

ANNA = {"name": "Anna", "email": "Anna@Example.org"}
CONFIRM = "/public/registrations/confirm"
NOT_VALID = refusal(401, "Token is invalid or expired", "token_not_valid")
NO_CAPTCHA = refusal(400, "The captcha was not solved. Please try again", "captcha_failed")


@pytest.fixture
def event(olga, make_event):
    return make_event(olga, guests="confirm_first", max_capacity=1, slug="")


@pytest.fixture
def request_one(api, event, django_capture_on_commit_callbacks):
    def post(body=ANNA, name=None):
        with django_capture_on_commit_callbacks(execute=True):
            return api().post(f"/public/events/{name or event.pk}/registrations", body)

    return post


def token():
    return re.search(r"/r/confirm/(\S+)", mail.outbox[-1].body)[1]


def test_a_guest_registers_by_the_token_of_the_mail(api, event, request_one):
    asked = request_one()
    assert (asked.status_code, asked.json()) == (202, {"email": "anna@example.org"})
    assert asked.headers["Cache-Control"] == "no-store"
    done = api().post(CONFIRM, {"token": token()})
    registration = Registration.objects.get()
    body = done.json()
    link = body.pop("manage_url")
    assert (done.status_code, body) == (
        200,
        {
            "attendee_id": registration.pk,
            "event_id": event.pk,
            "status": "registered",
            "name": "Anna",
            "waitlist_position": None,
        },
    )
    assert api().get(link.removeprefix("http://127.0.0.1:8000")).status_code == 200
    assert api().post(CONFIRM, {"token": token()}).json()["attendee_id"] == registration.pk


def test_the_answer_is_the_same_for_all_addresses(request_one, bob):
    answers = [request_one({**ANNA, "email": email}) for email in (bob.email, "anna@example.org")]
    assert [answer.json().keys() for answer in answers] == [{"email"}, {"email"}]
    assert {answer.status_code for answer in answers} == {202}


def test_what_is_refused(api, event, request_one, enroll, olga, make_event):
    assert whole(request_one(name=event.pk + 1)) == NO_EVENT
    assert whole(request_one(name=make_event(olga, status="draft", guests="hold").pk)) == NO_EVENT
    assert request_one({"name": "Anna"}).json()["errors"] == {"email": ["This field is required."]}
    assert request_one({**ANNA, "answers": {"7": "x"}}).json()["code"] == "invalid"
    assert whole(api().post(CONFIRM, {"token": "1-2.3"})) == NOT_VALID
    request_one()
    enroll(event)
    full = refusal(409, "Event is full", "event_full", can_wait=True)
    assert whole(request_one()) == whole(api().post(CONFIRM, {"token": token()})) == full
    waiting = api().post(CONFIRM, {"token": token(), "wait": True}).json()
    assert (waiting["status"], waiting["waitlist_position"]) == ("waitlisted", 1)
    Event.objects.update(guests="no")
    assert request_one({**ANNA, "wait": True}).json()["code"] == "guests_not_allowed"


def test_requests_are_throttled_for_the_address_wherever_they_come_from(request_one, settings):
    settings.THROTTLE_CREDENTIALS = "2/min"
    assert [request_one().status_code for _ in range(3)] == [202, 202, 429]


def test_without_public_pages_no_request_is_taken_but_links_work(api, event, request_one, settings):
    request_one()
    settings.PUBLIC_PAGES = False
    assert request_one().status_code == 404
    assert api().post(CONFIRM, {"token": token()}).status_code == 200


# The captcha ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def verifier(settings):
    """A service that accepts "right", and what it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        answer = None

        def do_POST(self):
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            asked.append(form)
            body = self.answer or json.dumps({"success": form["response"] == ["right"]}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.CAPTCHA_VERIFY_URL = f"http://127.0.0.1:{server.server_port}/verify"
    settings.CAPTCHA_SECRET, settings.CAPTCHA_SITE_KEY = "the secret", "the key"
    settings.CAPTCHA_SCRIPT_URL = "https://captcha.example/api.js"
    yield Handler, asked
    server.shutdown()
    server.server_close()


def test_only_who_solves_the_captcha_gets_through(request_one, verifier):
    _, asked = verifier
    assert whole(request_one()) == whole(request_one({**ANNA, "captcha": "wrong"})) == NO_CAPTCHA
    assert request_one({**ANNA, "captcha": "right"}).status_code == 202
    assert asked == [{"secret": ["the secret"], "response": [given]} for given in ("wrong", "right")]


@pytest.mark.parametrize("answer", [b"", b"not json", b"[]", b'{"success": "true"}', b'{"success": 1}'])
def test_no_other_answer_lets_anybody_through(request_one, verifier, answer):
    handler, _ = verifier
    handler.answer = answer or b" "
    assert request_one({**ANNA, "captcha": "right"}).json()["code"] in {"captcha_failed", "unavailable"}
    assert GuestRequest.objects.count() == 0


def test_without_an_answer_nobody_gets_through(request_one, verifier, settings):
    settings.CAPTCHA_VERIFY_URL = f"http://127.0.0.1:{free_port()}/"
    answer = request_one({**ANNA, "captcha": "right"})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


def test_the_form_has_the_captcha_and_its_page_may_load_it(client, event, verifier):
    page = client.get(f"/e/{event.pk}")
    assert 'data-sitekey="the key"' in page.text
    assert "script-src https://captcha.example; " in page.headers["Content-Security-Policy"]
    form = {**ANNA, "h-captcha-response": "right"}
    assert client.post(f"/e/{event.pk}/register", form).status_code == 200
    assert client.post(f"/e/{event.pk}/register", ANNA).status_code == 400
