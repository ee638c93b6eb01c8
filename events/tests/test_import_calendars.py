"""`manage.py import_events` on calendars: each event is taken, or named with a reason."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventhub.spreadsheets.sheets import FileError
from events.imports.files import read_rows
from events.models import Event
from events.tests.import_runs import Run, at, calendar, counted, run

pytestmark = pytest.mark.django_db


NO_TEXT = "This must be a plain text. Save the calendar as iCalendar 2.0."

# iCalendar -----------------------------------------------------------------------------------------------------------


def test_the_properties_of_a_vevent_become_the_fields_of_an_event(write, olga):
    lines = (
        "UID:a@b\nSUMMARY:Night\\, of the\n  Telescopes\nDESCRIPTION:Bring\\na coat.\nLOCATION;LANGUAGE=en:North lawn\n"
        "DTSTART:20310501T190000Z\nDTEND:20310501T230000Z\nSTATUS:CONFIRMED\n"
    )
    assert run(write(calendar(lines), "events.ics"), "--capacity", "40") == Run(counted(created=1), [])
    said = {
        "uid": "a@b",
        "title": "Night, of the Telescopes",
        "description": "Bring\na coat.",
        "location": "North lawn",
        "date_time": at(2031, 5, 1, 19),
        "end_time": at(2031, 5, 1, 23),
        "status": "upcoming",
        "max_capacity": 40,
    }
    assert list(Event.objects.values(*said)) == [said]
    assert run(write(calendar(lines), "events.ics")) == Run(counted(unchanged=1), [])


@pytest.mark.parametrize("charset", ["UTF-8", "ISO-8859-1"])
def test_a_text_of_vcalendar_1_is_decoded(write, olga, charset):
    text = "=".join(["Caf", *(f"{byte:02X}" for byte in "\u00e9".encode(charset))])
    lines = f"UID:1\nSUMMARY;CHARSET={charset};ENCODING=QUOTED-PRINTABLE:{text}\nDTSTART:20310501T190000Z\n"
    assert run(write(calendar(lines), "events.ics"), "--capacity=4") == Run(counted(created=1), [])
    assert Event.objects.get().title == "Caf\u00e9"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_calendar_in_utf_16_is_read_with_or_without_its_mark(write, olga, encoding):
    content = calendar("UID:1\nSUMMARY:Caf\u00e9\nDTSTART:20310501T190000Z\n").encode(encoding)
    assert run(write(content, "events.ics"), "--capacity=4") == Run(counted(created=1), [])
    assert Event.objects.get().title == "Caf\u00e9"


ELSEWHERE = """BEGIN:VTIMEZONE
TZID:Elsewhere
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0300
END:STANDARD
END:VTIMEZONE
"""
DENVER = ELSEWHERE.replace("Elsewhere", "America/Denver").replace("+0300", "+0530")
SUMMERTIME = """BEGIN:VTIMEZONE
TZID:Summertime
X-LIC-LOCATION:Europe/Berlin
BEGIN:DAYLIGHT
DTSTART:19810329T020000
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3;BYHOUR=2;BYMINUTE=0
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
END:VTIMEZONE
"""


@pytest.mark.parametrize(
    ("lines", "begins", "ends"),
    [
        ("DTSTART:20310501T190000Z", at(2031, 5, 1, 19), None),
        ("DTSTART:20310501T190000\nDTEND:20310501T200000", at(2031, 5, 1, 17), at(2031, 5, 1, 18)),
        ("DTSTART;TZID=America/New_York:20310501T190000", at(2031, 5, 1, 23), None),
        ("DTSTART;TZID=W. Europe Standard Time:20310501T190000", at(2031, 5, 1, 17), None),
        ("DTSTART;TZID=/vendor.example/Europe/Berlin:20310501T190000", at(2031, 5, 1, 17), None),
        ("DTSTART;TZID=Elsewhere:20310501T190000", at(2031, 5, 1, 16), None),
        ("DTSTART:20310501T190000Z\nDURATION:PT90M", at(2031, 5, 1, 19), at(2031, 5, 1, 20, 30)),
        # Over the night in which Berlin's clocks go forward: a day has 23 hours there, two hours are two hours.
        ("DTSTART:20310329T190000\nDURATION:P1D", at(2031, 3, 29, 18), at(2031, 3, 30, 17)),
        ("DTSTART:20310330T010000\nDURATION:PT2H", at(2031, 3, 30, 0), at(2031, 3, 30, 2)),
        # Days and weeks go by the local clock, hours do not: also when a duration has both.
        ("DTSTART:20310329T190000\nDURATION:PT24H", at(2031, 3, 29, 18), at(2031, 3, 30, 18)),
        ("DTSTART:20310329T190000\nDURATION:P1DT36H", at(2031, 3, 29, 18), at(2031, 4, 1, 5)),
        ("DTSTART:20311025T190000\nDURATION:P1W", at(2031, 10, 25, 17), at(2031, 11, 1, 18)),
        ("DTSTART:20311025T190000\nDURATION:PT1440M", at(2031, 10, 25, 17), at(2031, 10, 26, 17)),
        # A time that occurs twice is the first, one that is skipped has the offset from before (RFC 5545, 3.3.5).
        ("DTSTART;TZID=Europe/Berlin:20311026T023000", at(2031, 10, 26, 0, 30), None),
        ("DTSTART;TZID=Europe/Berlin:20310330T023000", at(2031, 3, 30, 1, 30), None),
        ("DTSTART;TZID=Summertime:20311026T023000", at(2031, 10, 26, 0, 30), None),
        ("DTSTART;TZID=Summertime:20310330T023000", at(2031, 3, 30, 1, 30), None),
        # The calendar's own definition wins over what its name says elsewhere.
        ("DTSTART;TZID=America/Denver:20310501T190000", at(2031, 5, 1, 13, 30), None),
        ("DTSTART;TZID=tzone://Microsoft/utc:20310501T190000", at(2031, 5, 1, 19), None),
        ("DTSTART;TZID=w. europe standard time:20310501T190000", at(2031, 5, 1, 17), None),
        ("DTSTART;TZID=Europe/Berlin:20310501T190000Z", at(2031, 5, 1, 19), None),
        ("DTSTART;TZID=UTC;TZID=UTC;X-A=1;X-A=2:20310501T190000", at(2031, 5, 1, 19), None),
        # Nothing between start and end: no end, or a whole day.
        ("DTSTART:20310501T190000Z\nDTEND:20310501T190000Z", at(2031, 5, 1, 19), None),
        ("DTSTART:20310501T190000Z\nDURATION:PT0S", at(2031, 5, 1, 19), None),
        ("DTSTART:20310501\nDTEND:20310501", at(2031, 4, 30, 22), at(2031, 5, 1, 21, 59, 59, 999999)),
        ("DTSTART:20310501\nDURATION:PT86400S", at(2031, 4, 30, 22), at(2031, 5, 1, 21, 59, 59, 999999)),
        ("DTSTART:20310501\nDURATION:P0D", at(2031, 4, 30, 22), at(2031, 5, 1, 21, 59, 59, 999999)),
        ("DTSTART;VALUE=DATE:20310501", at(2031, 4, 30, 22), at(2031, 5, 1, 21, 59, 59, 999999)),
        ("DTSTART:20310501\nDTEND:20310502", at(2031, 4, 30, 22), at(2031, 5, 1, 21, 59, 59, 999999)),
        (
            "DTSTART;VALUE=DATE:20310501\nDTEND;VALUE=DATE:20310504",
            at(2031, 4, 30, 22),
            at(2031, 5, 3, 21, 59, 59, 999999),
        ),
        ("DTSTART;VALUE=DATE:20310501\nDURATION:P1W", at(2031, 4, 30, 22), at(2031, 5, 7, 21, 59, 59, 999999)),
    ],
)
def test_times_of_a_calendar_are_read_as_rfc_5545_says(write, olga, settings, lines, begins, ends):
    settings.TIME_ZONE = "Europe/Berlin"
    path = write(calendar(lines, before=ELSEWHERE + DENVER + SUMMERTIME), "events.ics")
    assert run(path, "--capacity", "5") == Run(counted(created=1), [])
    assert list(Event.objects.values_list("date_time", "end_time")) == [(begins, ends)]


NO_LENGTH = "is not a length of time like PT1H30M."


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("SUMMARY:", "title: The file gives no title, and there is no default."),
        ("LOCATION:", "location: The file gives no location, and there is no default."),
        ("SUMMARY:A\nSUMMARY:B", "SUMMARY: SUMMARY is given 2 times; give it once."),
        ("SUMMARY;ENCODING=BASE64;VALUE=BINARY:QQ==", f"SUMMARY: {NO_TEXT}"),
        ("SUMMARY;ENCODING=QUOTED-PRINTABLE:Caf=C3=A9=", f"SUMMARY: {NO_TEXT}"),
        ("SUMMARY;ENCODING=QUOTED-PRINTABLE:Caf=E9", "SUMMARY: This is not UTF-8. Save the calendar in UTF-8."),
        ("DTSTART:soon", "DTSTART: “soon” is neither a time like 20310501T190000Z nor a date like 20310501."),
        (
            "DTSTART;TZID=Nowhere/Town:20310501T190000",
            "DTSTART: The time zone Nowhere/Town is unknown. Use a name such as Europe/Berlin.",
        ),
        ("DTSTART;TZID=Europe/Berlin,UTC:20310501T190000", "DTSTART: There are two time zones: Europe/Berlin, UTC."),
        (
            "DTSTART;TZID=Europe/Berlin;VALUE=DATE-TIME;tzid=America/New_York:20310501T190000",
            "DTSTART: There are two time zones: Europe/Berlin, America/New_York.",
        ),
        (
            "DTSTART:20310501T190000Z\nDTEND;TZID=Europe/Berlin;TZID=UTC:20310501T230000",
            "DTSTART: There are two time zones: Europe/Berlin, UTC.",
        ),
        ("DTSTART:18991231T235959Z", "DTSTART: The year must be between 1900 and 2999."),
        ("DTSTART:20310501T190000Z\nDTEND:20310501T180000Z", "end_time: The end must be after the beginning."),
        ("DTSTART:20310501T190000Z\nDURATION:-PT1H", "end_time: The end must be after the beginning."),
        ("DTSTART:20310501\nDTEND:20310430", "DTSTART: The end must be after the beginning."),
        ("DTSTART:20310501T190000Z\nDURATION:20310502", f"DTSTART: “20310502” {NO_LENGTH}"),
        ("DTSTART;VALUE=DATE:20310501\nDURATION:20310502", f"DTSTART: “20310502” {NO_LENGTH}"),
        (
            "DTSTART;VALUE=DATE:20310501\nDURATION:PT1H",
            "DTSTART: DTSTART is a date; its DURATION must be in days or weeks.",
        ),
        ("DTSTART:20310501T190000Z\nDURATION:P999999999D", "DTSTART: The year must be between 1900 and 2999."),
        ("DTSTART:20310501T190000Z\nDURATION:P9999999999D", "DTSTART: The year must be between 1900 and 2999."),
        (
            "DTSTART:20310501T190000Z\nDTEND:20310502",
            "DTSTART: DTSTART is a time and DTEND a date; both must be times, or both dates.",
        ),
        (
            "DTSTART:20310501T190000Z\nDTEND:20310501T200000Z\nDURATION:PT1H",
            "DTSTART: There are DTEND and DURATION; only one of them may be given.",
        ),
        (
            "no property",
            "VEVENT: “no property” is not a property. A line that continues another begins with a space.",
        ),
    ],
)
def test_a_bad_vevent_is_named_by_its_number_and_summary(write, olga, lines, problem):
    lines = lines if "DTSTART" in lines else f"{lines}\nDTSTART:20310501T190000Z"
    path = write(calendar("SUMMARY:Good\nDTSTART:20310501T190000Z", lines), "events.ics")
    place = "VEVENT 2" if "SUMMARY" in lines else "VEVENT 2 ('Talk')"
    done = run(path, "--capacity", "5", "--skip-errors")
    assert done == Run(counted(created=1, errors=1), [f"{place}: {problem}"])
    assert [event.title for event in Event.objects.all()] == ["Good"]


def test_titles_and_places_that_are_missing_have_defaults_for_new_events(write, olga):
    options = ("--capacity", "5", "--title", "Meeting", "--location", "Office")
    bare, empty = "UID:a\nDTSTART:20310501T190000Z", "UID:b\nDTSTART:20310502T190000Z\nSUMMARY:\nLOCATION: \n"
    text = calendar(bare, empty, defaults={})
    assert run(write(text, "events.ics"), *options) == Run(counted(created=2), [])
    assert list(Event.objects.values_list("title", "location")) == [("Meeting", "Office")] * 2
    Event.objects.update(title="Board", location="Attic")
    assert run(write(text, "events.ics"), *options) == Run(counted(unchanged=2), [])
    path = write("date_time,max_capacity,location\n2031-05-03,5,\n2031-05-03,5,Park\n")
    assert run(path, *options) == Run(counted(created=2), [])
    assert list(Event.objects.filter(title="Meeting").values_list("location", flat=True)) == ["Office", "Park"]


def test_lines_folded_within_a_character_and_texts_of_several_lines_are_read(write, olga):
    folded = calendar("SUMMARY:Zoë 東京\nLOCATION:Café\\n\\nMain  Street 1\\, Oslo\nDTSTART:20310501T190000Z").encode()
    for letter in "ë東é":
        first, *rest = (bytes([byte]) for byte in letter.encode())
        folded = folded.replace(letter.encode(), first + b"\r\n " + b"\r\n\t".join(rest))
    assert run(write(folded, "events.ics"), "--capacity", "5") == Run(counted(created=1), [])
    assert list(Event.objects.values_list("title", "location")) == [("Zoë 東京", "Café, Main Street 1, Oslo")]


def test_lines_that_are_not_folded_belong_to_the_description_or_to_what_is_not_read(write, olga):
    odd = "DESCRIPTION:One\nTwo\n\nThree\nX-STRUCTURED:x\nX-RADIUS=49\nDTSTART:20310501T190000Z"
    assert run(write(calendar(odd), "events.ics"), "--capacity", "5") == Run(counted(created=1), [])
    assert Event.objects.get().description == "One\nTwo\nThree"


def test_events_without_a_calendar_around_them_are_read(write, olga):
    text = "BEGIN:VEVENT\nSUMMARY:Talk\nLOCATION:Hall\nDTSTART:20310501T190000Z\nEND:VEVENT\n"
    assert run(write(text, "events.ics"), "--capacity", "5") == Run(counted(created=1), [])


GOOD = "UID:good\nSUMMARY:Good\nDTSTART;TZID=Europe/Berlin:20310501T190000"


@pytest.mark.parametrize(
    ("odd", "problems"),
    [
        ("BEGIN:VFREEBUSY\nFREEBUSY:20310502T000000Z/20310501T000000Z\nDTSTART:never\nEND:VFREEBUSY\n", []),
        ("END:VFREEBUSY\nBEGIN:VFREEBUSY\n", []),
        ("BEGIN:VTIMEZONE\nTZID:Unused\nEND:VTIMEZONE\n", []),
        ("BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nTZID:Europe/Paris\nEND:VTIMEZONE\n", []),
        (SUMMERTIME.replace("YEARLY", "SECONDLY"), []),
        (
            "BEGIN:VTIMEZONE\nTZID:Odd\nTZID:Odder\nEND:VTIMEZONE\n"
            "BEGIN:VEVENT\nSUMMARY:Odd\nLOCATION:Hall\nDTSTART;TZID=Odd:20310501T190000\nEND:VEVENT\n",
            ["VEVENT 1 ('Odd'): DTSTART: The time zone Odd is unknown. Use a name such as Europe/Berlin."],
        ),
        (
            "BEGIN:VEVENT\nSUMMARY:Open\nLOCATION:Hall\nDTSTART:20310501T190000Z\n",
            ["VEVENT 1 ('Open'): VEVENT: BEGIN:VEVENT has no END. The file may be incomplete."],
        ),
        (
            "BEGIN:VEVENT\nUID:x\nSUMMARY:Caf\udce9\nLOCATION:Hall\nDTSTART:20310501T190000Z\nEND:VEVENT\n",
            ["VEVENT 1 (UID x): SUMMARY: This is not UTF-8. Save the calendar in UTF-8."],
        ),
        ("SUMMARY:Headless\nDTSTART:20310501T190000Z\nEND:VEVENT\n", ["The calendar: END:VEVENT has no BEGIN."]),
    ],
)
def test_one_odd_part_refuses_the_events_concerned_and_no_other(write, olga, odd, problems):
    content = calendar(GOOD, before=odd).encode("utf-8", "surrogateescape")
    done = run(write(content, "events.ics"), "--capacity", "5", "--skip-errors")
    assert done == Run(counted(created=1, errors=len(problems)), problems)
    assert list(Event.objects.values_list("title", "date_time")) == [("Good", at(2031, 5, 1, 17))]


def test_a_calendar_that_is_cut_off_is_named_with_what_is_whole(write, olga):
    text = calendar("UID:a\nDTSTART:20310501T190000Z", "UID:b\nSUMMARY:Cut\nDTSTART:20310502T190000Z")
    cut = text[: text.index("20310502")]
    no_end = "has no END. The file may be incomplete."
    assert run(write(cut, "events.ics"), "--capacity", "5", "--skip-errors") == Run(
        counted(created=1, errors=2),
        [
            f"VEVENT 2 ('Cut'): VEVENT: BEGIN:VEVENT {no_end} DTSTART: “” is neither a time like 20310501T190000Z "
            "nor a date like 20310501.",
            f"The calendar: BEGIN:VCALENDAR {no_end}",
        ],
    )


@pytest.mark.parametrize(
    ("zone", "begins", "problem"),
    [
        ("Europe/Berlin", at(2031, 5, 1, 17), ""),
        ("W. Europe Standard Time", at(2031, 5, 1, 17), ""),
        ("Elsewhere", at(2031, 5, 1, 16), ""),
        ("Nowhere", None, "The time zone Nowhere is unknown. Use a name such as Europe/Berlin."),
        ("Asia/Tokyo\nX-WR-TIMEZONE:Asia/Tokyo", at(2031, 5, 1, 10), ""),
        ("Asia/Tokyo\nX-WR-TIMEZONE:UTC", None, "There are two time zones: Asia/Tokyo, UTC."),
    ],
)
def test_the_zone_of_a_calendar_is_that_of_its_floating_times(write, olga, zone, begins, problem):
    said = f"X-WR-TIMEZONE:{zone}\n{ELSEWHERE}"
    floating = "SUMMARY:Floating\nDTSTART:20310501T190000"
    text = calendar(floating, "DTSTART;TZID=Asia/Tokyo:20310501T190000", "DTSTART:20310501T190000Z", before=said)
    done = run(write(text, "events.ics"), "--capacity", "5", "--skip-errors")
    problems = [f"VEVENT 1 ('Floating'): DTSTART: {problem}"] if problem else []
    assert done == Run(counted(created=3 - len(problems), errors=len(problems)), problems)
    assert set(Event.objects.values_list("date_time", flat=True)) == {
        at(2031, 5, 1, 10),
        at(2031, 5, 1, 19),
        *([begins] if begins else []),
    }


def test_the_definition_of_one_calendar_is_not_that_of_the_next(write, olga):
    event = "DTSTART;TZID=Elsewhere:20310501T190000"
    assert run(write(calendar(event, before=ELSEWHERE), "events.ics"), "--capacity", "5").out == counted(created=1)
    assert run(write(calendar(event), "events.ics"), "--capacity", "5").out == counted(errors=1)


# Which of several ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "out"),
    [
        ("SEQUENCE:2\nSUMMARY:New", "SEQUENCE:1\nSUMMARY:Old", "VEVENT 2 ('Old') is left out: VEVENT 1 {} is newer."),
        ("SEQUENCE:9\nSUMMARY:Old", "SEQUENCE:10\nSUMMARY:New", "VEVENT 1 ('Old') is left out: VEVENT 2 {} is newer."),
        (
            "DTSTAMP:20300102T000000Z\nSUMMARY:New",
            "DTSTAMP:20300101T000000Z\nSUMMARY:Old",
            "VEVENT 2 ('Old') is left out: VEVENT 1 {} is newer.",
        ),
        (
            "SEQUENCE:1\nDTSTAMP:20300101T000000Z\nSUMMARY:New",
            "DTSTAMP:20300102T000000Z\nDTSTART:20310502T190000Z\nSUMMARY:Old",
            "VEVENT 2 ('Old') is left out: VEVENT 1 {} is newer.",
        ),
        ("SUMMARY:Old", "SUMMARY:New", "VEVENT 1 ('Old') is left out: VEVENT 2 {} comes later."),
        ("SUMMARY:New", "SUMMARY:New", "VEVENT 1 ('New') is left out: VEVENT 2 {} comes later."),
    ],
)
def test_of_one_uid_the_revision_that_wins_is_taken_once_and_the_others_are_named(write, olga, first, second, out):
    start = "DTSTART:20310501T190000Z"
    second = second if "DTSTART" in second else f"{start}\n{second}"
    text = calendar(f"UID:a\n{start}\n{first}", f"UID:a\n{second}")
    note = out.format("has the same UID and")
    assert run(write(text, "events.ics"), "--capacity", "5") == Run([note, *counted(created=1)], [])
    assert run(write(text, "events.ics")) == Run([note, *counted(unchanged=1)], [])
    assert [event.title for event in Event.objects.all()] == ["New"]


def test_events_that_share_one_uid_by_mistake_are_errors(write, olga):
    days = ("SUMMARY:A\nDTSTART:20310501T190000Z", "SUMMARY:B\nDTSTART:20310502", "SUMMARY:C\nDTSTART:20310503T190000Z")
    text = calendar(*(f"UID:1\nDTSTAMP:2030010{day}T000000Z\n{lines}" for day, lines in enumerate(days, 1)))
    same = (
        "VEVENT 3 has the same UID and the same SEQUENCE, and begins at another time. Give each event a UID of its own."
    )
    done = Run(counted(created=1, errors=2), [f"VEVENT 1 ('A'): {same}", f"VEVENT 2 ('B'): {same}"])
    assert run(write(text, "events.ics"), "--capacity", "5", "--skip-errors") == done
    assert [event.title for event in Event.objects.all()] == ["C"]


def test_two_events_without_uid_that_differ_in_the_room_are_two(write, olga):
    start = "DTSTART:20310501T190000Z"
    text = calendar(f"LOCATION:Room 1\n{start}", f"LOCATION:Room 2\n{start}")
    assert run(write(text, "events.ics"), "--capacity", "5") == Run(counted(created=2), [])
    assert run(write(text, "events.ics")) == Run(counted(unchanged=2), [])


@pytest.mark.parametrize("lines", ["DTSTART:20310501T190000Z", "SUMMARY:", "SUMMARY:Other"])
def test_method_cancel_cancels_by_uid_also_without_status_or_start(write, olga, lines):
    run(write(calendar("UID:a\nDESCRIPTION:Long\nDTSTART:20310501T190000Z"), "events.ics"), "--capacity", "5")
    unknown = "UID:b\nSUMMARY:Unknown"
    text = calendar(f"UID:a\n{lines}", unknown, before="METHOD:CANCEL\n")
    problem = "VEVENT 2 (UID b): There is no such event to cancel."
    assert run(write(text, "events.ics"), "--skip-errors") == Run(counted(updated=1, errors=1), [problem])
    assert list(Event.objects.values_list("status", "title", "description")) == [("cancelled", "Talk", "Long")]
    assert run(write(text, "events.ics"), "--skip-errors") == Run(counted(unchanged=1, errors=1), [problem])


def imported(write, lines, sequence=None, method="REQUEST"):
    """Import one event of UID a with a SEQUENCE, and return what was written and the event's state."""
    text = f"UID:a\n{lines}" + ("" if sequence is None else f"\nSEQUENCE:{sequence}")
    done = run(write(calendar(text, before=f"METHOD:{method}\n"), "events.ics"), "--capacity", "5", "--skip-errors")
    return done.out, done.errors, list(Event.objects.values_list("title", "status", "imported_sequence"))


