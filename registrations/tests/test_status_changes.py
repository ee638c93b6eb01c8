"""Every path that writes a status announces it, once a registration."""

from collections import Counter

import pytest

from registrations import metrics
from registrations.services import event_changes, seats
from registrations.services.account_deletion import delete_account
from registrations.services.attendee_file import read_attendees
from registrations.services.attendee_import import import_attendees
from registrations.services.eligibility import get_event_for_registration

pytestmark = pytest.mark.django_db


@pytest.fixture
def announced(settings, monkeypatch):
    """The announced changes, counted by (was, becomes); read them with `take`."""
    settings.METRICS = True
    counts = Counter()
    monkeypatch.setattr(metrics, "count_status_changes", counts.update)

    def take():
        taken = dict(counts)
        counts.clear()
        return taken

    return take


def register(event, user, rule=seats.register):
    found = get_event_for_registration(event_id=event.pk, user_id=user.pk, by=user)
    return rule(event=found, user=user, by=user)


def test_what_one_person_does(announced, olga, bob, eve, make_event):
    event = make_event(olga, max_capacity=1)
    held = register(event, bob)
    assert announced() == {(None, "registered"): 1}
    register(event, eve, seats.join_queue)
    assert announced() == {(None, "waitlisted"): 1}
    seats.cancel(registration=held, by=bob)
    assert announced() == {("registered", "cancelled"): 1, ("waitlisted", "registered"): 1}
    seats.cancel(registration=held, by=bob)
    assert announced() == {}
    seats.resize(event_id=event.pk, max_capacity=2)
    seats.reinstate(registration=held, by=bob)
    seats.update(registration=held, by=olga, status="attended")
    seats.update(registration=held, by=olga, name="Bob")
    assert announced() == {("cancelled", "registered"): 1, ("registered", "attended"): 1}
    seats.remove(registration=held, by=olga)
    assert announced() == {("attended", None): 1}


def test_what_concerns_many(announced, olga, bob, make_event, enroll):
    event = make_event(olga, max_capacity=2)
    rows = read_attendees(b"email\na@example.org\nb@example.org\nc@example.org\nd@example.org\n", columns={})
    import_attendees(event_id=event.pk, rows=rows, by=olga, dry_run=True)
    assert announced() == {}
    import_attendees(event_id=event.pk, rows=rows, by=olga)
    assert announced() == {(None, "registered"): 2, (None, "waitlisted"): 2}
    event_changes.edit_event(event_id=event.pk, values={"max_capacity": 3})
    assert announced() == {("waitlisted", "registered"): 1}
    event_changes.delete_event(event_id=event.pk)
    assert announced() == {("registered", None): 3, ("waitlisted", None): 1}
    other = make_event(olga, max_capacity=1)
    enroll(other, bob)
    enroll(other, status="waitlisted")
    delete_account(account_id=bob.pk)
    assert announced() == {("registered", None): 1, ("waitlisted", "registered"): 1}
