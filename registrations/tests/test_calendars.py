"""Events and registrations as calendar files: who gets them, what they hold, and that clients can follow changes."""

import itertools
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.services import api_tokens
from eventhub.testing.contract_client import ContractClient
from eventhub.testing.factories import EventFactory, UserFactory
from events.calendar_entry import Invitee, Method, calendar_entry, event_uid
from events.imports.files import read_rows
from events.models import Event
from registrations.models import Registration
from registrations.selectors.calendars import standing_of
from registrations.services import seats
from registrations.services.eligibility import get_event_for_registration
from registrations.services.event_changes import edit_event
from registrations.services.event_import import import_events

pytestmark = pytest.mark.django_db


def entries(content):
    calendar = icalendar.Calendar.from_ical(content)
    return [(str(event["UID"]), str(event["SUMMARY"]), str(event["STATUS"])) for event in calendar.events]


def entry(event, status="CONFIRMED"):
    return [(event_uid(event.pk), event.title, status)]


# Files ---------------------------------------------------------------------------------------------------------------


def test_an_event_is_a_calendar_file_for_who_may_see_it(api, make_event, olga, otto, bob, ada):
    event, draft = make_event(olga), make_event(olga, draft=True)
    answers = {user.username: api(user).get(f"/events/{event.pk}/calendar.ics") for user in (olga, otto, bob, ada)}
    assert {answer.content for answer in answers.values()} == {answers["bob"].content}
    assert entries(answers["bob"].content) == entry(event)
    assert {
        name: answers["bob"].headers[name] for name in ("Content-Type", "Content-Disposition", "Cache-Control")
    } == {
        "Content-Type": "text/calendar; charset=utf-8",
        "Content-Disposition": f'attachment; filename="event-{event.pk}.ics"',
        "Cache-Control": "private, no-cache",
    }
    drafts = {user.username: api(user).get(f"/events/{draft.pk}/calendar.ics") for user in (olga, otto, bob, ada)}
    assert {name: answer.status_code for name, answer in drafts.items()} == {
        "olga": 200,
        "otto": 404,
        "bob": 404,
        "ada": 200,
    }
    assert entries(drafts["olga"].content) == entry(draft, "TENTATIVE")
    assert api().get(f"/events/{event.pk}/calendar.ics").status_code == 401


@pytest.mark.parametrize(
    ("status", "shown"),
    [("registered", "CONFIRMED"), ("attended", "CONFIRMED"), ("waitlisted", "TENTATIVE"), ("cancelled", "CANCELLED")],
)
def test_a_registration_is_a_calendar_file_for_its_person_and_who_runs_the_event(
    api, make_event, enroll, olga, otto, bob, eve, ada, status, shown
):
    event = make_event(olga)
    registration = enroll(event, bob, status, name="Bob the Builder")
    path = f"/attendees/{registration.pk}/calendar.ics"
    answers = {user.username: api(user).get(path) for user in (bob, olga, ada, eve, otto)}
    statuses = {name: answer.status_code for name, answer in answers.items()}
    assert statuses == {"bob": 200, "olga": 200, "ada": 200, "eve": 403, "otto": 403}
    assert entries(answers["bob"].content) == entry(event, shown)
    assert b"Bob" not in answers["bob"].content
    assert b"bob" not in answers["bob"].content
    assert answers["bob"].headers["Cache-Control"] == "no-store"
    Event.objects.filter(pk=event.pk).update(status="draft")
    assert api(bob).get(path).status_code == 404


def test_files_have_etags_that_follow_every_change(api, make_event, enroll, olga, bob):
    event = make_event(olga)
    registration = enroll(event, bob)
    paths = (f"/events/{event.pk}/calendar.ics", f"/attendees/{registration.pk}/calendar.ics")

    def ask(**headers):
        return [api(bob).get(path, headers=headers) for path in paths]

    def tags():
        return [answer.headers["ETag"] for answer in ask()]

    first = tags()
    again = [api(bob).get(path, headers={"If-None-Match": tag}) for path, tag in zip(paths, first, strict=True)]
    assert [(answer.status_code, answer.content) for answer in again] == [(304, b"")] * 2
    enroll(event)
    assert tags() == first
    edit_event(event_id=event.pk, values={"location": "Elsewhere"})
    second = tags()
    assert not set(first) & set(second)
    Registration.objects.filter(pk=registration.pk).update(status="cancelled")
    assert [one == other for one, other in zip(tags(), second, strict=True)] == [True, False]
    assert [answer.status_code for answer in ask(**{"If-Match": first[0]})] == [412, 412]


