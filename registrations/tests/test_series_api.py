"""`/series/`, and the scopes of `PATCH /events/<id>`."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from eventhub.testing.factories import RegistrationFactory
from eventhub.testing.responses import NOT_ALLOWED, invalid, refusal, whole
from events.models import Event, Series
from registrations.models import Registration

pytestmark = pytest.mark.django_db

NO_SERIES = refusal(404, "Series not found", "not_found")
BERLIN = ZoneInfo("Europe/Berlin")
DAY = (datetime.now(BERLIN) + timedelta(days=10)).date()
BODY = {
    "title": "Yoga",
    "location": "Hall",
    "max_capacity": 2,
    "date_time": f"{DAY}T19:00",
    "end_time": f"{DAY}T21:00",
    "registration_closes": f"{DAY}T12:00",
    "time_zone": "Europe/Berlin",
    "rule": "freq=weekly;count=3",
}


def z(clock, weeks=0):
    """A time of the first day, or of one some weeks later, as answers write it."""
    local = datetime.fromisoformat(f"{DAY + timedelta(weeks=weeks)}T{clock}").replace(tzinfo=BERLIN)
    return local.astimezone(UTC).isoformat().replace("+00:00", "Z")


@pytest.fixture
def made(api, olga):
    return api(olga).post("/series/", BODY).json()


@pytest.fixture
def dates(made):
    return list(Event.objects.filter(series=made["series_id"]).order_by("date_time"))


def test_a_series_is_written_like_its_first_event(api, olga, made, dates):
    shown = ("title", "organizer_id", "rule", "date_time", "end_time", "registration_closes", "made_until", "status")
    assert {name: made[name] for name in shown} == {
        "title": "Yoga",
        "organizer_id": olga.pk,
        "rule": "FREQ=WEEKLY;COUNT=3",
        "date_time": z("19:00"),
        "end_time": z("21:00"),
        "registration_closes": z("12:00"),
        "made_until": None,
        "status": "upcoming",
    }
    path = f"/series/{made['series_id']}"
    assert api(olga).get(path).json() == made
    assert [row["series_id"] for row in api(olga).get("/series/").json()["results"]] == [made["series_id"]]
    listed = api(olga).get(f"{path}/events").json()["results"]
    assert [(row["event_id"], row["date_time"], row["series_id"]) for row in listed] == [
        (event.pk, z("19:00", weeks), made["series_id"]) for weeks, event in enumerate(dates)
    ]
    assert api(olga).get(f"/events/?series_id={made['series_id']}").json()["results"] == listed


def test_a_preview_has_the_next_ten_dates_and_saves_nothing(api, olga):
    body = {name: BODY[name] for name in ("date_time", "end_time", "time_zone")} | {"rule": "FREQ=WEEKLY;COUNT=12"}
    answer = api(olga).post("/series/preview", body).json()
    assert (answer["count"], len(answer["dates"])) == (12, 10)
    assert answer["dates"][9]["date_time"] == z("19:00", 9)
    assert answer["dates"][9]["local"]["ends"].startswith(f"{DAY + timedelta(weeks=9)}T21:00:00+0")
    assert not Series.objects.exists()
    assert whole(api(olga).post("/series/preview", {**body, "rule": "soon"})) == invalid(
        rule="Enter a rule such as FREQ=WEEKLY;BYDAY=TU;COUNT=10."
    )


def test_who_does_not_run_it_sees_its_events_and_changes_nothing(api, bob, olga, made):
    path = f"/series/{made['series_id']}"
    assert len(api(bob).get(f"{path}/events").json()["results"]) == 3
    for verb in ("get", "delete"):
        assert whole(getattr(api(bob), verb)(path)) == NOT_ALLOWED
    assert whole(api(bob).patch(path, {"title": "Mine"})) == NOT_ALLOWED
    api(olga).patch(path, {"status": "draft"})
    assert whole(api(bob).get(path)) == whole(api(bob).get(f"{path}/events")) == NO_SERIES
    assert whole(api(bob).post(f"{path}/attendees", {})) == NO_SERIES


def test_a_change_says_what_became_of_the_dates(api, olga, made, dates):
    RegistrationFactory(event=dates[1])
    path, rule = f"/series/{made['series_id']}", {"rule": "FREQ=WEEKLY;INTERVAL=2;COUNT=3"}
    tag = api(olga).get(path).headers["ETag"]
    answer = api(olga).patch(path, rule, headers={"If-Match": tag})
    assert answer.json()["dates"] == {
        "changed": 0,
        "created": 1,
        "deleted": 0,
        "kept": [{"event_id": dates[1].pk, "date_time": z("19:00", 1), "why": "registrations"}],
    }
    assert answer.headers["ETag"] != tag
    assert api(olga).patch(path, rule, headers={"If-Match": tag}).status_code == 412
    assert api(olga).delete(path).status_code == 204
    assert list(Event.objects.values_list("pk", "series")) == [(dates[1].pk, None)]


def test_a_date_is_changed_alone_with_those_after_it_or_with_all(api, olga, made, dates):
    first, second, third = (f"/events/{event.pk}" for event in dates)
    assert "dates" not in api(olga).patch(third, {"location": "Park"}).json()
    everywhere = api(olga).patch(f"{first}?scope=all", {"location": "Gym"}).json()
    assert everywhere["location"] == "Gym"
    assert everywhere["dates"]["changed"] == 2
    assert [kept["event_id"] for kept in everywhere["dates"]["kept"]] == [dates[2].pk]
    later = api(olga).patch(f"{second}?scope=following", {"title": "Pilates"}).json()
    assert later["series_id"] not in (None, made["series_id"])
    rows = api(olga).get("/events/").json()["results"]
    assert [(row["title"], row["location"], row["series_id"]) for row in rows] == [
        ("Yoga", "Gym", made["series_id"]),
        ("Pilates", "Gym", later["series_id"]),
        ("Pilates", "Park", later["series_id"]),
    ]


def test_a_scope_that_does_not_fit_is_a_400(api, olga, make_event, made, dates):
    path = f"/events/{dates[0].pk}"
    unknown = invalid(scope="Choose one of this, following, all.")
    assert whole(api(olga).patch(f"{path}?scope=some", {"title": "X"})) == unknown
    single = make_event(olga)
    assert whole(api(olga).patch(f"/events/{single.pk}?scope=all", {"title": "X"})) == invalid(
        scope="This event belongs to no series."
    )
    other_day = {"date_time": f"{DAY + timedelta(days=1)}T19:00"}
    assert whole(api(olga).patch(f"{path}?scope=all", other_day)) == invalid(
        date_time="The series stays on its days. Change its rule to move it to others, or move this date alone."
    )
    assert not Event.objects.filter(title="X").exists()


def test_somebody_registers_for_all_dates_each_with_its_own_result(api, bob, made, dates):
    RegistrationFactory.create_batch(2, event=dates[1])
    RegistrationFactory(event=dates[2], user=bob)
    answer = api(bob).post(f"/series/{made['series_id']}/attendees", {"name": "Bob"})
    assert answer.status_code == 200
    results = answer.json()["results"]
    mine = dict(Registration.objects.filter(user=bob).values_list("event", "pk"))
    assert [(row["event_id"], row["attendee_id"], row["status"], row["code"], row["msg"]) for row in results] == [
        (dates[0].pk, mine[dates[0].pk], "registered", None, None),
        (dates[1].pk, None, None, "event_full", "Event is full"),
        (dates[2].pk, mine[dates[2].pk], None, "already_registered", "Already registered for this event"),
    ]
    wanted = {"event_ids": [dates[1].pk], "status": "waitlisted"}
    (row,) = api(bob).post(f"/series/{made['series_id']}/attendees", wanted).json()["results"]
    assert (row["event_id"], row["status"]) == (dates[1].pk, "waitlisted")


def test_only_who_runs_it_registers_others_for_all_dates(api, bob, olga, person, made, dates):
    path, body = f"/series/{made['series_id']}/attendees", {"user_id": person("carl").pk}
    assert whole(api(bob).post(path, body)) == NOT_ALLOWED
    assert [row["status"] for row in api(olga).post(path, body).json()["results"]] == ["registered"] * 3
