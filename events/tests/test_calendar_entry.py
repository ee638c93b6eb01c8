"""Calendar entries: golden files that two libraries read, and texts that try to be more than a text."""

import re
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import OrganizerProfile, User
from events.calendar_entry import (
    MAX_DESCRIPTION,
    Invitee,
    Method,
    Standing,
    calendar_entry,
    event_component,
    event_id_of,
    event_uid,
    render,
    sequence,
)
from events.imports.icalendar import read_calendar
from events.models import Event

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import vobject

pytestmark = pytest.mark.once
GOLDEN = Path(__file__).parent / "calendar_entries"
MADE = datetime(2027, 3, 1, 9, tzinfo=UTC)
STAMP = MADE + timedelta(days=30)
BOB = Invitee("Bob", "bob@example.org")
SITE = {"PUBLIC_URL": "https://events.example.org", "CALENDAR_DOMAIN": "events.example.org"}


@pytest.fixture(autouse=True)
def site(settings):
    settings.PUBLIC_URL, settings.CALENDAR_DOMAIN = SITE.values()
    settings.INVITES_FROM = "EventHub <events@example.org>"


def an_event(organizer_name="Olga's Lectures", **fields):
    organizer = User(pk=7, username="olga")
    organizer.profile = OrganizerProfile(user=organizer, name=organizer_name)
    usual = {
        "title": "Night of the Telescopes",
        "description": "Bring a coat.\nAnd a friend.",
        "location": "Observatory, north lawn",
        "date_time": datetime(2027, 5, 1, 19, tzinfo=UTC),
        "end_time": datetime(2027, 5, 1, 23, tzinfo=UTC),
        "created_at": MADE,
        "updated_at": MADE + timedelta(days=1),
    }
    return Event(pk=12, organizer=organizer, **{**usual, **fields})


def seen_by_icalendar(text):
    (event,) = icalendar.Calendar.from_ical(text).events
    return {name: str(event[name]) for name in ("UID", "SUMMARY", "LOCATION", "DESCRIPTION", "STATUS") if name in event}


def seen_by_vobject(text):
    calendar = vobject.readOne(text.decode())
    (event,) = calendar.vevent_list
    names = ("UID", "SUMMARY", "LOCATION", "DESCRIPTION", "STATUS")
    return {name: event.contents[name.lower()][0].value for name in names if name.lower() in event.contents}