START = "DTSTART:20310501T190000Z"


@pytest.mark.parametrize("lines", ["", START, f"{START}\nSTATUS:CANCELLED", f"{START}\nSEQUENCE:4"])
def test_a_cancellation_of_an_unknown_event_creates_none(write, olga, lines):
    place = "('Talk')" if lines else "(UID a)"
    problem = f"VEVENT 1 {place}: There is no such event to cancel."
    assert imported(write, lines, method="CANCEL") == (counted(errors=1), [problem], [])


def test_an_older_sequence_is_named_and_changes_nothing(write, olga):
    assert imported(write, START, 3) == (counted(created=1), [], [("Talk", "upcoming", 3)])
    for place, method, lines in (
        ("(UID a)", "CANCEL", ""),
        ("('Talk')", "CANCEL", START),
        ("('Old')", "REQUEST", f"SUMMARY:Old\n{START}"),
    ):
        problem = f"VEVENT 1 {place}: SEQUENCE 2 is out of date: SEQUENCE 3 was imported before."
        assert imported(write, lines, 2, method) == (counted(errors=1), [problem], [("Talk", "upcoming", 3)])
    assert imported(write, f"SUMMARY:Same\n{START}", 3) == (counted(updated=1), [], [("Same", "upcoming", 3)])
    assert imported(write, f"SUMMARY:Same\n{START}", 4) == (counted(unchanged=1), [], [("Same", "upcoming", 4)])
    assert imported(write, f"SUMMARY:None\n{START}") == (counted(updated=1), [], [("None", "upcoming", 4)])
    assert imported(write, "", 5, "CANCEL") == (counted(updated=1), [], [("None", "cancelled", 5)])


