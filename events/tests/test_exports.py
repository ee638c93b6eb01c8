"""The events of a queryset as a table, which import_events reads again."""

import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from eventhub.languages import Language
from eventhub.spreadsheets.cells import as_read_again
from eventhub.spreadsheets.entries import load_table
from eventhub.spreadsheets.exports import csv_lines, write_xlsx
from events import exports
from events.imports.files import read_rows
from events.models import MAX_REMIND_HOURS, MAX_REMINDERS, Event, EventStatus, Telling
from events.services.tags import set_tags
from events.tests.import_runs import REFUSED, Run, counted, run
from registrations.services.event_import import OTHER_EVENT

pytestmark = pytest.mark.django_db


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.fixture
def talk(olga, make_event, enroll):
    olga.profile.name = "Olga's Observatory"
    olga.profile.save()
    event = make_event(
        olga,
        title="=Talk",
        description="Bring\n- a coat.",
        date_time=at(2031, 5, 1, 16),
        end_time=at(2031, 5, 1, 18),
        max_capacity=2,
        status="active",
        registration_opens=at(2031, 4, 1),
        language="de",
        time_zone="Asia/Tokyo",
        attendance="mixed",
        address="1 Main Street",
        latitude=52.5,
        longitude=0,
        online_url="https://meet.example.org/1",
        online_from=at(2031, 5, 1, 16),
        notifications="all",
        remind_hours=[48, 2],
        guests="hold",
        hides_seats=True,
        visibility="unlisted",
        slug="talk",
    )
    set_tags(event, ["Jazz", "C++"])
    for status in ("registered", "attended", "waitlisted", "cancelled"):
        enroll(event, status=status)
    event.refresh_from_db()
    return event


def test_an_event_is_told_with_its_counts_and_its_organizers_public_name(settings, talk, otto, make_event):
    settings.TIME_ZONE = "Europe/Berlin"
    plain = make_event(otto, title="Walk", date_time=at(2031, 6, 1), waitlist=False)
    assert exports.header() == [
        "Event ID",
        "Title",
        "Status",
        "Begins (Europe/Berlin)",
        "Ends (Europe/Berlin)",
        "Location",
        "Organizer",
        "Seats",
        "Seats taken",
        "Waiting",
        "Queue",
        "Hide the number of seats",
        "Registration opens (Europe/Berlin)",
        "Registration closes (Europe/Berlin)",
        "Language of emails",
        "Emails to attendees",
        "Reminders",
        "Guests",
        "Visibility",
        "Slug",
        "Tags",
        "Created (Europe/Berlin)",
        "Description",
        "Time zone",
        "Local begin",
        "Local end",
        "Attendance",
        "Venue",
        "Address",
        "Latitude",
        "Longitude",
        "Online link shown from (Europe/Berlin)",
        "Cancel until (Europe/Berlin)",
        "Edit until (Europe/Berlin)",
        "Transfer until (Europe/Berlin)",
    ]
    begins, ends, opens = at(2031, 5, 1, 16), at(2031, 5, 1, 18), at(2031, 4, 1)
    local = [time.astimezone(ZoneInfo("Asia/Tokyo")).replace(tzinfo=None) for time in (begins, ends)]
    place, until = ["mixed", "", "1 Main Street", "52.5", "0"], [begins, None, None, None]
    assert list(exports.rows(Event.objects.order_by("-title"))) == [
        [
            *(talk.pk, "=Talk", "Active", begins, ends, "Hall", "Olga's Observatory", 2, 2, 1, "on", "on", opens, None),
            *(
                "de",
                "all",
                "48, 2",
                "hold",
                "unlisted",
                "talk",
                "C++, Jazz",
                talk.created_at.replace(microsecond=0),
                "Bring\n- a coat.",
            ),
            *("Asia/Tokyo", *local, *place, *until),
        ],
        [
            *(plain.pk, "Walk", "Upcoming", at(2031, 6, 1), None, "Hall", "otto", 10, 0, 0, "off", "off", None, None),
            *("", "usual", "24", "no", "public", "", "", plain.created_at.replace(microsecond=0), ""),
            *("", at(2031, 6, 1, 2).replace(tzinfo=None), None, "offline", "", "", "", "", None, None, None, None),
        ],
    ]