DAY = datetime(2027, 5, 1, tzinfo=UTC)
ENTRIES = {
    "request": (an_event(), {"method": Method.REQUEST, "attendee": BOB}),
    "update": (
        an_event(title="Night of the Planets", updated_at=MADE + timedelta(days=2)),
        {"method": Method.REQUEST, "attendee": BOB, "status_since": MADE + timedelta(hours=1)},
    ),
    "cancel": (
        an_event(),
        {"method": Method.CANCEL, "attendee": BOB, "status_since": MADE + timedelta(days=3)},
    ),
    "event_cancelled": (
        an_event(status="cancelled", updated_at=MADE + timedelta(days=4)),
        {"method": Method.CANCEL, "attendee": BOB},
    ),
    "publish": (an_event(), {"method": Method.PUBLISH}),
    "publish_waiting": (an_event(), {"method": Method.PUBLISH, "standing": Standing.WAITING}),
    "publish_draft": (an_event(status="draft", description="", end_time=None), {"method": Method.PUBLISH}),
    "publish_days": (
        an_event(date_time=DAY, end_time=DAY + timedelta(days=2) - timedelta(microseconds=1)),
        {"method": Method.PUBLISH},
    ),
    "request_zone": (
        an_event(
            time_zone="Europe/Berlin", venue="Royal Observatory", address="1 Star Hill", latitude=0, longitude=-7.5
        ),
        {"method": Method.REQUEST, "attendee": BOB},
    ),
    "publish_days_zone": (
        an_event(
            time_zone="Pacific/Auckland",
            date_time=DAY - timedelta(hours=12),
            end_time=DAY + timedelta(hours=12) - timedelta(microseconds=1),
        ),
        {"method": Method.PUBLISH},
    ),
    "nasty": (
        an_event(
            '\u202e\u05e2\u05d1\u05e8\u05d9\u05ea; "Q": 😀\r\nX-EVIL:1',
            title="a,b;c\\n:\r\nEND:VEVENT\r\nATTENDEE:mailto:eve@example.org " + "😀é" * 30,
            location='C:\\New\x0b"hall"\u2028;x',
            description="1\r\n2\r3\x854\x00\x1b\tend\\N",
        ),
        {
            "method": Method.REQUEST,
            "attendee": Invitee('\u05e2\u05d1\u05e8\u05d9\u05ea";X=1:\r\nEND:VCALENDAR', "b?&%o'b+x@example.org"),
        },
    ),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_is_its_golden_file_which_two_libraries_read_alike(name):
    """To write one anew, delete it and run this twice."""
    event, arguments = ENTRIES[name]
    text = calendar_entry(event, stamp=STAMP, **arguments)
    assert text == golden(name, text)
    assert seen_by_icalendar(text) == seen_by_vobject(text)


def golden(name, text):
    file = GOLDEN / f"{name}.ics"
    if not file.exists():
        file.write_bytes(text)
        pytest.fail(f"{file} is new")
    return file.read_bytes()


def test_a_feed_is_its_golden_file_which_two_libraries_read_alike():
    events = [an_event(), an_event(title="Called off", status="cancelled"), an_event(title="Full")]
    standings = [Standing.CONFIRMED, Standing.CONFIRMED, Standing.WAITING]
    components = [
        event_component(event, stamp=event.updated_at, status_since=MADE, standing=standing)
        for event, standing in zip(events, standings, strict=True)
    ]
    text = render(components, name='Events of "Olga"\r\nX-EVIL:1 😀', refresh="PT1H")
    assert text == golden("feed", text)
    one, other = icalendar.Calendar.from_ical(text), vobject.readOne(text.decode())
    expected = [("Night of the Telescopes", "CONFIRMED"), ("Called off", "CANCELLED"), ("Full", "TENTATIVE")]
    assert [(str(event["SUMMARY"]), str(event["STATUS"])) for event in one.events] == expected
    assert [(event.summary.value, event.status.value) for event in other.vevent_list] == expected
    names = {str(one["NAME"]), str(one["X-WR-CALNAME"]), other.contents["x-wr-calname"][0].value}
    assert names == {'Events of "Olga" X-EVIL:1 😀'}


def test_what_clients_go_by():
    """One UID for all; SEQUENCE grows; a method, and with it one attendee, for mails alone."""
    seen = {}
    for name, (event, arguments) in ENTRIES.items():
        calendar = icalendar.Calendar.from_ical(calendar_entry(event, stamp=STAMP, **arguments))
        (entry,) = calendar.events
        seen[name] = (
            str(calendar["METHOD"]),
            str(entry["UID"]),
            int(entry["SEQUENCE"]),
            str(entry["STATUS"]),
            str(entry.get("ATTENDEE", "")),
        )
    day, uid, bob = 24 * 60 * 60, "event-12@events.example.org", "mailto:bob@example.org"
    assert seen == {
        "request": ("REQUEST", uid, day, "CONFIRMED", bob),
        "update": ("REQUEST", uid, 2 * day, "CONFIRMED", bob),
        "cancel": ("CANCEL", uid, 3 * day, "CANCELLED", bob),
        "event_cancelled": ("CANCEL", uid, 4 * day, "CANCELLED", bob),
        "publish": ("PUBLISH", uid, day, "CONFIRMED", ""),
        "publish_waiting": ("PUBLISH", uid, day, "TENTATIVE", ""),
        "publish_draft": ("PUBLISH", uid, day, "TENTATIVE", ""),
        "publish_days": ("PUBLISH", uid, day, "CONFIRMED", ""),
        "request_zone": ("REQUEST", uid, day, "CONFIRMED", bob),
        "publish_days_zone": ("PUBLISH", uid, day, "CONFIRMED", ""),
        "nasty": ("REQUEST", uid, day, "CONFIRMED", "mailto:b%3F%26%25o%27b+x@example.org"),
    }


def test_an_invitation_needs_its_attendee():
    with pytest.raises(ValueError, match=r"^REQUEST needs the attendee\.$"):
        calendar_entry(an_event(), method=Method.REQUEST, stamp=STAMP)


texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=120) | st.text(
    "\r\n:;,\\\"'^=Nn ", max_size=60
)
PROPERTIES = {
    *("UID", "URL", "SEQUENCE", "SUMMARY", "LOCATION", "DESCRIPTION", "STATUS", "DTSTAMP", "CREATED"),
    *("LAST-MODIFIED", "DTSTART", "DTEND", "ORGANIZER", "ATTENDEE"),
}


