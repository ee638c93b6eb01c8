"""Importing a list of people on the page of an event: a look at each row's outcome, then all of it or nothing."""

import io
import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from accounts.models import User
from events.models import Event
from registrations.admin import import_views
from registrations.models import Registration
from registrations.services.attendee_columns import find_columns
from registrations.services.attendee_import import ImportOutcome

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db]

HEADER = "Email,Name,Contact details\n"


def path_of(event):
    return f"/admin/registrations/registration/import/{event.pk}/"


def upload(client, event, text, name="people.csv"):
    content = text if isinstance(text, bytes) else (HEADER + text).encode()
    return client.post(path_of(event), {"file": SimpleUploadedFile(name, content)})


def rows_of(page):
    """What travels with the page to the confirmation."""
    assert page.status_code == 200
    return re.search(r'name="rows" value="([^"]+)"', page.content.decode())[1]


def confirm(client, event, page, **more):
    return client.post(path_of(event), {"rows": rows_of(page), **more})


def outcomes(page):
    return [(result.guest.line, str(result.outcome), result.reason) for result in page.context["results"]]


def told(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def problems(page):
    assert page.status_code == 200
    return page.context["form"].errors.get("file") or page.context["form"].errors.get("__all__")


def names(event):
    return sorted(event.registrations.values_list("name", flat=True))


@pytest.fixture
def event(olga, make_event):
    return make_event(olga, title="Evening", max_capacity=2)


def test_a_look_shows_each_row_s_fate_errors_first_and_writes_nothing(office, olga, event, bob, enroll):
    enroll(event, bob)
    text = "bob@example.org,Bob,\na@example.org,A,\nb@example.org,B,\nno address,C,\n"
    page = upload(office(olga), event, text)
    assert outcomes(page) == [
        (5, "error", "email: Enter a valid email address."),
        (2, "already there", ""),
        (3, "seat", ""),
        (4, "queue", ""),
    ]
    assert [(label, number) for label, number, _ in page.context["counts"]] == [
        ("Seat", 1),
        ("Waiting list", 1),
        ("Already registered", 1),
        ("Left out", 0),
        ("Error", 1),
    ]
    assert (names(event), User.objects.filter(email="a@example.org").exists()) == (["bob"], False)


def test_a_process_reads_one_file_at_a_time(office, olga, event):
    with import_views.READING:
        page = upload(office(olga), event, "email\nann@example.org\n")
    assert page.context["form"].errors == {"file": [import_views.BUSY]}
    page = upload(office(olga), event, "email\nann@example.org\n")
    assert not import_views.READING.locked()
    assert "rows" in page.context_data


def test_confirmed_it_is_written_as_it_was_shown(office, olga, event):
    client = office(olga)
    answer = confirm(client, event, upload(client, event, "a@example.org,A,\nb@example.org,B,\nc@example.org,C,\n"))
    assert answer.url == f"/admin/events/event/{event.pk}/change/"
    assert told(answer) == ["Imported into “Evening”: 2 with a seat, 1 on the waiting list."]
    rows = list(event.registrations.order_by("pk").values_list("name", "status", "status_by", "status_through"))
    assert rows == [
        ("A", "registered", olga.pk, "import"),
        ("B", "registered", olga.pk, "import"),
        ("C", "waitlisted", olga.pk, "import"),
    ]


def test_rows_with_errors_stop_it_unless_they_are_left_out(office, olga, event):
    client = office(olga)
    page = upload(client, event, "a@example.org,A,\nbad,B,\n")
    refused = confirm(client, event, page)
    assert (refused.status_code, names(event)) == (200, [])
    assert "Nothing was imported" in refused.content.decode()
    answer = confirm(client, event, refused, skip_errors="on")
    assert told(answer) == ["Imported into “Evening”: 1 with a seat, 0 on the waiting list, 1 skipped."]
    assert names(event) == ["A"]


def test_confirming_twice_changes_nothing_more(office, olga, event):
    client = office(olga)
    page = upload(client, event, "a@example.org,A,\n")
    confirm(client, event, page)
    again = confirm(client, event, page)
    assert outcomes(again) == [(2, "already there", "")]
    assert names(event) == ["A"]


def test_what_changed_meanwhile_is_shown_again_and_nothing_is_written(office, olga, event, enroll):
    client = office(olga)
    page = upload(client, event, "a@example.org,A,\nb@example.org,B,\n")
    enroll(event, name="first")
    again = confirm(client, event, page)
    assert (outcomes(again), names(event)) == ([(2, "seat", ""), (3, "queue", "")], ["first"])
    assert "something has changed" in again.content.decode()
    assert not User.objects.filter(email="a@example.org").exists()
    answer = confirm(client, event, again)
    assert (answer.status_code, names(event)) == (302, ["A", "B", "first"])


def test_a_full_event_without_a_queue_is_an_error_a_row(office, olga, make_event):
    event = make_event(olga, max_capacity=1, waitlist=False)
    page = upload(office(olga), event, "a@example.org,A,\nb@example.org,B,\n")
    assert outcomes(page) == [(3, "error", "Event is full"), (2, "seat", "")]


def test_a_cancelled_event_refuses_as_a_message(office, olga, make_event):
    event = make_event(olga, status="cancelled")
    page = upload(office(olga), event, "a@example.org,A,\n")
    assert (page.status_code, "Registration is closed: the event is cancelled." in page.content.decode()) == (200, True)


def test_an_event_that_is_cancelled_between_refuses_too(office, olga, event):
    client = office(olga)
    page = upload(client, event, "a@example.org,A,\n")
    Event.objects.filter(pk=event.pk).update(status="cancelled")
    answer = confirm(client, event, page)
    assert ("Registration is closed: the event is cancelled." in answer.content.decode(), names(event)) == (True, [])


def test_a_workbook(office, olga, event):
    book = Workbook()
    for row in (["Name", "E-mail"], ["A", "a@example.org"], ["B", "b@example.org"]):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    client = office(olga)
    confirm(client, event, upload(client, event, content.getvalue(), "people.xlsx"))
    assert names(event) == ["A", "B"]


def test_the_preview_names_what_was_assumed_about_the_file_until_it_is_confirmed(office, olga, event):
    client = office(olga)
    note = "The file is not in UTF-8. It was read as Windows-1252; if letters look wrong, save it in UTF-8."
    page = upload(client, event, "sep=;\nE-Mail;Name\na@example.org;Zoë\nbad;B\n".encode("cp1252"))
    assert (page.context["notes"], note in page.content.decode()) == ([note], True)
    assert confirm(client, event, page).context["notes"] == [note]
    confirm(client, event, page, skip_errors="on")
    assert names(event) == ["Zoë"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_example_can_be_imported(office, olga, event, kind):
    client = office(olga)
    response = client.get(f"{path_of(event)}example.{kind}")
    content = b"".join(response.streaming_content)
    assert response.headers["Content-Disposition"] == f'attachment; filename="example.{kind}"'
    if kind == "xlsx":
        assert load_workbook(io.BytesIO(content)).active.max_row == 4
    assert find_columns(import_views.EXAMPLE_HEADER, {}).unused == []
    page = upload(client, event, content, f"example.{kind}")
    assert [outcome for _, outcome, _ in outcomes(page)] == ["seat", "seat", "queue"]


# Columns -------------------------------------------------------------------------------------------------------------


def used(page):
    return [(column.header, re.search(r'value="(\w+)" selected', column.select)[1]) for column in page.context["used"]]


def unused(page):
    return [column.header for column in page.context["unused"]]


def test_the_preview_shows_which_column_became_what_and_lets_it_be_changed(office, olga, event):
    client = office(olga)
    text = "Vorname;Nachname;E-Mail-Adresse;Telefon;Spitzname;Firma\nAda;Lovelace;ada@example.org;030 1;Addie;\n"
    page = upload(client, event, text.encode())
    assert used(page) == [
        ("Vorname", "first_name"),
        ("Nachname", "last_name"),
        ("E-Mail-Adresse", "email"),
        ("Telefon", "phone"),
    ]
    assert unused(page) == ["Spitzname", "Firma"]
    assert [column.examples for column in page.context["unused"]] == [["Addie"], []]
    changes = {"column-0": "", "column-1": "", "column-4": "name"}
    changed = confirm(client, event, page, update="", **changes)
    assert used(changed) == [("E-Mail-Adresse", "email"), ("Telefon", "phone"), ("Spitzname", "name")]
    (guest,) = (result.guest for result in changed.context["results"])
    assert (guest.name, guest.contact_details, guest.phone) == ("Addie", "ada@example.org", "030 1")
    assert confirm(client, event, changed).status_code == 302
    row = event.registrations.get()
    assert (row.name, row.contact_details, row.phone) == ("Addie", "ada@example.org", "030 1")


def test_a_choice_that_the_preview_has_not_shown_is_shown_first(office, olga, event):
    client = office(olga)
    page = upload(client, event, b"Email,Name,Nickname\nada@example.org,Ada,Addie\n")
    again = confirm(client, event, page, **{"column-1": "", "column-2": "name"})
    assert (used(again), names(event)) == ([("Email", "email"), ("Nickname", "name")], [])
    assert "something has changed" in again.content.decode()
    confirm(client, event, again)
    assert names(event) == ["Addie"]


@pytest.mark.parametrize(
    ("text", "problem", "choice"),
    [
        ("Name,Reachable at\nA,a@example.org\n", "No column has a header for email addresses", {"column-1": "email"}),
        ("Email,Email,Name\nx,a@example.org,A\n", "is there 2 times", {"column-1": "email", "column-2": "name"}),
    ],
)
def test_where_a_column_is_not_found_the_preview_asks(office, olga, event, text, problem, choice):
    client = office(olga)
    page = upload(client, event, text.encode())
    assert (problem in page.content.decode(), "results" in page.context) == (True, False)
    assert confirm(client, event, page).status_code == 200
    chosen = confirm(client, event, page, update="", **choice)
    assert outcomes(chosen) == [(2, "seat", "")]
    confirm(client, event, chosen)
    assert names(event) == ["A"]


def test_two_columns_for_one_field_are_asked_about(office, olga, event):
    client = office(olga)
    page = upload(client, event, b"Email,Name\na@example.org,A\n")
    page = confirm(client, event, page, update="", **{"column-1": "email"})
    assert "Two columns are used as “Email address”. Choose one." in page.content.decode()


def test_an_unknown_field_is_not_used(office, olga, event):
    client = office(olga)
    page = upload(client, event, b"Email,Name\na@example.org,A\n")
    assert used(confirm(client, event, page, update="", **{"column-1": "password"})) == [("Email", "email")]


def test_headers_and_examples_are_text(office, olga, event):
    page = upload(office(olga), event, b'Email,"""><b x>"\na@example.org,<i y>\n').content.decode()
    assert [mark in page for mark in ("<b x>", "<i y>", "&lt;b x&gt;", "&lt;i y&gt;")] == [False, False, True, True]


def test_too_many_columns_to_choose_from(office, olga, event):
    found = problems(upload(office(olga), event, (",".join(f"c{n}" for n in range(201)) + "\nx\n").encode()))
    assert found == ["There are more than 200 columns. Remove those that you do not use."]


def test_who_does_not_come_or_has_cancelled_is_left_out_and_named(office, olga, bob, event, enroll):
    enroll(event, bob, status="cancelled")
    client = office(olga)
    text = f"Email,Name,RSVP\na@example.org,A,Yes\nb@example.org,B,No\n{bob.email},Bob,Yes\n".encode()
    page = upload(client, event, text)
    left = [(3, "left out", "Their status is “No”."), (4, "left out", "They have cancelled their registration.")]
    assert outcomes(page) == [*left, (2, "seat", "")]
    again = confirm(client, event, page, update="", reinstate="on")
    assert outcomes(again) == [left[0], (2, "seat", ""), (4, "seat", "")]
    answer = confirm(client, event, again, reinstate="on")
    assert told(answer) == ["Imported into “Evening”: 2 with a seat, 0 on the waiting list, 1 left out."]
    assert names(event) == ["A", "Bob", "bob"]


# What does not work --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "The submitted file is empty."),
        (b"\n\n", "The file is empty."),
        (b"Email\n", "This file contains no people."),
        (b"\xef\xbb\xbfEmail\xff\xfe\n", "line 1: This is not UTF-8. Save the file in UTF-8."),
        (b"PK\x03\x04nonsense", None),
        (b"\xd0\xcf\x11\xe0", None),
        (b"Em\0ail\nx\n", "line 1: There is a NUL character; this is not a text."),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence(office, olga, event, content, problem):
    found = problems(upload(office(olga), event, content))
    assert found == [problem] if problem else len(found) == 1


def test_without_a_file(office, olga, event):
    assert problems(office(olga).post(path_of(event), {})) == ["This field is required."]


def test_too_many_rows_are_for_the_server(office, olga, event, monkeypatch):
    monkeypatch.setattr(import_views, "MAX_ROWS", 1)
    found = problems(upload(office(olga), event, "a@example.org,A,\nb@example.org,B,\n"))
    assert found == [f"There are more than 1 rows. {import_views.LARGER}"]


def test_a_large_file_is_for_the_server(office, olga, event, monkeypatch):
    monkeypatch.setattr(import_views, "MAX_BYTES", 1024 * 1024)
    found = problems(upload(office(olga), event, "x" * 1024 * 1024))
    assert found == [f"The file is larger than 1 MB. {import_views.LARGER}"]


def test_more_than_a_page_can_carry_is_for_the_server(office, olga, event, monkeypatch):
    monkeypatch.setattr(import_views, "MAX_CHARACTERS", 50)
    found = problems(upload(office(olga), event, "a@example.org,A,\n"))
    assert found == [f"This file is too large to preview. {import_views.LARGER}"]


def test_the_largest_list_that_is_taken_travels_and_arrives(office, olga, make_event):
    event = make_event(olga, max_capacity=1)
    text = "".join(f"person.number.{n}@example.org,Person Number {n},Row {n}\n" for n in range(import_views.MAX_ROWS))
    client = office(olga)
    page = upload(client, event, text)
    assert (len(page.context["results"]), page.context["more"]) == (
        import_views.SHOWN,
        import_views.MAX_ROWS - import_views.SHOWN,
    )
    assert len(rows_of(page)) < import_views.MAX_CHARACTERS
    assert confirm(client, event, page).status_code == 302
    assert event.registrations.count() == import_views.MAX_ROWS


@pytest.mark.parametrize("change", [lambda rows: rows[:-1], lambda rows: "x" + rows, lambda rows: "", lambda rows: ":"])
def test_what_was_tampered_with_is_not_imported(office, olga, event, change):
    client = office(olga)
    page = upload(client, event, "a@example.org,A,\n")
    answer = client.post(path_of(event), {"rows": change(rows_of(page))})
    assert (answer.url, names(event)) == (path_of(event), [])


def test_after_an_hour_it_is_asked_again(office, olga, event):
    client = office(olga)
    page = upload(client, event, "a@example.org,A,\n")
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        answer = client.post(path_of(event), {"rows": rows_of(page)})
    assert names(event) == []
    assert answer.status_code == 302


def test_a_look_is_good_for_its_event_and_its_user_alone(office, olga, ada, event, make_event):
    page = upload(office(olga), event, "a@example.org,A,\n")
    other = make_event(olga)
    office(olga).post(path_of(other), {"rows": rows_of(page)})
    office(ada).post(path_of(event), {"rows": rows_of(page)})
    assert Registration.objects.count() == 0


# Not theirs ----------------------------------------------------------------------------------------------------------


def test_nothing_is_imported_into_somebody_else_s_event(office, otto, bob, olga, event, make_event):
    text = "a@example.org,A,\n"
    assert office(otto).get(path_of(event)).status_code == 404
    assert upload(office(otto), event, text).status_code == 404
    assert office(otto).get(f"{path_of(event)}example.csv").status_code == 404
    page = upload(office(otto), make_event(otto), text)
    assert office(otto).post(path_of(event), {"rows": rows_of(page)}).status_code == 404
    assert office(bob).get(path_of(event)).status_code != 200
    assert names(event) == []


def test_the_look_does_not_tell_who_has_an_account(office, olga, event, bob):
    client = office(olga)
    pages = [upload(client, event, f"{email},Same,Same\n") for email in (bob.email, "new@example.org")]
    assert outcomes(pages[0]) == outcomes(pages[1]) == [(2, str(ImportOutcome.SEAT), "")]


# Queries -------------------------------------------------------------------------------------------------------------


def test_a_look_takes_as_many_queries_for_fifty_as_for_one(office, olga, event):
    def count(number):
        client = office(olga)
        with CaptureQueriesContext(connection) as captured:
            upload(client, event, "".join(f"p{n}@example.org,P,\n" for n in range(number)))
        return len(captured)

    assert count(1) == count(50)