@pytest.mark.parametrize("status", ["", "\nSTATUS:CONFIRMED", "\nSTATUS:TENTATIVE"])
def test_a_newer_calendar_of_a_cancelled_event_is_named_until_it_is_reopened(write, olga, status):
    imported(write, START, 1)
    imported(write, START, 2, "CANCEL")
    problem = (
        "VEVENT 1 ('New'): status: Your event is cancelled, and this newer calendar says that it takes place. "
        "To change it, reopen it first."
    )
    new = f"SUMMARY:New\n{START}{status}"
    assert imported(write, new, 3) == (counted(errors=1), [problem], [("Talk", "cancelled", 2)])
    Event.objects.update(status="upcoming")
    assert imported(write, new, 3) == (counted(updated=1), [], [("New", "upcoming", 3)])
    assert imported(write, new, 3) == (counted(unchanged=1), [], [("New", "upcoming", 3)])


def test_a_vevent_without_a_start_is_refused(write, olga):
    path = write(calendar("UID:a"), "events.ics")
    assert run(path, "--capacity", "5").errors == ["VEVENT 1 ('Talk'): DTSTART: There is no DTSTART."]


def test_what_we_do_not_read_of_a_vevent_may_be_broken(write, olga):
    path = write(calendar("DTSTART:20310501T190000Z\nDTSTAMP:long ago\nSEQUENCE:first"), "events.ics")
    assert run(path, "--capacity", "5") == Run(counted(created=1), [])


