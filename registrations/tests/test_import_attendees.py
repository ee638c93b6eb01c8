"""`manage.py import_attendees`: a list of people becomes registrations by the rules of any, and tells of no account."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import NamedTuple

import openpyxl
import pytest
from django.contrib.auth.hashers import is_password_usable
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.email_addresses import normalize_email
from accounts.models import Role, User
from accounts.services import accounts
from accounts.services.placeholder_accounts import find_accounts
from eventhub.exceptions import EventNotFound, Forbidden, RegistrationClosed, UserExists
from eventhub.spreadsheets.exports import csv_lines, write_xlsx
from eventhub.spreadsheets.sheets import STRAY_QUOTE
from eventhub.testing.concurrency import race
from events.models import Event
from registrations.management.commands.import_attendees import Command
from registrations.models import Registration, RegistrationStatus, Transition
from registrations.selectors import attendee_rows
from registrations.services import account_deletion, attendee_import, seats
from registrations.services.attendee_columns import FIELDS
from registrations.services.attendee_file import read_attendees
from registrations.services.attendee_import import ImportOutcome, import_attendees
from registrations.tests.seat_rules import codes, rules_hold

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

PEOPLE = "email,name,phone\nzoe@example.org,Zoe,+49 30 1\nYan@Example.org,,\nxia@example.org,Xia Lu,\n"
REFUSED = "Nothing was imported because of errors. Use --skip-errors to import the other rows."
MAP = "Say so with --map FIELD=COLUMN, or FIELD= for none."
only_where_others_write_meanwhile = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="on SQLite nobody writes inside another's transaction"
)


class Run(NamedTuple):
    out: list[str]
    errors: list[str]
    failure: str = ""
    status: int = 0


def run(file, event, *arguments):
    """What the command wrote, and how it ended."""
    out, errors = io.StringIO(), io.StringIO()
    failure, status = "", 0
    number = event if isinstance(event, int | str) else event.pk
    try:
        call_command(
            "import_attendees", str(file), "--event", str(number), *arguments, stdout=out, stderr=errors, no_color=True
        )
    except CommandError as problem:
        failure, status = str(problem), problem.returncode
    lines = [line for line in out.getvalue().splitlines() if not line.startswith(("Columns: ", "Not used: "))]
    return Run(lines, errors.getvalue().splitlines(), failure, status)


@pytest.fixture
def write(tmp_path):
    """Makes a file: of text, or of bytes as they are."""

    def write(content, name="people.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def counted(seated=0, queued=0, there=0, errors=0, prefix="", left_out=0):
    return [
        f"{prefix}{seated} seated, {queued} on the waiting list, {there} already registered, {left_out} left out, "
        f"{errors} with errors"
    ]


def guests(*emails):
    """The rows of a list of addresses."""
    return read_attendees("\n".join(["email", *emails]).encode(), columns={})


def taken(event):
    """The event's registrations in the order of being made."""
    return list(event.registrations.order_by("pk").values_list("user__email", "name", "contact_details", "status"))


def phones(event):
    return list(event.registrations.order_by("pk").values_list("phone", flat=True))


def in_queue(event):
    return list(event.registrations.waiting().order_by("queue_number").values_list("name", flat=True))


def test_a_deleted_registration_is_forgotten_and_the_help_says_so(write, olga, bob, make_event, enroll):
    event, path = make_event(olga), write("email\nbob@example.org\n")
    seats.remove(registration=enroll(event, bob), by=bob)
    assert run(path, event) == Run(counted(seated=1), [])
    assert "a registration that was deleted is forgotten" in Command.help


# Seats, then the queue -----------------------------------------------------------------------------------------------


def test_people_of_a_list_get_the_free_seats_in_its_order_and_then_the_queue(write, olga, make_event):
    event = make_event(olga, max_capacity=2)
    assert run(write(PEOPLE), event) == Run(counted(seated=2, queued=1), [])
    assert taken(event) == [
        ("zoe@example.org", "Zoe", "zoe@example.org", "registered"),
        ("yan@example.org", "Yan", "Yan@Example.org", "registered"),
        ("xia@example.org", "Xia Lu", "xia@example.org", "waitlisted"),
    ]
    assert phones(event) == ["+49 30 1", "", ""]
    event.refresh_from_db()
    assert (event.seats_taken, event.waitlisted) == (2, 1)


