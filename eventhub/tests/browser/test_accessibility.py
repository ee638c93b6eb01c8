"""No page of the back office violates WCAG 2.2 AA as far as axe-core can tell: light and dark, desk and phone.

No page is wider than the window, and no heading or choice is cut.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.services import api_tokens
from checkin.models import Checkpoint
from checkin.services import admission
from checkin.services.judgement import Attempt, Door
from eventhub.tests.browser.accessibility import DESK, PHONE, press, violations
from notifications.services import messages
from notifications.services.preferences import opt_out

PAGES = [
    "/admin/",
    "/admin/events/event/",
    "/admin/events/event/add/",
    "/admin/events/event/{event}/change/",
    "/admin/events/event/{event}/history/",
    "/admin/events/event/{event}/delete/",
    "/admin/events/event/{event}/helpers/",
    "/admin/events/event/{event}/doors/",
    "/admin/events/event/{event}/checkpoints/",
    "/admin/events/event/{event}/checkpoints/{checkpoint}/",
    "/admin/events/event/{event}/emails/",
    "/admin/events/event/{event}/emails/reminder/",
    "/admin/events/event/{event}/badges/",
    "/admin/events/event/{event}/names/",
    "/admin/events/event/{event}/names/print/?status=registered",
    "/admin/registrations/registration/",
    "/admin/registrations/registration/add/",
    "/admin/registrations/registration/door/",
    "/admin/registrations/registration/door/{event}/",
    "/admin/registrations/registration/import/{event}/",
    "/admin/registrations/registration/messages/{event}/",
    "/admin/registrations/registration/statistics/{event}/",
    "/admin/registrations/registration/{registration}/change/",
    "/admin/notifications/notice/",
    "/admin/accounts/user/",
    "/admin/accounts/user/add/",
    "/admin/accounts/user/{user}/change/",
    "/admin/accounts/servicetoken/",
    "/admin/accounts/servicetoken/{token}/change/",
    "/admin/accounts/servicetoken/{token}/delete/",
    "/admin/tokens/",
    "/admin/email-preferences/",
    "/admin/calendar-feeds/",
    "/admin/password_change/",
    "/admin/second-factor/",
    "/admin/profile/",
    "/admin/end-sign-ins/",
]


CUT = """
() => {
  const isCut = (part) => part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1;
  const page = document.documentElement;
  const parts = document.querySelectorAll("h1 > :not(.material-symbols-outlined), label > .truncate");
  return [
    ...(page.scrollWidth > page.clientWidth ? [`is ${page.scrollWidth} pixels wide`] : []),
    ...[...parts].filter((part) => part.checkVisibility() && isCut(part)).map((part) => `cuts “${part.innerText}”`),
  ];
}
"""


@pytest.fixture
def places(ada, olga, bob, make_event, enroll):
    begins = timezone.now() + timedelta(hours=5)
    event = make_event(olga, title="Three Serenades for Orchestra", max_capacity=2, date_time=begins)
    registration = enroll(event, bob)
    enroll(event)
    enroll(event, status="waitlisted")
    words = {"subject": "Bring warm clothes", "body": "It will be cold."}
    for scope, pk in (("organizer", olga.pk), ("event", event.pk)):
        opt_out(ada.pk, scope, **{f"{scope}_id": pk})
    messages.send(messages.compose_message(event=event, by=ada, wanted={}, **words))
    make_event(olga, status="draft", title="Soon", date_time=timezone.now() + timedelta(days=2))
    token = api_tokens.create_token(owner=ada, name="Website", scopes=["events:read"]).token
    admission.scan(Door(event.pk, olga), Attempt(registration_id=registration.pk))
    lunch = Checkpoint.objects.create(event=event, name="Lunch in the west wing", reentry="daily", opens=begins)
    rows = {"event": event, "registration": registration, "user": bob, "token": token, "checkpoint": lunch}
    return {kind: row.pk for kind, row in rows.items()}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_pages_are_accessible(sign_in, ada, places, scheme, size):
    page = sign_in(ada)
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    found = {}
    for path in PAGES:
        page.goto(page.url.split("/admin/")[0] + path.format(**places))
        found[path] = [*violations(page), *page.evaluate(CUT)]
    assert [f"{path} {problem}" for path, problems in found.items() for problem in problems] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_comes_after_a_button_is_accessible(sign_in, live_server, settings, olga, places, tmp_path, scheme):
    settings.BULK_MAIL = "organizers"
    page = sign_in(olga)
    page.emulate_media(color_scheme=scheme)
    found = {}
    page.goto(f"{live_server.url}/admin/events/event/{places['event']}/change/")
    press(page, "Cancel event")
    found["cancel an event"] = violations(page)
    page.goto(f"{live_server.url}/admin/registrations/registration/{places['registration']}/change/")
    press(page, "Cancel registration")
    found["cancel a registration"] = violations(page)
    people = tmp_path / "people.csv"
    people.write_text("Email\nann@example.org\nnobody\n")
    page.goto(f"{live_server.url}/admin/registrations/registration/import/{places['event']}/")
    page.locator("input[type=file]").set_input_files(people)
    press(page, "Preview")
    found["preview of an import"] = violations(page)
    page.goto(f"{live_server.url}/admin/registrations/registration/messages/{places['event']}/")
    page.get_by_label("Subject").fill("{event}")
    page.get_by_label("Text").fill("Hello {name}")
    press(page, "Preview")
    found["preview of a message"] = violations(page)
    pages = ("cancel an event", "cancel a registration", "preview of an import", "preview of a message")
    assert found == {name: [] for name in pages}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signing_in_is_accessible(page, live_server, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{live_server.url}/admin/login/")
    assert violations(page) == []