def test_a_calendar_calls_events_off_and_says_nothing_else_of_their_status(write, olga):
    def status(*lines):
        text = calendar("\n".join(["UID:a", "DTSTART:20310501T190000Z", *lines]))
        return run(write(text, "events.ics"), "--capacity", "5").out, Event.objects.get().status

    assert status() == (counted(created=1), "upcoming")
    assert status("STATUS:CANCELLED") == (counted(updated=1), "cancelled")
    assert status("STATUS:CONFIRMED") == (counted(unchanged=1), "cancelled")


def test_a_calendar_without_uids_or_ends_leaves_an_event_its_uid_and_takes_its_end(write, olga):
    path = write(calendar("UID:a\nDTSTART:20310501T190000Z\nDURATION:PT1H"), "events.ics")
    run(path, "--capacity", "5")
    path = write(calendar("DTSTART:20310501T190000Z"), "events.ics")
    assert (run(path).out, run(path).out) == (counted(updated=1), counted(unchanged=1))
    assert list(Event.objects.values_list("uid", "end_time")) == [("a", None)]


@pytest.mark.parametrize("name", ["events", "events.txt", "events.csv", "events.ICS"])
def test_a_calendar_is_known_by_what_is_in_it_whatever_it_is_called(write, olga, name):
    path = write("\ufeff" + calendar("DTSTART:20310501T190000Z"), name)
    assert run(path, "--capacity", "5") == Run(counted(created=1), [])


