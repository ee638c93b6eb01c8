"""POST /attendees/<id>/confirm, and what the API says of a seat that is held for a guest."""

import pytest
from django.utils import timezone

from eventhub.testing.responses import NO_ATTENDEE, NOT_ALLOWED, refusal, whole
from registrations.models import Registration
from registrations.services import holds

pytestmark = pytest.mark.django_db
NOT_OFFERED = refusal(409, "This registration needs no confirmation", "not_offered")


@pytest.fixture
def held(make_event, olga, bob):
    event = make_event(olga, guests="hold")
    return holds.hold(event_id=event.pk, user=bob, name="Bob")


@pytest.mark.parametrize("who", ["bob", "olga", "ada"])
def test_the_person_and_who_runs_the_event_confirm(request, api, held, who):
    path, client = f"/attendees/{held.pk}", api(request.getfixturevalue(who))
    until = client.get(path).json()["confirm_by"]
    assert until == held.confirm_by.isoformat().replace("+00:00", "Z")
    confirmed = client.post(f"{path}/confirm")
    assert (confirmed.status_code, confirmed.json()["confirm_by"]) == (200, None)
    assert whole(client.post(f"{path}/confirm")) == NOT_OFFERED


def test_others_do_not_confirm_nor_is_anything_else_confirmed(api, held, eve, olga, enroll):
    assert whole(api(eve).post(f"/attendees/{held.pk}/confirm")) == NOT_ALLOWED
    for row in (enroll(held.event, eve), enroll(held.event, status="cancelled")):
        assert whole(api(olga).post(f"/attendees/{row.pk}/confirm")) == NOT_OFFERED
    holds.remove_overdue(now=timezone.now() + holds.HELD_FOR, dry_run=False)
    assert whole(api(olga).post(f"/attendees/{held.pk}/confirm")) == NO_ATTENDEE


def test_a_seat_on_hold_has_no_ticket_and_is_in_the_list(api, held, bob):
    assert api(bob).get(f"/attendees/{held.pk}/ticket").json()["code"] == "no_ticket"
    (row,) = api(bob).get("/attendees/").json()["results"]
    assert row["confirm_by"] is not None
    holds.confirm(registration=Registration.objects.get(), by=bob)
    assert api(bob).get(f"/attendees/{held.pk}/ticket").status_code == 200


def test_the_back_office_shows_who_has_not_confirmed_and_confirms_for_them(office, held, olga):
    page = f"/admin/registrations/registration/{held.pk}/change/"
    client = office(olga)
    assert "Not confirmed" in client.get(f"/admin/registrations/registration/?event__id__exact={held.event_id}").text
    assert "Not confirmed" in client.get(page).text
    answer = client.post(f"/admin/registrations/registration/{held.pk}/do/", {"do": f"confirm:{held.pk}"}, follow=True)
    assert ("Not confirmed" in answer.text, "Confirmed" in answer.text) == (False, True)
    held.refresh_from_db()
    assert held.confirm_by is None
