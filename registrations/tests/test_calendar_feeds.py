"""Calendar feeds: secret URLs that calendar programs read, what they show, and how they end."""

import logging
import re
from datetime import timedelta

import icalendar
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.services import accounts
from accounts.views import calendar_feeds as views
from eventhub.observability.logging import JsonFormatter, TextFormatter
from eventhub.testing.contract_client import ContractClient
from eventhub.testing.factories import PASSWORD
from eventhub.testing.responses import CRASH, NO_FEED, NO_HEADER, refusal, whole
from events.calendar_entry import event_uid
from events.models import Event
from registrations.models import CalendarFeed, Registration
from registrations.selectors import calendars
from registrations.selectors.calendars import feed_calendar
from registrations.services import account_deletion, calendar_feeds

pytestmark = pytest.mark.django_db

FEEDS = "/users/me/calendar-feeds/"


def make(owner, kind="registrations"):
    return calendar_feeds.create_feed(owner=owner, kind=kind)


def get(made, **headers):
    return ContractClient().get(f"/calendars/{made.secret}.ics", headers=headers)


def shown(made):
    """What a feed has of each event: its title and its status."""
    events = icalendar.Calendar.from_ical(get(made).content).events
    return {str(event["SUMMARY"]): str(event["STATUS"]) for event in events}


def days(number):
    return timezone.now() + timedelta(days=number)


# Making, listing, revoking -------------------------------------------------------------------------------------------


def test_a_feed_is_made_shown_once_read_and_revoked(api, bob, make_event, enroll, olga, settings):
    settings.PUBLIC_URL = "https://events.example.org"
    event = make_event(olga)
    enroll(event, bob)
    answer = api(bob).post(FEEDS, {"kind": "registrations"})
    body = answer.json()
    assert (answer.status_code, body["kind"], body["last_used_at"]) == (201, "registrations", None)
    (secret,) = re.fullmatch(r"https://events\.example\.org/calendars/([\w-]{43})\.ics", body["url"]).groups()
    assert body["webcal_url"] == f"webcal://events.example.org/calendars/{secret}.ics"
    read = ContractClient().get(f"/calendars/{secret}.ics")
    names = ("Content-Type", "Cache-Control", "Content-Disposition")
    assert (read.status_code, [read.headers[name] for name in names]) == (
        200,
        ["text/calendar; charset=utf-8", "private, max-age=900", 'attachment; filename="calendar.ics"'],
    )
    calendar = icalendar.Calendar.from_ical(read.content)
    assert {name: str(calendar[name]) for name in ("NAME", "X-WR-CALNAME", "X-PUBLISHED-TTL")} == {
        "NAME": "Registrations of bob",
        "X-WR-CALNAME": "Registrations of bob",
        "X-PUBLISHED-TTL": "PT1H",
    }
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in read.content
    assert "METHOD" not in calendar
    assert [(entry["UID"], entry["SUMMARY"]) for entry in calendar.events] == [(event_uid(event.pk), "Talk")]
    assert {"ATTENDEE", "ORGANIZER"}.isdisjoint(calendar.events[0])
    (listed,) = api(bob).get(FEEDS).json()["results"]
    assert listed.keys() == {"feed_id", "kind", "created_at", "last_used_at"}
    assert listed["last_used_at"] is not None
    assert api(bob).delete(f"{FEEDS}{listed['feed_id']}").status_code == 204
    assert whole(ContractClient().get(f"/calendars/{secret}.ics")) == NO_FEED
    assert api(bob).get(FEEDS).json()["results"] == []


def test_the_secret_is_kept_nowhere(bob):
    made = make(bob)
    stored = str(CalendarFeed.objects.values().get())
    assert made.secret not in stored + repr(made)
    assert made.feed.digest in stored


def test_making_one_takes_a_fresh_sign_in_or_the_password(api, bob):
    old = api(bob, signed_in_at=0)
    assert old.post(FEEDS, {"kind": "registrations"}).json()["code"] == "reauthentication_required"
    wrong = {"kind": "registrations", "current_password": "wrong"}
    assert old.post(FEEDS, wrong).json()["code"] == "reauthentication_required"
    assert CalendarFeed.objects.count() == 0
    assert old.post(FEEDS, {**wrong, "current_password": PASSWORD}).status_code == 201


