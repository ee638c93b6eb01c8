"""Tickets over the API: who gets which, as what file, and replacing one."""

import io
import json
import sys
from datetime import UTC, datetime

import pytest
import zxingcpp
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from accounts.services import api_tokens
from checkin import ticket_files, typst_files
from checkin.models import TicketKey
from checkin.services import tickets
from checkin.services.tickets import CodeState, read_code, reissue, ticket_of
from checkin.tests.pdf_texts import text_of
from eventhub.testing.concurrency import race
from eventhub.testing.contract_client import ContractClient
from eventhub.testing.factories import EventFactory
from events.models import Event
from registrations.models import Registration
from registrations.selectors.personal_data import write_export
from registrations.services.retention import anonymize

pytestmark = pytest.mark.django_db
KINDS = ("ticket", "ticket.svg", "ticket.png", "ticket.pdf")


def path_of(registration, what="ticket"):
    return f"/attendees/{registration.pk}/{what}"


def test_a_ticket_is_what_the_contract_says(api, settings, make_event, enroll, olga, bob):
    settings.PUBLIC_URL = "https://tickets.example.org"
    event = make_event(olga)
    registration = enroll(event, bob, name="Bob")
    code = ticket_of(registration).code
    base = f"https://tickets.example.org/attendees/{registration.pk}"
    answer = api(bob).get(path_of(registration))
    assert answer.json() == {
        "attendee_id": registration.pk,
        "code": code,
        "valid": True,
        "issue": 0,
        "name": "Bob",
        "event": api(bob).get(f"/attendees/{registration.pk}").json()["event"],
        "links": {
            "svg": f"{base}/ticket.svg",
            "png": f"{base}/ticket.png",
            "pdf": f"{base}/ticket.pdf",
            "calendar": f"{base}/calendar.ics",
            "page": f"https://tickets.example.org/t/{code}",
        },
    }
    assert answer.headers["Cache-Control"] == "no-store"
    again = api(bob).get(path_of(registration), headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    Event.objects.filter(pk=event.pk).update(status="cancelled")
    assert api(bob).get(path_of(registration)).json()["valid"] is False


@pytest.mark.parametrize("what", KINDS)
def test_its_person_and_who_runs_the_event_get_the_ticket(
    api, make_event, enroll, olga, otto, bob, eve, ada, monkeypatch, what
):
    monkeypatch.setattr(typst_files, "find_compiler", lambda: lambda *args, **options: b"%PDF")
    registration = enroll(make_event(olga), bob)
    statuses = {user.username: api(user).get(path_of(registration, what)).status_code for user in (bob, olga, ada)}
    assert statuses == {"bob": 200, "olga": 200, "ada": 200}
    assert {api(user).get(path_of(registration, what)).status_code for user in (eve, otto)} == {403}
    assert api().get(path_of(registration, what)).status_code == 401
    Event.objects.filter(pk=registration.event_id).update(status="draft")
    assert api(bob).get(path_of(registration, what)).status_code == 404


@pytest.mark.parametrize("what", [*KINDS, "ticket/reissue"])
@pytest.mark.parametrize("status", ["waitlisted", "cancelled"])
def test_who_has_no_seat_has_no_ticket(api, make_event, enroll, olga, bob, what, status):
    registration = enroll(make_event(olga), bob, status)
    verb = "POST" if what == "ticket/reissue" else "GET"
    answer = api(bob).send(verb, path_of(registration, what))
    assert (answer.status_code, answer.json()) == (
        409,
        {"msg": "Only people with a seat have a ticket", "code": "no_ticket"},
    )


def test_who_was_added_by_address_is_not_told_from_who_was_not(api, make_event, enroll, olga, bob, eve):
    event = make_event(olga)
    rows = [enroll(event, bob, name="X", added_by_address=True), enroll(event, eve, name="X", added_by_address=False)]
    bodies = [api(olga).get(path_of(row)).json() for row in rows]
    assert [{*body} for body in bodies] == [{"attendee_id", "code", "valid", "issue", "name", "event", "links"}] * 2
    assert "user_id" not in str(bodies)


# Files ---------------------------------------------------------------------------------------------------------------


def test_a_decoder_reads_the_picture(api, make_event, enroll, olga, bob):
    registration = enroll(make_event(olga), bob)
    answer = api(bob).get(path_of(registration, "ticket.png"), headers={"Accept": "image/png"})
    picture = Image.open(io.BytesIO(answer.content)).convert("L")
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.text == ticket_of(registration).code
    assert {picture.getpixel((place, place)) for place in range(4 * 10)} == {255}  # the quiet zone
    assert ticket_files._code(ticket_of(registration)).designator == "2-M"
    assert {name: answer.headers[name] for name in ("Content-Type", "Content-Disposition", "Cache-Control")} == {
        "Content-Type": "image/png",
        "Content-Disposition": f'attachment; filename="ticket-{registration.pk}.png"',
        "Cache-Control": "no-store",
    }


def test_the_svg_is_the_same_code(api, make_event, enroll, olga, bob):
    registration = enroll(make_event(olga), bob)
    answer = api(bob).get(path_of(registration, "ticket.svg"))
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.content == ticket_files.svg(ticket_of(registration))
    assert b"<script" not in answer.content
    tag = answer.headers["ETag"]
    assert api(bob).get(path_of(registration, "ticket.svg"), headers={"If-None-Match": tag}).status_code == 304
    reissue(registration=registration, by=olga)
    assert api(bob).get(path_of(registration, "ticket.svg"), headers={"If-Match": tag}).status_code == 412


@pytest.mark.parametrize(
    "texts",
    [
        {"title": "Night of the Telescopes", "location": "North lawn", "name": "Bob"},
        {"title": "W " * 127, "location": "M" * 255, "name": "Ü" * 255},
        {"title": "#panic() $x$ \\ *", "location": '") [#read("/etc/passwd")]', "name": "<script>"},
        {"title": "عشاء", "location": "Αθήνα, Москва", "name": "नमस्ते 张伟 Nguyễn"},
    ],
)
def test_a_pdf_is_one_page_that_a_decoder_reads(make_event, enroll, olga, bob, texts):
    typst = pytest.importorskip("typst")
    event = make_event(olga, title=texts["title"], location=texts["location"])
    ticket = ticket_of(enroll(event, bob, name=texts["name"]))
    first = ticket_files.pdf(ticket)
    assert (first[:4], first) == (b"%PDF", ticket_files.pdf(ticket))
    template = (typst_files.TEMPLATES / ticket_files.TEMPLATE).read_bytes()
    page = typst.compile(template, format="png", sys_inputs={"shown": json.dumps(ticket_files.contents(ticket))})
    assert isinstance(page, bytes)  # several pages are a list
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(page)))
    assert found.text == ticket.code


