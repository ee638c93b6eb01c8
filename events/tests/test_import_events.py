"""`manage.py import_events`: files of people and of calendars become events, whole or not at all."""

from datetime import datetime
from functools import partial
from pathlib import Path
from unittest.mock import call, patch

import openpyxl
import pytest
from django.conf import settings as project
from django.db import connection

from eventhub.spreadsheets import sheets
from eventhub.testing.concurrency import race
from eventhub.testing.responses import NOT_PLAIN
from events.imports.files import read_rows
from events.models import Event
from events.tests.import_runs import REFUSED, Run, at, counted, run
from registrations.services import event_import

pytestmark = pytest.mark.django_db

SAMPLES = Path(project.BASE_DIR).parent / "shared" / "data"
CONFERENCES = {"title": "Subject", "date_time": "Start Date", "end_time": "End Date"}
HEADER = "title,date_time,location,max_capacity\n"
HOURS = "remind_hours: Enter up to 5 numbers of hours from 1 to 720, such as 24, 2, or “none”."
TALK = "Talk,2031-05-01T18:00:00Z,Hall,10\n"


# Lists of real conferences, as people keep them ----------------------------------------------------------------------


@pytest.fixture
def sample():
    def path(name):
        if not (SAMPLES / name).is_file():
            pytest.skip(f"NOT TESTED: the list {name} is not in {SAMPLES}, beside the project")
        return SAMPLES / name

    return path


MAPPED = [argument for field, column in CONFERENCES.items() for argument in ("--map", f"{field}={column}")]


def test_the_conferences_of_2024_come_in_whole_and_again_unchanged(sample, olga):
    path = sample("conferences-2024.csv")
    assert run(path, "--capacity", "100", *MAPPED) == Run(counted(created=67), [])
    first = Event.objects.earliest("date_time")
    assert (first.title, first.location, first.organizer) == ("Python Devroom @ FOSDEM", "Brussels, Belgium", olga)
    assert (first.date_time, first.end_time) == (at(2024, 2, 4), at(2024, 2, 4, 23, 59, 59, 999999))
    assert run(path, "--capacity", "100", *MAPPED) == Run(counted(unchanged=67), [])
    assert Event.objects.count() == 67


def test_of_the_conferences_of_2025_one_ends_before_it_begins(sample, olga):
    path = sample("conferences-2025.csv")
    problem = "line 28 ('EuroSciPy'): end_time: The end must be after the beginning."
    assert run(path, "--capacity", "100", *MAPPED) == Run(counted(errors=1), [problem], REFUSED, 1)
    assert Event.objects.count() == 0
    skipping = run(path, "--capacity", "100", "--skip-errors", *MAPPED)
    assert skipping == Run(counted(created=49, errors=1), [problem])
    assert Event.objects.filter(title="EuroSciPy").count() == 0


# A row of CSV --------------------------------------------------------------------------------------------------------


def test_columns_that_are_called_as_the_fields_need_no_map(write, olga):
    columns = "title,description,date_time,end_time,location,max_capacity,status,registration_opens,registration_closes"
    cells = "Talk,Bring a coat.,2031-05-01T18:00:00+02:00,2031-05-01T20:00:00Z,Hall,7,draft,2031-04-01,2031-04-30"
    assert run(write(f"{columns},uid\n{cells},a@b\n")) == Run(counted(created=1), [])
    (values,) = Event.objects.values(*columns.split(","), "uid", "organizer")
    assert values == {
        "title": "Talk",
        "description": "Bring a coat.",
        "date_time": at(2031, 5, 1, 16),
        "end_time": at(2031, 5, 1, 20),
        "location": "Hall",
        "max_capacity": 7,
        "status": "draft",
        "registration_opens": at(2031, 4, 1),
        "registration_closes": at(2031, 4, 30, 23, 59, 59, 999999),
        "uid": "a@b",
        "organizer": olga.pk,
    }


def test_columns_are_called_in_any_case_with_spaces_or_underscores(write, olga):
    path = write("NAME,Date Time,location,MAX_CAPACITY\nTalk,2031-05-01T18:00:00Z,Hall,10\n")
    assert run(path, "--map", "title=name").out == counted(created=1)


