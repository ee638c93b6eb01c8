"""`manage.py import_events` on recurrence rules: they become series, and none keeps a processor busy."""

import time
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.imports.files import read_rows
from events.models import Event, Series
from events.services import series as series_services
from events.tests.import_runs import Run, at, calendar, counted, run
from registrations.services.series_changes import edit_dates, edit_series

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _far_horizon(monkeypatch):
    monkeypatch.setattr(series_services, "HORIZON", timedelta(days=36500))


def dates():
    return [event.date_time for event in Event.objects.exclude(series=None).order_by("date_time")]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            "RRULE:FREQ=WEEKLY;COUNT=3\nEXDATE;TZID=Europe/Berlin:20310508T190000\nRDATE;TZID=Europe/Berlin:20310520T190000",
            [at(2031, 5, 1, 17), at(2031, 5, 15, 17), at(2031, 5, 20, 17)],
        ),
        ("RRULE:FREQ=DAILY;UNTIL=20310502T170000Z", [at(2031, 5, 1, 17), at(2031, 5, 2, 17)]),  # 19:00 in Berlin
        (
            "RRULE:FREQ=MONTHLY; BYDAY=1TH;UNTIL=20310801",
            [at(2031, 5, 1, 17), at(2031, 6, 5, 17), at(2031, 7, 3, 17)],
        ),
        ("RDATE:20310502T170000Z, ,", [at(2031, 5, 1, 17), at(2031, 5, 2, 17)]),
        ("RRULE:FREQ=YEARLY", [at(2031, 5, 1, 17), at(2032, 5, 1, 17), at(2033, 5, 1, 17)]),  # two years at most
        ("RRULE:FREQ=MONTHLY;INTERVAL=6;COUNT=2", [at(2031, 5, 1, 17), at(2031, 11, 1, 18)]),  # summer has ended
    ],
)
def test_a_recurring_event_becomes_a_series_by_the_local_clock(write, olga, lines, expected):
    path = write(calendar(f"UID:a\nDTSTART;TZID=Europe/Berlin:20310501T190000\n{lines}"), "events.ics")
    assert run(path, "--capacity", "5") == Run(counted(created=1), [])
    assert dates() == expected
    assert Series.objects.get().time_zone == "Europe/Berlin"
    assert run(path, "--capacity", "5") == Run(counted(unchanged=1), [])
    assert dates() == expected


def test_changed_and_cancelled_dates_are_as_edited_by_hand(write, olga):
    series = "UID:a\nDTSTART;TZID=Europe/Berlin:20310501T190000\nRRULE:FREQ=DAILY;COUNT=3"
    moved = "UID:a\nRECURRENCE-ID;TZID=Europe/Berlin:20310502T190000\nDTSTART;TZID=Europe/Berlin:20310502T210000"
    called_off = "UID:a\nRECURRENCE-ID:20310503T170000Z\nDTSTART:20310503T170000Z\nSTATUS:CANCELLED"
    path = write(calendar(moved, called_off, series), "events.ics")
    assert run(path, "--capacity", "5") == Run(counted(created=1, updated=2), [])
    assert dates() == [at(2031, 5, 1, 17), at(2031, 5, 2, 19), at(2031, 5, 3, 17)]
    assert list(Event.objects.order_by("date_time").values_list("status", flat=True)) == [
        *("upcoming", "upcoming", "cancelled")
    ]
    assert run(path, "--capacity", "5") == Run(counted(unchanged=3), [])
    later = write(calendar(series.replace("T190000", "T180000")), "later.ics")
    assert run(later, "--capacity", "5") == Run(counted(updated=1), [])
    assert dates() == [at(2031, 5, 1, 16), at(2031, 5, 2, 19), at(2031, 5, 3, 17)]


DAILY = "UID:a\nDTSTART;TZID=Europe/Berlin:20310501T190000\nRRULE:FREQ=DAILY;COUNT=4"
FROM_THIRD = (
    "UID:a\nRECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20310503T190000\nSUMMARY:Late\n"
    "DTSTART;TZID=Europe/Berlin:20310503T210000"
)


def titles():
    return list(Event.objects.order_by("date_time").values_list("title", flat=True))