def test_who_is_there_already_stays_as_they_are(write, olga, bob, eve, ada, make_event, enroll):
    event = make_event(olga, max_capacity=3)
    for who, status in ((bob, "attended"), (eve, "waitlisted"), (ada, "cancelled"), (ada, "registered")):
        enroll(event, who, status=status)
    Event.objects.filter(pk=event.pk).update(status="completed")  # so that nobody is moved up
    before = list(event.registrations.order_by("pk").values())
    path = write("email,name\nBOB@example.org,x\neve@example.org,x\nada@example.org,Ada\n")
    assert run(path, event) == run(path, event, "--reinstate") == Run(counted(there=3), [])
    assert list(event.registrations.order_by("pk").values()) == before


def test_who_has_cancelled_is_left_out_unless_they_are_to_be_reinstated(write, olga, bob, make_event):
    event = make_event(olga)
    path = write("email,name\nzoe@example.org,Zoe\nbob@example.org,Bob\n")
    run(path, event)
    seats.cancel(registration=event.registrations.get(user=bob), by=bob)
    left = "line 3 ('bob@example.org'): left out: They have cancelled their registration."
    hint = "Use --reinstate to register people who have cancelled."
    assert run(path, event) == Run([left, hint, *counted(there=1, left_out=1)], [])
    assert [row[1::2] for row in taken(event)] == [("Zoe", "registered"), ("Bob", "cancelled")]
    assert run(path, event, "--reinstate") == Run(counted(seated=1, there=1), [])
    assert [row[1::2] for row in taken(event)] == [
        ("Zoe", "registered"),
        ("Bob", "cancelled"),
        ("Bob", "registered"),
    ]


def test_a_second_run_finds_everybody_there(write, olga, make_event):
    event = make_event(olga, max_capacity=2)
    run(write(PEOPLE), event)
    before = list(Registration.objects.order_by("pk").values())
    assert run(write(PEOPLE), event) == Run(counted(there=3), [])
    assert list(Registration.objects.order_by("pk").values()) == before
    assert User.objects.count() == 4


def test_a_second_person_with_an_address_is_an_error_also_in_a_second_run(write, olga, make_event):
    event = make_event(olga)
    path = write(
        "email,name,status\nzoe@example.org,\x01,\nzoe@example.org,Left,declined\nZOE@example.org,Zoe,\n"
        "zoe@Example.org,Zoe,yes\nzoe@example.org,,\n"
    )
    left = ["line 3 ('zoe@example.org'): left out: Their status is “declined”."]
    errors = [
        "line 2 ('zoe@example.org'): name: Control characters are not allowed.",
        *(
            f"line {place}: email: This address is already in line 4. Each person needs an address of their own."
            for place in ("5 ('zoe@Example.org')", "6 ('zoe@example.org')")
        ),
    ]
    assert run(path, event) == Run([*left, *counted(errors=3)], errors, REFUSED, 1)
    assert run(path, event, "--skip-errors") == Run([*left, *counted(seated=1, errors=3, left_out=1)], errors)
    assert run(path, event, "--skip-errors") == Run([*left, *counted(there=1, errors=3, left_out=1)], errors)
    assert taken(event) == [("zoe@example.org", "Zoe", "ZOE@example.org", "registered")]


def test_the_queue_keeps_the_order_of_the_list_over_all_its_statements(olga, make_event, enroll):
    event = make_event(olga, full=True)
    enroll(event, status="waitlisted", name="first")
    numbers = [number * 7919 % 2000 for number in range(2000)]
    rows = guests(*(f"p{number}@example.org" for number in numbers))
    report = import_attendees(event_id=event.pk, rows=rows, by=olga)
    assert report.counts == {ImportOutcome.QUEUE: 2000}
    assert in_queue(event) == ["first", *(f"p{number}" for number in numbers)]


