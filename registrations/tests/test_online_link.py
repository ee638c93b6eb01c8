"""The online link of an event: who sees it, from when on, and where it must not be."""

from datetime import timedelta

import pytest
from django.utils import timezone

from checkin.services.tickets import ticket_of
from notifications.mails import compose
from notifications.models import Kind, Notice
from notifications.tokens import make_token
from registrations.models import Registration

pytestmark = pytest.mark.django_db

LINK = "https://meet.example.org/night?room=1&key=2"
LATER = timedelta(hours=1)


@pytest.fixture
def registered(olga, bob, make_event, enroll):
    def make(status="registered", **fields):
        event = make_event(olga, online_url=LINK, **fields)
        return enroll(event, bob, status=status)

    return make


@pytest.mark.parametrize(
    ("fields", "is_seen"),
    [
        ({}, True),
        ({"status": "attended"}, True),
        ({"status": "waitlisted"}, False),
        ({"status": "cancelled"}, False),
        ({"online_from": -LATER}, True),
        ({"online_from": LATER}, False),
    ],
)
def test_the_link_is_shown_on_their_registration_to_who_has_a_seat(api, bob, olga, ada, registered, fields, is_seen):
    if "online_from" in fields:
        fields = {"online_from": timezone.now() + fields["online_from"]}
    path = f"/attendees/{registered(**fields).pk}"
    assert api(bob).get(path).json()["online_url"] == (LINK if is_seen else None)
    assert [api(other).get(path).json()["online_url"] for other in (olga, ada)] == [None, None]
    lists = [api(bob).get("/attendees/"), api(bob).get("/events/"), api(olga).get("/attendees/")]
    assert not any(b"meet.example.org" in answer.content for answer in lists)


def test_the_link_is_in_the_answer_to_registering_and_goes_with_the_seat(api, bob, olga, make_event):
    event = make_event(olga, online_url=LINK)
    made = api(bob).post("/attendees/", {"event_id": event.pk}).json()
    assert made["online_url"] == LINK
    left = api(bob).patch(f"/attendees/{made['attendee_id']}", {"status": "cancelled"})
    assert left.json()["online_url"] is None


def test_a_guest_who_has_not_confirmed_and_an_event_that_is_off_show_none(registered):
    registration = registered()
    registration.confirm_by = timezone.now() + LATER
    assert registration.online_link(timezone.now()) is None
    off = Registration.objects.select_related("event").get()
    off.event.status = "cancelled"
    assert off.online_link(timezone.now()) is None


@pytest.mark.parametrize(("is_early", "seen"), [(False, True), (True, False)])
def test_mails_and_pages_of_the_person_have_the_link(client, registered, is_early, seen):
    registration = registered(online_from=timezone.now() + LATER if is_early else None)
    notice = Notice(kind=Kind.REMINDER, registration=registration, event=registration.event, user=registration.user)
    mail = compose(notice)
    assert (f"Take part online: {LINK}" in mail.body) is seen
    assert (LINK.replace("&", "&amp;") in mail.alternatives[0][0]) is seen
    assert not any("meet.example.org" in content for content, kind in mail.alternatives if "calendar" in kind)
    for path in (
        f"/r/{make_token(registration)}",
        f"/t/{ticket_of(registration).code}",
    ):
        page = client.get(path).content.decode()
        assert (f'<a href="{LINK.replace("&", "&amp;")}">' in page) is seen