def test_a_date_is_changed_with_all_that_follow_it(write, olga):
    """They become a series of their own, which later files change, and which the first one makes no second time."""
    called_off = "UID:a\nRECURRENCE-ID;TZID=Europe/Berlin:20310504T190000\nDTSTART:20310504T190000Z\nSTATUS:CANCELLED"
    path = write(calendar(called_off, FROM_THIRD, DAILY), "events.ics")
    assert run(path, "--capacity", "5") == Run(counted(created=1, updated=2), [])
    late = [at(2031, 5, 1, 17), at(2031, 5, 2, 17), at(2031, 5, 3, 19), at(2031, 5, 4, 19)]
    assert (dates(), titles()) == (late, ["Talk", "Talk", "Late", "Talk"])
    assert [series.split_from for series in Series.objects.order_by("pk")] == [None, at(2031, 5, 3, 17)]
    assert run(path, "--capacity", "5") == Run(counted(unchanged=3), [])
    left_out = "COUNT=4\nEXDATE;TZID=Europe/Berlin:20310502T183000,20310504T183000"
    earlier = DAILY.replace("T190000", "T183000").replace("COUNT=4", left_out)
    path = write(calendar(FROM_THIRD.replace("Late", "Later"), earlier), "later.ics")
    assert run(path, "--capacity", "5") == Run(counted(updated=2), [])
    assert (dates(), titles()) == ([at(2031, 5, 1, 16, 30), at(2031, 5, 3, 19)], ["Talk", "Later"])
    assert run(path, "--capacity", "5") == Run(counted(unchanged=2), [])


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (("20310503T2", "20310502T2"), "date_time: The series stays on its days."),
        (("20310503T190000", "20310501T190000"), "This changes all dates of the series"),
        (
            ("20310503T190000", "20310507T190000"),
            "This changes a date and all that follow it (RANGE=THISANDFUTURE), and",
        ),
        (("UID:a", "UID:b"), "The calendar changes a date of a series that it does not contain"),
    ],
)
def test_a_change_of_all_that_follow_that_cannot_be_made_is_named(write, olga, lines, problem):
    path = write(calendar(DAILY, FROM_THIRD.replace(*lines)), "events.ics")
    done = run(path, "--capacity", "5", "--skip-errors")
    assert done.out == counted(created=1, errors=1)
    assert done.errors[0].startswith(f"VEVENT 2 ('Late'): {problem}")
    assert titles() == ["Talk"] * 4


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ("20310504T020000", [at(2031, 5, 3, 17), at(2031, 5, 4, 17)]),
        ("20310503T190000", [at(2031, 5, 3, 10), at(2031, 5, 4, 10)]),
    ],
)
def test_those_that_follow_may_have_another_zone(write, olga, starts, expected):
    tokyo = FROM_THIRD.replace("DTSTART;TZID=Europe/Berlin:20310503T210000", f"DTSTART;TZID=Asia/Tokyo:{starts}")
    last = "UID:a\nSUMMARY:Last\nRECURRENCE-ID;TZID=Europe/Berlin:20310504T190000\nDTSTART:20310504T200000Z"
    for lines, done in (((DAILY, tokyo), counted(created=1, updated=1)), ((DAILY, tokyo), counted(unchanged=2))):
        assert run(write(calendar(*lines), "events.ics"), "--capacity", "5") == Run(done, [])
        assert dates() == [at(2031, 5, 1, 17), at(2031, 5, 2, 17), *expected]
    path = write(calendar(DAILY, tokyo, last), "events.ics")
    assert run(path, "--capacity", "5") == Run(counted(updated=1, unchanged=2), [])
    assert dates()[3:] == [at(2031, 5, 4, 20)]


FROM_SECOND = FROM_THIRD.replace("0503", "0502").replace("Late", "Second")


@pytest.mark.parametrize(
    ("lines", "count", "late"),
    [
        (("COUNT=4", "COUNT=6"), 6, (3, 4, 5, 6)),
        (("COUNT=4", "COUNT=3"), 3, (3,)),
        (("COUNT=4", "UNTIL=20310505T170000Z"), 5, (3, 4, 5)),
        (("DAILY;COUNT=4", "DAILY;INTERVAL=2;COUNT=4"), 4, (3, 5, 7)),
        (("0501T190000", "0502T190000"), 4, (3, 4, 5)),
    ],
)
@pytest.mark.parametrize("second", [False, True])
def test_a_new_rule_changes_the_dates_that_were_split_off(write, olga, lines, count, late, second):
    run(write(calendar(DAILY, *[FROM_SECOND] * second, FROM_THIRD), "events.ics"), "--capacity", "5")
    newer = write(calendar(DAILY.replace(*lines)), "newer.ics")
    done = run(newer, "--capacity", "5", "--skip-errors")
    if second and ("INTERVAL" in lines[1] or "0502" in lines[1]):  # 2 May is no date any more, or the first
        assert (done.out, len(dates())) == (counted(errors=1), 4)
        return
    assert done == Run(counted(updated=1), [])
    assert len(dates()) == count
    assert [event.date_time for event in Event.objects.filter(title="Late").order_by("date_time")] == [
        at(2031, 5, day, 19) for day in late
    ]
    assert run(newer, "--capacity", "5") == Run(counted(unchanged=1), [])


