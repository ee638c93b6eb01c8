"""Deadlines of an event for what people change themselves, for every way that they have."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from eventhub.testing.responses import DONE, refusal, whole
from notifications.tokens import make_token
from registrations.models import Registration

pytestmark = pytest.mark.django_db

SINCE = datetime(2026, 7, 1, 22, tzinfo=UTC)
DEADLINES = {
    "cancel_until": "Cancelling is no longer possible",
    "edit_until": "Details can no longer be changed",
    "transfer_until": "The name can no longer be changed",
}
BODIES = {
    "cancel_until": {"status": "cancelled"},
    "edit_until": {"phone": "+49 30 1", "contact_details": "x"},
    "transfer_until": {"name": "Robin"},
}


def closed(deadline):
    return refusal(
        409,
        f"{DEADLINES[deadline]}: the deadline was 2 Jul 2026, 00:00 CEST",
        "change_closed",
        closed_since="2026-07-01T22:00:00Z",
    )


@pytest.fixture
def registered(olga, bob, make_event, enroll):
    """Bob's registration for an event with these deadlines in the past, all others in the future."""

    def make(*deadlines, status="registered"):
        times = dict.fromkeys(DEADLINES, timezone.now() + timedelta(days=1)) | dict.fromkeys(deadlines, SINCE)
        event = make_event(olga, max_capacity=2, time_zone="Europe/Berlin", **times)
        return enroll(event, bob, status=status)

    return make


@pytest.mark.parametrize("who", ["bob", "olga", "ada"])
@pytest.mark.parametrize("changed", list(BODIES))
@pytest.mark.parametrize("deadline", list(DEADLINES))
def test_a_deadline_closes_its_own_change_to_people_and_none_to_who_runs_the_event(
    api, registered, request, deadline, changed, who
):
    registration = registered(deadline)
    answer = api(request.getfixturevalue(who)).patch(f"/attendees/{registration.pk}", BODIES[changed])
    if who == "bob" and deadline == changed:
        assert whole(answer) == closed(deadline)
        assert Registration.objects.values_list("status", "name", "phone").get() == (
            "registered",
            registration.name,
            "",
        )
    else:
        assert answer.status_code == 200
        assert {name: answer.json()[name] for name in BODIES[changed]} == BODIES[changed]


@pytest.mark.parametrize(("who", "status"), [("bob", 409), ("olga", 204)])
def test_removing_is_cancelling(api, registered, request, who, status):
    registration = registered("cancel_until")
    answer = api(request.getfixturevalue(who)).delete(f"/attendees/{registration.pk}")
    assert whole(answer) == (closed("cancel_until") if status == 409 else DONE)
    assert Registration.objects.exists() == (status == 409)


def test_the_queue_can_be_left_and_a_cancelled_registration_come_back_under_another_name(api, bob, registered):
    path = f"/attendees/{registered(*DEADLINES, status='waitlisted').pk}"
    assert api(bob).patch(path, {"status": "cancelled"}).json()["status"] == "cancelled"
    again = api(bob).patch(path, {"status": "registered", "name": "Robin"})
    assert (again.json()["status"], again.json()["name"]) == ("registered", "Robin")
    assert whole(api(bob).patch(path, {"name": "Robin", "status": "registered"})) == whole(again)  # changes nothing


def test_what_is_wrong_or_edited_meanwhile_comes_before_the_deadline(api, bob, registered):
    path = f"/attendees/{registered(*DEADLINES).pk}"
    assert api(bob).patch(path, {"name": ""}).status_code == 400
    assert api(bob).patch(path, {"name": "Robin", "status": "attended"}).status_code == 403
    assert api(bob).patch(path, {"name": "Robin"}, headers={"If-Match": '"other"'}).status_code == 412
    assert whole(api(bob).patch(path, {"name": "Robin", "status": "cancelled"})) == closed("cancel_until")


def test_the_page_of_the_mails_says_until_when_one_could_cancel(client, registered):
    registration = registered("cancel_until")
    page = client.post(f"/r/{make_token(registration)}", {"do": "cancel"}, follow=True)
    assert "Cancelling was possible until Thursday, 2 July 2026, 00:00 (CEST)." in page.content.decode()
    assert "Cancel registration" not in page.content.decode()
    assert Registration.objects.get().status == "registered"