def test_dates_and_times_without_offset_are_those_of_the_servers_zone(write, olga, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    content = (
        "title,date_time,end_time,location,max_capacity\nA,2031-05-01,2031-05-01,Hall,5\nB,2031-05-01 18:00,,Hall,5\n"
    )
    assert run(write(content)) == Run(counted(created=2), [])
    assert list(Event.objects.values_list("title", "date_time", "end_time")) == [
        ("A", at(2031, 4, 30, 22), at(2031, 5, 1, 21, 59, 59, 999999)),
        ("B", at(2031, 5, 1, 16), None),
    ]


def test_the_byte_order_mark_line_ends_and_spaces_of_a_spreadsheet_do_no_harm(write, olga):
    content = "\ufefftitle , date_time,location,max_capacity,\r\n Talk ,2031-05-01,Hall,5,,,\r\n,,,,\r\n\r\n"
    assert run(write(content)) == Run(counted(created=1), [])
    assert Event.objects.get().title == "Talk"


def test_hours_of_reminders_are_a_list_in_a_cell(write, olga):
    header = f"{HEADER.strip()},Emails to attendees,Reminders\n"
    rows = [(" All ", '"2; 48,24"'), ("", ""), ("none", "None"), ("usual", "720")]
    cells = "".join(f"{number},2031-05-01,Hall,5,{telling},{hours}\n" for number, (telling, hours) in enumerate(rows))
    assert run(write(header + cells)) == Run(counted(created=4), [])
    assert list(Event.objects.order_by("pk").values_list("notifications", "remind_hours")) == [
        ("all", [2, 48, 24]),
        ("usual", [24]),
        ("none", []),
        ("usual", [720]),
    ]


def test_cells_that_are_left_out_at_the_end_of_a_line_are_empty(write, olga):
    assert run(write("title,date_time,location,max_capacity,end_time,uid\nTalk,2031-05-01,Hall,5\n")).out == counted(1)


@pytest.mark.parametrize(
    ("column", "cell", "problem"),
    [
        ("title", "", "title: The file gives no title, and there is no default."),
        ("title", "x" * 256, "title: Ensure this value has at most 255 characters (it has 256)."),
        ("location", "  ", "location: The file gives no location, and there is no default."),
        ("location", "x" * 256, "location: Ensure this value has at most 255 characters (it has 256)."),
        ("uid", "x" * 256, "uid: Ensure this value has at most 255 characters (it has 256)."),
        ("max_capacity", "0", "max_capacity: Ensure this value is greater than or equal to 1."),
        ("max_capacity", "2147483648", "max_capacity: Ensure this value is less than or equal to 2147483647."),
        ("max_capacity", "many", "max_capacity: “many” value must be an integer."),
        *(("max_capacity", text, f"max_capacity: “{text}” value must be an integer.") for text in NOT_PLAIN),
        ("max_capacity", "", "max_capacity: The file gives no capacity, and there is no default."),
        ("date_time", "", "date_time: Enter an ISO 8601 date and time, such as 2026-05-01T18:00:00Z."),
        ("date_time", "1.5.2031", "date_time: Enter an ISO 8601 date and time, such as 2026-05-01T18:00:00Z."),
        ("date_time", "1899-12-31", "date_time: The year must be between 1900 and 2999."),
        ("end_time", "3000-01-01", "end_time: The year must be between 1900 and 2999."),
        ("end_time", "2031-05-01T18:00:00Z", "end_time: The end must be after the beginning."),
        ("registration_closes", "2031-03-31", "registration_closes: Registration must close after it opens."),
        ("status", "planned", "status: Value 'planned' is not a valid choice."),
        ("language", "German", "language: Enter en or de, or nothing for that of the site."),
        ("notifications", "often", "notifications: Enter usual, all or none."),
        ("guests", "yes", "guests: Enter no, confirm_first or hold."),
        *(("remind_hours", f'"{text}"', HOURS) for text in ("0", "721", "1,2,3,4,5,6", "a day", "none, 2", *NOT_PLAIN)),
    ],
)
def test_a_value_outside_the_bounds_of_the_contract_is_named_with_its_line(write, olga, column, cell, problem):
    row = {"title": "Talk", "date_time": "2031-05-01T18:00:00Z", "location": "Hall", "max_capacity": "5"}
    row |= {"registration_opens": "2031-04-01", "end_time": "", "registration_closes": "", "status": "", "uid": ""}
    row[column] = cell
    path = write(f"{','.join(row)}\n{','.join(row.values())}\n")
    title = row["title"][:60]
    place = f"line 2 ({title!r})" if title else "line 2"
    assert run(path) == Run(counted(errors=1), [f"{place}: {problem}"], REFUSED, 1)
    assert Event.objects.count() == 0


def test_every_problem_of_every_row_is_named_by_the_line_it_begins_on(write, olga):
    content = HEADER + '"Two\nlines",2031-05-01,Hall,5\n\n,soon,Hall,0\n' + TALK + "Talk,2031-05-01,Hall,5,6\n"
    assert run(write(content)).errors == [
        "line 2 ('Two\\nlines'): title: Control characters are not allowed.",
        "line 5: date_time: Enter an ISO 8601 date and time, such as 2026-05-01T18:00:00Z. "
        "max_capacity: Ensure this value is greater than or equal to 1.",
        "line 7 ('Talk'): columns: There are 5, and 4 in the header.",
    ]


def test_a_stray_quote_is_an_error_of_its_row_alone(write, olga):
    path = write(f'{HEADER}"Stray,2031-05-01,Hall,5\n{TALK}"Walk" 2,2031-05-01,Park,5\n{TALK.replace("Talk", "Tour")}')
    problems = [f"line {line}: {sheets.STRAY_QUOTE}" for line in (2, 4)]
    assert run(path) == Run(counted(errors=2), problems, REFUSED, 1)
    assert run(path, "--skip-errors") == Run(counted(created=2, errors=2), problems)
    assert list(Event.objects.values_list("title", flat=True)) == ["Talk", "Tour"]


def test_the_encoding_that_was_assumed_is_named(write, olga):
    note = "The file is not in UTF-8. It was read as Windows-1252; if letters look wrong, save it in UTF-8."
    path = write(f"sep=,\n{HEADER}{TALK.replace('Hall', 'Größe')}".encode("cp1252"))
    assert run(path) == Run([note, *counted(created=1)], [])
    assert Event.objects.get().location == "Größe"


def test_a_workbook_is_read_as_excel_shows_it(tmp_path, olga):
    """Rows that are filtered out, cells with errors, and dates without a time, whatever letters their format has."""
    book, path = openpyxl.Workbook(), tmp_path / "events.xlsx"
    book.active.append(["title", "date_time", "end_time", "location", "max_capacity"])
    begins, ends = datetime.fromisoformat("2031-05-01"), datetime.fromisoformat("2031-05-02")
    for title, place in (("Talk", "Hall"), ("Hidden", "Hall"), ("#REF!", "Hall"), ("Walk", "#N/A")):
        book.active.append([title, begins, ends, place, 5])
    for row in range(2, 6):
        book.active[f"B{row}"].number_format = '[$-407]d. mmmm yyyy "ab" h:mm'
        book.active[f"C{row}"].number_format = 'd/m/yy "(Sa, So)"'
    book.active.row_dimensions[3].hidden = True
    book.save(path)
    problems = [
        "line 4 ('#REF!'): columns: title shows #REF!, an error of the spreadsheet.",
        "line 5 ('Walk'): columns: location shows #N/A, an error of the spreadsheet.",
    ]
    out = ["Hidden rows were left out: 3.", *counted(created=1, errors=2)]
    assert run(path, "--skip-errors") == Run(out, problems)
    assert list(Event.objects.values_list("title", "date_time", "end_time")) == [
        ("Talk", at(2031, 5, 1), at(2031, 5, 2, 23, 59, 59, 999999))
    ]


# Known again ---------------------------------------------------------------------------------------------------------


def test_an_event_is_known_by_its_uid_whatever_else_has_changed(write, olga):
    columns = "uid,title,date_time,location,max_capacity\n"
    run(write(columns + "a,Talk,2031-05-01,Hall,5\nb,Walk,2031-05-02,Park,5\n"))
    before = list(Event.objects.order_by("uid").values_list("pk", flat=True))
    again = run(write(columns + "a,Lecture,2031-06-01,Room 1,9\nb,Walk,2031-05-02,Park,5\n"))
    assert again == Run(counted(updated=1, unchanged=1), [])
    assert list(Event.objects.order_by("uid").values_list("pk", "title", "date_time", "location", "max_capacity")) == [
        (before[0], "Lecture", at(2031, 6, 1), "Room 1", 9),
        (before[1], "Walk", at(2031, 5, 2), "Park", 5),
    ]


def test_without_a_uid_it_is_known_by_title_and_start_and_takes_a_uid_later(write, olga):
    run(write(HEADER + TALK))
    assert run(write(HEADER + TALK.replace("Hall", "Room 1"))).out == counted(updated=1)
    with_uid = "title,date_time,location,uid\nTalk,2031-05-01T18:00:00Z,Room 1,a\n"
    assert run(write(with_uid)).out == counted(updated=1)
    assert run(write(HEADER + TALK.replace("Hall", "Room 1"))).out == counted(unchanged=1)
    assert list(Event.objects.values_list("location", "uid")) == [("Room 1", "a")]


def test_events_with_different_uids_are_different_however_alike(write, olga):
    content = HEADER.strip() + ",uid\n" + f"{TALK.strip()},a\n{TALK.strip()},b\n"
    assert run(write(content)).out == counted(created=2)
    assert run(write(content)).out == counted(unchanged=2)


def test_another_organizers_event_is_not_touched(write, olga, otto):
    content = HEADER.strip() + ",uid\n" + f"{TALK.strip()},a\n"
    run(write(content), organizer="otto")
    assert run(write(content.replace("Hall", "Room 1"))).out == counted(created=1)
    assert list(Event.objects.order_by("pk").values_list("organizer", "location")) == [
        (otto.pk, "Hall"),
        (olga.pk, "Room 1"),
    ]


def test_what_stands_twice_in_a_file_is_one_event_and_in_two_places_two(write, olga):
    room = TALK.replace("Hall", "Room 1")
    assert run(write(HEADER + TALK + TALK + room)).out == counted(created=2, unchanged=1)
    assert run(write(HEADER + room + TALK.replace("10", "20"))).out == counted(updated=1, unchanged=1)
    assert list(Event.objects.order_by("pk").values_list("location", "max_capacity")) == [("Hall", 20), ("Room 1", 10)]
    # One of them moves: the other keeps its place.
    assert run(write(HEADER + TALK.replace("Hall", "Attic") + room)).out == counted(updated=1, unchanged=1)
    assert sorted(Event.objects.values_list("location", flat=True)) == ["Attic", "Room 1"]


@pytest.mark.parametrize(
    ("first", "second"),
    [("A,2031-05-01,Hall,5,u", "B,2031-05-02,Room 1,5,u"), ("A,2031-05-01,Hall,5,", "A,2031-05-01,Hall,7,")],
)
def test_two_rows_that_say_different_things_of_one_event_are_an_error(write, olga, first, second):
    path = write(f"title,date_time,location,max_capacity,uid\n{first}\n{second}\n")
    problem = f"line 3 ('{second[0]}'): line 2 ('A') is the same event with other values. Keep one of them."
    assert run(path, "--skip-errors") == Run(counted(created=1, errors=1), [problem])
    assert run(path, "--skip-errors") == Run(counted(unchanged=1, errors=1), [problem])
    assert list(Event.objects.values_list("title", "max_capacity")) == [("A", 5)]


def test_what_is_empty_to_the_eye_takes_the_default(write, olga):
    table = write("title,date_time,location,max_capacity\n\u200b,2031-05-01,\u200b\u00a0,5\n")
    entry = write(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:\u200b\nLOCATION:\u200b\nDTSTART:20310501T190000Z\nEND:VEVENT\n"
        "END:VCALENDAR\n",
        "entry.ics",
    )
    for path in (table, entry):
        assert run(path, "--title=Talk", "--location=Hall", "--capacity=5").out == counted(created=1)
    assert set(Event.objects.values_list("title", "location")) == {("Talk", "Hall")}


def test_a_known_event_keeps_what_its_row_does_not_say(write, olga, make_event):
    values = {"description": "Bring a coat.", "max_capacity": 30, "status": "completed", "waitlist": False}
    values |= {"notifications": "none", "remind_hours": [48]}
    event = make_event(olga, date_time=at(2031, 5, 1), end_time=at(2031, 5, 2), **values)
    columns = "title,date_time,location,max_capacity,status,notifications,remind_hours\n"
    assert run(write(columns + "Talk,2031-05-01,Room 1,,,,\n"), "--capacity", "5").out == counted(updated=1)
    event.refresh_from_db()
    assert {name: getattr(event, name) for name in values} == values
    assert (event.location, event.end_time) == ("Room 1", at(2031, 5, 2))


def test_a_new_event_takes_the_default_capacity_where_its_row_brings_none(write, olga):
    content = "title,date_time,location,max_capacity\nA,2031-05-01,Hall,7\nB,2031-05-02,Hall,\n"
    assert run(write(content), "--capacity", "5").out == counted(created=2)
    assert list(Event.objects.values_list("title", "max_capacity")) == [("A", 7), ("B", 5)]


# The rules of any change ---------------------------------------------------------------------------------------------


def test_seats_that_a_file_adds_go_to_the_queue(write, olga, bob, eve, make_event, enroll):
    event = make_event(olga, date_time=at(2031, 5, 1), max_capacity=1)
    enroll(event, bob)
    waiting = enroll(event, eve, status="waitlisted")
    assert run(write(HEADER + "Talk,2031-05-01,Hall,2\n")).out == counted(updated=1)
    waiting.refresh_from_db()
    event.refresh_from_db()
    assert (waiting.status, event.seats_taken, event.waitlisted) == ("registered", 2, 0)


@pytest.mark.parametrize(
    ("columns", "cells", "problem"),
    [
        ("max_capacity", "1", "Capacity is below the seats already taken"),
        ("status", "draft", "The event has live registrations"),
        ("end_time", "2031-04-30", "end_time: The end must be after the beginning."),
    ],
)
def test_what_the_rules_refuse_is_an_error_of_the_row(write, olga, make_event, enroll, columns, cells, problem):
    event = make_event(olga, date_time=at(2031, 5, 1), max_capacity=2)
    enroll(event)
    enroll(event)
    path = write(f"title,date_time,location,{columns}\nNew,2031-05-01,Hall,\nTalk,2031-05-01,Hall,{cells}\n")
    problems = [f"line 3 ('Talk'): {problem}"]
    assert run(path, "--capacity", "9") == Run(counted(errors=1), problems, REFUSED, 1)
    assert run(path, "--capacity", "9", "--skip-errors") == Run(counted(created=1, errors=1), problems)
    event.refresh_from_db()
    assert (event.max_capacity, event.status, event.end_time) == (2, "upcoming", None)


def test_a_status_that_cannot_follow_is_an_error_of_the_row(write, olga, make_event):
    make_event(olga, date_time=at(2031, 5, 1), status="completed")
    path = write("title,date_time,location,status\nTalk,2031-05-01,Hall,Cancelled\n")
    problem = "line 2 ('Talk'): status: An event that is completed cannot become cancelled."
    assert run(path) == Run(counted(errors=1), [problem], REFUSED, 1)


def test_an_event_that_is_moved_past_the_end_that_it_keeps_is_an_error_of_the_row(write, olga, make_event):
    make_event(olga, date_time=at(2031, 5, 1), end_time=at(2031, 5, 2), uid="a")
    path = write("title,date_time,location,uid\nTalk,2031-06-01,Hall,a\n")
    problem = "line 2 ('Talk'): end_time: The end must be after the beginning."
    assert run(path) == Run(counted(errors=1), [problem], REFUSED, 1)


def test_a_refused_row_takes_back_those_before_and_after_it(write, olga, make_event, enroll):
    event = make_event(olga, date_time=at(2031, 5, 1), max_capacity=2)
    other = make_event(olga, title="Walk", date_time=at(2031, 5, 1))
    enroll(event)
    enroll(event)
    rows = "Walk,2031-05-01,Park,5\nTalk,2031-05-01,Hall,1\nNew,2031-05-01,Hall,5\n"
    assert run(write(HEADER + rows)).out == counted(errors=1)
    other.refresh_from_db()
    assert (other.location, Event.objects.count()) == ("Hall", 2)


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(write, olga, make_event):
    event = make_event(olga, date_time=at(2031, 5, 1))
    path = write(HEADER + "Talk,2031-05-01,Room 1,5\nNew,2031-05-01,Hall,5\n")
    assert run(path, "--dry-run") == Run(["Dry run: 1 created, 1 updated, 0 unchanged, 0 with errors"], [])
    event.refresh_from_db()
    assert (event.location, event.max_capacity, Event.objects.count()) == ("Hall", 10, 1)


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_make_each_event_once(olga):
    rows = read_rows(
        (HEADER + "".join(f"Talk {n},2031-05-01,Hall,5\n" for n in range(20))).encode(), name="x.csv", columns={}
    ).rows
    reports = race([partial(event_import.import_events, rows=rows, organizer=olga) for _ in range(4)])
    assert sorted(reports) == [(0, 0, 20, [])] * 3 + [(20, 0, 0, [])]
    assert Event.objects.count() == 20


def test_what_changes_is_locked_in_ascending_order_and_nothing_else(write, olga, make_event):
    events = [make_event(olga, title=f"Talk {number}", date_time=at(2031, 5, 1)) for number in range(4)]
    rows = "".join(f"Talk {number},2031-05-01,{'Hall' if number == 1 else 'Park'},10\n" for number in (3, 2, 1, 0))
    with patch.object(event_import, "lock_event", wraps=event_import.lock_event) as lock:
        assert run(write(HEADER + rows)).out == counted(updated=3, unchanged=1)
    changed = [call(events[number].pk) for number in (0, 2, 3)]
    assert lock.mock_calls == (changed if connection.features.has_select_for_update else [])


# Who and what with ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["olga", "OLGA", "ada"])
def test_organizers_and_admins_are_known_by_name_in_any_case(write, olga, ada, name):
    assert run(write(HEADER + TALK), organizer=name).out == counted(created=1)
    assert Event.objects.get().organizer.username == name.lower()


@pytest.mark.parametrize(
    ("name", "failure"),
    [("bob", "bob: You must be an organizer to create events"), ("zoe", "No account named zoe.")],
)
def test_nobody_else_can_be_given_events(write, bob, name, failure):
    assert run(write(HEADER + TALK), organizer=name) == Run([], [], failure, 1)
    assert Event.objects.count() == 0


FIELDS = (
    "title, date_time, location, description, end_time, max_capacity, status, registration_opens, "
    "registration_closes, uid, waitlist, hides_seats, language, notifications, remind_hours, guests, visibility, "
    "tags, event_id, time_zone, attendance, venue, address, latitude, longitude, online_url, "
    "online_from, cancel_until, edit_until, transfer_until"
)


@pytest.mark.parametrize(
    ("arguments", "failure"),
    [
        (["--capacity", "0"], "--capacity: Ensure this value is greater than or equal to 1."),
        (["--capacity", "2147483648"], "--capacity: Ensure this value is less than or equal to 2147483647."),
        (["--capacity", "many"], "Error: argument --capacity: Enter a whole number."),
        (["--title", "x" * 256], "--title: Ensure this value has at most 255 characters (it has 256)."),
        (["--location", ""], "--location: This field cannot be blank."),
        (["--map", "title"], f"--map title: expected FIELD=COLUMN with one of the fields {FIELDS}."),
        (["--map", "title="], f"--map title=: expected FIELD=COLUMN with one of the fields {FIELDS}."),
        (["--map", "organizer=By"], f"--map organizer=By: expected FIELD=COLUMN with one of the fields {FIELDS}."),
        (["--map", "title=A", "--map", "title=B"], "--map title=B: title is already mapped."),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(write, olga, arguments, failure):
    assert run(write(HEADER + TALK), *arguments) == Run([], [], failure, 1)


@pytest.mark.parametrize(
    ("content", "arguments", "failure"),
    [
        (b"", [], "The file is empty."),
        (b"\xef\xbb\xbf \r\n", [], "The file is empty."),
        (b"\xef\xbb\xbfEspa\xf1a\n", [], "line 1: This is not UTF-8. Save the file in UTF-8."),
        ("a\0b\n" + HEADER, [], "line 1: There is a NUL character; this is not a text."),
        (HEADER, ["--map", "title=Name"], 'title: There is no column "Name", only HEADER'),
        (HEADER.replace("title", "Name"), [], 'title: There is no column "title", only HEADER'),
        (HEADER.replace("max_capacity", "title"), [], 'The column "title" is there 2 times.'),
        ('"' + HEADER, [], f"line 1: {sheets.STRAY_QUOTE}"),
    ],
)
def test_a_bad_file_is_refused_with_a_reason(write, olga, content, arguments, failure):
    header = content.splitlines()[0] if content else ""
    if isinstance(header, str):
        failure = failure.replace("HEADER", f"{', '.join(header.split(','))}.")
    path = write(content)
    assert run(path, *arguments) == Run([], [], f"{path}: {failure}", 1)


def test_a_file_that_is_not_there_or_none_is_refused(tmp_path, olga):
    nowhere = tmp_path / "nowhere.csv"
    assert run(nowhere) == Run([], [], f"{nowhere}: No such file or directory.", 1)
    assert run(tmp_path) == Run([], [], f"{tmp_path}: Is a directory.", 1)
