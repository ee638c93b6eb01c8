"""The doors in the back office: the live page, checkpoints, a person's scans, and codes typed at check-in."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.utils import timezone

from checkin.models import Checkpoint, GateToken, Presence, Scan
from checkin.services import admission, walk_ins
from checkin.services.checkpoints import entrance_of
from checkin.services.judgement import Attempt, Door
from checkin.services.tickets import reissue, ticket_of
from registrations.services import seats
from registrations.services.event_changes import edit_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(olga, make_event):
    return make_event(olga, title="Night of the Telescopes", max_capacity=20)


@pytest.fixture
def guest(event, enroll, bob):
    return enroll(event, bob, name="Bob Brown")


def live(event):
    return f"/admin/events/event/{event.pk}/doors/"


def checkpoints_of(event):
    return f"/admin/events/event/{event.pk}/checkpoints/"


def door(event):
    return f"/admin/registrations/registration/door/{event.pk}/"


def page_of(row):
    return f"/admin/registrations/registration/{row.pk}/change/"


def times(page):
    return set(re.findall(r"\d May 2027, \d\d:\d\d(?: \(\w+\))?", page.text))


def said(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


# The live page -------------------------------------------------------------------------------------------------------


def test_the_live_page_has_the_numbers_and_whom_to_look_at(office, olga, event, guest, enroll):
    admission.scan(Door(event.pk, olga), Attempt(registration_id=guest.pk))
    admission.scan(Door(event.pk, olga), Attempt(registration_id=guest.pk))
    gone = enroll(event, status="cancelled", name="Gone Girl")
    when = timezone.now()
    for row, entries in ((gone, 1), (enroll(event, status="attended", name="Double Dan"), 2)):
        entrance = entrance_of(event.pk)
        Presence.objects.create(
            checkpoint=entrance, registration=row, inside=True, entries=entries, first_in=when, last_in=when
        )
    page = office(olga).get(live(event))
    assert page.context["figures"] == [
        ("Inside now", 3, ""),
        ("Checked in", 2, "of 2 with a seat"),
        ("Refused", 1, ""),
        ("On the waiting list", 0, "18 seats free"),
    ]
    assert page.context["refused"] == [("Already in", 1)]
    found = [
        (title, [(row.registration.name, status) for row, status in rows])
        for title, _, rows, _ in page.context["lists"]
    ]
    assert found == [
        ("Double entries", [("Double Dan", "Checked in")]),
        ("Inside without a seat", [("Gone Girl", "Cancelled")]),
    ]
    for text in (f'href="{page_of(gone)}#scans"', "Already in", "Entries by five minutes", "checkin/doors.js"):
        assert text in page.text


def test_it_is_loaded_again_only_when_something_changed(office, olga, event, guest):
    browser = office(olga)
    tag = browser.get(live(event)).context["tag"]
    same = browser.get(live(event), headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    admission.scan(Door(event.pk, olga), Attempt(registration_id=guest.pk))
    assert browser.get(live(event), headers={"If-None-Match": tag}).status_code == 200


@time_machine.travel(datetime(2027, 5, 1, 16, 1, tzinfo=UTC))
def test_the_pages_of_an_event_show_its_own_clock(office, olga, make_event, enroll):
    event = make_event(olga, date_time=datetime(2027, 5, 1, 16, tzinfo=UTC), time_zone="Asia/Tokyo")
    browser, guest = office(olga), enroll(event)
    begins, here = "2 May 2027, 01:00 (JST)", "1 May 2027, 16:00"
    door = f"/admin/registrations/registration/door/{event.pk}/"
    names = f"/admin/events/event/{event.pk}/names/print/?status=registered"
    for path in ("/admin/events/event/?when=all", door, names):
        page = browser.get(path).text
        assert (path, begins in page, here in page) == (path, True, False)
    hours = {"opens_0": "2027-05-02", "opens_1": "01:00", "closes_0": "2027-05-02"}
    asked = browser.post(checkpoints_of(event), fields(**hours), follow=True)
    lunch = Checkpoint.objects.get(name="Lunch")
    assert (lunch.opens, f"{lunch.closes:%H:%M}") == (event.date_time, "14:59")
    assert times(asked) == {begins, "2 May 2027, 23:59 (JST)"}
    assert "Time zone: Asia/Tokyo." in asked.text
    admission.scan(Door(event.pk, olga), Attempt(registration_id=guest.pk))
    walk_in = walk_ins.admit_walk_in(Door(event.pk, olga), name="Ada").registration
    for row in (guest, walk_in):
        page = browser.get(page_of(row))
        assert (times(page), page.text.count("2 May 2027, 01:01 (JST)") > 3) == ({"2 May 2027, 01:01 (JST)"}, True)
    edit_event(event_id=event.pk, values={"registration_closes": event.date_time}, by=olga)
    for path in (f"/admin/events/event/{event.pk}/change/", f"/admin/events/event/{event.pk}/history/"):
        assert "2 May 2027, 01:00 (JST)" in browser.get(path).text
    rule = {"every": "1", "unit": "WEEKLY", "monthly": "date", "count": "2", "confirmed": "FREQ=WEEKLY;COUNT=2"}
    page = browser.post(f"/admin/events/event/{event.pk}/series/", rule, follow=True)
    assert times(page) == {begins, "9 May 2027, 01:00 (JST)"}
    page = browser.get(live(event))
    assert [text in page.text for text in ("Time zone Asia/Tokyo.", ">01:00</th>", ">16:00</th>")] == [
        True,
        True,
        False,
    ]
    assert json.loads(page.context["charts"][0].data)["labels"][0] == "01:00"


def test_an_event_without_anybody_has_a_page(office, olga, event):
    page = office(olga).get(live(event))
    for text in ("Nobody was refused.", "Nobody."):
        assert text in page.text


def test_the_pages_are_for_who_runs_the_event(office, otto, olga, event):
    entrance = entrance_of(event.pk)
    for path in (live(event), checkpoints_of(event), f"{checkpoints_of(event)}{entrance.pk}/"):
        assert office(otto).get(path).status_code == 404
    for path in (live(event), checkpoints_of(event)):
        assert f'href="{path}"' in office(olga).get(f"/admin/events/event/{event.pk}/change/").text


# Checkpoints ---------------------------------------------------------------------------------------------------------


def fields(**values):
    return {"name": "Lunch", "reentry": "daily", **values}


def test_a_checkpoint_is_added_changed_and_deleted(office, olga, event):
    browser, path = office(olga), checkpoints_of(event)
    assert "Entrance" in browser.get(path).text
    day = {"opens_0": "2031-05-20", "opens_1": "12:00", "closes_0": "2031-05-20"}
    added = browser.post(path, fields(**day), follow=True)
    assert "The checkpoint “Lunch” was added." in added.text
    lunch = Checkpoint.objects.get(name="Lunch")
    assert (lunch.reentry, lunch.closes - lunch.opens > timedelta(hours=11)) == ("daily", True)
    page = f"{path}{lunch.pk}/"
    assert 'value="Lunch"' in browser.get(page).text
    changed = browser.post(page, fields(name="Dinner"), follow=True)
    assert "The checkpoint “Dinner” was changed." in changed.text
    lunch.refresh_from_db()
    assert (lunch.name, lunch.opens) == ("Dinner", None)
    asked = browser.post(page, {"delete": "yes"})
    assert "Delete checkpoint?" in asked.text
    deleted = browser.post(page, {"delete": "yes", "confirmed": "yes"}, follow=True)
    assert "The checkpoint “Dinner” was deleted." in deleted.text
    assert [*Checkpoint.objects.values_list("name", flat=True)] == ["Entrance"]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "Entrance"}, "The event has a checkpoint with this name."),
        (
            {"opens_0": "2031-05-20", "opens_1": "12:00", "closes_0": "2031-05-20", "closes_1": "11:00"},
            "The checkpoint must close after it opens.",
        ),
    ],
)
def test_what_cannot_be_saved_is_shown_again(office, olga, event, values, problem):
    page = office(olga).post(checkpoints_of(event), fields(**values))
    assert page.status_code == 200
    assert problem in page.text
    assert Checkpoint.objects.count() == 1


def test_a_refused_deletion_is_a_message(office, olga, event, guest):
    lunch = Checkpoint.objects.create(event=event, name="Lunch")
    admission.scan(Door(event.pk, olga, checkpoint_id=lunch.pk), Attempt(registration_id=guest.pk))
    page = f"{checkpoints_of(event)}{lunch.pk}/"
    answer = office(olga).post(page, {"delete": "yes", "confirmed": "yes"}, follow=True)
    assert "Tickets were scanned at this checkpoint." in answer.text


# The scans of a person ------------------------------------------------------------------------------------------------


def test_the_page_of_a_person_lists_their_scans_and_undoes_one(office, olga, event, guest):
    gate = GateToken.objects.create(event=event, name="North door", digest="x", may_search=True)
    admission.scan(Door(event.pk, olga, gate, device="Anna's phone"), Attempt(registration_id=guest.pk))
    scan = Scan.objects.get()
    browser = office(olga)
    page = browser.get(page_of(guest))
    for text in ("At the door", "Let in", "North door", "Anna&#x27;s phone", f'name="scan" value="{scan.pk}"'):
        assert text in page.text
    undone = browser.post(f"/admin/registrations/registration/{guest.pk}/undo-scan/", {"scan": scan.pk}, follow=True)
    assert "The scan was undone." in undone.text
    assert "Undone by you, " in undone.text
    assert f'name="scan" value="{scan.pk}"' not in undone.text
    guest.refresh_from_db()
    assert guest.status == "registered"
    again = browser.post(f"/admin/registrations/registration/{guest.pk}/undo-scan/", {"scan": scan.pk}, follow=True)
    assert "This scan was undone already." in again.text


def test_a_button_is_in_the_list_too(office, olga, event, guest):
    seats.update(registration=guest, by=olga, status="attended")
    seats.update(registration=guest, by=olga, status="registered")
    page = office(olga).get(page_of(guest))
    assert "Undone by you" in page.text
    assert 'name="scan"' not in page.text


def test_others_undo_nothing(office, otto, olga, event, guest, enroll):
    admission.scan(Door(event.pk, olga), Attempt(registration_id=guest.pk))
    scan = Scan.objects.get()
    assert (
        office(otto).post(f"/admin/registrations/registration/{guest.pk}/undo-scan/", {"scan": scan.pk}).status_code
        == 404
    )
    other = enroll(event)
    office(olga).post(f"/admin/registrations/registration/{other.pk}/undo-scan/", {"scan": scan.pk})
    assert Scan.objects.count() == 1


# A code in the search of the check-in page ---------------------------------------------------------------------------


def test_a_ticket_code_in_the_search_checks_in(office, olga, event, guest):
    browser, code = office(olga), ticket_of(guest).spelled.lower()
    done = browser.post(door(event), {"q": f" {code} "})
    assert (done.url, said(done)) == (f"{door(event)}?done={guest.pk}", ["Bob Brown: checked in."])
    guest.refresh_from_db()
    assert guest.status == "attended"
    (scan,) = Scan.objects.all()
    assert (scan.result, scan.device, scan.through, scan.by) == ("admitted", "Check-in page", "admin", olga)
    again = said(browser.post(door(event), {"q": code}))[-1]
    assert again.startswith("Bob Brown: This person is already in, since ")
    assert again.endswith(" (olga).")
    assert 'name="q"' in browser.get(done.url).text


def test_what_is_wrong_with_a_ticket_is_said(office, olga, event, guest, make_event, enroll):
    browser = office(olga)
    waiting = enroll(event, status="registered", name="Wanda")
    elsewhere = enroll(make_event(olga), name="Elsie")
    old, waits, wrong = (ticket_of(row).code for row in (guest, waiting, elsewhere))
    reissue(registration=guest, by=olga)
    seats.cancel(registration=waiting, by=olga)
    expected = {
        old: "Bob Brown: This ticket was replaced by a new one.",
        waits: "Wanda: This person has no seat.",
        wrong: "This ticket is for another event.",
        f"{old[:-1]}{'0' if old[-1] != '0' else '1'}": "This ticket is not known.",
    }
    assert {code: said(browser.post(door(event), {"q": code}))[-1] for code in expected} == expected
    assert Scan.objects.count() == 4


@pytest.mark.parametrize(("text", "query"), [("Bob", "?q=Bob"), ("EH 12", "?q=EH+12"), (" ", "")])
def test_any_other_text_is_searched_for(office, olga, event, text, query):
    answer = office(olga).post(door(event), {"q": text})
    assert (answer.status_code, answer.url) == (302, f"{door(event)}{query}")


def test_a_code_in_a_link_checks_nobody_in(office, olga, event, guest):
    page = office(olga).get(door(event), {"q": ticket_of(guest).code})
    assert page.status_code == 200
    assert not Scan.objects.exists()