def test_events_are_for_organizers_and_there_is_a_limit(api, bob, olga, monkeypatch):
    told = refusal(403, "You must be an organizer to do this", "permission_denied")
    assert whole(api(bob).post(FEEDS, {"kind": "events"})) == told
    assert api(olga).post(FEEDS, {"kind": "events"}).status_code == 201
    monkeypatch.setattr(calendar_feeds, "MAX_FEEDS", 1)
    assert api(olga).post(FEEDS, {"kind": "events"}).json()["code"] == "too_many_feeds"
    assert api(bob).post(FEEDS, {"kind": "everything"}).json()["code"] == "invalid"
    assert whole(api().post(FEEDS, {"kind": "events"})) == NO_HEADER


def test_nobody_sees_or_revokes_anothers(api, bob, eve, ada):
    made = make(bob)
    for other in (eve, ada):
        assert api(other).get(FEEDS).json()["results"] == []
        assert whole(api(other).delete(f"{FEEDS}{made.feed.pk}")) == NO_FEED
    assert get(made).status_code == 200


# What they show ------------------------------------------------------------------------------------------------------


def test_ones_registrations_are_there_and_nobody_elses(make_event, enroll, olga, bob, eve):
    for status in ("registered", "waitlisted", "attended", "cancelled"):
        enroll(make_event(olga, title=status), bob, status)
    enroll(make_event(olga, title="eve's"), eve)
    enroll(make_event(olga, title="draft", draft=True), bob)
    make_event(olga, title="not mine")
    assert shown(make(bob)) == {
        "registered": "CONFIRMED",
        "attended": "CONFIRMED",
        "waitlisted": "TENTATIVE",
        "cancelled": "CANCELLED",
    }


def test_an_organizers_events_are_there_without_drafts_and_others(make_event, enroll, olga, otto, ada):
    for status in ("upcoming", "active", "completed", "cancelled", "draft"):
        make_event(olga, title=status, status=status)
    theirs = make_event(otto, title="otto's")
    enroll(theirs, olga)
    make_event(ada, title="ada's")
    confirmed = dict.fromkeys(("upcoming", "active", "completed"), "CONFIRMED")
    assert shown(make(olga, "events")) == {**confirmed, "cancelled": "CANCELLED"}
    assert shown(make(ada, "events")) == {"ada's": "CONFIRMED"}


def test_what_is_cancelled_or_over_for_long_is_gone(make_event, enroll, olga, bob):
    made, of_olga = make(bob), make(olga, "events")
    past = make_event(olga, title="past", date_time=days(-89))
    long_past = make_event(olga, title="long past", date_time=days(-91))
    long_one = make_event(olga, title="long", date_time=days(-120), end_time=days(-80))
    called_off = make_event(olga, title="called off", status="cancelled")
    forgotten = make_event(olga, title="forgotten", status="cancelled")
    given_up, given_up_long_ago = make_event(olga, title="given up"), make_event(olga, title="given up long ago")
    for event in (past, long_past, long_one, called_off, forgotten):
        enroll(event, bob)
    enroll(given_up, bob, "cancelled", status_since=days(-29))
    enroll(given_up_long_ago, bob, "cancelled", status_since=days(-31))
    Event.objects.filter(pk=forgotten.pk).update(updated_at=days(-31))
    known = {"past": "CONFIRMED", "long": "CONFIRMED", "called off": "CANCELLED"}
    assert shown(made) == {**known, "given up": "CANCELLED"}
    assert shown(of_olga) == {**known, "given up": "CONFIRMED", "given up long ago": "CONFIRMED"}


@pytest.mark.parametrize(
    ("statuses", "seen"), [(["cancelled", "registered"], "CONFIRMED"), (["cancelled"] * 2, "CANCELLED")]
)
def test_an_event_is_there_once(make_event, enroll, olga, bob, statuses, seen):
    event = make_event(olga)
    for status in [*statuses, "cancelled"]:
        enroll(event, bob, status)
    content = get(make(bob)).content
    assert content.count(b"BEGIN:VEVENT") == 1
    assert f"STATUS:{seen}\r\n".encode() in content