def test_a_batch_is_one_query_however_many_organizers(person, make_event):
    for number in range(3):
        make_event(person(f"organizer{number}", role="organizer"))
    with CaptureQueriesContext(connection) as captured:
        assert len(list(exports.rows(Event.objects.all()))) == 3
    # The events with their organizers; and that there are no more.
    assert len(captured) == 2


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_is_read_again_as_what_it_was(settings, tmp_path, talk, olga, otto, kind):
    settings.TIME_ZONE = "America/New_York"
    path = written(tmp_path, kind)

    def imported(organizer):
        out = io.StringIO()
        call_command("import_events", str(path), "--organizer", organizer, stdout=out)
        return out.getvalue().strip()

    assert imported("olga") == "0 created, 0 updated, 1 unchanged, 0 with errors"
    assert imported("otto") == "1 created, 0 updated, 0 unchanged, 0 with errors"
    fields = ("title", "description", "date_time", "end_time", "location", "max_capacity", "status")
    fields += ("registration_opens", "registration_closes", "notifications", "remind_hours", "language", "guests")
    fields += ("hides_seats", "visibility")
    first, second = Event.objects.order_by("pk").values(*fields)
    assert first == second


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_exporting_and_importing_at_once_changes_nothing(settings, tmp_path, olga, make_event, kind):
    """Events that are alike, fractions of seconds, the hour that occurs twice, no waiting list, an end of all day."""
    settings.TIME_ZONE = "Europe/Berlin"
    twice = at(2031, 10, 26, 0, 30), at(2031, 10, 26, 1, 30)
    for begins in (*twice, *twice):
        make_event(olga, date_time=begins, registration_opens=begins - timedelta(days=1, microseconds=1))
    make_event(olga, title="#REF!", description="One\r\ntwo \n", waitlist=False, status="draft", uid="a")
    make_event(olga, title="Quiet", notifications="none", remind_hours=[], language="en")
    make_event(olga, title=" Fair", date_time=at(2031, 5, 1), end_time=at(2031, 5, 3, 21, 59, 59, 999999))
    before = list(Event.objects.order_by("pk").values())
    path = written(tmp_path, kind)
    assert run(path) == Run(counted(unchanged=7), [])
    assert list(Event.objects.order_by("pk").values()) == before
    assert load_table(path.read_bytes(), max_rows=9).records[6].cells[4] == "2031-05-03"


def written(folder, kind):
    path = folder / f"events.{kind}"
    with path.open("wb") as file:
        if kind == "csv":
            file.writelines(csv_lines(exports.header(), exports.rows(Event.objects.all())))
        else:
            write_xlsx(file, "Events", exports.header(), exports.rows(Event.objects.all()))
    return path


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]
ZONES += ["America/St_Johns", "Africa/Casablanca", "Europe/Amsterdam", "Pacific/Kiritimati"]
MOMENTS = st.one_of(
    st.datetimes(at(1900, 1, 3).replace(tzinfo=None), at(2999, 12, 29).replace(tzinfo=None), timezones=st.just(UTC)),
    # Near changes of the time, and at the ends of days.
    st.builds(
        lambda day, half_hours, microseconds: day + timedelta(minutes=30 * half_hours, microseconds=microseconds),
        st.sampled_from([at(2031, 4, 6), at(2031, 10, 26), at(2031, 11, 2), at(2011, 12, 30), at(1937, 7, 1)]),
        st.integers(-48, 48),
        st.sampled_from([0, 0, -1, 1, 999_999]),
    ),
)
LENGTHS = st.timedeltas(timedelta(microseconds=1), timedelta(days=3))
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40).map("a{}z".format)
TEXTS |= st.sampled_from(
    ["=1+1", "#N/A", "TRUE", "00123", "'quoted", "+49 30", "a;b", 'a "b"', "sep=;", "1e5", "_x000D_", "2031-05-01"]
)


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zone=st.sampled_from(ZONES),
    begins=MOMENTS,
    lengths=st.tuples(st.none() | LENGTHS, st.none() | LENGTHS, st.none() | LENGTHS),
    texts=st.tuples(TEXTS, TEXTS, st.just("") | st.text(st.characters(exclude_categories=["Cs"]), max_size=60)),
    seats=st.integers(1, 2**31 - 1),
    waitlist=st.booleans(),
    hides=st.booleans(),
    status=st.sampled_from(EventStatus.values),
    telling=st.sampled_from(Telling.values),
    language=st.sampled_from(["", *Language.values]),
    hours=st.lists(st.integers(1, MAX_REMIND_HOURS), max_size=MAX_REMINDERS),
    own_zone=st.sampled_from(["", *ZONES]),
    degrees=st.none() | st.floats(-90, 90).map(lambda degrees: round(degrees, 6)),
)
def test_every_field_of_any_event_comes_back_as_it_was(
    talk,
    kind,
    zone,
    begins,
    lengths,
    texts,
    seats,
    waitlist,
    hides,
    status,
    telling,
    language,
    hours,
    own_zone,
    degrees,
):
    talk.time_zone, talk.latitude, talk.longitude, talk.venue = own_zone, degrees, degrees, texts[1].replace("\0", "")
    talk.cancel_until = lengths[1] and begins - lengths[1]
    talk.title, talk.location, talk.description = (text.replace("\0", "") for text in texts)
    length, opens, closes = lengths
    talk.date_time, talk.end_time = begins, length and begins + length
    talk.registration_opens = opens and begins - opens
    talk.registration_closes = closes and begins + closes
    talk.max_capacity, talk.waitlist, talk.status = seats, waitlist, status
    talk.hides_seats = hides
    talk.notifications, talk.language, talk.remind_hours = telling, language, hours
    with override_settings(TIME_ZONE=zone):
        file = io.BytesIO()
        if kind == "csv":
            file.writelines(csv_lines(exports.header(), [exports.row(talk)]))
        else:
            write_xlsx(file, "Events", exports.header(), [exports.row(talk)])
        (imported,) = read_rows(file.getvalue(), name="events", columns={}).rows
    fields = ("title", "location", "description", "date_time", "end_time", "registration_opens", "registration_closes")
    others = (
        "hides_seats",
        "visibility",
        "max_capacity",
        "waitlist",
        "status",
        "notifications",
        "remind_hours",
        "language",
        "guests",
    )
    others += ("time_zone", "latitude", "longitude", "cancel_until", "edit_until", "transfer_until", "online_from")
    others += ("attendance", "address", "venue")
    values = {name: getattr(talk, name) for name in (*fields, *others)} | {"tags": ["C++", "Jazz"]}
    texts = {name: as_read_again(values[name]) for name in ("title", "location", "description", "venue")}
    assert imported.problem == ""
    assert imported.values | {name: as_read_again(imported.values[name]) for name in texts} == values | texts
    assert imported.event_id == talk.pk