@pytest.mark.parametrize(
    "lines",
    [
        ("0501T190000", "0503T190000"),
        ("0501T190000", "0504T190000"),
        ("FREQ=DAILY", "FREQ=WEEKLY"),
        ("COUNT=4", "COUNT=2"),
    ],
)
def test_a_rule_that_does_not_fit_what_was_split_off_is_named(write, olga, lines):
    run(write(calendar(DAILY, FROM_THIRD), "events.ics"), "--capacity", "5")
    before, part = dates(), Series.objects.order_by("pk")[1]
    path = write(calendar(DAILY.replace(*lines), FROM_THIRD), "events.ics")
    assert run(path, "--capacity", "5", "--skip-errors") == Run(
        counted(unchanged=1, errors=1),
        [
            "VEVENT 1 ('Talk'): rule: The dates from 2031-05-03 on were changed together and are a series of their own "
            f"here, which does not fit the new rule. Delete series {part.pk}, and import the calendar again."
        ],
    )
    assert dates() == before


def test_the_same_rule_leaves_what_was_changed_by_hand(write, olga):
    path = write(calendar(DAILY, FROM_THIRD), "events.ics")
    run(path, "--capacity", "5")
    part = Series.objects.order_by("pk")[1]
    edit_series(series_id=part.pk, values={}, rule="FREQ=WEEKLY;COUNT=2", now=at(2031, 1, 1))
    assert run(path, "--capacity", "5") == Run(counted(unchanged=2), [])
    assert dates()[2:] == [at(2031, 5, 3, 19), at(2031, 5, 10, 19)]


@pytest.mark.parametrize("second", ["20310502T120000", "20310502T210000", "20310503T013000"])
def test_all_that_follow_may_be_changed_twice_by_the_first_times(write, olga, second):
    zone = "Asia/Tokyo" if second.endswith("13000") else "Europe/Berlin"
    moved = FROM_SECOND.replace("TZID=Europe/Berlin:20310502T210000", f"TZID={zone}:{second}")
    path = write(calendar(FROM_THIRD, moved, DAILY), "events.ics")
    for done in (counted(created=1, updated=2), counted(unchanged=3)):
        assert run(path, "--capacity", "5") == Run(done, [])
        assert titles() == ["Talk", "Second", "Late", "Late"]
        assert dates()[2:] == [at(2031, 5, 3, 19), at(2031, 5, 4, 19)]
    assert [series.split_from for series in Series.objects.order_by("pk")] == [
        *(None, at(2031, 5, 2, 17), at(2031, 5, 3, 17))
    ]


def test_a_second_date_of_one_day_stays_beside_the_rule(write, olga):
    second = DAILY + "\nRDATE;TZID=Europe/Berlin:20310502T120000"
    run(write(calendar(second), "events.ics"), "--capacity", "5")
    assert len(dates()) == 5
    path = write(calendar(second.replace("0501T190000", "0501T180000")), "events.ics")
    assert run(path, "--capacity", "5") == Run(counted(updated=1), [])
    assert dates() == [at(2031, 5, 1, 16), at(2031, 5, 2, 10), *(at(2031, 5, day, 16) for day in (2, 3, 4))]


def test_dates_that_were_split_off_by_hand_are_not_made_again(write, olga):
    path = write(calendar(DAILY), "events.ics")
    run(path, "--capacity", "5")
    third = Event.objects.get(date_time=at(2031, 5, 3, 17))
    edit_dates(event_id=third.pk, values={"title": "Ours"}, following=True, now=at(2031, 1, 1))
    assert run(path, "--capacity", "5") == Run(counted(unchanged=1), [])
    assert titles() == ["Talk", "Talk", "Ours", "Ours"]


def test_an_older_file_does_not_undo_a_newer_one_of_a_series(write, olga):
    one = "UID:a\nRECURRENCE-ID;TZID=Europe/Berlin:20310502T190000\nDTSTART:20310502T180000Z\nSUMMARY:One"

    def imported(number, title, before=""):
        parts = [f"{lines.replace('SUMMARY:One', '')}\nSUMMARY:{title}" for lines in (DAILY, one)]
        parts.append(FROM_THIRD.replace("Late", title))
        text = calendar(*(f"{part}\nSEQUENCE:{number}" for part in parts), before=before)
        done = run(write(text, "events.ics"), "--capacity", "5", "--skip-errors")
        return done.out, {problem.split("): ")[1] for problem in done.errors}, titles()

    assert imported(2, "Two") == (counted(created=1, updated=2), set(), ["Two"] * 4)
    old = "SEQUENCE 1 is out of date: SEQUENCE 2 was imported before."
    assert imported(1, "One") == (counted(errors=3), {old}, ["Two"] * 4)
    assert imported(3, "Three")[1:] == (set(), ["Three"] * 4)
    assert imported(2, "Two")[2] == ["Three"] * 4


