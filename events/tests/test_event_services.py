"""The steps that people take with an event by name, registration opened and closed by hand, and copies."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from eventhub import audit
from eventhub.exceptions import HasAttendees, Invalid
from events.models import Event
from events.services.clones import duplicate_event
from events.services.events import STEPS
from registrations.models import Registration
from registrations.services.event_changes import apply_step, close_registration, edit_event, open_registration

pytestmark = pytest.mark.django_db

SAME, NO = "same", "no"
# What each step makes of an event in each state.
TABLE = {
    "publish": {"draft": "upcoming", "upcoming": SAME, "active": NO, "completed": NO, "cancelled": NO},
    "cancel": {"draft": NO, "upcoming": "cancelled", "active": "cancelled", "completed": NO, "cancelled": SAME},
    "complete": {"draft": NO, "upcoming": "completed", "active": "completed", "completed": SAME, "cancelled": NO},
    "reopen": {"draft": NO, "upcoming": SAME, "active": SAME, "completed": "active", "cancelled": "upcoming"},
    "withdraw": {"draft": SAME, "upcoming": "draft", "active": "draft", "completed": NO, "cancelled": NO},
}
CASES = [(step, status, becomes) for step, row in TABLE.items() for status, becomes in row.items()]
NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)


def test_the_table_has_every_step():
    assert set(TABLE) == set(STEPS)


@pytest.mark.parametrize(("step", "status", "becomes"), CASES)
def test_a_step_leads_where_the_table_says(olga, make_event, step, status, becomes):
    event = make_event(olga, status=status, slug="talk")
    if becomes == NO:
        with pytest.raises(Invalid) as refusal:
            apply_step(event_id=event.pk, step=step)
        sentence = f"An event that is {status} cannot be {STEPS[step].done}."
        assert (refusal.value.errors, Event.objects.get().status) == ({"status": [sentence]}, status)
        return
    edited = apply_step(event_id=event.pk, step=step)
    expected = (status, []) if becomes == SAME else (becomes, ["status"])
    assert (Event.objects.get().status, edited.changed) == expected


def test_an_event_with_people_does_not_become_a_draft_again(olga, make_event, enroll):
    event = make_event(olga)
    enroll(event)
    with pytest.raises(HasAttendees):
        apply_step(event_id=event.pk, step="withdraw")


def test_reopening_seats_the_queue_and_says_how_many(olga, make_event, enroll):
    event = make_event(olga, max_capacity=3, status="cancelled")
    enroll(event)
    for _ in range(3):
        enroll(event, status="waitlisted")
    assert apply_step(event_id=event.pk, step="reopen").promoted == 2
    assert Registration.objects.filter(status="registered").count() == 3


def test_an_edit_says_what_it_changed_and_whom_it_seated(olga, make_event, enroll):
    event = make_event(olga, full=True)
    for _ in range(3):
        enroll(event, status="waitlisted")
    edited = edit_event(event_id=event.pk, values={"max_capacity": 3, "title": event.title})
    assert (edited.event.pk, edited.changed, edited.promoted) == (event.pk, ["max_capacity"], 2)


WINDOWS = [
    # opens, closes (hours from now); what closing makes of them, what opening does
    (None, None, (None, 0), (None, None)),
    (-2, None, (-2, 0), (-2, None)),
    (-2, 2, (-2, 0), (-2, 2)),
    (2, None, (2, None), (None, None)),
    (2, 4, (2, 4), (None, 4)),
    (-4, -2, (-4, -2), (-4, None)),
    (None, -2, (None, -2), (None, None)),
]


def moment(hours):
    return None if hours is None else NOW + timedelta(hours=hours)


@pytest.mark.parametrize(("opens", "closes", "closed", "opened"), WINDOWS)
def test_registration_is_closed_and_opened_by_hand(olga, make_event, opens, closes, closed, opened):
    window = {"registration_opens": moment(opens), "registration_closes": moment(closes)}
    event = make_event(olga, date_time=NOW + timedelta(days=3), **window)

    def now_in(event):
        return event.registration_opens, event.registration_closes

    close_registration(event_id=event.pk, now=NOW)
    event.refresh_from_db()
    assert (now_in(event), event.is_open(NOW)) == ((moment(closed[0]), moment(closed[1])), False)
    Event.objects.update(**window)
    open_registration(event_id=event.pk, now=NOW)
    event.refresh_from_db()
    assert (now_in(event), event.is_open(NOW)) == ((moment(opened[0]), moment(opened[1])), True)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"status": "draft"}, {"status": ["An event that is draft takes no registrations."]}),
        ({"status": "cancelled"}, {"status": ["An event that is cancelled takes no registrations."]}),
        ({"date_time": NOW - timedelta(days=3)}, {"end_time": ["The event is over."]}),
    ],
)
def test_registration_is_not_opened_where_nobody_could_register(olga, make_event, fields, problem):
    event = make_event(olga, **{"date_time": NOW + timedelta(days=3), **fields})
    with pytest.raises(Invalid) as refusal:
        open_registration(event_id=event.pk, now=NOW)
    assert refusal.value.errors == problem


def test_a_copy_is_a_draft_a_week_later_without_people(olga, ada, make_event, enroll):
    times = {
        "date_time": datetime(2030, 5, 1, 18, tzinfo=UTC),
        "end_time": datetime(2030, 5, 1, 20, tzinfo=UTC),
        "registration_opens": datetime(2030, 4, 1, 9, tzinfo=UTC),
        "registration_closes": datetime(2030, 5, 1, 17, tzinfo=UTC),
    }
    texts = {"title": "Talk", "description": "Long", "location": "Hall", "max_capacity": 7, "waitlist": False}
    event = make_event(olga, uid="an-uid", status="cancelled", **texts, **times)
    enroll(event)
    copy = Event.objects.get(pk=duplicate_event(event=event).pk)
    later = {name: time + timedelta(days=7) for name, time in times.items()}
    assert {name: getattr(copy, name) for name in (*texts, *times)} == {**texts, **later}
    assert (copy.status, copy.uid, copy.organizer, copy.seats_taken) == ("draft", "", olga, 0)


def test_a_week_later_is_at_the_same_time_of_the_clock(olga, make_event, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    timezone.get_default_timezone.cache_clear()
    try:
        # Six in the evening on both days, between which summer begins.
        event = make_event(olga, date_time=datetime(2030, 3, 27, 17, tzinfo=UTC))
        assert duplicate_event(event=event).date_time == datetime(2030, 4, 3, 16, tzinfo=UTC)
    finally:
        timezone.get_default_timezone.cache_clear()


def test_a_copy_beyond_the_years_of_the_contract_is_refused(olga, make_event):
    event = make_event(olga, date_time=datetime(2999, 12, 30, tzinfo=UTC))
    with pytest.raises(Invalid) as refusal:
        duplicate_event(event=event)
    assert refusal.value.errors == {"date_time": ["The year must be between 1900 and 2999."]}


def test_an_import_is_written_down_as_one(olga):
    from events.imports.row_validation import ImportedEvent
    from registrations.services.event_import import import_events

    values = {"title": "Talk", "location": "Hall", "date_time": NOW, "max_capacity": 3}
    with audit.acting_through(audit.Channel.ADMIN, olga.pk):
        import_events(rows=[ImportedEvent("line 2", values)], organizer=olga)
    line = Event.objects.get().history.get()
    assert (line.through, line.history_user_id) == ("import", olga.pk)


# From half past two to a quarter past three; and from the first ten to three to ten past the second two.
TIMES = {3: [(1, 30), (2, 15)], 10: [(0, 50), (1, 10)]}


@pytest.mark.parametrize("day", [datetime(2031, 3, 23, tzinfo=UTC), datetime(2031, 10, 26, tzinfo=UTC)])
def test_a_copy_has_the_length_where_the_clocks_change(olga, make_event, settings, day):
    settings.TIME_ZONE = "Europe/Berlin"
    timezone.get_default_timezone.cache_clear()
    begins, ends = (datetime(day.year, day.month, day.day, *clock, tzinfo=UTC) for clock in TIMES[day.month])
    try:
        copy = duplicate_event(event=make_event(olga, date_time=begins, end_time=ends))
        assert copy.end_time - copy.date_time == ends - begins
    finally:
        timezone.get_default_timezone.cache_clear()