def test_an_events_number_in_an_export_finds_it_again(tmp_path, olga, otto, make_event):
    first, second = make_event(olga, title="Talk", date_time=at(2031, 5, 1)), make_event(olga, date_time=at(2031, 5, 1))
    foreign = make_event(otto, date_time=at(2031, 5, 1))
    path = tmp_path / "events.csv"
    numbers = {second.pk: "Lecture,2031-05-01", first.pk: "Talk,2031-05-02", foreign.pk: "Walk,2031-05-03"}
    rows = "".join(f"{number},{cells},Hall,9\n" for number, cells in {**numbers, "x7": "Tour,2031-05-04"}.items())
    path.write_text(f"Event ID,Title,date_time,location,seats\n{rows}")
    assert run(path) == Run(counted(created=2, updated=2), [])
    assert list(Event.objects.filter(organizer=olga).order_by("pk").values_list("title", "date_time")) == [
        ("Talk", at(2031, 5, 2)),
        ("Lecture", at(2031, 5, 1)),
        ("Walk", at(2031, 5, 3)),
        ("Tour", at(2031, 5, 4)),
    ]
    path.write_text(f"Event ID,Title,date_time,location,seats\n{first.pk},Walk,2031-06-01,Hall,9\n")
    problem = f"line 2 ('Walk'): event_id: {OTHER_EVENT.format(first.pk)}"
    assert run(path) == Run(counted(errors=1), [problem], REFUSED, 1)


def test_what_a_workbook_cuts_off_does_not_come_back(tmp_path, olga, make_event):
    event = make_event(olga, description="x" * 40_000)
    problem = "columns: description may be cut off: it has 32,767 characters, all that a spreadsheet holds."
    assert run(written(tmp_path, "xlsx")).errors == [f"line 2 ('{event.title}'): {problem}"]
    assert run(written(tmp_path, "csv")).out == counted(unchanged=1)


def test_a_header_of_another_zone_is_not_taken_for_ours(settings, tmp_path, talk):
    path = tmp_path / "events.csv"
    path.write_bytes(b"".join(csv_lines(exports.header(), exports.rows(Event.objects.all()))))
    settings.TIME_ZONE = "Europe/Berlin"
    with pytest.raises(Exception, match='date_time: There is no column "date_time", only Event ID, Title'):
        call_command("import_events", str(path), "--organizer", "olga")
