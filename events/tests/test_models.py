"""What the database itself refuses of an event and of a registration, whoever writes it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from events.models import Event
from registrations.models import Registration

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"max_capacity": 0}, "event_has_a_seat"),
        ({"date_time": NOW, "end_time": NOW}, "event_ends_after_it_begins"),
        ({"date_time": NOW, "end_time": NOW - timedelta(seconds=1)}, "event_ends_after_it_begins"),
        ({"registration_opens": NOW, "registration_closes": NOW}, "event_registration_closes_after_it_opens"),
        ({"status": "open"}, "event_status_is_known"),
    ],
)
def test_an_event_that_makes_no_sense_is_refused(make_event, olga, fields, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make_event(olga, **fields)


def test_a_sound_event_passes_its_own_check(make_event, olga):
    make_event(olga, full=True)
    Event.objects.get().full_clean()


def test_an_organizer_has_an_identifier_of_a_calendar_once(make_event, olga, otto):
    make_event(olga, uid="a@example.org")
    make_event(otto, uid="a@example.org")
    make_event(olga, uid="")
    make_event(olga, uid="")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_event(olga, uid="a@example.org")


def test_a_registration_has_a_known_status(make_event, enroll, olga):
    with pytest.raises(IntegrityError, match="registration_status_is_known"), transaction.atomic():
        enroll(make_event(olga), status="maybe")


def test_an_account_with_events_or_registrations_is_not_deleted_behind_the_rules(make_event, enroll, olga, bob):
    event = make_event(olga)
    enroll(event, bob)
    for user in (olga, bob):
        with pytest.raises(ProtectedError):
            user.delete()
    assert (Event.objects.count(), Registration.objects.count()) == (1, 1)


def test_free_seats_and_the_last_mark_follow_by_themselves(make_event, enroll, olga):
    begins = NOW.replace(microsecond=0)
    event = make_event(olga, max_capacity=1, date_time=begins)
    assert Event.objects.values_list("has_free_seats", "last_mark").get() == (True, begins)
    enroll(event)
    Event.objects.update(end_time=begins + timedelta(hours=1))
    assert Event.objects.values_list("has_free_seats", "last_mark").get() == (False, begins + timedelta(hours=1))


@pytest.mark.once
def test_an_event_without_an_end_lasts_until_the_end_of_its_day_in_its_zone(make_event, olga):
    event = make_event(
        olga, date_time=datetime(2027, 5, 1, 19, tzinfo=UTC), end_time=None, time_zone="America/Los_Angeles"
    )
    assert (event.zone.key, event.ends) == ("America/Los_Angeles", datetime(2027, 5, 2, 7, tzinfo=UTC))
