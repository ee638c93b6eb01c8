"""The rules of seats called directly, where what happens in between decides."""

import pytest

from eventhub.exceptions import EventFull, EventNotFound, Forbidden, RegistrationClosed
from events.models import Event
from registrations.models import Registration
from registrations.services import eligibility, seats
from registrations.services.event_changes import delete_event, edit_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def stale(olga, bob, make_event):
    """An event with two seats as bob has just looked at it."""
    event = make_event(olga, max_capacity=2)
    return eligibility.get_event_for_registration(event_id=event.pk, user_id=bob.pk, by=bob)


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"status": "cancelled"}, RegistrationClosed),
        ({"status": "completed"}, RegistrationClosed),
        ({"status": "draft"}, EventNotFound),
        ({"registration_closes": "then"}, RegistrationClosed),
    ],
)
def test_registering_is_held_to_the_event_as_it_is_when_the_row_is_written(stale, bob, values, refusal):
    if "registration_closes" in values:
        values = {"registration_closes": stale.created_at}
    edit_event(event_id=stale.pk, values=values)
    with pytest.raises(refusal):
        seats.register(event=stale, user=bob, by=bob)
    assert Registration.objects.count() == 0


def test_an_edit_that_matters_to_nobody_does_not_stop_a_registration(stale, bob):
    edit_event(event_id=stale.pk, values={"title": "Another title"})
    registration = seats.register(event=stale, user=bob, by=bob)
    assert (registration.event.title, Registration.objects.get().pk) == ("Another title", registration.pk)


def test_who_looked_before_a_queue_formed_does_not_overtake_it(stale, bob, enroll):
    enroll(stale, status="waitlisted")
    with pytest.raises(EventFull):
        seats.register(event=stale, user=bob, by=bob)


def test_an_event_that_is_gone_by_then_is_not_found(stale, bob):
    delete_event(event_id=stale.pk)
    with pytest.raises(EventNotFound):
        seats.register(event=stale, user=bob, by=bob)


def test_the_row_is_written_as_a_save_would_write_it(stale, bob):
    registration = seats.register(event=stale, user=bob, by=bob)
    stored = Registration.objects.get()
    fields = [field.attname for field in Registration._meta.concrete_fields if field.attname != "organizer_id"]
    assert [getattr(registration, name) for name in fields] == [getattr(stored, name) for name in fields]


def test_a_change_that_makes_the_next_in_line_of_oneself_says_so(olga, bob, make_event, enroll):
    """A seat that raw SQL freed is given on by the next change under the event's lock."""
    event = make_event(olga, max_capacity=1)
    seat, waiting = enroll(event), enroll(event, bob, status="waitlisted")
    Registration.objects.filter(pk=seat.pk).update(status="cancelled")
    changed = seats.update(registration=waiting, by=bob, name="Robert")
    assert (changed.status, changed.name, changed.waitlist_position()) == ("registered", "Robert", None)


def test_cancelling_reinstating_and_resizing_by_name(olga, bob, eve, make_event, enroll):
    event = make_event(olga, max_capacity=1)
    row, waiting = enroll(event, bob), enroll(event, eve, status="waitlisted")
    assert seats.cancel(registration=row, by=bob).status == "cancelled"
    assert Registration.objects.get(pk=waiting.pk).status == "registered"
    with pytest.raises(EventFull):
        seats.reinstate(registration=row, by=bob)
    assert seats.resize(event_id=event.pk, max_capacity=2) == 0
    assert seats.reinstate(registration=row, by=bob).status == "registered"
    assert Event.objects.get().seats_taken == 2


def test_checking_in_is_the_organizers_whatever_else_is_wrong(api, olga, bob, make_event, enroll):
    row = enroll(make_event(olga), bob)
    answer = api(bob).patch(f"/attendees/{row.pk}", {"status": "attended", "name": ""})
    assert (answer.status_code, answer.json()["msg"]) == (403, "Not allowed")
    with pytest.raises(Forbidden):
        seats.update(registration=row, by=bob, status="attended")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("changed", [{"name": "Robert"}, {"status": "cancelled"}, {"status": "attended"}])
def test_a_check_in_is_held_to_the_registration_as_it_is_then(olga, bob, make_event, enroll, changed):
    seen = enroll(make_event(olga), bob)
    first = seats.update(registration=Registration.objects.get(), by=olga, **changed)
    answer = seats.update(registration=seen, by=olga, status="attended")
    row = Registration.objects.get()
    assert (answer.name, answer.status, answer.updated_at) == (row.name, "attended", row.updated_at)
    assert (row.name, row.status, row.event.seats_taken) == (first.name, "attended", 1)