DAY = datetime(2031, 5, 1, tzinfo=UTC)
BERLIN = {"time_zone": "Europe/Berlin", "date_time": DAY.replace(hour=17), "end_time": DAY.replace(hour=21)}
EVENING = {
    "en": "Thursday, 1 May 2031, 19:00 to 23:00 (CEST)",
    "de": "Donnerstag, 1. Mai 2031, 19:00 bis 23:00 Uhr (MESZ)",
}


def pdf_text(api, user, registration):
    pytest.importorskip("typst")
    content = api(user).get(path_of(registration, "ticket.pdf")).content
    return text_of(content), b"/Lang(de)" in content


@pytest.mark.parametrize(
    ("own", "of_event", "of_site", "language"),
    [("de", "en", "en", "de"), ("", "de", "en", "de"), ("", "", "de", "de"), ("en", "de", "de", "en")],
)
def test_a_pdf_is_in_the_language_of_its_person(
    api, settings, make_event, enroll, olga, bob, own, of_event, of_site, language
):
    settings.MAIL_LANGUAGE = of_site
    bob.language = own
    bob.save()
    event = make_event(olga, title="Fête", location="Zürich", language=of_event, **BERLIN)
    registration = enroll(event, bob, name="Jürgen (Bob)")
    shown = f"{ticket_of(registration).spelled}FêteJürgen (Bob){EVENING[language]}Zürich"
    assert [pdf_text(api, user, registration) for user in (bob, olga)] == [(shown, language == "de")] * 2


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "This file cannot show some letters and has a “?” in their place. The code is not affected."),
        ("de", "Einige Buchstaben kann diese Datei nicht darstellen, dort steht „?“. Am Code ändert das nichts."),
    ],
)
def test_a_pdf_says_that_no_font_has_some_letters(
    api, client, monkeypatch, make_event, enroll, olga, bob, language, sentence
):
    event = make_event(olga, title="Fête", location="Zürich", language=language, **BERLIN)
    registration = enroll(event, bob, name="张 Bob")
    ticket = ticket_of(registration)
    monkeypatch.setattr(typst_files, "letters_without_font", lambda shown: {"张"} & {*shown["name"]})
    shown = f"{ticket.spelled}Fête? Bob{EVENING[language]}Zürich{sentence}"
    assert pdf_text(api, bob, registration)[0] == shown
    assert api(bob).get(path_of(registration)).json()["name"] == "张 Bob"
    page = client.get(f"/t/{ticket.code}").text
    assert ("张 Bob" in page, sentence in page) == (True, False)


