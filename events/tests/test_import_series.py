"""`manage.py import_events` on recurrence rules: each series is named, and none keeps a processor busy."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.imports.files import read_rows
from events.models import Event
from events.tests.import_runs import SERIES, Run, at, calendar, counted, run

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("lines", "occurrences"),
    [
        (
            "RRULE:FREQ=WEEKLY;COUNT=3\nEXDATE;TZID=Europe/Berlin:20310508T190000\nRDATE;TZID=Europe/Berlin:20310520T190000",
            "It would take place 3 times: 2031-05-01 19:00, 2031-05-15 19:00, 2031-05-20 19:00",
        ),
        (
            "RRULE:FREQ=DAILY;UNTIL=20310521T170000Z",  # 19:00 in Berlin
            "It would take place 21 times: 2031-05-01 19:00, 2031-05-02 19:00, 2031-05-03 19:00, 2031-05-04 19:00, "
            "2031-05-05 19:00, 2031-05-06 19:00, ...",
        ),
        (
            "RRULE:FREQ=MONTHLY; BYDAY=1TH;UNTIL=20310801",
            "It would take place 3 times: 2031-05-01 19:00, 2031-06-05 19:00, 2031-07-03 19:00",
        ),
        ("RDATE:20310502T170000Z, ,", "It would take place 2 times: 2031-05-01 19:00, 2031-05-02 19:00"),
        (
            "RRULE:FREQ=YEARLY",
            "It would take place more than 100 times: 2031-05-01 19:00, 2032-05-01 19:00, 2033-05-01 19:00, "
            "2034-05-01 19:00, 2035-05-01 19:00, 2036-05-01 19:00, ...",
        ),
        ("RDATE;VALUE=TIME:083000", "Its occurrences could not be listed: RDATE 083000"),
        (
            "RRULE:FREQ=DAILY;COUNT=2\nEXDATE:soon",
            "Its occurrences could not be listed: FREQ=DAILY;COUNT=2; EXDATE soon",
        ),
        ("RRULE:FREQ=SECONDLY;BYMONTH=1", "Its occurrences could not be listed: FREQ=SECONDLY;BYMONTH=1"),
    ],
)
def test_a_series_is_refused_with_its_occurrences_by_the_local_clock(write, olga, lines, occurrences):
    path = write(calendar(f"DTSTART;TZID=Europe/Berlin:20310501T190000\n{lines}"), "events.ics")
    assert run(path, "--capacity", "5").errors == [f"VEVENT 1 ('Talk'): {SERIES} {occurrences}"]


def test_a_series_of_days_and_a_changed_occurrence_are_named_too(write, olga):
    whole_days = "UID:a\nDTSTART:20310501\nRRULE:FREQ=DAILY;COUNT=2"
    changed = "UID:a\nRECURRENCE-ID:20310502\nDTSTART:20310503"
    assert run(write(calendar(whole_days, changed), "events.ics"), "--capacity", "5").errors == [
        f"VEVENT 1 ('Talk'): {SERIES} It would take place 2 times: 2031-05-01, 2031-05-02",
        "VEVENT 2 ('Talk'): series: This is a changed occurrence of a series (20310502). "
        "Series are not supported. Give each occurrence a VEVENT with a UID of its own.",
    ]


@pytest.mark.parametrize("rule", ["RRULE:FREQ=DAILY;COUNT=1", "RDATE:20310501T190000Z", "RDATE:"])
def test_a_rule_with_one_occurrence_makes_no_series(write, olga, rule):
    path = write(calendar(f"DTSTART:20310501T190000Z\n{rule}"), "events.ics")
    assert run(path, "--capacity", "5") == Run(counted(created=1), [])


NOT_LISTED = [
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=WEEKLY;INTERVAL=00",
    "FREQ=MONTHLY;INTERVAL=-1",
    "FREQ=YEARLY;INTERVAL=1;INTERVAL=0",
    "FREQ=DAILY;COUNT=0",
    "FREQ=DAILY;COUNT=-3",
    "FREQ=DAILY;COUNT=" + "9" * 300,
    "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
    "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;UNTIL=99991231",
    "FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=9",
    "FREQ=YEARLY;BYSETPOS=" + ",".join("1" * 200),
    "FREQ=SECONDLY;COUNT=9999999999",
    "FREQ=MINUTELY;UNTIL=99991231T235959Z",
    "FREQ=HOURLY;INTERVAL=0;BYHOUR=0",
]


@pytest.mark.parametrize("rule", NOT_LISTED)
def test_a_rule_without_an_end_to_its_search_is_named_and_the_others_come_in(write, olga, rule):
    text = calendar(f"DTSTART:20310501T190000Z\nRRULE:{rule}", "SUMMARY:Good\nDTSTART:20310501T190000Z")
    began = time.process_time()
    done = run(write(text, "events.ics"), "--capacity", "5", "--skip-errors")
    assert done == Run(
        counted(created=1, errors=1), [f"VEVENT 1 ('Talk'): {SERIES} Its occurrences could not be listed: {rule[:100]}"]
    )
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("rule", "listed"),
    [
        ("FREQ=DAILY;COUNT=99999999999", "2031-05-01 19:00, 2031-05-02 19:00, 2031-05-03 19:00, 2031-05-04 19:00"),
        ("FREQ=WEEKLY;UNTIL=99991231", "2031-05-01 19:00, 2031-05-08 19:00, 2031-05-15 19:00, 2031-05-22 19:00"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2031-05-01 19:00, 2032-02-29 19:00, 2036-02-29 19:00"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2031-05-01 19:00, 2031-06-13 19:00, 2032-02-13 19:00"),
    ],
)
def test_long_and_rare_rules_are_listed(write, olga, rule, listed):
    path = write(calendar(f"DTSTART:20310501T190000Z\nRRULE:{rule}"), "events.ics")
    [problem] = run(path, "--capacity", "5").errors
    assert problem.startswith(f"VEVENT 1 ('Talk'): {SERIES} It would take place more than 100 times: {listed}")


ZONE = """BEGIN:VTIMEZONE
TZID:{name}
BEGIN:DAYLIGHT
DTSTART:19810329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:{rule}
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
{more}END:STANDARD
END:VTIMEZONE
"""


@pytest.mark.parametrize(
    ("rule", "more"),
    [
        ("FREQ=YEARLY;INTERVAL=0;BYMONTH=3;BYDAY=-1SU", ""),
        ("FREQ=YEARLY;INTERVAL=-1;BYMONTH=3;BYDAY=-1SU", ""),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", ""),
        ("FREQ=YEARLY;BYMONTH=3;BYSETPOS=" + ",".join("1" * 200), ""),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "RDATE:" + ",".join(["19960101T000000"] * 2000) + "\n"),
    ],
)
def test_a_zone_without_an_end_to_its_search_is_not_used(write, olga, rule, more):
    unknown, known = (ZONE.format(name=name, rule=rule, more=more) for name in ("Odd", "Europe/Berlin"))
    odd = "SUMMARY:Odd\nDTSTART;TZID=Odd:20310501T190000"
    good = "SUMMARY:Good\nDTSTART;TZID=Europe/Berlin:20310501T190000"
    began = time.process_time()
    done = run(write(calendar(odd, good, before=unknown + known), "events.ics"), "--capacity", "5", "--skip-errors")
    assert done == Run(
        counted(created=1, errors=1),
        ["VEVENT 1 ('Odd'): DTSTART: The time zone Odd is unknown. Use a name such as Europe/Berlin."],
    )
    assert list(Event.objects.values_list("date_time", flat=True)) == [at(2031, 5, 1, 17)]
    assert time.process_time() - began < 2


NUMBERS = st.one_of(st.integers(-400, 400).map(str), st.sampled_from(["0", "00", "9" * 30, "", "x"]))
VALUES = st.lists(NUMBERS, min_size=1, max_size=4).map(",".join)
DAYS = st.lists(
    st.tuples(st.sampled_from(["", "-1", "1", "5", "6", "53", "0"]), st.sampled_from(["MO", "SU", "XX"])).map("".join),
    min_size=1,
    max_size=3,
).map(",".join)
PARTS = {
    "INTERVAL": NUMBERS,
    "COUNT": NUMBERS,
    "UNTIL": st.sampled_from(["20310601T000000Z", "99991231", "19000101", "never"]),
    "WKST": st.sampled_from(["MO", "SU", "1"]),
    "BYDAY": DAYS,
    **dict.fromkeys(["BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"], VALUES),
    **dict.fromkeys(["BYHOUR", "BYMINUTE", "BYSECOND"], VALUES),
}
FREQUENCY = st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "SECONDLY"])
RULES = st.tuples(FREQUENCY, st.fixed_dictionaries({}, optional=PARTS)).map(
    lambda rule: ";".join([f"FREQ={rule[0]}", *(f"{name}={value}" for name, value in rule[1].items())])
)


@pytest.mark.slow
@pytest.mark.once
@settings(max_examples=400, deadline=None)
@given(series=RULES, zone=RULES)
def test_no_rule_takes_long(series, zone):
    text = calendar(
        f"DTSTART;TZID=Odd:20310501T190000\nRRULE:{series}", before=ZONE.format(name="Odd", rule=zone, more="")
    )
    began = time.process_time()
    assert len(read_rows(text.encode(), name="events.ics", columns={}).rows) == 1
    assert time.process_time() - began < 2
