"""Badges and name lists to print, in the back office, and which badges are printed already."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from checkin.admin import badge_views, name_list_views
from checkin.badges import code_of
from checkin.models import Print
from checkin.selectors.people import letter_of, part_of, people_of, without_current_badge
from checkin.services import prints
from checkin.services.tickets import reissue
from eventhub.exceptions import BadRequest, Forbidden
from events.models import Event
from registrations.models import Registration, RegistrationStatus
from registrations.services import seats

pytestmark = pytest.mark.django_db
ALL = RegistrationStatus.values
SEATED = "status=registered&status=attended"
TICKED = re.compile(r'type="checkbox" name="(?:show|status)" value="(\w+)" class="[^"]*" id="\w+" checked')
WORDS_OF_DATE = re.compile(r'<div class="text date"><p [^>]*>(.*?)</p>')
A4 = f"badges/print/?format=a4-2x5&{SEATED}"


@pytest.fixture
def event(olga, make_event):
    return make_event(olga, title="Three <Serenades>", max_capacity=50)


def page_of(event, what):
    return f"/admin/events/event/{event.pk}/{what}"


def names_on(page):
    return re.findall(r'<div class="text name"><p [^>]*>(.*?)</p>', page.text)


def shown_on(page):
    return {"shown": re.search(r'name="shown" value="([^"]+)"', page.text)[1]}


# Who, in which order -------------------------------------------------------------------------------------------------


def test_people_stand_as_in_a_telephone_book(event, enroll):
    names = ["zoe", "Zoë", "Ángel", "abel", "Łukasz", "Lu", "9 to 5", "Ωmega", "张伟", "陈", "김", "Ärzte", ""]
    for name in names:
        enroll(event, name=name)
    people = people_of(event, statuses=ALL)
    assert [person.name for person in people] == [
        *("", "9 to 5", "abel", "Ángel", "Ärzte", "Lu", "Łukasz", "zoe", "Zoë", "Ωmega", "김", "张伟", "陈")
    ]
    assert [letter_of(person.name) for person in people[-4:]] == ["Ω", "ᄀ", "漢字", "漢字"]
    assert {letter_of(name) for name in ("Ángel", "abel", "Ärzte")} == {"A"}
    assert {letter_of(name) for name in ("", "9 to 5", "👩‍🔬")} == {"#"}


def test_people_of_some_statuses_and_since_a_moment(event, enroll):
    rows = {status: enroll(event, status=status, name=status) for status in ALL}
    begin = timezone.now()
    assert {person.pk for person in people_of(event, statuses=["waitlisted", "cancelled"])} == {
        rows["waitlisted"].pk,
        rows["cancelled"].pk,
    }
    Registration.objects.filter(event=event).update(updated_at=begin - timedelta(hours=1))
    assert people_of(event, statuses=ALL, since=begin) == []
    new = enroll(event, name="New")
    assert [person.pk for person in people_of(event, statuses=ALL, since=begin)] == [new.pk]
    assert [person.has_ticket for person in people_of(event, statuses=ALL)] == [
        person.status in ("registered", "attended") for person in people_of(event, statuses=ALL)
    ]


@pytest.mark.parametrize(
    ("number", "most", "expected"),
    [(1, 3, ("abc", 1, 3)), (3, 3, ("gh", 3, 3)), (9, 3, ("gh", 3, 3)), (1, 8, ("abcdefgh", 1, 1))],
)
def test_parts(number, most, expected):
    part = part_of("abcdefgh", number=number, most=most)
    assert (part.people, part.number, part.parts, part.total) == (*expected, 8)
    assert part_of("", number=2, most=3) == ("", 1, 1, 0)


# Pages ---------------------------------------------------------------------------------------------------------------


def test_a_badge_has_what_was_ticked(office, olga, event, enroll):
    row = enroll(event, name="Bob <b>", contact_details="Table 4")
    page = office(olga).get(page_of(event, f"{A4}&show=code&show=title&show=contact&lines=on"))
    assert names_on(page) == ["Bob &lt;b&gt;"]
    (person,) = people_of(event, statuses=ALL)
    for text in (
        code_of(person),
        "Three &lt;Serenades&gt;",
        "Table 4",
        "size: 210mm 297mm",
        'class="badge wide lines"',
    ):
        assert text in page.text
    assert 'class="text date"' not in page.text
    bare = office(olga).get(page_of(event, A4)).text
    for text in ("<svg", "Table 4", 'class="text title"', "wide lines"):
        assert text not in bare
    assert "<script" not in page.text
    seats.update(registration=row, status="cancelled", by=olga)
    cancelled = office(olga).get(page_of(event, "badges/print/?format=a6&status=cancelled&show=code"))
    assert (names_on(cancelled), "<svg" in cancelled.text) == (["Bob &lt;b&gt;"], False)


def test_the_date_on_a_badge_is_in_the_language_of_the_event(office, event, enroll, olga):
    olga.language = "de"  # of her own emails
    olga.save()
    enroll(event)
    dates = {}
    for language in ("", "de"):
        Event.objects.filter(pk=event.pk).update(language=language, date_time=datetime(2031, 5, 1, 17, tzinfo=UTC))
        page = office(olga).get(page_of(event, f"badges/print/?format=a6&{SEATED}&show=date")).text
        dates[language] = " ".join(WORDS_OF_DATE.findall(page))
    assert dates == {"": "Thursday, 1 May 2031, 17:00 (UTC)", "de": "Donnerstag, 1. Mai 2031, 17:00 Uhr (UTC)"}


def test_the_sheets(office, olga, event, enroll):
    for number in range(11):
        enroll(event, name=f"Guest {number:02}")
    browser = office(olga)
    counts = {
        query: browser.get(page_of(event, f"badges/print/?{SEATED}&{query}")).text.count('class="sheet"')
        for query in ("format=a4-2x4", "format=a4-2x5", "format=label-62", "format=free&width=80&height=40")
    }
    assert [*counts.values()] == [2, 2, 11, 11]


def test_the_form_shows_what_is_wrong_and_what_was_chosen(office, olga, event):
    browser = office(olga)
    first = browser.get(page_of(event, "badges/"))
    assert TICKED.findall(first.text) == ["code", "title", "registered", "attended"]
    for query, problem in {
        "format=free&status=registered": "Enter the size in millimetres.",
        "format=free&status=registered&width=39&height=50": "greater than or equal to 40",
        "format=free&status=registered&width=60&height=431": "less than or equal to 430",
        "format=a4-2x5": "Choose at least one.",
        "format=a3&status=registered": "a3 is not one of the available choices",
        f"{A4.partition('?')[2]}&show=password": "password is not one of the available choices",
    }.items():
        page = browser.get(page_of(event, f"badges/print/?{query}"))
        assert (page.status_code, problem in page.text, "Show badges" in page.text) == (200, True, True), query
    again = browser.get(page_of(event, "badges/?format=a6&status=waitlisted&show=date&lines=on"))
    assert TICKED.findall(again.text) == ["date", "waitlisted"]
    assert '<option value="a6" selected>' in again.text
    assert 'name="status"' in browser.get(page_of(event, "names/print/")).text


def test_a_name_list_has_boxes_columns_and_letters(office, olga, event, enroll):
    enroll(event, name="Bob", contact_details="bob@example.org", phone="+1 555 0100")
    enroll(event, name="Ámbar", status="attended")
    enroll(event, name="Ben", status="waitlisted")
    browser = office(olga)
    page = browser.get(page_of(event, f"names/print/?{SEATED}&show=contact&show=phone&show=status&letters=on"))
    assert re.findall(r"<t[dh][^>]*><bdi>(.*?)</bdi>", page.text) == [
        *("Ámbar", "", "", "Checked in"),
        *("Bob", "bob@example.org", "+1 555 0100", "Registered"),
    ]
    assert re.findall(r'class="letter"[^>]*>(.)<', page.text) == ["A", "B"]
    assert (page.text.count('class="ticked"'), page.text.count('class="names page columns"')) == (1, 2)
    assert page.text.count("<caption><bdi>Three &lt;Serenades&gt;</bdi>") == 2
    bare = browser.get(page_of(event, "names/print/?status=waitlisted"))
    assert re.findall(r"<bdi>(.*?)</bdi>", bare.text) == ["Three &lt;Serenades&gt;", "Ben"]
    assert 'class="names"' in bare.text
    assert "Nobody has one of the chosen statuses." in browser.get(page_of(event, "names/print/?status=cancelled")).text


def test_many_people_come_in_parts(office, olga, event, enroll, monkeypatch):
    monkeypatch.setattr(badge_views, "MOST", 2)
    monkeypatch.setattr(name_list_views, "MOST", 2)
    for name in ("A", "B", "C"):
        enroll(event, name=name)
    page = office(olga).get(page_of(event, f"{A4}&part=2"))
    assert names_on(page) == ["C"]
    pages = {
        part: names_on(office(olga).get(page_of(event, f"{A4}&part={part}"))) for part in ("1", "9", "0", "x", "-1")
    }
    assert pages == {"1": ["A", "B"], "9": ["C"], "0": ["A", "B"], "x": ["A", "B"], "-1": ["A", "B"]}
    assert "Part 2 of 2, 1 of 3 people" in page.text
    assert f'href="?{A4.partition("?")[2].replace("&", "&amp;")}&amp;part=1"' in page.text
    assert len(re.findall('"row"><bdi>', office(olga).get(page_of(event, f"names/print/?{SEATED}")).text)) == 2


def test_the_event_leads_to_its_pages(office, olga, event):
    page = office(olga).get(page_of(event, "change/"))
    for what in ("badges/", "names/"):
        assert f'href="{page_of(event, what)}"' in page.text


def test_others_have_no_pages(office, otto, bob, event, enroll):
    enroll(event)
    for what in ("badges/", "names/", A4, f"names/print/?{SEATED}"):
        assert office(otto).get(page_of(event, what)).status_code == 404
        assert office(bob).get(page_of(event, what)).status_code in (302, 403)
    shown = prints.sign(event, people_of(event, statuses=ALL))
    assert office(otto).post(page_of(event, A4), {"shown": shown}).status_code == 404
    with pytest.raises(Forbidden):
        prints.mark_printed(event=event, shown=shown, by=otto)
    assert not Print.objects.exists()


@pytest.mark.parametrize("page", [f"{A4}&show=code", f"names/print/?{SEATED}"])
def test_a_page_reads_people_in_one_statement(office, olga, event, enroll, page):
    browser = office(olga)
    for number in range(2):
        enroll(event, name=f"Guest {number}")
    browser.get(page_of(event, page))
    with CaptureQueriesContext(connection) as statements:
        browser.get(page_of(event, page))
    assert len([query for query in statements if "registrations_registration" in query["sql"]]) == 1


# What is printed -----------------------------------------------------------------------------------------------------


def new_names(event):
    return [person.name for person in without_current_badge(people_of(event, statuses=ALL))]


def test_only_what_is_new(office, olga, event, enroll):
    rows = {name: enroll(event, name=name) for name in ("Ann", "Bob", "Cleo", "Dan")}
    browser = office(olga)
    page = browser.get(page_of(event, f"{A4}&new=on"))
    assert (names_on(page), Print.objects.count()) == (["Ann", "Bob", "Cleo", "Dan"], 0)  # opening marks nothing
    done = browser.post(page_of(event, f"{A4}&new=on"), shown_on(page), follow=True)
    assert "4 badges are marked as printed." in done.text
    assert {(each.registration_id, each.by_id) for each in Print.objects.all()} == {
        (row.pk, olga.pk) for row in rows.values()
    }
    assert "There is nothing new to print." in browser.get(page_of(event, f"{A4}&new=on")).text
    seats.update(registration=rows["Ann"], status="attended", by=olga)
    seats.update(registration=rows["Bob"], name="Robert", by=olga)
    reissue(registration=rows["Cleo"], by=olga)
    enroll(event, name="Eve")
    again = browser.get(page_of(event, f"{A4}&new=on"))
    assert names_on(again) == ["Cleo", "Eve", "Robert"]
    assert names_on(browser.get(page_of(event, A4))) == ["Ann", "Cleo", "Dan", "Eve", "Robert"]
    browser.post(page_of(event, A4), shown_on(again))
    assert (new_names(event), Print.objects.count()) == ([], 5)


def test_what_changes_between_printing_and_the_button_is_still_new(olga, event, enroll):
    rows = [enroll(event, name=name) for name in ("Ann", "Bob", "Cleo")]
    shown = prints.sign(event, people_of(event, statuses=ALL))
    seats.update(registration=rows[0], name="Anna", by=olga)
    seats.remove(registration=rows[1], by=olga)
    assert prints.mark_printed(event=event, shown=shown, by=olga) == 2
    assert new_names(event) == ["Anna"]
    assert prints.mark_printed(event=event, shown=shown, by=olga) == 2  # twice is as once


def test_what_was_shown_cannot_be_made_up(office, olga, make_event, event, enroll):
    enroll(event)
    of_another = prints.sign(make_event(olga), people_of(event, statuses=ALL))
    for shown in ("", "x", signing.dumps([event.pk, []]), of_another):
        with pytest.raises(BadRequest):
            prints.mark_printed(event=event, shown=shown, by=olga)
    page = office(olga).post(page_of(event, A4), {"shown": "x"}, follow=True)
    assert "This page is not complete. Open it again." in page.text
    assert not Print.objects.exists()


def test_a_print_goes_with_its_registration(olga, event, enroll):
    row = enroll(event)
    prints.mark_printed(event=event, shown=prints.sign(event, people_of(event, statuses=ALL)), by=olga)
    seats.remove(registration=row, by=olga)
    assert not Print.objects.exists()