@pytest.mark.parametrize(
    ("accept", "status"),
    [("text/calendar", 200), ("text/calendar, */*;q=0.1", 200), ("application/json", 200), ("image/png", 406)],
)
def test_who_asks_for_a_calendar_gets_one_and_its_errors_are_json(api, make_event, olga, bob, accept, status):
    event = make_event(olga)
    client = api(bob)
    assert client.get(f"/events/{event.pk}/calendar.ics", headers={"Accept": accept}).status_code == status
    missing = client.get("/events/999999/calendar.ics", headers={"Accept": "text/calendar"})
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    nobody = api().get(f"/events/{event.pk}/calendar.ics", headers={"Accept": "text/calendar"})
    assert (nobody.status_code, nobody.json()["code"]) == (401, "not_authenticated")


def test_a_service_token_opens_the_files_of_its_scope(make_event, enroll, olga, bob):
    event = make_event(olga)
    registration = enroll(event, bob)
    opened = {}
    for scope in ("events:read", "attendees:read"):
        made = api_tokens.create_token(owner=bob, name="x", scopes=[scope])
        client = ContractClient(made.secret)
        paths = (f"/events/{event.pk}/calendar.ics", f"/attendees/{registration.pk}/calendar.ics")
        opened[scope] = [client.get(path).status_code for path in paths]
    assert opened == {"events:read": [200, 403], "attendees:read": [403, 200]}


# Histories -----------------------------------------------------------------------------------------------------------


def sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


class History:
    """An event and one person, with the entry that the person's calendar was last sent."""

    def __init__(self):
        self.event = EventFactory(max_capacity=5)
        self.bob = UserFactory()
        self.count = 0
        self.register()

    def register(self):
        event = get_event_for_registration(event_id=self.event.pk, user_id=self.bob.pk, by=self.bob)
        seats.join_queue(event=event, user=self.bob, by=self.bob)

    def entry(self):
        event = Event.objects.with_organizer().get(pk=self.event.pk)
        mine = Registration.objects.filter(user=self.bob).latest("status_since")
        is_out = "cancelled" in (event.status, mine.status)
        text = calendar_entry(
            event,
            method=Method.CANCEL if is_out else Method.REQUEST,
            attendee=Invitee("Bob", self.bob.email),
            status_since=mine.status_since,
            standing=standing_of(mine.status),
            stamp=timezone.now(),
        )
        (component,) = icalendar.Calendar.from_ical(text).events
        return component

    def age(self):
        """Let a second pass, which the clock of the database cannot."""
        back = {name: F(name) - timedelta(seconds=1) for name in ("created_at", "updated_at")}
        Event.objects.filter(pk=self.event.pk).update(**back)
        Registration.objects.filter(event=self.event).update(status_since=F("status_since") - timedelta(seconds=1))

    # Changes that a calendar must follow.
    def retitle(self):
        edit_event(event_id=self.event.pk, values={"title": f"Talk {self.count}"})

    def move(self):
        edit_event(event_id=self.event.pk, values={"date_time": datetime(2040, 1, 1 + self.count, tzinfo=UTC)})

    def move_by_update(self):
        Event.objects.filter(pk=self.event.pk).update(date_time=datetime(2050, 1, 1 + self.count, tzinfo=UTC))

    def relocate_by_sql(self):
        sql("UPDATE events_event SET location = %s WHERE id = %s", f"Hall {self.count}", self.event.pk)

    def switch_event(self):
        status = Event.objects.get(pk=self.event.pk).status
        edit_event(event_id=self.event.pk, values={"status": "upcoming" if status == "cancelled" else "cancelled"})

    def switch_person(self):
        Event.objects.filter(pk=self.event.pk, status="cancelled").update(status="upcoming")
        mine = Registration.objects.filter(user=self.bob).select_related("event").latest("status_since")
        if mine.status == "cancelled":
            self.register()
        else:
            seats.update(registration=mine, by=self.bob, status="cancelled")

    def switch_person_by_sql(self):
        """To cancelled and back to the queue."""
        latest = Registration.objects.filter(user=self.bob).latest("status_since")
        status = "waitlisted" if latest.status == "cancelled" else "cancelled"
        sql("UPDATE registrations_registration SET status = %s WHERE id = %s", status, latest.pk)

    # Changes that concern others.
    def enroll_another(self):
        sql("UPDATE events_event SET max_capacity = max_capacity + 1 WHERE id = %s", self.event.pk)
        user = UserFactory(username=f"other{self.event.pk}-{self.count}")
        Registration.objects.create(event=self.event, user=user, status="waitlisted")

    def nothing(self):
        edit_event(event_id=self.event.pk, values={})


