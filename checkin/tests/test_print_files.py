"""Badges and name lists as PDF files of the API."""

import io
import json
import re
import sys
from datetime import timedelta
from functools import partial

import pytest
import zxingcpp
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from accounts.services import api_tokens
from checkin import print_files, typst_files
from checkin.badges import FIELDS, PAPERS, free, layout_of
from checkin.name_lists import COLUMNS
from checkin.selectors import people as selectors
from checkin.selectors.people import people_of
from checkin.services import prints
from checkin.services.ticket_codes import make_code
from eventhub.exceptions import Unavailable
from eventhub.testing.contract_client import ContractClient
from registrations.models import Registration, RegistrationStatus

pytestmark = [pytest.mark.once, pytest.mark.django_db]
ALL = RegistrationStatus.values
FILES = ("badges.pdf", "names.pdf")
NAMES = [
    "Zoë Müller",
    "Αλέξανδρος",
    "محمد الهاشمي",
    "אברהם",
    "आर्यभट",
    "张伟",
    "W" * 255,
    "م" * 255,
    "#panic() $x$ \\ * <b>",
    '") [#read("/etc/passwd")]',
    "",
]


@pytest.fixture
def event(olga, make_event):
    return make_event(olga, title="#Three [Serenades] $for Orchestra$", max_capacity=50)


@pytest.fixture
def seen(monkeypatch):
    """The data of each file that is made, instead of the file."""
    shown = []
    monkeypatch.setattr(
        typst_files,
        "find_compiler",
        lambda: lambda template, **options: shown.append(json.loads(options["sys_inputs"]["shown"])) or b"%PDF",
    )
    return shown


def path_of(event, file):
    return f"/events/{event.pk}/{file}"


def names_in(shown):
    if "sheets" in shown:
        return [text["text"] for sheet in shown["sheets"] for badge in sheet for text in badge["texts"]]
    return [line["cells"][0]["text"] for group in shown["groups"] for line in group["lines"]]


@pytest.mark.parametrize("file", FILES)
def test_who_gets_a_file(api, olga, otto, ada, bob, event, seen, file):
    statuses = {user.username: api(user).get(path_of(event, file)).status_code for user in (olga, ada, otto, bob)}
    assert statuses == {"olga": 200, "ada": 200, "otto": 403, "bob": 403}
    assert api().get(path_of(event, file)).status_code == 401
    assert api(olga).get(f"/events/999/{file}").status_code == 404
    answer = api(olga).get(path_of(event, file), headers={"Accept": "application/pdf"})
    assert {name: answer.headers[name] for name in ("Content-Type", "Content-Disposition", "Cache-Control")} == {
        "Content-Type": "application/pdf",
        "Content-Disposition": f'attachment; filename="{file.removesuffix(".pdf")}-{event.pk}.pdf"',
        "Cache-Control": "no-store",
    }


@pytest.mark.parametrize(("scopes", "status"), [(["attendees:read"], 200), (["events:read", "checkin:read"], 403)])
def test_a_service_token_needs_the_scope(olga, event, seen, scopes, status):
    made = api_tokens.create_token(owner=olga, name="Printer", scopes=scopes)
    client = ContractClient(made.secret)
    assert {client.get(path_of(event, file)).status_code for file in FILES} == {status}


@pytest.mark.parametrize("file", FILES)
def test_which_people_are_in_a_file(api, olga, event, enroll, seen, file):
    rows = {status: enroll(event, status=status, name=status) for status in ALL}
    hour = timedelta(hours=1)
    Registration.objects.filter(pk=rows["registered"].pk).update(updated_at=timezone.now() - hour)
    show = "&show=" if file == "badges.pdf" else ""
    for query, names in {
        "": ["attended", "registered"],
        "status=waitlisted,cancelled": ["cancelled", "waitlisted"],
        "status=waitlisted&status=attended": ["attended", "waitlisted"],
        f"since={(timezone.now() - hour / 2).isoformat()}": ["attended"],  # its plus arrives as a space
        "part=1": ["attended", "registered"],
    }.items():
        assert api(olga).get(f"{path_of(event, file)}?{query}{show}").status_code == 200
        assert names_in(seen[-1]) == names


