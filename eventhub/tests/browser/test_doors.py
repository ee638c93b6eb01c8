"""The live page of the doors updates itself, and a hardware scanner checks in without JavaScript."""

from checkin.services import admission
from checkin.services.judgement import Attempt, Door
from checkin.services.tickets import ticket_of


def test_the_numbers_update_themselves(sign_in, live_server, olga, make_event, enroll):
    event = make_event(olga, max_capacity=5)
    first, second = enroll(event), enroll(event)
    admission.scan(Door(event.pk, olga), Attempt(registration_id=first.pk))
    page = sign_in(olga)
    page.goto(f"{live_server.url}/admin/events/event/{event.pk}/doors/")
    inside = page.locator("#doors dd").first
    assert inside.inner_text() == "1"
    page.get_by_text("Show as table").click()
    admission.scan(Door(event.pk, olga), Attempt(registration_id=second.pk))
    page.wait_for_function("document.querySelector('#doors dd').innerText === '2'", timeout=20_000)
    assert page.evaluate("document.getElementById('slots').open")
    assert page.evaluate("Boolean(Chart.getChart(document.querySelector('#doors canvas')))")


def test_a_scanner_that_types_checks_in(sign_in, live_server, olga, make_event, enroll):
    event = make_event(olga, max_capacity=5)
    row = enroll(event, name="Bob Brown")
    page = sign_in(olga)
    page.goto(f"{live_server.url}/admin/registrations/registration/door/{event.pk}/")
    # Chromium focuses the field with the first frame, which may come after the page has loaded.
    page.wait_for_function("document.activeElement.name === 'q'")
    page.keyboard.type(ticket_of(row).code)
    page.keyboard.press("Enter")
    page.get_by_text("Bob Brown: checked in.").wait_for()
    page.wait_for_function("document.activeElement.name === 'q'")
    row.refresh_from_db()
    assert row.status == "attended"
