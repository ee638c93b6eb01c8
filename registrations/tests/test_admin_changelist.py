"""The list of registrations in the back office: what it shows to whom, how it is narrowed, exported and paged."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from eventhub.admin import changelist
from registrations.models import Answers, Question, Registration

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

LIST = "/admin/registrations/registration/"


def text_of(response):
    assert response.status_code == 200
    return response.content.decode()


def shown(response):
    """The names on the page, in its order."""
    assert response.status_code == 200
    return [row.name for row in response.context["cl"].result_list]


def exported(response):
    assert response.status_code == 200
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


@pytest.fixture
def world(olga, otto, make_event, enroll, person):
    """One registration of olga's and one of otto's, each with secrets that the other must not see."""
    mine, theirs = make_event(olga, title="Mine"), make_event(otto, title="Theirs")
    enroll(mine, person("mina", email="mina@secret.example"), name="My guest", contact_details="Gate 1")
    enroll(theirs, person("theo"), name="Their guest", contact_details="Gate 2")
    return mine, theirs


# Whose ---------------------------------------------------------------------------------------------------------------


def test_an_organizer_lists_their_own_and_an_admin_all(office, olga, otto, ada, world):
    assert shown(office(olga).get(LIST)) == ["My guest"]
    assert shown(office(otto).get(LIST)) == ["Their guest"]
    assert sorted(shown(office(ada).get(LIST))) == ["My guest", "Their guest"]


def test_an_organizer_sees_neither_accounts_nor_addresses(office, olga, ada, world):
    secrets = ("mina", "secret.example")
    assert [word in text_of(office(olga).get(LIST)) for word in secrets] == [False, False]
    assert [word in text_of(office(ada).get(LIST)) for word in secrets] == [True, False]


def test_a_search_does_not_confirm_an_account_to_an_organizer(office, olga, ada, world):
    for text in ("mina", "mina@secret.example", "secret"):
        assert shown(office(olga).get(LIST, {"q": text})) == []
        assert shown(office(ada).get(LIST, {"q": text})) == ["My guest"]
    assert shown(office(olga).get(LIST, {"q": "guest"})) == ["My guest"]
    assert shown(office(olga).get(LIST, {"q": "their"})) == []


def test_filtering_by_a_foreign_event_shows_nothing_of_it(office, olga, world):
    mine, theirs = world
    assert shown(office(olga).get(LIST, {"event__id__exact": mine.pk})) == ["My guest"]
    page = office(olga).get(LIST, {"event__id__exact": theirs.pk})
    assert (shown(page), "Theirs" in text_of(page)) == ([], False)


def test_the_choice_of_events_is_of_their_own(office, olga, otto, world):
    query = {"app_label": "registrations", "model_name": "registration", "field_name": "event", "term": ""}
    options = office(olga).get("/admin/autocomplete/", query).json()["results"]
    assert [option["text"] for option in options] == ["Mine"]
    assert office(olga).get("/admin/autocomplete/", {**query, "field_name": "user"}).status_code == 403
    assert office(olga).get("/admin/autocomplete/", {**query, "field_name": "status_by"}).status_code == 403


@pytest.mark.parametrize("lookup", ["status_by", "user__email__startswith", "user", "event__organizer", "queue_number"])
def test_a_list_cannot_be_asked_about_anything_else(office, olga, world, lookup):
    assert office(olga).get(LIST, {lookup: "1"}).status_code == 400


def test_whoever_is_no_organizer_does_not_get_in(office, bob, world):
    assert office(bob).get(LIST).status_code != 200
    assert office(bob).get(f"{LIST}export.csv").status_code != 200


# Narrowing -----------------------------------------------------------------------------------------------------------


def test_by_status_and_by_day(office, olga, make_event, enroll):
    event = make_event(olga)
    noon = datetime(2027, 5, 3, 12, tzinfo=UTC)
    for days, status in enumerate(["registered", "cancelled", "attended"]):
        enroll(event, name=status, status=status, registration_date=noon + timedelta(days=days))
    client = office(olga)
    assert shown(client.get(LIST)) == ["attended", "cancelled", "registered"]  # newest first
    assert shown(client.get(LIST, {"status__exact": "cancelled"})) == ["cancelled"]
    enroll(event, name="held", confirm_by=noon, registration_date=noon)
    on_hold = client.get(LIST, {"status__exact": "on_hold", "event__id__exact": event.pk})
    assert (shown(on_hold), on_hold.context["cl"].write_link()) == (["held"], "")
    assert '<option value="on_hold" selected>Not confirmed</option>' in text_of(on_hold)
    Registration.objects.filter(name="held").delete()
    days = {"registration_date_from": "2027-05-04", "registration_date_to": "2027-05-04"}
    assert shown(client.get(LIST, days)) == ["cancelled"]
    assert shown(client.get(LIST, {**days, "status__exact": "attended"})) == []


def test_by_name_and_back(office, olga, make_event, enroll):
    event = make_event(olga)
    for name in "BAC":
        enroll(event, name=name)
    client = office(olga)
    column = client.get(LIST).context["cl"].list_display.index("person")
    assert shown(client.get(LIST, {"o": column})) == ["A", "B", "C"]
    assert shown(client.get(LIST, {"o": f"-{column}"})) == ["C", "B", "A"]


@pytest.mark.parametrize("column", ["state", "event", "since", "check_in_button"])
def test_it_is_ordered_by_what_has_an_index_alone(office, ada, world, column):
    cl = office(ada).get(LIST).context["cl"]
    cl = office(ada).get(LIST, {"o": cl.list_display.index(column)}).context["cl"]
    assert cl.queryset.query.order_by == ("-registration_date", "-pk")


@pytest.mark.parametrize("chosen", ["x", "-1", "9" * 40, ["1", "2"]])
def test_a_filter_that_is_no_event_exports_nothing(office, olga, world, chosen):
    response = office(olga).get(f"{LIST}export.csv", {"event__id__exact": chosen})
    assert (response.status_code, response.get("Location")) == (302, LIST)


@pytest.mark.parametrize(
    "query",
    [
        {"event__id__exact": "x"},
        {"event__id__exact": "9" * 40},
        {"event__id__exact": "-1"},
        {"status__exact": "nonsense"},
        {"registration_date_from": "yesterday"},
        {"registration_date_to": "9999-99-99"},
        {"q": "\x00"},
        {"q": "x" * 5000},
        {"q": " ".join("abcdefgh" * 40)},
        {"o": "99.x.-"},
        {"p": "x"},
        {"p": "999999999999"},
        {"e": "1"},
    ],
)
def test_nothing_that_an_address_says_breaks_it(office, olga, world, query):
    for path in (LIST, f"{LIST}export.csv"):
        response = office(olga).get(path, query, follow=True)
        assert response.status_code in (200, 400), response.status_code


# Pages and queries ---------------------------------------------------------------------------------------------------


def queries(client, path, **query):
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path, query)
        if response.streaming:
            b"".join(response.streaming_content)
    assert response.status_code == 200
    return len(captured)


@pytest.mark.parametrize("query", [{}, {"q": "guest"}, {"status__exact": "registered"}, {"event": True}])
def test_a_page_takes_as_many_queries_for_fifty_as_for_one(office, olga, ada, make_event, enroll, query):
    event = make_event(olga, max_capacity=100)
    enroll(event)
    query = {"event__id__exact": event.pk} if "event" in query else query
    # The session, the account and its second factor; the ids of the events; keys and rows. An admin has no ids to look
    # up but the accounts of a word. The filter looks for the title of a chosen event, twice.
    clients = [office(olga), office(ada)]
    counts = [queries(client, LIST, **query) for client in clients]
    for _ in range(51):
        enroll(event)
    # A page that is full is counted.
    assert [queries(client, LIST, **query) for client in clients] == [count + 1 for count in counts]
    assert max(counts) <= 8, counts


@pytest.mark.parametrize(
    ("rows", "number", "total", "counts"),
    [
        (0, 1, "", 0),
        (1, 1, "1 registration", 0),
        (2, 2, "2 registrations", 1),  # a page after the last
        (50, 1, "50 registrations", 1),
        (52, 1, "52 registrations", 1),
        (52, 2, "52 registrations", 0),
        (54, 1, "More than 53 registrations", 1),
    ],
)
def test_it_says_how_many_the_filter_has_and_counts_no_further_than_it_must(
    office, olga, make_event, enroll, monkeypatch, rows, number, total, counts
):
    monkeypatch.setattr(changelist, "COUNTED", 53)
    event = make_event(olga, max_capacity=100)
    for _ in range(rows):
        enroll(event)
    enroll(event, status="cancelled")
    with CaptureQueriesContext(connection) as captured:
        answer = office(olga).get(LIST, {"status__exact": "registered", "p": number})
    counted = [query["sql"] for query in captured if "COUNT(" in query["sql"]]
    assert (answer.context["cl"].total_text, len(counted)) == (total, counts)
    assert all("LIMIT 54)" in sql and "ORDER BY" not in sql for sql in counted)
    shown = re.findall(r'<p class="office-total">(.*?)</p>', text_of(answer))
    assert shown == [total] * bool(total)


def test_the_second_page(office, olga, make_event, enroll):
    event = make_event(olga, max_capacity=100)
    for n in range(52):
        enroll(event, name=f"n{n:02}", registration_date=timezone.now() - timedelta(minutes=n))
    assert shown(office(olga).get(LIST, {"p": 2})) == ["n50", "n51"]


# Out -----------------------------------------------------------------------------------------------------------------


def test_what_is_filtered_is_what_is_exported(office, olga, ada, otto, world, enroll):
    mine, _ = world
    enroll(mine, name="=1+1", status="cancelled")
    header, *rows = exported(office(olga).get(f"{LIST}export.csv"))
    assert (header[4], [row[4] for row in rows]) == ("Name", ["My guest", "'=1+1"])
    assert [row[4] for row in exported(office(olga).get(f"{LIST}export.csv", {"q": "guest"}))[1:]] == ["My guest"]
    assert [row[4] for row in exported(office(otto).get(f"{LIST}export.csv"))[1:]] == ["Their guest"]
    assert len(exported(office(ada).get(f"{LIST}export.csv"))) == 4
    for status, names in (("cancelled", ["'=1+1"]), ("attended", [])):
        response = office(olga).get(f"{LIST}export.csv", {"status__exact": status})
        assert [row[4] for row in exported(response)[1:]] == names


def test_a_foreign_event_is_not_exported(office, olga, world):
    _, theirs = world
    assert len(exported(office(olga).get(f"{LIST}export.csv", {"event__id__exact": theirs.pk}))) == 1


def test_as_a_workbook(office, olga, world):
    response = office(olga).get(f"{LIST}export.xlsx")
    content = b"".join(response.streaming_content)
    assert b"My guest" in ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")


def test_an_export_takes_as_many_queries_for_fifty_as_for_one(office, olga, make_event, enroll):
    event = make_event(olga, max_capacity=100)
    enroll(event)
    count = queries(office(olga), f"{LIST}export.csv")
    for _ in range(50):
        enroll(event)
    assert queries(office(olga), f"{LIST}export.csv") <= count + 1  # of an empty last batch


def test_the_links_to_exports_carry_the_filters(office, olga, world):
    page = text_of(office(olga).get(LIST, {"q": "my guest", "status__exact": "registered"}))
    assert "export.csv?q=my+guest&amp;status__exact=registered" in page


def test_the_door_and_the_import_are_linked_where_one_event_is_chosen(office, olga, world):
    mine, _ = world
    links = [f"{LIST}door/{mine.pk}/", f"{LIST}import/{mine.pk}/"]
    assert [link in text_of(office(olga).get(LIST)) for link in links] == [False, False]
    page = text_of(office(olga).get(LIST, {"event__id__exact": mine.pk}))
    assert [link in page for link in links] == [True, True]


def test_a_person_without_a_name_can_be_opened(office, olga, make_event, enroll):
    row = enroll(make_event(olga), name="")
    Registration.objects.filter(pk=row.pk).update(user=None)
    page = text_of(office(olga).get(LIST))
    assert ("(no name)" in page, f"{LIST}{row.pk}/change/" in page) == (True, True)


def test_the_list_of_an_event_keeps_those_who_owe_answers(office, olga, make_event, enroll):
    asking, other = make_event(olga, asks_questions=True), make_event(olga)
    Question.objects.create(event=asking, text="Badge name", required="yes")
    rows = [enroll(asking, name=name) for name in ("Ann", "Bo", "Cy")]
    for row, complete in zip(rows[:2], (True, False), strict=True):
        Answers.objects.create(registration=row, complete=complete)
    enroll(asking, name="Dan", status="cancelled")
    enroll(other, name="Eve")
    client, url = office(olga), "/admin/registrations/registration/?event__id__exact="
    listed = client.get(f"{url}{asking.pk}&answers=owed")
    assert sorted(row.name for row in listed.context["cl"].result_list) == ["Bo", "Cy"]
    assert [shown(client.get(f"{url}{pk}&answers=owed")) for pk in (other.pk, 10**12)] == [[], []]
    assert sorted(shown(client.get(LIST, {"answers": "owed"}))) == ["Bo", "Cy"]
    assert listed.context["cl"].write_link() == ""
    offered = ["By answers" in client.get(f"{url}{event.pk}").content.decode() for event in (asking, other)]
    assert offered == [True, False]
