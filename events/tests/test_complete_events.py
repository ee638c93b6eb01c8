"""`manage.py complete_events`: time moves the announced events on, and each by the rules of any change."""

import io
from datetime import UTC, datetime, timedelta
from functools import partial
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from eventhub.exceptions import HasAttendees
from eventhub.testing.concurrency import race
from events.models import Event
from registrations.services import event_lifecycle

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

pytestmark = pytest.mark.django_db


def run(*arguments):
    """The lines that the command wrote, those of its errors, and its exit status."""
    out, errors = io.StringIO(), io.StringIO()
    status = 0
    try:
        call_command("complete_events", *arguments, stdout=out, stderr=errors, no_color=True)
    except CommandError as problem:
        status = problem.returncode
    return out.getvalue().splitlines(), errors.getvalue().splitlines(), status


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def event(make_event, olga, now):
    """Makes an event that begins so far from now, and ends so far from now: `event(-DAY, -HOUR)`."""

    def make(begins, ends=None, **fields):
        return make_event(olga, date_time=now + begins, end_time=None if ends is None else now + ends, **fields)

    return make


def status_of(event):
    return Event.objects.get(pk=event.pk).status


@pytest.mark.parametrize("was", ["upcoming", "active"])
def test_an_announced_event_whose_end_has_passed_is_completed(event, was):
    over = event(-DAY, -HOUR, status=was)
    done = [f"{over.pk} 'Talk': {was} -> completed", "1 completed, 0 activated, 0 failed"]
    assert run() == (done, [], 0)
    assert status_of(over) == "completed"


def test_an_upcoming_event_that_has_begun_is_active(event):
    begun = event(-HOUR, HOUR)
    done = [f"{begun.pk} 'Talk': upcoming -> active", "0 completed, 1 activated, 0 failed"]
    assert run() == (done, [], 0)
    assert status_of(begun) == "active"


@pytest.mark.parametrize(
    ("status", "begins", "ends"),
    [
        ("upcoming", HOUR, None),
        ("upcoming", HOUR, DAY),
        ("active", HOUR, DAY),
        ("active", -HOUR, HOUR),
        ("draft", -DAY, -HOUR),
        ("cancelled", -DAY, -HOUR),
        ("completed", -HOUR, HOUR),
    ],
)
def test_every_other_event_stays_as_it_is(event, status, begins, ends):
    other = event(begins, ends, status=status)
    assert run() == (["0 completed, 0 activated, 0 failed"], [], 0)
    assert status_of(other) == status


def test_without_an_end_it_is_over_with_its_day_in_the_servers_zone(make_event, olga, settings):
    settings.TIME_ZONE = "Pacific/Auckland"  # 12 hours ahead
    begins = datetime(2031, 6, 10, 20, tzinfo=UTC)  # 8 in the morning of the 11th there
    event = make_event(olga, date_time=begins)
    midnight = begins + timedelta(hours=16)
    assert event_lifecycle.due_status(event, begins - timedelta(seconds=1)) is None
    assert event_lifecycle.due_status(event, begins) == "active"
    assert event_lifecycle.due_status(event, midnight - timedelta(seconds=1)) == "active"
    assert event_lifecycle.due_status(event, midnight) == "completed"


def test_a_second_run_finds_nothing_to_do(event):
    for begins, ends in [(-DAY, -HOUR), (-HOUR, HOUR)]:
        event(begins, ends)
    run()
    stamps = list(Event.objects.values_list("updated_at", flat=True))
    assert run() == (["0 completed, 0 activated, 0 failed"], [], 0)
    assert list(Event.objects.values_list("updated_at", flat=True)) == stamps


def test_a_dry_run_says_the_same_and_writes_nothing(event):
    over, begun = event(-DAY, -HOUR), event(-HOUR, HOUR)
    said = [
        f"{over.pk} 'Talk': upcoming -> completed",
        f"{begun.pk} 'Talk': upcoming -> active",
        "Dry run: 1 completed, 1 activated, 0 failed",
    ]
    assert run("--dry-run") == (said, [], 0)
    assert (status_of(over), status_of(begun)) == ("upcoming", "upcoming")


def test_completing_leaves_registrations_as_they_were(event, enroll):
    over = event(-DAY, -HOUR, max_capacity=1)
    rows = [enroll(over, status=status) for status in ("registered", "waitlisted", "cancelled")]
    run()
    over.refresh_from_db()
    assert (over.status, over.seats_taken, over.waitlisted) == ("completed", 1, 1)
    for row in rows:
        was = row.status
        row.refresh_from_db()
        assert row.status == was


def test_a_free_seat_of_an_event_that_begins_goes_to_its_queue(event, enroll):
    begun = event(-HOUR, HOUR, max_capacity=1)
    waiting = enroll(begun, status="waitlisted")
    run()
    waiting.refresh_from_db()
    assert (status_of(begun), waiting.status) == ("active", "registered")


def test_an_event_that_was_deleted_called_off_or_put_off_meanwhile_is_left_alone(event, now):
    deleted, called_off, put_off, over = found = [event(-DAY, -HOUR) for _ in range(4)]
    assert list(event_lifecycle.due_events(now)) == found
    deleted_id = deleted.pk
    deleted.delete()
    Event.objects.filter(pk=called_off.pk).update(status="cancelled")
    Event.objects.filter(pk=put_off.pk).update(date_time=now + DAY, end_time=None)
    ids = [deleted_id, called_off.pk, put_off.pk, over.pk]
    assert [event_lifecycle.update_status(event_id=pk, now=now) for pk in ids] == [None, None, None, "completed"]
    assert [status_of(each) for each in (called_off, put_off, over)] == ["cancelled", "upcoming", "completed"]


@pytest.mark.parametrize("problem", [HasAttendees(), OperationalError("canceling statement due to lock timeout")])
def test_an_event_that_fails_does_not_stop_the_others(event, problem):
    first, bad, last = event(-DAY, -HOUR), event(-DAY, -HOUR, title="Bad"), event(-DAY, -HOUR)
    edit_event = event_lifecycle.edit_event

    def failing(*, event_id, **changes):
        if event_id == bad.pk:
            raise problem
        return edit_event(event_id=event_id, **changes)

    with patch.object(event_lifecycle, "edit_event", failing):
        out, errors, status = run()
    assert out == [
        f"{first.pk} 'Talk': upcoming -> completed",
        f"{last.pk} 'Talk': upcoming -> completed",
        "2 completed, 0 activated, 1 failed",
    ]
    assert (errors, status) == ([f"{bad.pk} 'Bad': {problem}"], 1)
    assert [status_of(event) for event in (first, bad, last)] == ["completed", "upcoming", "completed"]


def test_events_are_read_in_batches_and_each_once(event, now, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(event_lifecycle, "BATCH", 2)
    begins = [-5 * DAY, -4 * DAY, -4 * DAY, -4 * DAY, -3 * DAY]
    due = [event(distance, -HOUR) for distance in begins]
    running = event(-HOUR, HOUR, status="active")
    due.append(event(-2 * DAY, -HOUR, status="active"))
    with django_assert_num_queries(6):  # upcoming: 2, 2, 1, none; active: 2, none
        found = list(event_lifecycle.due_events(now))
    assert found == due
    assert running not in found


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_do_each_event_once(event, now):
    events = [event(-DAY, -HOUR) for _ in range(10)]
    calls = [partial(event_lifecycle.update_status, event_id=each.pk, now=now) for each in events for _ in range(2)]
    assert sorted(map(str, race(calls))) == ["None"] * 10 + ["completed"] * 10