SEEN = ("retitle", "move", "move_by_update", "relocate_by_sql", "switch_event", "switch_person", "switch_person_by_sql")
UNSEEN = ("enroll_another", "nothing")


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(history_of=st.lists(st.tuples(st.sampled_from(SEEN + UNSEEN), st.integers(0, 3)), max_size=8))
def test_a_history_has_one_uid_and_a_sequence_that_grows_with_each_change(history_of):
    """Within one second it may stay; then the later DTSTAMP decides (RFC 5546, section 2.1.5). It never falls."""
    history = History()
    sent = [history.entry()]
    for step, seconds in history_of:
        history.count += 1
        for _ in range(seconds):
            history.age()
        getattr(history, step)()
        sent.append(history.entry())
    assert {str(entry["UID"]) for entry in sent} == {event_uid(history.event.pk)}
    for (step, seconds), (before, after) in zip(history_of, itertools.pairwise(sent), strict=True):
        grown = int(after["SEQUENCE"]) - int(before["SEQUENCE"])
        assert after["DTSTAMP"].dt >= before["DTSTAMP"].dt
        if step in UNSEEN:
            assert grown == 0
        else:
            assert grown >= (seconds > 0)


# There and back ------------------------------------------------------------------------------------------------------


TITLES = ("Talk", "a,b;c:d", r"C:\New \n", "\u05e2\u05d1\u05e8\u05d9\u05ea 😀", "“Quoted”")
TIMES = [
    (datetime(2031, 5, 1, 19, tzinfo=UTC), None),
    (datetime(2031, 5, 1, 19, tzinfo=UTC), datetime(2031, 5, 1, 23, tzinfo=UTC)),
    (datetime(2031, 5, 1, 19, 0, 0, 5, tzinfo=UTC), datetime(2031, 5, 1, 23, 59, 59, 999_999, tzinfo=UTC)),
    (datetime(2031, 5, 1, tzinfo=UTC), datetime(2031, 5, 2, 23, 59, 59, 999_999, tzinfo=UTC)),
]


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("uid", ["", "their-uid@elsewhere.org"])
def test_a_file_that_is_imported_again_changes_nothing(api, make_event, olga, times, uid):
    begins, ends = times
    made = [
        make_event(
            olga, title=title, description=f"{title}\n" * 400, date_time=begins, end_time=ends, uid=uid and f"{n}{uid}"
        )
        for n, title in enumerate(TITLES)
    ]
    for event in made:
        content = api(olga).get(f"/events/{event.pk}/calendar.ics").content
        rows = read_rows(content, name="event.ics", columns={}).rows
        report = import_events(rows=rows, organizer=olga)
        assert report == (0, 0, 1, [])
    assert Event.objects.count() == len(made)


def test_a_file_updates_its_event_and_no_other_organizers(api, make_event, olga, otto):
    event = make_event(olga, uid="their-uid@elsewhere.org")
    content = api(olga).get(f"/events/{event.pk}/calendar.ics").content.replace(b"LOCATION:Hall", b"LOCATION:Garden")
    rows = read_rows(content, name="event.ics", columns={}).rows
    assert import_events(rows=rows, organizer=olga) == (0, 1, 0, [])
    assert import_events(rows=rows, organizer=otto, defaults={"max_capacity": 5}) == (1, 0, 0, [])
    assert list(Event.objects.order_by("pk").values_list("location", "uid", "organizer__username")) == [
        ("Garden", "their-uid@elsewhere.org", "olga"),
        ("Garden", "", "otto"),
    ]


def test_the_short_text_of_a_mail_never_replaces_a_description(make_event, olga):
    event = make_event(olga, description="x" * 5000)
    event = Event.objects.with_organizer().get(pk=event.pk)
    mailed = calendar_entry(event, method=Method.REQUEST, attendee=Invitee("Olga", olga.email), stamp=timezone.now())
    content = mailed.replace(b"LOCATION:Hall", b"LOCATION:Garden")
    assert import_events(rows=read_rows(content, name="a.ics", columns={}).rows, organizer=olga) == (0, 1, 0, [])
    event.refresh_from_db()
    assert (event.location, event.description) == ("Garden", "x" * 5000)