def test_a_seat_that_raw_sql_freed_is_the_queues_before_the_lists(olga, make_event, enroll):
    event = make_event(olga, max_capacity=3)
    enroll(event)
    waiting = enroll(event, status="waitlisted")
    report = import_attendees(event_id=event.pk, rows=guests("zoe@example.org", "yan@example.org"), by=olga)
    assert [result.outcome for result in report.results] == [ImportOutcome.SEAT, ImportOutcome.QUEUE]
    waiting.refresh_from_db()
    assert waiting.status == "registered"
    assert in_queue(event) == ["yan"]


@pytest.mark.parametrize("fields", [{"waitlist": False}, {"status": "completed"}])
def test_where_the_queue_is_closed_who_finds_no_seat_is_an_error(write, olga, make_event, fields):
    event = make_event(olga, max_capacity=2, **fields)
    errors = ["line 4 ('xia@example.org'): Event is full"]
    assert run(write(PEOPLE), event) == Run(counted(errors=1), errors, REFUSED, 1)
    assert (Registration.objects.count(), User.objects.count()) == (0, 1)
    assert run(write(PEOPLE), event, "--skip-errors") == Run(counted(seated=2, errors=1), errors)
    assert [name for _, name, _, _ in taken(event)] == ["Zoe", "Yan"]
    assert User.objects.count() == 3


def test_who_runs_an_event_may_register_people_while_it_is_not_cancelled(olga, make_event):
    now = timezone.now()
    for fields in (
        {"status": "draft"},
        {"status": "completed"},
        {"date_time": now - timedelta(days=3)},
        {"registration_opens": now + timedelta(days=1)},
    ):
        event = make_event(olga, **fields)
        assert import_attendees(event_id=event.pk, rows=guests("zoe@example.org"), by=olga).counts == {
            ImportOutcome.SEAT: 1
        }
    cancelled = make_event(olga, status="cancelled")
    with pytest.raises(RegistrationClosed):
        import_attendees(event_id=cancelled.pk, rows=guests("zoe@example.org"), by=olga)


@pytest.mark.parametrize("rows", [[], ["zoe@example.org"], ["no address"]])
def test_nobody_else_may(olga, otto, bob, make_event, rows):
    rows = guests(*rows)
    event, draft = make_event(olga), make_event(olga, status="draft")
    for by, refusal in ((otto, EventNotFound), (bob, EventNotFound)):
        with pytest.raises(refusal):
            import_attendees(event_id=draft.pk, rows=rows, by=by)
        with pytest.raises(Forbidden):
            import_attendees(event_id=event.pk, rows=rows, by=by)
    olga.role = Role.USER
    with pytest.raises(Forbidden):
        import_attendees(event_id=event.pk, rows=rows, by=olga)
    with pytest.raises(EventNotFound):
        import_attendees(event_id=0, rows=rows, by=otto)
    assert Registration.objects.count() == 0


# Accounts ------------------------------------------------------------------------------------------------------------


def test_who_has_no_account_gets_one_that_only_its_address_can_claim(olga, make_event):
    import_attendees(event_id=make_event(olga).pk, rows=guests("Zoe@Example.org"), by=olga)
    account = Registration.objects.get().user
    assert (account.email, account.role, account.is_active) == ("zoe@example.org", "user", True)
    assert re.fullmatch("guest-[a-z0-9]{20}", account.username)
    assert not is_password_usable(account.password)
    assert len(account.password) > 40


def test_every_new_account_has_a_password_of_its_own(olga, make_event):
    import_attendees(event_id=make_event(olga).pk, rows=guests("zoe@example.org", "yan@example.org"), by=olga)
    assert len(set(User.objects.exclude(pk=olga.pk).values_list("password", flat=True))) == 2


@pytest.mark.parametrize(
    "email",
    ["taken@example.org", "o'hara@example.org", "zoe@m\u00fcnchen.example", f"{'x' * 60}@{'y.' * 60}example.org"],
)
def test_a_username_says_nothing_of_the_address(olga, person, make_event, email):
    person("TAKEN@example.org", email="other@example.org")
    report = import_attendees(event_id=make_event(olga).pk, rows=guests(email), by=olga)
    assert report.counts == {ImportOutcome.SEAT: 1}
    account = Registration.objects.get().user
    assert account.email == normalize_email(email)
    assert re.fullmatch("guest-[a-z0-9]{20}", account.username)
    account.full_clean()