def test_what_is_on_a_badge(api, olga, event, enroll, seen):
    row = enroll(event, name="Bob", contact_details="Table 4")
    browser = api(olga)
    browser.get(path_of(event, "badges.pdf"))
    browser.get(f"{path_of(event, 'badges.pdf')}?show=contact&show=date&format=free&width=80&height=40&lines=true")
    first, second = seen
    assert [box["kind"] for box in first["layout"]["boxes"]] == ["title", "name"]
    assert (first["sheets"][0][0]["code"][:4], first["paper"]["page"]) == ("<svg", [210, 297])
    assert [box["kind"] for box in second["layout"]["boxes"]] == ["name", "contact", "date"]
    assert (second["sheets"][0][0]["code"], second["paper"]["page"], second["has_lines"]) == ("", [80, 40], True)
    prints.mark_printed(event=event, shown=prints.sign(event, people_of(event, statuses=ALL)), by=olga)
    browser.get(f"{path_of(event, 'badges.pdf')}?new=true")
    assert seen[-1]["sheets"] == [[]]
    Registration.objects.filter(pk=row.pk).update(name="Robert")
    browser.get(f"{path_of(event, 'badges.pdf')}?new=true&show=")
    assert names_in(seen[-1]) == ["Robert"]


def test_what_is_on_a_name_list(api, olga, event, enroll, seen):
    enroll(event, name="Bob", contact_details="bob@example.org", phone="+1 555 0100", status="attended")
    api(olga).get(f"{path_of(event, 'names.pdf')}?show=status,phone&letters=1")
    (shown,) = seen
    assert (shown["labels"], shown["has_pages"]) == (["Phone", "Status"], True)
    cells = [{"text": text, "is_rtl": False} for text in ("Bob", "+1 555 0100", "Checked in")]
    assert shown["groups"] == [{"letter": "B", "lines": [{"is_there": True, "cells": cells}]}]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=present", "status"),
        ("show=password", "show"),
        ("since=yesterday", "since"),
        ("part=0", "part"),
        ("part=2", "part"),
        ("part=1.5", "part"),
        ("part=1&part=1", "part"),
        ("page=1", "page"),
    ],
)
def test_a_parameter_that_is_wrong_is_a_400(api, olga, event, seen, file, query, field):
    answer = api(olga).get(f"{path_of(event, file)}?{query}")
    assert (answer.status_code, answer.json()["code"], [*answer.json()["errors"]]) == (400, "invalid", [field])


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("format=a3", ["format"]),
        ("format=free", ["width", "height"]),
        ("format=free&width=39&height=431", ["width", "height"]),
        ("format=a6&width=x", ["width"]),
        ("new=maybe", ["new"]),
        ("letters=1", ["letters"]),
    ],
)
def test_a_wrong_parameter_of_badges_is_a_400(api, olga, event, seen, query, fields):
    answer = api(olga).get(f"{path_of(event, 'badges.pdf')}?{query}")
    assert (answer.status_code, sorted(answer.json()["errors"])) == (400, sorted(fields))


@pytest.mark.parametrize("file", FILES)
def test_more_people_than_a_file_holds_come_in_parts(api, olga, event, enroll, seen, monkeypatch, file):
    monkeypatch.setattr(selectors, "MOST_IN_A_FILE", 2)
    for name in ("A", "B", "C"):
        enroll(event, name=name)
    answer = api(olga).get(path_of(event, file))
    assert (answer.status_code, answer.json()) == (
        409,
        {
            "msg": "3 people are too many for a file. Ask for one part after the other: part=1 to part=2",
            "code": "too_many_for_a_file",
            "people": 3,
            "parts": 2,
        },
    )
    show = "&show=" if file == "badges.pdf" else ""
    for part in (1, 2):
        api(olga).get(f"{path_of(event, file)}?part={part}{show}")
    assert [names_in(each) for each in seen] == [["A", "B"], ["C"]]