@pytest.mark.slow
@given(title=texts, location=texts, description=texts, organizer=texts, name=texts)
def test_no_text_is_more_than_a_text(title, location, description, organizer, name):
    with override_settings(**SITE):
        event = an_event(organizer, title=title, location=location, description=description)
        text = calendar_entry(event, method=Method.REQUEST, stamp=STAMP, attendee=Invitee(name, BOB.email))
    lines = text.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", b"".join(lines))
    assert all(line.decode() or True for line in lines)  # no character is cut in two
    unfolded = text.replace(b"\r\n ", b"").decode().split("\r\n")
    named = [re.match("[A-Z-]+", line)[0] for line in unfolded[:-1]]
    assert (named[:4], named[-2:]) == (["BEGIN", "VERSION", "PRODID", "METHOD"], ["END", "END"])
    assert sorted(named[5:-2]) == sorted(PROPERTIES - ({"DESCRIPTION"} - set(named)))
    assert seen_by_icalendar(text) == seen_by_vobject(text)
    (entry,) = icalendar.Calendar.from_ical(text).events
    plain = re.compile(r"[\w .,;:\\'^-]*", re.ASCII)
    assert [
        str(entry[key]) for key, value in (("SUMMARY", title), ("LOCATION", location)) if plain.fullmatch(value)
    ] == [value for value in (title, location) if plain.fullmatch(value)]


def test_a_long_description_is_whole_in_files_and_cut_in_mails_and_feeds():
    event = an_event(description="x" * 5000)
    cut = "x" * (MAX_DESCRIPTION - 1) + "…"
    whole = seen_by_icalendar(calendar_entry(event, method=Method.PUBLISH, stamp=STAMP))["DESCRIPTION"]
    mailed = seen_by_icalendar(calendar_entry(event, method=Method.REQUEST, attendee=BOB, stamp=STAMP))["DESCRIPTION"]
    fed = seen_by_icalendar(render([event_component(event, stamp=STAMP)]))["DESCRIPTION"]
    assert (len(whole), mailed, fed) == (5000, cut, cut)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_whole_days_are_dates_and_bounds_of_the_years_are_times(settings, zone):
    settings.TIME_ZONE = zone
    dates = "DTSTART;VALUE=DATE:20310329\r\nDTEND;VALUE=DATE:20310401\r\n"
    lines = f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\n{dates}END:VEVENT\r\nEND:VCALENDAR\r\n"
    (row,) = read_calendar(lines.encode()).rows
    event = an_event(date_time=row.values["date_time"], end_time=row.values["end_time"])
    assert set(dates.split()) <= set(render([event_component(event, stamp=STAMP)]).decode().split())


def test_the_bounds_of_the_contracts_years_have_an_entry(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    first, last = datetime(1900, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    lines = render([event_component(an_event(date_time=first, end_time=last), stamp=STAMP)]).decode().split()
    assert {"DTSTART:19000101T000000Z", "DTEND:29991231T235959Z"} <= set(lines)


def test_the_sequence_is_never_negative_nor_above_what_a_client_can_hold():
    assert [
        sequence(an_event(updated_at=MADE + timedelta(seconds=seconds)))
        for seconds in (-5, 0, 0.9, 1, 1.9, 2**31, 2**33)
    ] == [0, 0, 0, 1, 1, 2**31 - 1, 2**31 - 1]


def test_a_uid_of_ours_is_told_from_others():
    assert event_id_of(event_uid(12)) == 12
    others = ["event-12@elsewhere.org", "event-0@events.example.org", "event-012@events.example.org", "12", ""]
    assert [event_id_of(uid) for uid in others] == [None] * len(others)


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({}, "https://events.example.org/e/12"),
        ({"slug": "night", "visibility": "unlisted"}, "https://events.example.org/e/night"),
        ({"slug": "night", "visibility": "private"}, None),
        ({"status": "draft"}, None),
    ],
)
def test_an_entry_leads_to_the_page_that_everybody_may_open(settings, fields, url):
    assert event_component(an_event(**fields), stamp=STAMP).get("URL") == url
    settings.PUBLIC_PAGES = False
    assert "URL" not in event_component(an_event(**fields), stamp=STAMP)