@pytest.mark.parametrize("fields", [{}, {"is_active": False}, {"role": "organizer"}])
def test_an_account_is_used_as_it_is(olga, person, make_event, fields):
    account = person("zoe", **fields)
    before = User.objects.values().get(pk=account.pk)
    import_attendees(event_id=make_event(olga).pk, rows=guests("ZOE@example.org"), by=olga)
    assert Registration.objects.get().user == account
    assert User.objects.values().get(pk=account.pk) == before


def test_neither_the_report_nor_a_registration_tells_who_had_an_account(write, olga, person, make_event):
    for name in ("zoe", "yan"):
        person(f"secret-{name}", email=f"{name}@example.org")
    text = "email,name\nzoe@example.org,Zoe\nyan@example.org,\n"
    known, unknown = make_event(olga, max_capacity=1), make_event(olga, max_capacity=1)
    told = run(write(text), known, "--dry-run"), run(write(text), known), taken(known)
    text = text.replace("example.org", "example.net")
    assert told == (
        *(
            Run([line.replace(".net", ".org") for line in wrote.out], [])
            for wrote in (run(write(text), unknown, "--dry-run"), run(write(text), unknown))
        ),
        [tuple(value.replace(".net", ".org") for value in row) for row in taken(unknown)],
    )


def test_the_log_says_who_imported_them(olga, ada, make_event, enroll):
    event = make_event(olga, max_capacity=2)
    enroll(event)
    enroll(event, status="waitlisted")
    import_attendees(event_id=event.pk, rows=guests("zoe@example.org"), by=ada)
    lines = Transition.objects.filter(through="import").order_by("pk").values_list("was", "becomes", "by")
    assert list(lines) == [("waitlisted", "registered", ada.pk), ("", "waitlisted", ada.pk)]


# Rows and files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",Zoe,", "line 2 ('Zoe'): email: This field cannot be blank."),
        ("zoe,,", "line 2 ('zoe'): email: Enter a valid email address."),
        ("zoe@example.org eve@example.org,,", "line 2 ('zoe@example.org eve@example.org'): email: Enter a valid"),
        (f"{'x' * 250}@example.org,Zoe,", f"line 2 ('{'x' * 60}'): email: Ensure this value has at most 254"),
        (f"zoe@example.org,{'x' * 256},", "line 2 ('zoe@example.org'): name: Ensure this value has at most 255"),
        (f"zoe@example.org,,{'x' * 256}", "line 2 ('zoe@example.org'): contact_details: Ensure this value has at most"),
        ('"""a\x01""@example.org",Zoe,', "line 2 ('\"a\\x01\"@example.org'): email: Control characters are not"),
        ('zoe@example.org,"Zoe\nLu",', "line 2 ('zoe@example.org'): name: Control characters are not allowed."),
        ("zoe@example.org,Zoe\x1b[2J,", "line 2 ('zoe@example.org'): name: Control characters are not allowed."),
        ("zoe@example.org,,a\x7f", "line 2 ('zoe@example.org'): contact_details: Control characters are not allowed."),
        ("zoe@example.org,Lu, Zoe,x", "line 2 ('zoe@example.org'): columns: There are 4, and 3 in the header."),
    ],
)
def test_a_bad_row_is_named_and_stops_all(write, olga, make_event, row, problem):
    event = make_event(olga)
    ended = run(write(f"email,name,contact details\n{row}\nyan@example.org,,\n"), event)
    assert (ended.out, ended.failure, ended.status) == (counted(errors=1), REFUSED, 1)
    (line,) = ended.errors
    assert line.startswith(problem)
    assert (Registration.objects.count(), User.objects.count()) == (0, 1)


def test_every_problem_of_a_row_is_named(olga, make_event):
    (guest,) = read_attendees(f"email,name\nzoe,{'x' * 300},y\n".encode(), columns={})
    assert guest.problem == (
        "columns: There are 3, and 2 in the header. email: Enter a valid email address. "
        "name: Ensure this value has at most 255 characters (it has 300)."
    )