@pytest.mark.parametrize("file", FILES)
def test_without_the_library_a_file_is_a_501(api, olga, event, monkeypatch, file):
    monkeypatch.setitem(sys.modules, "typst", None)
    typst_files.find_compiler.cache_clear()
    answer = api(olga).get(path_of(event, file))
    typst_files.find_compiler.cache_clear()
    assert (answer.status_code, answer.json()["code"]) == (501, "not_installed")


def test_files_are_made_one_after_the_other(seen, monkeypatch):
    monkeypatch.setattr(typst_files, "SECONDS_TO_WAIT", 0)
    with typst_files.COMPILING, pytest.raises(Unavailable):
        typst_files.pdf("names.typ", {})
    assert typst_files.pdf("names.typ", {}) == b"%PDF"


@pytest.mark.parametrize("file", FILES)
def test_a_file_takes_three_statements(api, olga, event, enroll, seen, file):
    enroll(event)
    client, show = api(olga), "?show=" if file == "badges.pdf" else ""  # keys of codes are not kept in a transaction
    with CaptureQueriesContext(connection) as statements:
        client.get(f"{path_of(event, file)}{show}")
    assert len(statements) == 3  # the user, the event, the people


# What typst makes of it ----------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(event, enroll):
    for name in NAMES:
        enroll(event, name=name, contact_details="Table 4 " * 30)
    return people_of(event, statuses=ALL)


def pictures(template, shown):
    """What a file looks like, page by page."""
    typst = pytest.importorskip("typst")
    source = (typst_files.TEMPLATES / template).read_bytes()
    made = typst.compile(source, format="png", ppi=150, sys_inputs={"shown": json.dumps(shown)})
    return [Image.open(io.BytesIO(page)).convert("L") for page in (made if isinstance(made, list) else [made])]


def pages(content):
    (count,) = re.findall(rb"/Type/Pages/Count (\d+)", content)
    return int(count)


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.parametrize(("name", "number"), [("a4-2x4", 2), ("a4-2x5", 2), ("label-62", 11), ("a6", 11), ("free", 11)])
def test_every_badge_is_on_its_sheet(event, crowd, name, number, monkeypatch):
    paper = PAPERS.get(name) or free(90, 20)
    layout = layout_of(paper, FIELDS)
    shown = print_files.badges_shown(event, crowd, paper, layout, has_lines=False)
    sheets = pictures("badges.typ", shown)
    assert len(sheets) == number
    size = tuple(pytest.approx(length / 25.4 * 150, abs=2) for length in paper.page)
    assert {sheet.size == size for sheet in sheets} == {True}
    codes = [found.text for sheet in sheets for found in zxingcpp.read_barcodes(sheet)]
    assert sorted(codes) == sorted(make_code(person.pk, person.issue) for person in crowd)
    for missing, pages_before in (set(), 0), ({"\u5f20"}, 1):
        monkeypatch.setattr(typst_files, "letters_without_font", lambda shown, missing=missing: missing)
        content = print_files.badges_pdf(event, crowd, paper=paper, layout=layout, has_lines=True)
        assert (content[:4], pages(content)) == (b"%PDF", pages_before + number)