def test_what_is_to_come_goes_before_what_is_over(make_event, olga, monkeypatch):
    monkeypatch.setattr(calendars, "MAX_ENTRIES", 3)
    for day in (-3, -2, -1, 1, 2):
        make_event(olga, title=f"{day}", date_time=days(day))
    assert list(shown(make(olga, "events"))) == ["-1", "1", "2"]
    make_event(olga, title="3", date_time=days(3))
    make_event(olga, title="4", date_time=days(4))
    assert list(shown(make(olga, "events"))) == ["1", "2", "3"]


def test_a_feed_costs_the_same_statements_whatever_it_holds(make_event, enroll, olga, bob):
    made = make(bob)
    counts = []
    for _ in range(2):
        for _ in range(3):
            enroll(make_event(olga), bob)
        calendar_feeds.record_use(made.feed, now=timezone.now())
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert get(made).status_code == 200
        counts.append(len(queries))
    assert counts == [3, 3]  # the feed with its owner, what is to come, what is over


# Conditional requests, refusals, throttles ---------------------------------------------------------------------------


def test_a_feed_has_an_etag_that_follows_every_change(make_event, enroll, olga, bob):
    event = make_event(olga)
    registration = enroll(event, bob)
    made = make(bob)
    tag = get(made).headers["ETag"]
    again = get(made, **{"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["Cache-Control"]) == (304, b"", "private, max-age=900")
    assert get(made, **{"If-Match": '"x"'}).status_code == 412
    enroll(event)
    assert get(made, **{"If-None-Match": tag}).status_code == 304
    Registration.objects.filter(pk=registration.pk).update(status="cancelled")
    assert get(made, **{"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("secret", ["x", "x" * 43, "x" * 5000, "%00", "%F0%9F%98%80", "a%2Fb", "a.ics", "..%2f"])
def test_an_unknown_secret_is_a_404(secret):
    answer = ContractClient().get(f"/calendars/{secret}.ics")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_unknown_and_revoked_cost_the_same_one_statement(bob, eve):
    ended, revoked = make(bob), make(eve)
    accounts.end_sign_ins(account=bob, by=bob)
    calendar_feeds.revoke_feed(feed=CalendarFeed.objects.get(user=eve), by=eve)
    counts = []
    for secret in (ended.secret, revoked.secret, "x" * 43):
        with CaptureQueriesContext(connection) as queries:
            assert whole(ContractClient().get(f"/calendars/{secret}.ics")) == NO_FEED
        counts.append(len(queries))
    assert counts == [1, 1, 1]


@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_feed_is_only_read(bob, verb):
    answer = ContractClient().send(verb, f"/calendars/{make(bob).secret}.ics")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_a_head_and_a_bad_token_are_answered_too(bob):
    made = make(bob)
    head = Client().head(f"/calendars/{made.secret}.ics")
    assert (head.status_code, head.content, head.headers["Content-Type"]) == (200, b"", "text/calendar; charset=utf-8")
    assert ContractClient("garbage").get(f"/calendars/{made.secret}.ics").status_code == 200


def test_each_url_has_a_throttle_of_its_own(bob, monkeypatch, settings):
    settings.THROTTLE_GENERAL = "600/min"
    monkeypatch.setattr(views, "FEED_RATE", "2/hour")
    one, other = make(bob), make(bob)
    assert [get(one).status_code for _ in range(3)] == [200, 200, 429]
    assert get(other).status_code == 200


# Ends ----------------------------------------------------------------------------------------------------------------


def new_password(bob, ada):
    changes = {"password": "another passphrase for tests"}
    account_deletion.change_account(account=bob, by=bob, changes=changes)


def deactivated(bob, ada):
    account_deletion.change_account(account=bob, by=ada, changes={"is_active": False})


def deactivated_and_activated(bob, ada):
    deactivated(bob, ada)
    bob.refresh_from_db()
    account_deletion.change_account(account=bob, by=ada, changes={"is_active": True})


def signed_out(bob, ada):
    accounts.end_sign_ins(account=bob, by=bob)


def deleted(bob, ada):
    account_deletion.delete_account(account_id=bob.pk)


@pytest.mark.parametrize("end", [new_password, deactivated, deactivated_and_activated, signed_out, deleted])
def test_a_feed_ends_as_a_service_token_does(bob, ada, end):
    made = make(bob)
    assert get(made).status_code == 200
    end(bob, ada)
    assert whole(get(made)) == NO_FEED
    if end is deleted:
        assert CalendarFeed.objects.count() == 0


def test_ended_feeds_make_room_for_new_ones(bob, monkeypatch):
    monkeypatch.setattr(calendar_feeds, "MAX_FEEDS", 1)
    make(bob)
    bob = accounts.end_sign_ins(account=bob, by=bob)
    made = make(bob)
    assert list(CalendarFeed.objects.all()) == [made.feed]


def test_an_organizer_who_is_none_any_more_shows_nothing_new(make_event, olga, ada):
    made = make(olga, "events")
    make_event(olga, title="draft", draft=True)
    account_deletion.change_account(account=olga, by=ada, changes={"role": "user"})
    assert shown(made) == {}


# Logs ----------------------------------------------------------------------------------------------------------------


def test_no_log_has_the_secret(bob, caplog, monkeypatch, settings):
    settings.LOG_FORMAT = "json"
    monkeypatch.setattr(views, "feed_calendar", lambda feed, now: 1 / 0)
    with caplog.at_level(logging.DEBUG):
        made = make(bob)
        answer = get(made)
    assert whole(answer) == CRASH
    for formatter in (JsonFormatter(), TextFormatter()):
        lines = "\n".join(map(formatter.format, caplog.records))
        assert made.secret not in lines
        assert made.feed.digest not in re.sub(r".*django\.db.*", "", lines)
        assert "/calendars/{secret}.ics" in lines


def test_making_and_revoking_are_noted(bob, caplog):
    with caplog.at_level(logging.INFO, logger="eventhub.security"):
        made = make(bob)
        calendar_feeds.revoke_feed(feed=made.feed, by=bob)
    pk = {"user_id": bob.pk, "by": bob.pk, "feed_id": caplog.records[0].facts["feed_id"]}
    noted = [(record.message, record.facts) for record in caplog.records if record.name == "eventhub.security"]
    assert noted == [("feed_made", {**pk, "kind": "registrations"}), ("feed_revoked", pk)]


# The page in the back office -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_organizer_makes_and_revokes_one_in_the_back_office(office, olga, otto, make_event):
    make_event(olga)
    client, page = office(olga), "/admin/calendar-feeds/"
    form = {"kind": "events", "current_password": PASSWORD}
    assert "Enter your current password." in client.post(page, {"kind": "events"}).content.decode()
    answer = client.post(page, form)
    (secret,) = set(re.findall(r"/calendars/([\w-]{43})\.ics", answer.content.decode()))
    assert "no-store" in answer.headers["Cache-Control"]
    assert f'href="webcal://127.0.0.1:8000/calendars/{secret}.ics"' in answer.content.decode()
    assert ContractClient().get(f"/calendars/{secret}.ics").status_code == 200
    listed = client.get(page).content.decode()
    assert ("Events that I organize" in listed, secret in listed) == (True, False)
    pk = CalendarFeed.objects.get().pk
    assert office(otto).post(page, {"revoke": pk}).status_code == 404
    assert client.post(page, {"revoke": pk}).headers["Location"] == page
    assert whole(ContractClient().get(f"/calendars/{secret}.ics")) == NO_FEED


@pytest.mark.slow
def test_five_hundred_entries_are_made_in_time(make_event, olga):
    made = make(olga, "events")
    Event.objects.bulk_create(
        Event(organizer=olga, title="Talk", location="Hall", max_capacity=1, date_time=days(1), description="x" * 5000)
        for _ in range(501)
    )
    content = feed_calendar(made.feed, now=timezone.now()).content
    assert content.count(b"BEGIN:VEVENT") == 500
    assert len(content) < 1_000_000
