"""The time zone of an event and its place: how they are given, shown and checked, and when a day ends."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from eventhub.testing.responses import invalid, whole
from events.models import Event
from events.services.clones import duplicate_event
from events.services.time_zones import accept

pytestmark = pytest.mark.django_db

BODY = {"title": "Talk", "location": "Hall", "max_capacity": 40}
LOCAL = {"date_time": "2027-07-01T19:00:00", "end_time": "2027-07-02", "cancel_until": "2027-06-30"}
IN_NEW_YORK = {
    "date_time": "2027-07-01T23:00:00Z",
    "end_time": "2027-07-03T03:59:59.999999Z",
    "cancel_until": "2027-07-01T03:59:59.999999Z",
}
ZONE = {"time_zone": "America/New_York"}
NOT_A_ZONE = "Enter a time zone such as Europe/Berlin."


def shown(answer, *names):
    assert answer.status_code in (200, 201), answer.json()
    return {name: answer.json()[name] for name in names}


@pytest.mark.parametrize("body", [{**LOCAL, **ZONE}, {**ZONE, **LOCAL}])
def test_times_without_offset_are_read_in_the_zone_of_the_body_wherever_it_stands(api, olga, body):
    answer = api(olga).post("/events/", {**BODY, **body})
    local = {"begins": "2027-07-01T19:00:00-04:00", "ends": "2027-07-02T23:59:59.999999-04:00"}
    assert shown(answer, *IN_NEW_YORK, "time_zone", "local") == {**IN_NEW_YORK, **ZONE, "local": local}


def test_a_change_reads_times_in_the_zone_of_the_body_else_of_the_event_else_of_the_site(api, olga, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    client = api(olga)
    path = f"/events/{client.post('/events/', {**BODY, 'date_time': '2027-07-01T19:00'}).json()['event_id']}"

    def begins(body):
        return shown(client.patch(path, body), "date_time")["date_time"]

    assert begins({}) == "2027-07-01T10:00:00Z"
    assert begins({"time_zone": "america/new_york"}) == "2027-07-01T10:00:00Z"  # the moment stays
    assert begins({"date_time": "2027-07-01T19:00"}) == "2027-07-01T23:00:00Z"
    assert begins({"date_time": "2027-07-01T19:00", "time_zone": "Asia/Kathmandu"}) == "2027-07-01T13:15:00Z"
    assert begins({"date_time": "2027-07-01T19:00", "time_zone": ""}) == "2027-07-01T10:00:00Z"
    assert begins({"date_time": "2027-07-01T19:00+01:00", "time_zone": "Asia/Kathmandu"}) == "2027-07-01T18:00:00Z"
    assert shown(client.get(path), "time_zone", "local") == {
        "time_zone": "Asia/Kathmandu",
        "local": {"begins": "2027-07-01T23:45:00+05:45", "ends": None},
    }


@pytest.mark.once
@pytest.mark.parametrize("zone", ["Mars/Base", "CET+1", "localtime", "../../etc/passwd", "Europe/Berlin\n.", "x" * 300])
def test_an_unknown_zone_is_refused(api, olga, zone):
    assert whole(api(olga).post("/events/", {**BODY, **LOCAL, "time_zone": zone})) == invalid(time_zone=NOT_A_ZONE)


@pytest.mark.once
@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ({"latitude": 1}, {"longitude": "Enter both latitude and longitude, or neither."}),
        ({"longitude": 1, "latitude": None}, {"latitude": "Enter both latitude and longitude, or neither."}),
        ({"latitude": 90.01, "longitude": 0}, {"latitude": "Enter degrees between -90 and 90."}),
        ({"latitude": 0, "longitude": "-180.5"}, {"longitude": "Enter degrees between -180 and 180."}),
        *(
            ({"latitude": text, "longitude": 0}, {"latitude": "Enter degrees, such as 52.516275."})
            for text in ("nan", "1_0", "\u0661", True, "1e2", [])
        ),
        *(
            ({"online_url": link}, {"online_url": "Enter a link that begins with https:// or http://."})
            for link in ("javascript:alert(1)", "ftp://example.org/", "//example.org", "https://", "room 5")
        ),
    ],
)
def test_a_place_is_checked(api, olga, place, problem):
    assert whole(api(olga).post("/events/", {**BODY, **LOCAL, **place})) == invalid(**problem)


@pytest.mark.parametrize(("who", "seen"), [("olga", True), ("ada", True), ("bob", False), ("otto", False)])
def test_the_online_link_of_an_event_is_shown_to_who_may_change_it(api, olga, make_event, who, seen, request):
    event, reader = make_event(olga, online_url="https://meet.example.org/1"), request.getfixturevalue(who)
    assert api(reader).get(f"/events/{event.pk}").json()["online_url"] == (event.online_url if seen else None)
    answer = api(reader).get("/events/")
    assert answer.json()["results"][0]["online_url"] is None
    assert b"meet.example" not in answer.content


def test_a_copy_has_the_place_and_the_same_clock_times_a_week_later(olga, make_event):
    berlin = {"time_zone": "Europe/Berlin", "venue": "Hall", "address": "1 Main Street", "attendance": "mixed"}
    where = {**berlin, "latitude": 52.5, "longitude": 13.4, "online_url": "https://meet.example.org/1"}
    until = datetime(2027, 3, 26, 9, tzinfo=UTC)
    times = {"date_time": datetime(2027, 3, 27, 9, tzinfo=UTC), "cancel_until": until, "edit_until": until}
    copy = duplicate_event(event=make_event(olga, **where, **times))
    assert {name: getattr(copy, name) for name in where} == where
    week = timedelta(days=7, hours=-1)  # the clocks go forward
    assert {name: getattr(copy, name) for name in times} == {name: moment + week for name, moment in times.items()}


# The end of the day --------------------------------------------------------------------------------------------------

NOON = datetime(2027, 5, 2, 12, tzinfo=UTC)
# Begins when, in which zone; whether it is over at NOON, and ends today or later.
ENDS = [
    ("2027-05-02T00:00Z", "", False, True),
    ("2027-05-01T23:59Z", "", True, False),
    ("2027-05-01T12:30Z", "Pacific/Pago_Pago", True, False),  # 01:30 on the first there, where it is the second
    ("2027-05-02T11:00Z", "Pacific/Pago_Pago", False, True),
    ("2027-05-01T11:30Z", "Pacific/Kiritimati", True, False),  # 01:30 on the second there, where it is the third
    ("2027-05-02T10:00Z", "Pacific/Kiritimati", False, True),
    ("2027-05-02T09:59Z", "Pacific/Kiritimati", True, False),
]


@pytest.mark.parametrize(("begins", "zone", "is_over", "is_today"), ENDS)
def test_an_event_without_an_end_is_over_when_its_day_is_where_it_takes_place(
    olga, make_event, begins, zone, is_over, is_today
):
    event = make_event(olga, date_time=datetime.fromisoformat(begins), end_time=None, time_zone=zone)
    found = [
        event.is_over(NOON),
        *(
            queryset.exists()
            for queryset in (
                Event.objects.over(NOON),
                Event.objects.ended_by(NOON),
                Event.objects.not_over(NOON),
                Event.objects.today_or_later(NOON),
                Event.objects.before_today(NOON),
            )
        ),
    ]
    assert found == [is_over, is_over, is_over, not is_over, is_today, not is_today]


def test_the_end_of_the_day_follows_the_event(api, olga):
    client = api(olga)
    path = f"/events/{client.post('/events/', {**BODY, **LOCAL, **ZONE}).json()['event_id']}"

    def day_ends():
        return Event.objects.values_list("day_ends", flat=True).get()

    assert day_ends() == datetime(2027, 7, 2, 4, tzinfo=UTC)
    client.patch(path, {"date_time": "2027-06-30T12:00"})
    assert day_ends() == datetime(2027, 7, 1, 4, tzinfo=UTC)
    client.patch(path, {"time_zone": "Asia/Tokyo"})  # 01:00 on the first
    assert day_ends() == datetime(2027, 7, 1, 15, tzinfo=UTC)
    client.patch(path, {"time_zone": ""})
    assert day_ends() is None


@pytest.mark.once
def test_an_event_whose_clock_moved_with_its_zone_is_listed_until_it_is_accepted(olga, make_event, capsys):
    begins = datetime(2037, 7, 1, 22, 30, tzinfo=UTC)
    moved = make_event(olga, title="Moved", date_time=begins, time_zone="Europe/Berlin")
    make_event(olga, date_time=begins, time_zone="Europe/Berlin")
    make_event(olga, date_time=begins)
    call_command("times", "--recheck")
    # As if it had been saved while summer time did not exist there: at 23:30 of the day before.
    Event.objects.filter(pk=moved.pk).update(day_ends=datetime(2037, 7, 1, 23, tzinfo=UTC))
    with pytest.raises(CommandError, match=r"^Events that begin at another time of the clock: 1\.$"):
        call_command("times", "--recheck")
    call_command("times", "--recheck", "--accept")
    call_command("times", "--recheck")
    # Somebody gives it another day and zone between the reading of the list and the acceptance.
    changed = Event.objects.get(pk=moved.pk)
    changed.date_time, changed.time_zone = begins + timedelta(days=1), "Asia/Tokyo"
    changed.save()
    accept(moved)
    assert Event.objects.get(pk=moved.pk).day_ends == changed.day_ends
    Event.objects.filter(pk=moved.pk).update(date_time=begins)
    line = f"{moved.pk} 'Moved': 2037-07-01 23:30 -> 2037-07-02 00:30 (Europe/Berlin)"
    stays = "All events begin when they did."
    assert capsys.readouterr().out.splitlines() == [stays, line, line, "Events accepted: 1.", stays]
    assert Event.objects.get(pk=moved.pk).date_time == begins