@pytest.fixture
def own_fonts(monkeypatch):
    """Typst with no fonts but its own, whatever the machine has."""
    typst = pytest.importorskip("typst")
    monkeypatch.setattr(typst_files, "find_compiler", lambda: partial(typst.compile, ignore_system_fonts=True))


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Zoë Αλέξανδρος 𒀀", {"𒀀"}),
        ("Bob \u200eBob\u200d e\u0301 \u0301", set()),
        ("\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd", set()),
        ("\u0906\u0930\u094d\u092f\u092d\u091f \u0915\u093f \u0915\u094d\u200d\u0937", set()),
        ("\u0e01\u0e49\u0e2d\u0e07", {"\u0e01\u0e49", "\u0e2d", "\u0e07"}),
        ("\u0e49", {"\u0e49"}),
        ("a\u0e49 a", {"a\u0e49"}),
        ("\u0b95\u0bbf\u0baf\u0bcd", {"\u0b95\u0bbf", "\u0baf\u0bcd"}),
        ("\u1000\u102d\u102f", {"\u1000\u102d\u102f"}),
        ("\u1780\u17d2\u1789\u17bb\u17c6", {"\u1780\u17d2", "\u1789\u17bb\u17c6"}),
        ("\U0001f468\u200d\U0001f467", {"\U0001f468\u200d", "\U0001f467"}),
        ("\U0001fae8\U00031350", {"\U0001fae8", "\U00031350"}),  # unknown to Python 3.11
    ],
)
def test_letters_that_no_font_has_are_found(own_fonts, monkeypatch, text, missing):
    monkeypatch.setattr(typst_files, "CHECKED_AT_ONCE", 2)
    assert typst_files.letters_without_font({"sheets": [{"text": text, "size": 1.5}]}) == missing


def test_a_mark_has_no_question_mark_of_its_own():
    missing = {"\u0e49", "\u0e01\u0e49", "\u0e01\u0e49\u0e33"}
    shown = {"page": (1, 2), "texts": [{"text": "\u0e49"}, {"text": "\u0e01\u0e49 \u0e01 Bob\u200d", "is_rtl": False}]}
    assert typst_files.without_letters(shown, missing) == {
        "page": (1, 2),
        "texts": [{"text": "?"}, {"text": "? \u0e01 Bob\u200d", "is_rtl": False}],
    }


@pytest.mark.parametrize("file", FILES)
def test_a_page_in_front_says_whose_letters_no_font_has(api, olga, event, enroll, seen, monkeypatch, file):
    enroll(event, name="Bob")
    api(olga).get(path_of(event, file))
    enroll(event, name="张伟")
    monkeypatch.setattr(typst_files, "letters_without_font", lambda shown: {*"张伟"} & {*str(shown)})
    api(olga).get(path_of(event, file))
    before, after = seen
    assert "warning" not in before
    assert after["warning"] == (
        "1 person has letters that no font on the server has (CJK): see “?”. Print these people from the page of the "
        "event in the back office: the browser has fonts for them."
    )
    assert "??" in names_in(after)


@pytest.mark.parametrize("mark", ["", "\u0e49"])
def test_marks_without_a_font_are_counted_with_their_letter(event, enroll, own_fonts, monkeypatch, mark):
    enroll(event, name="Ada", contact_details="\u0e01\u0e49")
    enroll(event, name=f"{mark}Bob", phone=mark)
    shown = []
    monkeypatch.setattr(typst_files, "pdf", lambda template, contents: shown.append(contents))
    print_files.names_pdf(event, people_of(event, statuses=ALL), columns=COLUMNS, has_pages=False)
    number = "2 people have" if mark else "1 person has"
    assert shown[0]["warning"].startswith(f"{number} letters that no font on the server has (THAI): see “?”.")
    cells = [[cell["text"] for cell in line["cells"]] for group in shown[0]["groups"] for line in group["lines"]]
    question = "?" if mark else ""
    assert sorted(cells) == sorted(
        [
            ["Ada", "?", "", "Registered"],
            [f"{question}Bob", "", question, "Registered"],
        ]
    )


@pytest.mark.slow
@pytest.mark.once
def test_a_list_has_a_page_for_each_letter(event, crowd):
    shown = print_files.names_shown(event, crowd, COLUMNS, has_pages=True)
    assert len(pictures("names.typ", shown)) >= len(shown["groups"])
    content = print_files.names_pdf(event, crowd, columns=COLUMNS, has_pages=False)
    assert (content[:4], content) == (b"%PDF", print_files.names_pdf(event, crowd, columns=COLUMNS, has_pages=False))
    assert print_files.names_pdf(event, [], columns=(), has_pages=False)[:4] == b"%PDF"
    empty = print_files.badges_pdf(event, [], paper=PAPERS["a6"], layout=layout_of(PAPERS["a6"], ()), has_lines=False)
    assert pages(empty) == 1