FIRST_DAY = "UID:a\nSUMMARY:Talk\nDTSTART;TZID=Europe/Berlin:20310501T190000"


@pytest.mark.parametrize("lines", ["UID:a", DAILY, FIRST_DAY])
def test_a_series_is_called_off_with_all_its_dates(write, olga, lines):
    cancel = write(calendar(f"{lines}\nSEQUENCE:1", before="METHOD:CANCEL\n", defaults={}), "cancel.ics")
    assert [text.split("): ")[1] for text in run(cancel, "--skip-errors").errors] == [
        "There is no such event to cancel."
    ]
    assert not Series.objects.exists()
    run(write(calendar(DAILY, FROM_THIRD), "events.ics"), "--capacity", "5")
    assert run(cancel) == Run(counted(updated=1), [])
    assert set(Event.objects.values_list("status", "uid")) == {("cancelled", "")}
    assert run(cancel) == Run(counted(unchanged=1), [])


@pytest.mark.parametrize("lines", [DAILY, FIRST_DAY, DAILY.replace("DAILY;COUNT=4", "WEEKLY")])
def test_a_series_whose_status_is_cancelled_is_called_off_with_all_its_parts(write, olga, lines):
    run(write(calendar(DAILY, FROM_THIRD), "events.ics"), "--capacity", "5")
    path = write(calendar(f"{lines}\nSTATUS:CANCELLED"), "cancel.ics")
    assert run(path, "--capacity", "5") == Run(counted(updated=1), [])
    assert set(Event.objects.values_list("status", "uid")) == {("cancelled", "")}
    assert run(path, "--capacity", "5") == Run(counted(unchanged=1), [])


def test_a_series_that_has_lost_its_rule_is_named(write, olga):
    run(write(calendar(DAILY), "events.ics"), "--capacity", "5")
    assert run(write(calendar(FIRST_DAY), "single.ics"), "--capacity", "5").errors == [
        "VEVENT 1 ('Talk'): This is a series here, and has no rule in the calendar. "
        "Delete the series, or give the event another UID."
    ]
    assert titles() == ["Talk"] * 4


def test_whole_days_and_a_date_of_no_series(write, olga):
    whole_days = "UID:a\nDTSTART;VALUE=DATE:20310501\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE;VALUE=DATE:20310501"
    changed = "UID:b\nRECURRENCE-ID:20310502\nDTSTART:20310503"
    nameless = "RECURRENCE-ID:20310502\nDTSTART:20310503"
    done = run(write(calendar(whole_days, changed, nameless), "events.ics"), "--capacity", "5", "--skip-errors")
    assert done.out == counted(created=1, errors=2)
    assert [problem.split("): ", 1)[1] for problem in done.errors] == [
        "series: A changed date of a series has the UID of the series, and this one has none.",
        "The calendar changes a date of a series that it does not contain, and that was not imported before.",
    ]
    assert dates() == [at(2031, 5, 2)]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("RDATE;VALUE=TIME:083000", "This series cannot be read: RDATE 083000"),
        ("RRULE:FREQ=DAILY;COUNT=2\nEXDATE:soon", "This series cannot be read: FREQ=DAILY;COUNT=2; EXDATE soon"),
        ("RRULE:FREQ=SECONDLY;BYMONTH=1", "This series cannot be read: FREQ=SECONDLY;BYMONTH=1"),
        (
            "RRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY",
            "A series has one rule; give the other dates a VEVENT with a UID of their own.",
        ),
        (
            "RECURRENCE-ID;RANGE=THISANDPRIOR:20310501T190000Z",
            "RANGE THISANDPRIOR is not supported. Give each date a VEVENT of its own, or use THISANDFUTURE.",
        ),
    ],
)
def test_a_series_that_cannot_be_read_is_named(write, olga, lines, problem):
    path = write(calendar(f"UID:a\nDTSTART;TZID=Europe/Berlin:20310501T190000\n{lines}"), "events.ics")
    assert run(path, "--capacity", "5").errors == [f"VEVENT 1 ('Talk'): series: {problem}"]
    assert not Event.objects.exists()


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
    assert done.out == counted(created=1, errors=1)
    (problem,) = done.errors
    assert problem.startswith(("VEVENT 1 ('Talk'): series: This series cannot be read: ", "VEVENT 1 ('Talk'): rule: "))
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("FREQ=DAILY;COUNT=99999999999", "A series has at most 200 dates."),
        ("FREQ=WEEKLY;UNTIL=99991231", "A series lasts two years at most."),
    ],
)
def test_a_long_series_with_an_end_is_refused(write, olga, rule, problem):
    path = write(calendar(f"DTSTART:20310501T190000Z\nRRULE:{rule}"), "events.ics")
    assert run(path, "--capacity", "5").errors == [f"VEVENT 1 ('Talk'): rule: {problem}"]


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
