"""Words, headings and places of controls in the back office: one name for one thing."""

import re

import pytest
from django.utils import timezone

pytestmark = pytest.mark.django_db

EVENTS, REGISTRATIONS = "/admin/events/event/", "/admin/registrations/registration/"


def text_of(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def heading(client, path):
    (found,) = re.findall(r"<h1.*?</h1>", client.get(path).content.decode(), re.DOTALL)
    return text_of(found).replace("chevron_right", ">")


@pytest.mark.slow
def test_each_page_has_one_heading_that_names_it_once(office, olga, make_event, enroll):
    event = make_event(olga, title="Jazz")
    row = enroll(event, name="Ann")
    client = office(olga)
    assert {
        path: heading(client, path)
        for path in (
            "/admin/",
            EVENTS,
            f"{EVENTS}{event.pk}/change/",
            f"{EVENTS}{event.pk}/history/",
            f"{EVENTS}{event.pk}/delete/",
            f"{EVENTS}add/",
            f"{REGISTRATIONS}{row.pk}/change/",
            f"{REGISTRATIONS}door/",
            f"{REGISTRATIONS}door/{event.pk}/",
            f"{REGISTRATIONS}import/{event.pk}/",
        )
    } == {
        "/admin/": "Dashboard",
        EVENTS: "Events",
        f"{EVENTS}{event.pk}/change/": "Events > Jazz",
        f"{EVENTS}{event.pk}/history/": "Events > Jazz",
        f"{EVENTS}{event.pk}/delete/": "Events > Jazz",
        f"{EVENTS}add/": "Events > Add event",
        f"{REGISTRATIONS}{row.pk}/change/": "Registrations > Ann for Jazz",
        f"{REGISTRATIONS}door/": "Check-in",
        f"{REGISTRATIONS}door/{event.pk}/": "Registrations > Check-in: Jazz",
        f"{REGISTRATIONS}import/{event.pk}/": "Registrations > Import attendees: Jazz",
    }


def test_the_page_of_an_event_has_one_history_and_its_cancellation_last(office, olga, make_event):
    page = office(olga).get(f"{EVENTS}{make_event(olga).pk}/change/").content.decode()
    assert page.count("/history/") == 0  # the tab has it
    buttons = re.findall(r'name="action"\s+value="(\w+)"', page)
    assert buttons == [
        "close_registration",
        "complete",
        "withdraw",
        "duplicate",
        "attendees_as_csv",
        "attendees_as_xlsx",
        "cancel",
    ]


def test_a_state_has_one_name_and_removing_is_told_from_cancelling(office, olga, make_event, enroll):
    event = make_event(olga)
    attended, waits = enroll(event, name="Ann", status="attended"), enroll(event, name="Ben", status="waitlisted")
    client = office(olga)
    for path in (
        REGISTRATIONS,
        f"{REGISTRATIONS}{attended.pk}/change/",
        f"{REGISTRATIONS}{waits.pk}/change/",
        f"{REGISTRATIONS}door/{event.pk}/",
        f"{EVENTS}{event.pk}/change/",
    ):
        page = text_of(client.get(path).content.decode())
        assert re.findall("Attended|Waitlisted|[Qq]ueue|Mark as|Let in", page) == [], path
        assert "Checked in" in page or "Waiting list" in page, path
    page = text_of(client.get(f"{REGISTRATIONS}{waits.pk}/change/").content.decode())
    assert "Cancelling keeps the registration in the list as cancelled" in page
    assert "Removing deletes the registration and its history for good." in page


def test_a_date_in_a_form_is_written_as_beside_it(office, olga, make_event):
    begins = timezone.make_aware(timezone.datetime(2031, 12, 16, 21, 0))
    page = office(olga).get(f"{EVENTS}{make_event(olga, date_time=begins).pk}/change/").content.decode()
    assert ('value="16 Dec 2031"' in page, 'value="21:00"' in page, "16 Dec 2031, 21:00" in page) == (True, True, True)