@pytest.mark.parametrize(
    ("content", "arguments", "failure"),
    [
        (calendar(), ["--map", "title=Name"], "Columns can be mapped for tables only, and this file is a calendar."),
        ("END:VCALENDAR\nBEGIN:X", [], "The file contains no calendar."),
        ("BEGIN:VCARD\nEND:VCARD\n", [], "The file contains no calendar."),
        ("<html>", [], "The file contains no calendar."),
        ("BEGIN:VCALENDAR\n" + "BEGIN:X\n" * 30, [], "Components are nested more than 20 deep."),
    ],
)
def test_a_malformed_calendar_is_refused_with_a_reason(write, olga, content, arguments, failure):
    path = write(content, "events.ics")
    assert run(path, *arguments) == Run([], [], f"{path}: {failure}", 1)


# Calendars as programs export them -----------------------------------------------------------------------------------

FOLDER = Path(__file__).parent / "calendars"
EXPORTS = {
    "apple": (
        [
            ("Spring concert (sold out)", "Grace Church, 802 Broadway, New York, NY 10003", at(2031, 5, 10, 23, 30)),
            ("Floating rehearsal", "Anywhere", at(2031, 5, 11, 10)),
        ],
        [],
    ),
    "google": (
        [
            ("Reading Circle: Middlemarch", "City Library, Main Square 1, 10115 Berlin, Germany", at(2031, 5, 8, 17)),
            # A changed date of a series; the others are made when they are half a year ahead.
            ("Open evening (an hour later)", "Café Einstein", at(2031, 5, 21, 18)),
            ("Deadline for the newsletter", "Online", at(2031, 6, 5, 16)),
            ("Excursion to Weimar", "Online", at(2031, 6, 11, 22)),
        ],
        [],
    ),
    "meetup": (
        [
            (
                "Python Oslo: lightning talks 🐍",
                "Kulturhuset (Youngs gate 6, Oslo, Norway)",
                at(2031, 5, 14, 16),
            ),
            ("Python Oslo: summer party", "Online", at(2031, 6, 11, 16)),
        ],
        [],
    ),
    "nextcloud": (
        [
            ("Sommerfest", "Garten", at(2031, 7, 1)),
            ("Lange Nacht der Sterne", "Sternwarte", at(2031, 10, 25, 23, 30)),
        ],
        ["VEVENT 3 ('Vorstand'): end_time: The end must be after the beginning."],
    ),
    "outlook": (
        [
            ("Mitgliederversammlung", "Microsoft Teams Meeting", at(2031, 5, 20, 15)),
            ("Call with the partners", "Kathmandu office", at(2031, 5, 21, 5, 15)),
            ("Board", "New York", at(2031, 5, 22, 13)),
        ],
        [
            "VEVENT 4 ('Inventory'): DTSTART: The time zone Head Office Time is unknown. Use a name such as "
            "Europe/Berlin."
        ],
    ),
}


