"""The figures of one event, in the API and in the back office."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from eventhub import audit
from registrations.selectors.statistics import statistics_of
from registrations.services import seats

pytestmark = pytest.mark.django_db

DOORS = datetime(2031, 5, 20, 18, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def told(olga, make_event, enroll):
    """An event with a story: two came in early and one late, one cancelled, one waited and got the seat."""
    event = make_event(olga, max_capacity=4, date_time=DOORS)
    first_day, second_day = DOORS - 9 * DAY, DOORS - 8 * DAY
    with audit.acting_through(audit.Channel.API):
        rows = [enroll(event, status_since=first_day) for _ in range(4)]
        waiting = enroll(event, status="waitlisted", status_since=second_day)
    seats.cancel(registration=rows[3], by=rows[3].user, now=second_day + MINUTE)
    for row, minutes in zip([*rows[:2], waiting], (-4, -1, 31), strict=True):
        seats.update(registration=row, by=olga, status="attended", now=DOORS + minutes * MINUTE)
    return event


def test_the_figures_tell_what_happened(api, olga, otto, told):
    api(otto).put(f"/events/{told.pk}/interest", {})
    answer = api(olga).get(f"/events/{told.pk}/statistics")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "event_id": told.pk,
            "statuses": {"registered": 1, "waitlisted": 0, "attended": 3, "cancelled": 1},
            "channels": {"api": 5},
            "show_up_rate": None,
            "days": [
                {"date": "2031-05-11", "registered": 4, "waitlisted": 0, "promoted": 0, "cancelled": 0},
                {"date": "2031-05-12", "registered": 0, "waitlisted": 1, "promoted": 1, "cancelled": 1},
            ],
            "check_ins": [
                {"begins_at": "2031-05-20T17:55:00Z", "people": 2},
                {"begins_at": "2031-05-20T18:30:00Z", "people": 1},
            ],
            "answers": [],
            "interested": 1,
        },
    )
    same = api(olga).get(f"/events/{told.pk}/statistics", headers={"If-None-Match": answer["ETag"]})
    assert same.status_code == 304


def test_who_has_a_seat_and_came_is_a_share_once_it_has_begun(told):
    assert statistics_of(told, now=DOORS).show_up_rate == 0.75


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"])
def test_an_hour_that_the_clocks_show_twice_is_two_hours(settings, olga, make_event, enroll, zone):
    settings.TIME_ZONE = zone
    event = make_event(olga)
    begins = [datetime(2031, 10, 26, hour, 30, tzinfo=UTC) for hour in (0, 1)]  # both are 02:30 in Berlin
    begins += [datetime(2031, 11, 2, hour, tzinfo=UTC) for hour in (4, 5)]  # both are 01:30 in St. John's
    for moment in begins:
        enroll(event, status="attended", status_since=moment + 3 * MINUTE)
    assert [tuple(slot) for slot in statistics_of(event).check_ins] == [(moment, 1) for moment in begins]


def test_an_event_without_anybody(olga, make_event):
    figures = statistics_of(make_event(olga), now=timezone.now() + 999 * DAY)
    assert set(figures.statuses.values()) == {0}
    assert (figures.channels, figures.show_up_rate, figures.days, figures.check_ins) == ({}, None, [], [])


def test_nothing_of_another_event_is_counted_and_four_statements_do(told, olga, make_event, enroll):
    before = statistics_of(told)
    enroll(make_event(olga), status="attended")
    with CaptureQueriesContext(connection) as captured:
        assert statistics_of(told) == before
    assert len(captured) == 4


def test_the_back_office_shows_them_to_who_runs_the_event(office, olga, otto, told):
    path = f"/admin/registrations/registration/statistics/{told.pk}/"
    page = office(olga).get(path)
    assert page.context["statuses"] == [("Registered", 1), ("Waitlisted", 0), ("Attended", 3), ("Cancelled", 1)]
    assert page.context["channels"] == [("API", 5)]
    days, check_ins = (json.loads(page.context[name][0].data) for name in ("day_charts", "check_in_charts"))
    assert (days["labels"], [line["data"] for line in days["datasets"]]) == (["11 May", "12 May"], [[4, 1], [0, 1]])
    assert (check_ins["labels"][::7], check_ins["datasets"][0]["data"]) == (
        ["17:55", "18:30"],
        [2, 0, 0, 0, 0, 0, 0, 1],
    )
    assert path in office(olga).get(f"/admin/events/event/{told.pk}/change/").content.decode()
    assert office(otto).get(path).status_code == 404


@pytest.mark.parametrize(("zone", "day"), [("", date(2027, 5, 1)), ("Asia/Tokyo", date(2027, 5, 2))])
def test_days_are_those_of_the_events_time_zone(office, olga, make_event, enroll, zone, day):
    event = make_event(olga, time_zone=zone)
    enroll(event, status="attended", status_since=datetime(2027, 5, 1, 15, tzinfo=UTC))
    assert [figures.date for figures in statistics_of(event).days] == [day]
    hour = 0 if zone else 15
    page = office(olga).get(f"/admin/registrations/registration/statistics/{event.pk}/")
    assert f">{day:%a} {day.day} {day:%b}, {hour:02}:00</th>" in page.text
    assert json.loads(page.context["check_in_charts"][0].data)["labels"] == [f"{hour:02}:00"]