@pytest.mark.parametrize(
    ("details", "kept"),
    [
        ('"Main Street 1\nTown"', "zoe@example.org, Main Street 1\nTown"),
        ("Gate 4 (ZOE@example.org)", "Gate 4 (ZOE@example.org)"),
        ("", "zoe@example.org"),
    ],
)
def test_contact_details_keep_the_address_and_their_lines(olga, make_event, details, kept):
    rows = read_attendees(f"email,contact\nzoe@example.org,{details}\n".encode(), columns={})
    import_attendees(event_id=make_event(olga).pk, rows=rows, by=olga)
    assert Registration.objects.get().contact_details == kept


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PEOPLE, "people.csv"),
        (PEOPLE.replace(",", ";").replace("\n", "\r\n"), "people.txt"),
        ("\ufeff" + PEOPLE.replace(",", "\t"), "people"),
        (PEOPLE.replace("email,name,phone", "E-mail Address,Full_Name,Mobile Phone"), "people.csv"),
    ],
)
def test_lists_come_as_spreadsheets_write_them(write, olga, make_event, content, name):
    event = make_event(olga)
    assert run(write(content, name), event) == Run(counted(seated=3), [])
    assert [row[:3] for row in taken(event)] == [
        ("zoe@example.org", "Zoe", "zoe@example.org"),
        ("yan@example.org", "Yan", "Yan@Example.org"),
        ("xia@example.org", "Xia Lu", "xia@example.org"),
    ]
    assert phones(event) == ["+49 30 1", "", ""]


def test_a_workbook_is_read_whatever_its_name_and_rows_are_named_by_their_numbers(tmp_path, olga, make_event):
    book = openpyxl.Workbook()
    for row in (["Phone", "Name", "E-mail"], [493012345678, 5.0, "zoe@example.org"], [], [None, "x", "nobody"]):
        book.active.append(row)
    path = tmp_path / "people.csv"
    book.save(path)
    event = make_event(olga)
    errors = ["line 4 ('nobody'): email: Enter a valid email address."]
    assert run(path, event, "--skip-errors") == Run(counted(seated=1, errors=1), errors)
    assert taken(event) == [("zoe@example.org", "5", "zoe@example.org", "registered")]
    assert phones(event) == ["493012345678"]


def test_a_column_of_another_name_is_mapped(write, olga, make_event):
    event = make_event(olga)
    path = write("Mail to,Who,email\nzoe@example.org,Zoe,?\n")
    assert run(path, event, "--map", "email=mail TO", "--map", "name=Who") == Run(counted(seated=1), [])
    assert [row[:2] for row in taken(event)] == [("zoe@example.org", "Zoe")]