def test_without_the_library_a_pdf_is_a_501(api, make_event, enroll, olga, bob, monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    typst_files.find_compiler.cache_clear()
    answer = api(bob).get(path_of(enroll(make_event(olga), bob), "ticket.pdf"))
    typst_files.find_compiler.cache_clear()
    assert (answer.status_code, answer.json()["code"]) == (501, "not_installed")


# What is left ---------------------------------------------------------------------------------------------------------


def test_a_ticket_of_an_anonymized_registration_names_nobody(client, make_event, enroll, olga, bob):
    registration = enroll(make_event(olga), bob, name="Bob the Builder")
    ticket = ticket_of(registration)
    anonymize(Registration.objects.filter(pk=registration.pk))
    page = client.get(f"/t/{ticket.code}")
    assert (page.status_code, "Bob" in page.text, "Name" in page.text) == (200, False, False)


def test_the_export_of_an_account_says_how_often_a_ticket_was_replaced(make_event, enroll, olga, bob):
    reissue(registration=enroll(make_event(olga), bob), by=bob)
    with write_export(account=bob) as file:
        document = json.load(file)
    assert [row["issue"] for row in document["registrations"]] == [1]
    assert [(row["was"], row["becomes"]) for row in document["registrations_log"]][1:] == [("registered", "registered")]


# Replacing -----------------------------------------------------------------------------------------------------------


def test_a_person_replaces_the_ticket_three_times_a_day(api, make_event, enroll, olga, bob):
    registration = enroll(make_event(olga), bob)
    code = ticket_of(registration).code
    answers = [api(bob).post(path_of(registration, "ticket/reissue")) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].json()["code"] == "throttled"
    assert int(answers[3].headers["Retry-After"]) > 80_000
    assert [answer.json()["issue"] for answer in answers[:3]] == [1, 2, 3]
    codes = [code, *(answer.json()["code"] for answer in answers[:3])]
    assert [read_code(each).state for each in codes] == [CodeState.REVOKED] * 3 + [CodeState.GOOD]
    assert api(olga).post(path_of(registration, "ticket/reissue")).status_code == 200
    log = registration.transitions.values_list("was", "becomes", "by_id", "through")
    assert list(log)[1:] == [("registered", "registered", bob.pk, "api")] * 3 + [
        ("registered", "registered", olga.pk, "api")
    ]


def test_a_key_replaces_the_ticket_once(api, make_event, enroll, olga, bob):
    registration = enroll(make_event(olga), bob)
    headers = {"Idempotency-Key": "lost-phone"}
    bodies = [api(bob).post(path_of(registration, "ticket/reissue"), headers=headers).json() for _ in range(2)]
    assert bodies[0] == bodies[1]
    registration.refresh_from_db()
    assert registration.issue == 1


def test_replacing_is_no_edit_and_no_news(api, make_event, enroll, olga, bob):
    registration = enroll(make_event(olga), bob)
    before = api(bob).get(f"/attendees/{registration.pk}")
    api(bob).post(path_of(registration, "ticket/reissue"))
    after = api(bob).get(f"/attendees/{registration.pk}")
    assert (after.json(), after.headers["ETag"]) == (before.json(), before.headers["ETag"])


def test_the_last_number_of_an_issue_is_no_500(api, make_event, enroll, olga):
    registration = enroll(make_event(olga))
    Registration.objects.filter(pk=registration.pk).update(issue=tickets.MAX_ISSUE)
    answer = api(olga).post(path_of(registration, "ticket/reissue"))
    assert (answer.status_code, answer.json()["code"]) == (409, "no_ticket")
    assert api(olga).get(path_of(registration)).json()["issue"] == tickets.MAX_ISSUE


@pytest.mark.parametrize(
    ("scopes", "read", "write"), [(["attendees:read"], 200, 403), (["attendees:write"], 403, 200), ([], 403, 403)]
)
def test_a_service_token_needs_the_scope(make_event, enroll, olga, scopes, read, write):
    registration = enroll(make_event(olga))
    made = api_tokens.create_token(owner=olga, name="Door", scopes=scopes or ["events:read"])
    client = ContractClient(made.secret)
    assert {client.get(path_of(registration, what)).status_code for what in KINDS[:3]} == {read}
    assert client.post(path_of(registration, "ticket/reissue")).status_code == write


@pytest.mark.django_db(transaction=True)
def test_a_ticket_takes_two_statements(api, make_event, enroll, olga, bob):
    registration = enroll(make_event(olga), bob)
    client = api(bob)
    client.get(path_of(registration))  # reads the keys, which are kept
    with CaptureQueriesContext(connection) as statements:
        assert client.get(path_of(registration)).status_code == 200
    assert len(statements) == 2


@pytest.mark.django_db(transaction=True)
def test_who_replaces_a_ticket_at_the_same_moment_gets_another(make_event, enroll, olga):
    registration = enroll(make_event(olga))
    made = race([lambda: reissue(registration=registration, by=olga).code] * 4)
    assert len({*made}) == 4
    registration.refresh_from_db()
    assert (registration.issue, registration.transitions.count()) == (4, 5)


def test_registering_writes_nothing_for_the_ticket(api, bob):
    """How many statements it takes is fixed in registrations/tests/test_query_counts.py."""
    event = EventFactory()
    with CaptureQueriesContext(connection) as statements:
        assert api(bob).post("/attendees/", {"event_id": event.pk}).status_code == 201
    (insert,) = [query["sql"] for query in statements if "INSERT INTO registrations_registration" in query["sql"]]
    assert "issue" not in insert
    assert not TicketKey.objects.exists()
