"""Which buttons about people are offered, and which ask first."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events.models import Event
from registrations.models import Registration
from registrations.services import seats

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

LIST = "/admin/registrations/registration/"


def page_of(row):
    return f"{LIST}{row.pk}/change/"


def statuses(*rows):
    return [Registration.objects.get(pk=row.pk).status for row in rows]


def test_a_button_that_can_only_fail_is_not_offered(office, olga, make_event, enroll, bob):
    event = make_event(olga, max_capacity=2)
    gone = enroll(event, bob, status="cancelled")
    client = office(olga)

    def reason():
        context = client.get(page_of(gone)).context
        assert [action.name for action in context["actions"]] == (
            ["remove"] if context["obstacle"] else ["check_in", "reinstate", "remove"]
        )
        assert (f"check_in:{gone.pk}" in client.get(LIST).content.decode()) is not bool(context["obstacle"])
        return context["obstacle"]

    assert reason() == ""
    again = enroll(event, bob)
    assert reason() == "Registered again"
    seats.remove(registration=again, by=olga)
    for _ in range(2):
        enroll(event)
    assert reason() == "Event is full"
    Event.objects.filter(pk=event.pk).update(status="cancelled")
    assert reason() == "Event is cancelled"


@pytest.mark.parametrize(
    ("fields", "is_offered"),
    [({}, True), ({"full": True}, True), ({"full": True, "waitlist": False}, False), ({"status": "cancelled"}, False)],
)
def test_people_are_added_only_where_they_can_be(office, olga, make_event, enroll, fields, is_offered):
    event = make_event(olga, **fields)
    row = enroll(event, status="cancelled")
    links = {
        f"/admin/events/event/{event.pk}/change/": [f"add/?event={event.pk}", f"import/{event.pk}/"],
        f"{LIST}door/{event.pk}/": [f"add/?event={event.pk}"],
        f"{LIST}?event__id__exact={event.pk}": [f"import/{event.pk}/"],
    }
    for path, offered in links.items():
        page = office(olga).get(path).content.decode()
        assert [f'"{LIST}{link}' in page for link in offered] == [is_offered] * len(offered), path
    assert row.status == "cancelled"


@pytest.mark.parametrize(("days", "asks"), [(0, False), (-2, False), (1, True), (14, True)])
def test_checking_in_before_the_day_of_the_event_asks(office, olga, make_event, enroll, days, asks):
    event = make_event(olga, date_time=timezone.now() + timedelta(days=days))
    client = office(olga)
    for path in (f"{LIST}door/{event.pk}/", LIST):
        row = enroll(event)
        body = {"do": f"check_in:{row.pk}"}
        answer = client.post(path, body)
        assert (answer.status_code, statuses(row)) == ((200, ["registered"]) if asks else (302, ["attended"]))
        if asks:
            assert "Check in before the day of the event?" in answer.content.decode()
            client.post(path, {**body, "confirmed": "yes"})
            assert statuses(row) == ["attended"]