@pytest.mark.parametrize(
    ("content", "failure"),
    [
        ("", "The file is empty."),
        ("name\nZoe\n", f"No column has a header for email addresses: name. {MAP}"),
        ("email,mail,Email\na,b,c\n", f'The column "email" is there 2 times. {MAP}'),
        (b"\xef\xbb\xbfem\xe9\n", "line 1: This is not UTF-8. Save the file in UTF-8."),
        (b"PK\x03\x04", "The workbook is broken: File is not a zip file"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_a_reason(write, olga, make_event, content, failure):
    path = write(content)
    assert run(path, make_event(olga)) == Run([], [], f"{path}: {failure}", 1)


def test_what_was_assumed_about_a_file_is_named_and_a_row_that_cannot_be_read_is_an_error(write, olga, make_event):
    event = make_event(olga)
    path = write('email;name\r\nzoe@example.org;Zoë\r\nbob@example.org;#NV\r\n"eve;Eve\r\n'.encode("cp1252"))
    note = "The file is not in UTF-8. It was read as Windows-1252; if letters look wrong, save it in UTF-8."
    assert run(path, event, "--skip-errors") == Run(
        [note, *counted(seated=1, errors=2)],
        [
            "line 3 ('bob@example.org'): columns: name shows #NV, an error of the spreadsheet.",
            f"line 4: {STRAY_QUOTE}",
        ],
    )
    assert [row[:2] for row in taken(event)] == [("zoe@example.org", "Zoë")]


def test_a_list_is_no_longer_than_its_reader_takes():
    with pytest.raises(ValueError, match="There are more than 2 rows"):
        read_attendees(PEOPLE.encode(), columns={}, max_rows=2)


def test_an_export_of_one_event_is_a_list_for_another(tmp_path, olga, make_event):
    """The export has no addresses of accounts, but that in the contact details: here everybody has one."""
    first = make_event(olga, title="=Talk")
    rows = read_attendees(
        (
            'email,name,contact details\nzoe@example.org,=Zoe,"Table 4, vegetarian"\n+49@example.org,+49 30 123,\n'
            "X@münchen.example,''=x,call X@münchen.example\n"
        ).encode(),
        columns={},
    )
    import_attendees(event_id=first.pk, rows=rows, by=olga)
    for name in ("export.csv", "export.xlsx"):
        path = tmp_path / name
        with path.open("wb") as file:
            if name.endswith("csv"):
                file.writelines(csv_lines(attendee_rows.header(), attendee_rows.rows(first.registrations.all())))
            else:
                write_xlsx(file, "Talk", attendee_rows.header(), attendee_rows.rows(first.registrations.all()))
        second = make_event(olga)
        assert run(path, second) == Run(counted(seated=3), [])
        assert taken(second) == taken(first)
        assert [row[1] for row in taken(second)] == ["=Zoe", "+49 30 123", "'=x"]


# The command ---------------------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_become_of_each_row_and_writes_nothing(write, olga, bob, make_event, enroll):
    event = make_event(olga, max_capacity=3)
    enroll(event, bob)
    enroll(event, status="waitlisted")
    path = write(PEOPLE + "bob@example.org,,\nnobody,,\n")
    before = list(Registration.objects.order_by("pk").values()), User.objects.count()
    outcomes = [
        "line 2 ('zoe@example.org'): seat",
        "line 3 ('Yan@Example.org'): queue",
        "line 4 ('xia@example.org'): queue",
        "line 5 ('bob@example.org'): already there",
    ]
    errors = ["line 6 ('nobody'): email: Enter a valid email address."]
    assert run(path, event, "--dry-run", "--skip-errors") == Run(
        [*outcomes, *counted(1, 2, 1, 1, prefix="Dry run: ")], errors
    )
    assert run(path, event, "--dry-run") == Run([*outcomes, *counted(errors=1, prefix="Dry run: ")], errors, REFUSED, 1)
    assert (list(Registration.objects.order_by("pk").values()), User.objects.count()) == before


def test_it_is_done_by_the_events_organizer_or_by_whom_the_command_names(write, olga, ada, make_event):
    event = make_event(olga)
    run(write("email\nzoe@example.org\n"), event)
    run(write("email\nyan@example.org\n"), event, "--as", "ADA")
    assert list(Transition.objects.order_by("pk").values_list("by", "through")) == [
        (olga.pk, "import"),
        (ada.pk, "import"),
    ]


@pytest.mark.parametrize(
    ("arguments", "failure"),
    [
        (["--as", "otto"], "Talk: Not allowed"),
        (["--as", "bob"], "Talk: Not allowed"),
        (["--as", ""], "No account named ."),
        (["--as", "zoe"], "No account named zoe."),
        (["--map", "age=x"], "--map age=x: expected FIELD=COLUMN with one of the fields FIELDS."),
        (["--map", "phone"], "--map phone: expected FIELD=COLUMN with one of the fields FIELDS."),
        (["--map", "name=A", "--map", "name=B"], "--map name=B: name is already mapped."),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(write, olga, otto, bob, make_event, arguments, failure):
    failure = failure.replace("FIELDS", ", ".join(FIELDS))
    assert run(write(PEOPLE), make_event(olga), *arguments) == Run([], [], failure, 1)


@pytest.mark.parametrize(
    ("event", "failure"),
    [
        (0, "No event with id 0."),
        (10**30, f"No event with id {10**30}."),
        ("x", "Error: argument --event: Enter a whole number."),
        ("1_0", "Error: argument --event: Enter a whole number."),
    ],
)
def test_an_event_that_is_not_there_is_refused(write, db, event, failure):
    assert run(write(PEOPLE), event) == Run([], [], failure, 1)


def test_a_cancelled_event_and_a_missing_file_are_refused(write, tmp_path, olga, make_event):
    event = make_event(olga, status="cancelled")
    assert run(write(PEOPLE), event) == Run([], [], "Talk: Registration is closed: the event is cancelled", 1)
    nowhere = tmp_path / "nowhere.csv"
    assert run(nowhere, event) == Run([], [], f"{nowhere}: No such file or directory.", 1)


def test_a_hundred_people_take_as_many_statements_as_two(olga, make_event):
    """The event, locked; the accounts; those who are there; new accounts, and their ids; registrations."""

    def statements(*emails):
        event = make_event(olga, max_capacity=1000)
        rows = guests(*emails)
        with CaptureQueriesContext(connection) as captured:
            assert import_attendees(event_id=event.pk, rows=rows, by=olga).counts == {ImportOutcome.SEAT: len(emails)}
        return [query["sql"].split()[0] for query in captured if "SAVEPOINT" not in query["sql"]]

    alone = ["SELECT", "SELECT", "INSERT", "SELECT", "INSERT"]
    assert statements("zoe@example.org") == alone
    known = [*alone[:2], "SELECT", *alone[2:]]
    assert statements("zoe@example.org", "yan@example.org") == known
    many = statements("zoe@example.org", *(f"p{number}@example.org" for number in range(100)))
    # SQLite has few parameters a statement, so that Django makes several of an INSERT.
    assert [verb for before, verb in zip(["", *many], many, strict=False) if (before, verb) != ("INSERT",) * 2] == known


# At the same time ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_lists_and_people_by_themselves_take_each_last_seat_once(call, olga, ada, person, make_event, enroll):
    alone = [person(f"p{number}") for number in range(4)]
    lists = [guests(*(f"p{number}@example.org" for number in numbers)) for numbers in ((0, 1, 5, 6), (7, 6, 1, 2))]
    for round_ in range(4):
        event = make_event(olga, max_capacity=3, waitlist=bool(round_ % 2))
        leaver = enroll(event)
        imports = [
            partial(import_attendees, event_id=event.pk, rows=rows, by=by, skip_errors=True)
            for rows, by in zip(lists, (olga, ada), strict=True)
        ]
        first, second, left, *answers = race(
            [
                *imports,
                call(olga, "PATCH", f"/attendees/{leaver.pk}", {"status": "cancelled"}),
                *(call(who, "POST", "/attendees/", {"event_id": event.pk}) for who in alone),
            ]
        )
        reports = first, second
        assert left.status_code == 200
        assert set(codes(answers)) <= {201, "event_full", "already_registered"}
        rules_hold(answers)
        event.refresh_from_db()
        entered = sum(
            report.counts[outcome] for report in reports for outcome in (ImportOutcome.SEAT, ImportOutcome.QUEUE)
        )
        assert entered + codes(answers)[201] == event.seats_taken + event.waitlisted
        if event.waitlist:
            assert event.seats_taken == 3
            assert [report.errors for report in reports] == [[], []]
            assert set(event.registrations.live().values_list("user__email", flat=True)) >= {
                f"p{number}@example.org" for number in (0, 1, 2, 5, 6, 7)
            }


@only_where_others_write_meanwhile
@pytest.mark.django_db(transaction=True)
def test_who_registers_while_a_list_is_being_placed_waits_for_it(monkeypatch, call, olga, bob, make_event):
    event = make_event(olga, max_capacity=2)
    with ThreadPoolExecutor(1) as thread:
        registering = None

        def find_and_be_slow(emails):
            nonlocal registering
            monkeypatch.setattr(attendee_import, "find_accounts", find_accounts)
            alone = call(bob, "POST", "/attendees/", {"event_id": event.pk})
            registering = thread.submit(race, [alone])
            with pytest.raises(TimeoutError):
                registering.result(timeout=1)
            return find_accounts(emails)

        monkeypatch.setattr(attendee_import, "find_accounts", find_and_be_slow)
        report = import_attendees(event_id=event.pk, rows=guests("zoe@example.org", "yan@example.org"), by=olga)
        assert report.counts == {ImportOutcome.SEAT: 2}
        assert codes(registering.result()) == {"event_full": 1}
    rules_hold([])


def test_accounts_are_made_in_the_order_of_their_addresses(olga, make_event):
    """Whatever the order of the list: two lists that make the same ones would wait for each other in a circle."""
    emails = [f"p{number}@example.org" for number in range(1000)]
    import_attendees(event_id=make_event(olga, max_capacity=1000).pk, rows=guests(*emails), by=olga)
    made = User.objects.exclude(pk=olga.pk).order_by("pk").values_list("email", flat=True)
    assert list(made) == sorted(emails)


@pytest.mark.django_db(transaction=True)
def test_lists_in_any_order_make_each_account_once(olga, make_event):
    for round_ in range(2):
        emails = [f"p{number}@round{round_}.example" for number in range(1000)]
        events = [make_event(olga, max_capacity=2000) for _ in range(3)]
        orders = (emails, emails[::-1], emails[500:] + emails[:500])
        reports = race(
            [
                partial(import_attendees, event_id=event.pk, rows=guests(*order), by=olga)
                for event, order in zip(events, orders, strict=True)
            ]
        )
        assert [report.counts for report in reports] == [{ImportOutcome.SEAT: 1000}] * 3
        assert User.objects.filter(email__endswith=f"@round{round_}.example").count() == 1000
    rules_hold([])


@pytest.mark.django_db(transaction=True)
def test_who_signs_up_beside_the_list_that_names_them_is_one_account_with_a_seat(olga, make_event):
    def sign_up(round_):
        try:
            return accounts.sign_up(username=f"zoe{round_}", email=f"zoe{round_}@example.org", password="bring a coat")
        except UserExists:
            return None

    for round_ in range(6):
        event = make_event(olga)
        rows = guests("a@example.org", f"zoe{round_}@example.org")
        _, report = race([partial(sign_up, round_), partial(import_attendees, event_id=event.pk, rows=rows, by=olga)])
        assert report.counts == {ImportOutcome.SEAT: 2}
        account = User.objects.get(email=f"zoe{round_}@example.org")
        assert event.registrations.filter(user=account).count() == 1
    rules_hold([])


@only_where_others_write_meanwhile
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("username", ["zoe", "other@example.org", "zoe@example.org"])
def test_an_account_that_is_made_after_they_were_looked_for_is_used_or_passed_by(
    monkeypatch, olga, person, make_event, username
):
    """With the address: used. With the address as its username alone: the new account takes another."""
    email = "taken@example.org" if username == "zoe@example.org" else "zoe@example.org"

    def find_and_be_late(emails):
        found = find_accounts(emails)
        monkeypatch.setattr(attendee_import, "find_accounts", find_accounts)
        race([partial(person, username, email=email)])
        return found

    monkeypatch.setattr(attendee_import, "find_accounts", find_and_be_late)
    report = import_attendees(event_id=make_event(olga).pk, rows=guests("zoe@example.org"), by=olga)
    assert report.counts == {ImportOutcome.SEAT: 1}
    account = Registration.objects.get().user
    assert account.email == "zoe@example.org"
    assert (account.username == username) is (username != "zoe@example.org")


@only_where_others_write_meanwhile
@pytest.mark.django_db(transaction=True)
def test_an_account_that_is_deleted_after_it_was_found_is_made_anew(monkeypatch, olga, bob, make_event):
    def find_and_be_late(emails):
        found = find_accounts(emails)
        monkeypatch.setattr(attendee_import, "find_accounts", find_accounts)
        race([partial(account_deletion.delete_account, account_id=bob.pk)])
        return found

    monkeypatch.setattr(attendee_import, "find_accounts", find_and_be_late)
    report = import_attendees(event_id=make_event(olga).pk, rows=guests("bob@example.org"), by=olga)
    assert report.counts == {ImportOutcome.SEAT: 1}
    account = Registration.objects.get().user
    assert account.email == "bob@example.org"
    rules_hold([])


def test_a_report_is_of_the_statuses_that_were_written(olga, make_event):
    assert set(attendee_import.STATUSES.values()) == {RegistrationStatus.REGISTERED, RegistrationStatus.WAITLISTED}
    event = make_event(olga, max_capacity=1)
    report = import_attendees(event_id=event.pk, rows=guests("zoe@example.org", "yan@example.org"), by=olga)
    assert [attendee_import.STATUSES[result.outcome] for result in report.results] == [row[3] for row in taken(event)]
