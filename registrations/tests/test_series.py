"""Series: dates by the clock, edits for one, those after it and all, and what is never touched."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.utils import timezone

from eventhub.exceptions import Invalid
from eventhub.testing.factories import RegistrationFactory, UserFactory
from events.models import Event, Series, SeriesDate
from events.services.series import HORIZON, create_series, extend_due
from registrations.services.account_deletion import delete_account
from registrations.services.event_changes import delete_event, edit_event
from registrations.services.series_changes import delete_series, edit_dates, edit_series

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2030, 3, 1, 9, tzinfo=UTC)
FIRST = datetime(2030, 3, 19, 18, tzinfo=UTC)  # Tuesday, 19:00 in Berlin
WEEKLY = "FREQ=WEEKLY;COUNT=4"
VALUES = {
    "title": "Yoga",
    "location": "Hall",
    "max_capacity": 3,
    "time_zone": "Europe/Berlin",
    "date_time": FIRST,
    "end_time": FIRST + timedelta(hours=2),
    "registration_closes": FIRST - timedelta(days=1),
}


@pytest.fixture
def series(olga):
    return create_series(organizer=olga, rule=WEEKLY, values=VALUES, now=NOW)


def events_of(series):
    return list(Event.objects.filter(series=series).order_by("date_time"))


def clock(moment):
    return moment.astimezone(BERLIN).strftime("%d.%m. %H:%M")


def times(events):
    return [clock(event.date_time) for event in events]


def test_each_date_is_an_event_at_the_same_time_of_the_clock(series):
    made = events_of(series)
    assert times(made) == ["19.03. 19:00", "26.03. 19:00", "02.04. 19:00", "09.04. 19:00"]  # summer begins on 31 March
    assert [(clock(event.end_time), clock(event.registration_closes)) for event in made[1:3]] == [
        ("26.03. 21:00", "25.03. 19:00"),
        ("02.04. 21:00", "01.04. 19:00"),
    ]
    assert {(event.title, event.max_capacity, event.status, event.organizer_id) for event in made} == {
        ("Yoga", 3, "upcoming", series.organizer_id)
    }
    assert series.made_until is None


@pytest.mark.parametrize(
    ("starts", "rule", "expected"),
    [
        # 2:30 does not exist on 31 March: the offset from before counts, as everywhere.
        ("2030-03-30T01:30", "FREQ=DAILY;COUNT=3", ["30.03. 02:30", "31.03. 03:30", "01.04. 02:30"]),
        # On 27 October it occurs twice: the first one counts.
        ("2030-10-26T00:30", "FREQ=DAILY;COUNT=3", ["26.10. 02:30", "27.10. 02:30", "28.10. 02:30"]),
        ("2030-03-30T01:30", "FREQ=MONTHLY;BYDAY=-1SA;COUNT=2", ["30.03. 02:30", "27.04. 02:30"]),
        ("2030-03-30T01:30", "FREQ=WEEKLY;UNTIL=20300413", ["30.03. 02:30", "06.04. 02:30", "13.04. 02:30"]),
    ],
)
def test_clocks_that_change_change_no_date(olga, starts, rule, expected):
    begins = datetime.fromisoformat(starts).replace(tzinfo=UTC)
    values = {**VALUES, "date_time": begins, "end_time": begins + timedelta(hours=1), "registration_closes": None}
    series = create_series(organizer=olga, rule=rule, values=values, now=begins - timedelta(days=1))
    made = events_of(series)
    assert times(made) == expected
    assert all(event.end_time > event.date_time for event in made)
    assert made[-1].date_time.utcoffset() == timedelta(0)


def test_whole_days_stay_whole(olga):
    begins = datetime(2030, 3, 30, tzinfo=BERLIN)
    values = {**VALUES, "date_time": begins, "end_time": datetime(2030, 3, 30, 23, 59, 59, 999999, tzinfo=BERLIN)}
    made = events_of(create_series(organizer=olga, rule="FREQ=DAILY;COUNT=2", values=values, now=NOW))
    assert [event.end_time.astimezone(BERLIN).isoformat() for event in made] == [
        "2030-03-30T23:59:59.999999+01:00",
        "2030-03-31T23:59:59.999999+02:00",
    ]


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("every tuesday", "Enter a rule such as FREQ=WEEKLY;BYDAY=TU;COUNT=10."),
        ("FREQ=HOURLY", "Enter a rule such as FREQ=WEEKLY;BYDAY=TU;COUNT=10."),
        ("FREQ=WEEKLY;BYDAY=XX", "Enter a rule such as FREQ=WEEKLY;BYDAY=TU;COUNT=10."),
        ("FREQ=MONTHLY;BYDAY=99MO", "Enter a rule such as FREQ=WEEKLY;BYDAY=TU;COUNT=10."),
        ("FREQ=DAILY;BYHOUR=9", "BYHOUR cannot be used here. Enter a rule such as FREQ=WEEKLY;BYDAY=TU;COUNT=10."),
        ("FREQ=DAILY;COUNT=201", "A series has at most 200 dates."),
        ("FREQ=DAILY;UNTIL=20310301", "A series has at most 200 dates."),
        ("FREQ=MONTHLY;COUNT=30", "A series lasts two years at most."),
        ("FREQ=DAILY;COUNT=2;UNTIL=20310301", "Give COUNT or UNTIL, not both."),
        ("FREQ=DAILY;UNTIL=soon", "UNTIL must be a date like 20310501 or a time like 20310501T190000."),
        ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", "This rule has no date, or its dates are too far apart."),
    ],
)
def test_a_rule_that_no_series_can_have_is_refused(olga, rule, problem):
    with pytest.raises(Invalid) as refusal:
        create_series(organizer=olga, rule=rule, values=VALUES, now=NOW)
    assert refusal.value.errors == {"rule": [problem]}
    assert not Series.objects.exists()


def test_dates_are_made_up_to_the_horizon_and_rolled_on(olga):
    series = create_series(organizer=olga, rule="RRULE:freq=weekly", values=VALUES, now=NOW)
    assert (series.rule, series.made_until) == ("FREQ=WEEKLY", NOW + HORIZON)
    made = events_of(series)
    assert made[-1].date_time <= NOW + HORIZON < made[-1].date_time + timedelta(days=7)
    later = NOW + timedelta(days=15)
    assert extend_due(now=NOW, dry_run=False) == 0
    assert extend_due(now=later, dry_run=True) == extend_due(now=later, dry_run=False) == 2
    assert extend_due(now=later, dry_run=False) == 0
    assert len(events_of(series)) == len(made) + 2
    # Two years after the first date it ends.
    extend_due(now=NOW + timedelta(days=1500), dry_run=False)
    series.refresh_from_db()
    assert (len(events_of(series)), series.made_until) == (105, None)


def test_a_date_that_was_deleted_is_not_made_again(series):
    second = events_of(series)[1]
    delete_event(event_id=second.pk)
    edit_series(series_id=series.pk, values={"title": "Pilates"}, rule="FREQ=WEEKLY;COUNT=5", now=NOW)
    assert times(events_of(series)) == ["19.03. 19:00", "02.04. 19:00", "09.04. 19:00", "16.04. 19:00"]
    edit_series(series_id=series.pk, values={"date_time": FIRST + timedelta(hours=1)}, now=NOW)
    assert times(events_of(series)) == ["19.03. 20:00", "02.04. 20:00", "09.04. 20:00", "16.04. 20:00"]


def test_one_date_that_is_edited_keeps_it_whatever_the_series_becomes(series):
    second = events_of(series)[1]
    edit_event(event_id=second.pk, values={"title": "Outside", "location": "Park"}, now=NOW)
    assert SeriesDate.objects.get(event=second).overrides == ["location", "title"]
    edit = edit_series(series_id=series.pk, values={"title": "Pilates", "max_capacity": 5}, now=NOW)
    assert [(event.title, event.location, event.max_capacity) for event in events_of(series)] == [
        ("Pilates", "Hall", 5),
        ("Outside", "Park", 5),
        ("Pilates", "Hall", 5),
        ("Pilates", "Hall", 5),
    ]
    assert [(kept.event.pk, kept.why) for kept in edit.kept] == [(second.pk, "edited")]


def test_a_date_with_people_is_neither_moved_nor_deleted_but_named(series):
    first, second, third, fourth = events_of(series)
    RegistrationFactory(event=second)
    edit = edit_series(series_id=series.pk, values={"date_time": FIRST + timedelta(hours=1)}, now=NOW)
    assert times(events_of(series)) == ["19.03. 20:00", "26.03. 19:00", "02.04. 20:00", "09.04. 20:00"]
    assert [(kept.event.pk, kept.why) for kept in edit.kept] == [(second.pk, "registrations")]
    edit = edit_series(series_id=series.pk, values={}, rule="FREQ=WEEKLY;BYDAY=WE;COUNT=3", now=NOW)
    assert times(events_of(series)) == ["20.03. 20:00", "26.03. 19:00", "27.03. 20:00", "03.04. 20:00"]
    assert [(kept.event.pk, kept.why) for kept in edit.kept] == [(second.pk, "registrations")]
    assert {event.pk for event in edit.deleted} == {first.pk, third.pk, fourth.pk}
    assert len(edit.created) == 3


def test_those_after_one_become_a_series_of_their_own(series):
    _, second, third, _ = events_of(series)
    RegistrationFactory(event=third)
    later = second.date_time + timedelta(minutes=30)
    edit = edit_dates(event_id=second.pk, values={"date_time": later, "title": "Late"}, following=True, now=NOW)
    assert times(events_of(series)) == ["19.03. 19:00"]
    assert times(events_of(edit.series)) == ["26.03. 19:30", "02.04. 19:00", "09.04. 19:30"]
    assert {event.title for event in events_of(edit.series)} == {"Late"}
    second.refresh_from_db()
    assert clock(second.end_time) == "26.03. 21:30"
    assert [kept.event.pk for kept in edit.kept] == [third.pk]
    series.refresh_from_db()
    assert (series.rule, edit.series.rule) == ("FREQ=WEEKLY;UNTIL=20300319T190000", "FREQ=WEEKLY;COUNT=3")


EVENING = datetime(2030, 3, 19, 19, tzinfo=UTC)  # Tuesday; in Tokyo Wednesday, 4:00


@pytest.fixture
def evenings(olga):
    def make(rule):
        values = {"title": "Yoga", "location": "Hall", "max_capacity": 3, "time_zone": "UTC", "date_time": EVENING}
        series = create_series(organizer=olga, rule=rule, values=values, now=NOW)
        return series, [event.pk for event in events_of(series)]

    return make


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY;COUNT=4", "FREQ=DAILY;UNTIL=20300322T190000Z", "FREQ=DAILY;UNTIL=20300322"]
)
@pytest.mark.parametrize(("index", "following"), [(0, False), (2, False), (2, True)])
@pytest.mark.parametrize(
    ("values", "hours"),
    [
        ({}, 0),
        ({"date_time": lambda day: EVENING + day * timedelta(days=1)}, 0),
        ({"date_time": lambda day: EVENING.replace(hour=10) + day * timedelta(days=1)}, -9),  # 19:00 in Tokyo
        ({"date_time": lambda day: EVENING + timedelta(days=day, hours=2)}, 2),  # 6:00 of its day there
    ],
)
def test_a_new_time_zone_keeps_every_date(evenings, rule, index, following, values, hours):
    """They begin at the same moments, or all at the new time of the edited one."""
    _, pks = evenings(rule)
    given = {"time_zone": "Asia/Tokyo"} | {name: value(index) for name, value in values.items()}
    edit = edit_dates(event_id=pks[index], values=given, following=following, now=NOW)
    moved = [hours if not following or day >= index else 0 for day in range(4)]
    expected = [(pk, EVENING + timedelta(days=day, hours=moved[day])) for day, pk in enumerate(pks)]
    assert list(Event.objects.order_by("date_time").values_list("pk", "date_time")) == expected
    assert (edit.series.time_zone, edit.created, edit.deleted, edit.kept) == ("Asia/Tokyo", [], [], [])
    again = edit_series(series_id=edit.series.pk, values={"time_zone": "UTC"}, now=NOW)
    assert list(Event.objects.order_by("date_time").values_list("pk", "date_time")) == expected
    assert (again.created, again.deleted) == ([], [])


def test_a_time_zone_in_which_the_days_are_others_needs_a_rule(evenings):
    series, pks = evenings("FREQ=WEEKLY;BYDAY=TU;COUNT=3")
    with pytest.raises(Invalid, match="In this time zone the dates are on other days than the rule has"):
        edit_series(series_id=series.pk, values={"time_zone": "Asia/Tokyo"}, now=NOW)
    rule = "FREQ=WEEKLY;BYDAY=WE;COUNT=3"
    edit_series(series_id=series.pk, values={"time_zone": "Asia/Tokyo"}, rule=rule, now=NOW)
    assert [(event.pk, event.date_time) for event in events_of(series)] == [
        (pk, EVENING + timedelta(weeks=week)) for week, pk in enumerate(pks)
    ]


def test_a_later_time_keeps_the_last_date_before_a_split(evenings):
    series, pks = evenings("FREQ=DAILY;COUNT=4")
    edit_dates(event_id=pks[2], values={"title": "Late"}, following=True, now=NOW)
    edit_series(series_id=series.pk, values={"date_time": EVENING + timedelta(hours=2)}, now=NOW)
    assert [event.pk for event in events_of(series)] == pks[:2]
    assert {event.date_time.hour for event in events_of(series)} == {21}


def test_the_event_that_is_edited_itself_takes_the_edit_whoever_is_in_it(series):
    second = events_of(series)[1]
    RegistrationFactory(event=second)
    edit_dates(
        event_id=second.pk, values={"date_time": second.date_time + timedelta(hours=2)}, following=False, now=NOW
    )
    assert times(events_of(series)) == ["19.03. 21:00", "26.03. 21:00", "02.04. 21:00", "09.04. 21:00"]


def test_what_has_begun_is_left_as_it_was(series):
    edit_series(series_id=series.pk, values={"title": "Later"}, now=FIRST + timedelta(days=8))
    assert [event.title for event in events_of(series)] == ["Yoga", "Yoga", "Later", "Later"]


def test_a_capacity_that_does_not_fit_one_date_changes_the_others(series):
    second = events_of(series)[1]
    RegistrationFactory.create_batch(2, event=second)
    edit = edit_series(series_id=series.pk, values={"max_capacity": 1}, now=NOW)
    assert [event.max_capacity for event in events_of(series)] == [1, 3, 1, 1]
    assert [(kept.event.pk, kept.why) for kept in edit.kept] == [(second.pk, "capacity_below_taken")]


def test_a_date_called_off_by_hand_stays_so_and_a_cancelled_series_makes_no_more(series):
    second = events_of(series)[1]
    edit_event(event_id=second.pk, values={"status": "cancelled"}, now=NOW)
    edit_series(series_id=series.pk, values={"status": "cancelled"}, rule="FREQ=WEEKLY;COUNT=6", now=NOW)
    assert [event.status for event in events_of(series)] == ["cancelled"] * 4
    edit_series(series_id=series.pk, values={"status": "upcoming"}, now=NOW)
    assert [event.status for event in events_of(series)] == ["upcoming", "cancelled", *["upcoming"] * 4]


@pytest.mark.slow
def test_a_preview_changes_nothing(series):
    before = list(Event.objects.values())
    edit = edit_dates(
        event_id=events_of(series)[1].pk,
        values={"title": "X"},
        rule="FREQ=DAILY",
        following=True,
        dry_run=True,
        now=NOW,
    )
    assert len(edit.created) > 100
    assert list(Event.objects.values()) == before
    assert Series.objects.get().rule == WEEKLY


def test_deleting_a_series_keeps_the_events_with_people_and_those_that_have_begun(series):
    first, second, third, fourth = events_of(series)
    RegistrationFactory(event=third, cancelled=True)
    done = delete_series(series_id=series.pk, now=FIRST + timedelta(minutes=1))
    assert list(Event.objects.order_by("pk").values_list("pk", "series")) == [(first.pk, None), (third.pk, None)]
    assert ([event.pk for event in done.deleted], [event.pk for event in done.kept]) == (
        [second.pk, fourth.pk],
        [first.pk, third.pk],
    )
    assert not Series.objects.exists()


def test_an_event_that_is_given_away_leaves_its_series(series):
    otto = UserFactory(username="otto", organizer=True)
    second = events_of(series)[1]
    edit_event(event_id=second.pk, values={"organizer": otto}, now=NOW)
    second.refresh_from_db()
    assert second.series_id is None
    edit_series(series_id=series.pk, values={"title": "X"}, rule="FREQ=WEEKLY;COUNT=3", now=NOW)
    assert times(events_of(series)) == ["19.03. 19:00", "02.04. 19:00"]


def test_a_series_goes_with_the_account_of_its_organizer(series, olga):
    delete_account(account_id=olga.pk)
    assert not Series.objects.exists()
    assert not Event.objects.exists()


def test_housekeeping_and_the_command_make_what_is_due(olga):
    now = timezone.now()
    values = {**VALUES, "date_time": now, "end_time": None, "registration_closes": None}
    create_series(organizer=olga, rule="FREQ=WEEKLY", values=values, now=now - timedelta(days=15))
    said = StringIO()
    call_command("series", stdout=said)
    call_command("series", "--extend", stdout=said)
    call_command("series", "--extend", stdout=said)
    assert said.getvalue().splitlines() == [*("2 events are to be made.", "2 events were made.", "0 events were made.")]
