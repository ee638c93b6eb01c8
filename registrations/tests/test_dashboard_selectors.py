"""The figures of the dashboard: what is counted, by which clock, and whose it is."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.selectors import dashboard
from registrations.selectors.dashboard import Reason, Stage, Totals

pytestmark = pytest.mark.django_db

NOW = datetime(2031, 5, 20, 12, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
QUESTIONS = [
    dashboard.get_stage,
    dashboard.get_totals,
    dashboard.get_activity,
    dashboard.get_events_on_now,
    dashboard.get_next_events,
    dashboard.get_concerns,
]


@pytest.fixture
def at(make_event):
    """Makes an event that begins so long from NOW."""
    return lambda organizer, begins=7 * DAY, **fields: make_event(organizer, date_time=NOW + begins, **fields)


def ask(question, user):
    return question(user=user, now=NOW)


# Everyone's own ------------------------------------------------------------------------------------------------------


def all_kinds(organizer, at, enroll):
    """Events and registrations that show in every figure."""
    for begins, status in (
        (2 * HOUR, "upcoming"),
        (-HOUR, "active"),
        (DAY, "draft"),
        (-DAY, "draft"),
        (-9 * DAY, "active"),
    ):
        event = at(organizer, begins, status=status)
        enroll(event, status="attended", registration_date=NOW, status_since=NOW)
        enroll(event, status="cancelled", registration_date=NOW, status_since=NOW)
    full = at(organizer, max_capacity=1)
    enroll(full)
    for _ in range(5):
        enroll(full, status="waitlisted")


@pytest.mark.parametrize("question", QUESTIONS)
def test_nothing_of_anyone_else_is_counted(question, olga, otto, bob, eve, at, enroll):
    before = [ask(question, user) for user in (olga, bob)]
    all_kinds(otto, at, enroll)
    enroll(at(otto), bob)
    assert [ask(question, user) for user in (olga, bob)] == before
    assert ask(question, otto) != before[0]


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_admin_is_told_of_everything(question, olga, otto, ada, at, enroll):
    all_kinds(otto, at, enroll)
    theirs = ask(question, otto)
    assert ask(question, ada) == theirs
    all_kinds(olga, at, enroll)
    assert ask(question, otto) == theirs
    # How far all have come is the same for two as for one.
    assert (ask(question, ada) == theirs) is (question == dashboard.get_stage)


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_is_one_query(question, olga, at, enroll):
    for _ in range(2):
        all_kinds(olga, at, enroll)
        with CaptureQueriesContext(connection) as queries:
            ask(question, olga)
        assert len(queries) == 1


# Cards ---------------------------------------------------------------------------------------------------------------


def test_totals_are_those_of_announced_events_of_today_and_later(olga, at, enroll):
    assert ask(dashboard.get_totals, olga) == Totals(0, 0, 0, 0)
    enroll(at(olga, -DAY, end_time=NOW - 12 * HOUR, status="active", max_capacity=3), status="attended")
    to_come = at(olga, DAY, max_capacity=1)
    for status in ("registered", "waitlisted", "cancelled"):
        enroll(to_come, status=status)
    at(olga, -12 * HOUR)
    for begins, fields in (
        (-DAY, {"end_time": NOW - 12 * HOUR - SECOND}),
        (-12 * HOUR - SECOND, {}),
        (DAY, {"status": "draft"}),
        (DAY, {"status": "cancelled"}),
        (-HOUR, {"status": "completed"}),
    ):
        enroll(at(olga, begins, **fields))
    assert ask(dashboard.get_totals, olga) == Totals(events=3, seats=14, taken=2, waiting=1)


def test_totals_of_the_largest_events_are_numbers(olga, at):
    for _ in range(3):
        at(olga, max_capacity=2**31 - 1)
    assert ask(dashboard.get_totals, olga).seats == 3 * (2**31 - 1)
    assert ask(dashboard.get_concerns, olga) == []


def test_check_ins_are_those_of_today_by_the_clock_of_the_site(olga, at, enroll, settings):
    settings.TIME_ZONE = "Pacific/Auckland"  # NOW is midnight there
    event = at(olga, -DAY)
    for moment in (NOW, NOW + HOUR, NOW - SECOND):
        enroll(event, status="attended", status_since=moment)
    enroll(event, status="registered", status_since=NOW)
    assert dashboard.get_activity(user=olga, now=NOW + 2 * HOUR).check_ins_today == 2


# By day --------------------------------------------------------------------------------------------------------------


def test_days_without_anything_are_zeros(olga):
    days, check_ins = ask(dashboard.get_activity, olga)
    assert [day for day, *_ in days] == [date(2031, 4, 21) + n * DAY for n in range(30)]
    assert {(registered, cancelled) for _, registered, cancelled in days} == {(0, 0)}
    assert check_ins == 0


def counted(user, now=NOW):
    """The days with a figure."""
    days = dashboard.get_activity(user=user, now=now).days
    return {str(day): (registered, cancelled) for day, registered, cancelled in days if registered or cancelled}


@pytest.mark.parametrize("who", ["olga", "ada"])
def test_registrations_count_on_the_day_they_were_made_and_cancellations_on_theirs(who, olga, ada, at, enroll):
    user, event = {"olga": olga, "ada": ada}[who], at(olga)
    enroll(event, registration_date=NOW - 3 * DAY)
    enroll(event, registration_date=NOW - 3 * DAY, status="cancelled", status_since=NOW - DAY)
    enroll(event, registration_date=NOW - 40 * DAY, status="cancelled", status_since=NOW - DAY)
    enroll(event, registration_date=NOW - 40 * DAY, status="cancelled", status_since=NOW - 30 * DAY)
    enroll(event, registration_date=NOW - 2 * DAY, status="waitlisted", status_since=NOW)
    assert counted(user) == {"2031-05-17": (2, 0), "2031-05-18": (1, 0), "2031-05-19": (0, 2)}


@pytest.mark.parametrize("who", ["olga", "ada"])
def test_a_day_begins_and_ends_by_the_clock_of_the_site(who, olga, ada, at, enroll, settings):
    """In Berlin the clocks went forward on 30 March 2031, so that its day has 23 hours."""
    settings.TIME_ZONE = "Europe/Berlin"
    user, event = {"olga": olga, "ada": ada}[who], at(olga)
    midnights = [datetime(2031, 3, 29, 23, tzinfo=UTC), datetime(2031, 3, 30, 22, tzinfo=UTC)]
    for midnight in midnights:
        for moment in (midnight - SECOND, midnight):
            enroll(event, registration_date=moment, status="cancelled", status_since=moment)
    now = datetime(2031, 4, 27, 22, 30, tzinfo=UTC)  # in Berlin it is the 28th, and 30 March the first of thirty days
    assert counted(user, now) == {"2031-03-30": (2, 2), "2031-03-31": (1, 1)}


# Lists ---------------------------------------------------------------------------------------------------------------


def titles(found):
    return [fill.title for fill in found]


def test_the_next_events_are_announced_and_not_over_in_their_order(olga, at):
    at(olga, 2 * DAY, title="Second")
    at(olga, DAY, title="First")
    at(olga, -4 * HOUR, title="This morning")
    at(olga, -23 * HOUR, title="Since yesterday", end_time=NOW + HOUR)
    at(olga, -25 * HOUR, title="Long begun", end_time=NOW + 9 * DAY)
    at(olga, -4 * HOUR, title="Over", end_time=NOW - HOUR)
    for status in ("draft", "cancelled", "completed"):
        at(olga, DAY, title=status, status=status)
    assert titles(ask(dashboard.get_next_events, olga)) == ["First", "Second"]
    assert titles(ask(dashboard.get_events_on_now, olga)) == ["This morning", "Since yesterday", "Long begun"]


def test_there_are_ten_next_events_at_most(olga, at):
    for n in range(12):
        at(olga, (n + 1) * DAY, title=str(n))
    assert titles(ask(dashboard.get_next_events, olga)) == [str(n) for n in range(10)]


def test_a_fill_says_how_full_an_event_is(olga, at, enroll):
    event = at(olga, max_capacity=1, title="Talk", time_zone="Asia/Tokyo")
    enroll(event, status="attended")
    enroll(event, status="waitlisted")
    assert ask(dashboard.get_next_events, olga) == [(event.pk, "Talk", NOW + 7 * DAY, 1, 1, 1, "Asia/Tokyo")]


def reasons(user):
    return [(concern.event.title, concern.reason) for concern in ask(dashboard.get_concerns, user)]


@pytest.mark.parametrize(
    ("seats", "waiting", "wants_attention"), [(1, 4, False), (1, 5, True), (70, 6, False), (70, 7, True)]
)
def test_a_queue_is_long_from_five_people_and_a_tenth_of_the_seats(seats, waiting, wants_attention, olga, at, enroll):
    event = at(olga, max_capacity=seats, title="Full")
    for _ in range(seats):
        enroll(event)
    for _ in range(waiting):
        enroll(event, status="waitlisted")
    assert reasons(olga) == ([("Full", Reason.LONG_QUEUE)] if wants_attention else [])


def test_a_long_queue_beside_free_seats_or_of_what_has_begun_or_is_off_wants_no_attention(olga, at, enroll):
    for begins, seats, status in ((DAY, 2, "upcoming"), (-HOUR, 1, "active"), (DAY, 1, "cancelled")):
        event = at(olga, begins, max_capacity=seats, status=status)
        enroll(event)
        for _ in range(5):
            enroll(event, status="waitlisted")
    assert reasons(olga) == []


@pytest.mark.parametrize(
    ("begins", "wants_attention"), [(-SECOND, False), (SECOND, True), (DAY, True), (DAY + SECOND, False)]
)
def test_what_begins_within_a_day_and_is_less_than_half_full(begins, wants_attention, olga, at, enroll):
    at(olga, begins, max_capacity=2, title="Empty")
    enroll(at(olga, begins, max_capacity=2, title="Half full"))
    at(olga, begins, status="cancelled")
    assert reasons(olga) == ([("Empty", Reason.HALF_EMPTY)] if wants_attention else [])


def test_drafts_whose_date_is_within_a_week_or_past(olga, at):
    for begins, title in ((7 * DAY, "Near"), (7 * DAY + SECOND, "Far"), (-SECOND, "Past")):
        at(olga, begins, title=title, status="draft")
    assert reasons(olga) == [("Near", Reason.DRAFT_NEAR), ("Past", Reason.DRAFT_PAST)]


def test_events_that_were_over_before_yesterday_and_are_not_completed(olga, at):
    yesterday = NOW - 36 * HOUR  # its first moment
    for begins, title, fields in (
        (-3 * DAY, "Forgotten", {}),
        (-3 * DAY, "Forgotten too", {"status": "active", "end_time": yesterday - SECOND}),
        (-3 * DAY, "Tonight's command does it", {"end_time": yesterday}),
        (-3 * DAY, "Done", {"status": "completed"}),
        (-3 * DAY, "Off", {"status": "cancelled"}),
    ):
        at(olga, begins, title=title, **fields)
    assert sorted(reasons(olga)) == [("Forgotten", Reason.NOT_COMPLETED), ("Forgotten too", Reason.NOT_COMPLETED)]


def test_what_begins_soonest_comes_first_and_what_has_begun_last(olga, at):
    for begins, title, status in (
        (-9 * DAY, "Forgotten", "active"),
        (-DAY, "Late draft", "draft"),
        (5 * DAY, "Draft", "draft"),
        (HOUR, "Empty", "upcoming"),
        (2 * DAY, "Nearer draft", "draft"),
        (-30 * DAY, "Oldest", "upcoming"),
    ):
        at(olga, begins, title=title, status=status)
    assert [title for title, _ in reasons(olga)] == [
        "Empty",
        "Nearer draft",
        "Draft",
        "Late draft",
        "Forgotten",
        "Oldest",
    ]


def test_of_each_reason_the_ten_that_matter_most_are_told(olga, at):
    for n in range(12):
        at(olga, 4 * DAY + n * HOUR, title=f"Near {n}", status="draft")
        at(olga, -4 * DAY - n * HOUR, title=f"Past {n}", status="draft")
    assert [title for title, _ in reasons(olga)] == [f"{when} {n}" for when in ("Near", "Past") for n in range(10)]


# How far somebody has come -------------------------------------------------------------------------------------------


def test_stages(olga, at, enroll):
    assert ask(dashboard.get_stage, olga) == Stage(False, False, False, None)
    at(olga, 2 * DAY, status="draft")
    first = at(olga, DAY, status="draft")
    assert ask(dashboard.get_stage, olga) == Stage(True, False, False, first.pk)
    event = at(olga, 3 * DAY)
    enroll(event, status="cancelled")
    assert ask(dashboard.get_stage, olga) == Stage(True, True, False, first.pk)
    enroll(event)
    assert ask(dashboard.get_stage, olga) == Stage(True, True, True, first.pk)


# Quickly -------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL decides by statistics, which a test has none of")
def test_everybodys_registrations_are_counted_in_an_index_alone(ada):
    with CaptureQueriesContext(connection) as queries:
        ask(dashboard.get_activity, ada)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {queries[0]['sql']}")
        ways = [detail for *_, detail in cursor.fetchall() if detail.startswith(("SEARCH", "SCAN"))]
    days = [way for way in ways if "COVERING INDEX registration_by_date" in way]
    assert len(days) == dashboard.DAYS
