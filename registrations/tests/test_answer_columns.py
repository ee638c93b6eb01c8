"""Answers in files: the columns of an export, which an import finds again."""

import csv
import io

import pytest

from accounts.services.placeholder_accounts import find_accounts
from eventhub.testing.factories import EventFactory
from registrations.models import Answers, Question, Registration
from registrations.selectors import attendee_rows
from registrations.services.attendee_columns import find_columns
from registrations.services.attendee_file import load_table, read_guests
from registrations.services.attendee_import import import_attendees

pytestmark = pytest.mark.django_db
FOOD = [{"id": 1, "text": "Vegan", "archived": False}, {"id": 2, "text": "=1+1", "archived": False}]


@pytest.fixture
def event(olga, make_event):
    return make_event(olga, asks_questions=True)


@pytest.fixture
def asked(event):
    facts = [
        ("Name", "text", {"required": "yes"}),
        ("Food", "choices", {"options": FOOD}),
        ("Food", "choice", {"options": FOOD}),
        ("Nights", "number", {"min": 1, "max": 3, "personal": False}),
        ("Old", "text", {"archived": True}),
    ]
    return [
        Question.objects.create(event=event, place=place, text=text, type=kind, **more)
        for place, (text, kind, more) in enumerate(facts)
    ]


def test_an_export_has_a_column_for_each_question(event, asked, olga, bob, enroll):
    values = ["Bob", [1, 2], 2, 3, "kept"]
    answers = {str(question.pk): value for question, value in zip(asked, values, strict=True)}
    Answers.objects.create(registration=enroll(event, bob), answers=answers)
    enroll(event)
    own, columns = len(attendee_rows.header()), attendee_rows.questions_shown(event, olga)
    assert attendee_rows.header(columns)[own:] == ["Name (2)", "Food", "Food (2)", "Nights", "Old"]
    rows = attendee_rows.rows(Registration.objects.filter(event=event), columns)
    assert [row[own:] for row in rows] == [["Bob", "Vegan; =1+1", "=1+1", 3, "kept"], ["", "", "", "", ""]]


def test_personal_answers_are_for_who_may_see_the_people(event, asked, otto, olga):
    shown = [[each.text for each in attendee_rows.questions_shown(event, reader)] for reader in (otto, olga)]
    assert shown == [["Nights"], ["Name", "Food", "Food", "Nights", "Old"]]
    assert attendee_rows.questions_shown(None, olga) == []


@pytest.mark.parametrize("page", ["event", "registrations"])
def test_the_downloads_of_the_back_office_have_the_answers_of_one_event(office, olga, bob, event, asked, enroll, page):
    Answers.objects.create(registration=enroll(event, bob), answers={str(asked[2].pk): 2})
    client = office(olga)
    if page == "event":
        sent = {"action": "attendees_as_csv", "_selected_action": event.pk}
        response = client.post("/admin/events/event/?when=all", sent)
    else:
        response = client.get(f"/admin/registrations/registration/export.csv?event__id__exact={event.pk}")
    header, row = csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig")))
    assert header[-5:] == ["Name (2)", "Food", "Food (2)", "Nights", "Old"]
    assert row[-5:] == ["", "", "'=1+1", "", ""]


def read(event, text):
    questions = attendee_rows.columns_of(event)
    table = load_table(text.encode(), max_rows=100)
    columns = find_columns(table.header, {}, questions.labels)
    assert columns.problem == ""
    return read_guests(table, columns, questions)


def test_an_import_reads_the_headers_of_an_export(event, asked, olga):
    header, ann = "Email,Name,Name (2),food,Food (2),Nights", "ann@example.org,Ann,Annie,vegan; =1+1,'=1+1,2"
    file = f"{header}\n{ann}\nbo@example.org,Bo,,,,\n"
    report = import_attendees(event_id=event.pk, rows=read(event, file), by=olga)
    assert not report.errors
    accounts = find_accounts({"ann@example.org", "bo@example.org"})
    stored = {row.registration.user_id: row for row in Answers.objects.select_related("registration")}
    ann, bo = (stored[accounts[f"{name}@example.org"]] for name in ("ann", "bo"))
    name, foods, food, nights, _ = (str(question.pk) for question in asked)
    assert (ann.registration.name, ann.answers) == ("Ann", {name: "Annie", foods: [1, 2], food: 2, nights: 2})
    assert [(row.complete, row.answers) for row in (ann, bo)] == [(True, ann.answers), (False, {})]


def test_what_a_row_answers_wrongly_is_an_error_of_the_row(event, asked, olga):
    file = "Email,Name,Food (2),Nights\nann@example.org,Ann,Meat,9\nbo@example.org,Bo,Vegan,\n"
    report = import_attendees(event_id=event.pk, rows=read(event, file), by=olga)
    assert [(result.guest.line, result.reason) for result in report.errors] == [
        (2, "Food (2): Choose one of the options. Nights: Enter at most 3.")
    ]
    assert not Registration.objects.exists()


def test_an_event_without_questions_finds_no_columns_of_them(django_assert_num_queries):
    event = EventFactory()
    with django_assert_num_queries(0):
        assert attendee_rows.columns_of(event).labels == {}