LEFT_OUT = {"apple": ["VEVENT 1 ('Spring concert') is left out: VEVENT 2 has the same UID and is newer."]}


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.stem)
def test_each_event_of_an_export_is_taken_once_or_named(olga, path):
    taken, problems = EXPORTS[path.stem]
    options = ("--capacity", "5", "--location", "Online", "--skip-errors")
    left_out, changed = LEFT_OUT.get(path.stem, []), {"google": 1}.get(path.stem, 0)
    counts = counted(created=len(taken), updated=changed, errors=len(problems))
    assert run(path, *options) == Run([*left_out, *counts], problems)
    assert list(Event.objects.values_list("title", "location", "date_time")) == taken
    counts = counted(unchanged=len(taken) + changed, errors=len(problems))
    assert run(path, *options) == Run([*left_out, *counts], problems)


# Anything at all -----------------------------------------------------------------------------------------------------


def spoiled(text):
    """The text with a few of its own pieces, or odd ones, put in anywhere, some instead of what was there."""
    pieces = re.split(r"([\n:;=,])", text)
    odd = st.sampled_from([*pieces, '"', "\x1b", "\r", "P9999999999D", "00010101", "9999-12-31", "9" * 20])
    edits = st.lists(st.tuples(st.integers(0, len(pieces)), st.integers(0, 3), odd), max_size=5)

    def apply(edits):
        result = [*pieces]
        for position, cut, piece in edits:
            result[position : position + cut] = [piece]
        return "".join(result).encode()

    return edits.map(apply)


DAY = "DTSTART;VALUE=DATE:20310501\nDTEND;VALUE=DATE:20310502\nRRULE:FREQ=DAILY"
HOUR = "UID:a\nDTSTART;TZID=Fuzzy:20310501T190000\nDURATION:P1DT1H"
CALENDAR = calendar(DAY, HOUR, before=ELSEWHERE.replace("Elsewhere", "Fuzzy"))
TABLE = "title,date_time,location,max_capacity\nTalk,2031-05-01T18:00:00Z,Hall,10\n"


@given(content=st.one_of(st.binary(max_size=60), spoiled(TABLE), spoiled(CALENDAR)))
def test_whatever_a_file_holds_it_is_rows_or_a_sentence(content):
    try:
        rows, sentence = read_rows(content, name="file", columns={}).rows, "none is needed"
    except FileError as failure:
        rows, sentence = [], str(failure)
    assert sentence != ""
    assert [row for row in rows if not row.problem and not row.values] == []
