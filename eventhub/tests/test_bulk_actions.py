"""Actions on all rows of a filter: asked about once, then run in pieces, on those rows and for whoever may."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from accounts.models import Role, User
from eventhub.admin import bulk, changelist
from events.admin.actions import ACTIONS as EVENT_ACTIONS
from events.admin.actions import DELETE
from events.admin.event_admin import EventAdmin
from events.models import Event
from registrations.admin.actions import ACTIONS
from registrations.models import Registration, Transition

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

PEOPLE, EVENTS = "/admin/registrations/registration/", "/admin/events/event/?when=all"


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 2)


@pytest.fixture
def people(olga, make_event, enroll):
    event = make_event(olga, max_capacity=20)
    return [enroll(event, name=f"P{number}") for number in range(5)]


def ask(client, path, action, row, **more):
    """Tick one row, select all, run."""
    sent = {"action": action, "index": "0", "select_across": "1", "_selected_action": row.pk, **more}
    return client.post(path, sent)


def hidden(answer):
    """What the form of a page sends."""
    assert answer.status_code == 200
    pairs = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.content.decode())
    return {name: unescape(value) for name, value in pairs if name != "csrfmiddlewaretoken"}


def told(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def finish(client, path, answer):
    """Go on until the list is there again; return the answer and how many requests it took."""
    requests = 0
    while answer.status_code == 200:
        answer, requests = client.post(path, hidden(answer)), requests + 1
    assert (answer.status_code, answer.url) == (302, path)
    return answer, requests


def statuses():
    return dict(Registration.objects.order_by("pk").values_list("name", "status"))


def test_all_that_is_filtered_is_asked_about_and_done_in_pieces(office, olga, people, enroll):
    enroll(people[0].event, name="Out", status="attended")
    client, path = office(olga), f"{PEOPLE}?status__exact=registered"
    answer = ask(client, path, "cancel", people[0])
    assert "Cancel 5 registrations?" in answer.content.decode()
    assert set(statuses().values()) == {"registered", "attended"}
    for done in (2, 4):
        answer = client.post(path, hidden(answer))
        page = answer.content.decode()
        assert [text in page for text in (f"{done} of 5 done", f"{done} registrations: cancelled.")] == [True, True]
        assert list(statuses().values()).count("cancelled") == done
    answer = client.post(path, hidden(answer))
    assert (answer.url, told(answer)) == (path, ["5 registrations: cancelled."])
    assert statuses() == {**{f"P{number}": "cancelled" for number in range(5)}, "Out": "attended"}


@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_on_people_asks_once_about_those_whom_it_is_for(office, olga, make_event, enroll, action):
    event = make_event(olga, max_capacity=20)
    # Nobody is reinstated past a waiting list.
    third = "cancelled" if action == "reinstate" else "waitlisted"
    rows = [enroll(event, status=status) for status in ("registered", "attended", third, "cancelled")]
    if action == "confirm":
        Registration.objects.filter(pk=rows[0].pk).update(confirm_by=timezone.now() + timedelta(hours=1))
    kinds = [row.status for row in rows if row.status in ACTIONS[action].shown_for]
    concerned, left_out = len(kinds), f"The action applies to {len(kinds)} of the 4 selected."

    def stored():
        return list(Registration.objects.order_by("pk").values_list("pk", "status", "confirm_by"))

    client, before = office(olga), stored()
    answer = ask(client, PEOPLE, action, rows[0], confirmed="yes")
    page = answer.content.decode()
    assert (stored(), page.count(", Talk (")) == (before, concerned)
    assert ("By status: " in page, left_out in page) == (len(set(kinds)) > 1, concerned < 4)
    answer, requests = finish(client, PEOPLE, answer)
    assert (requests, stored() != before or action == "requeue") == ((concerned + 1) // 2, True)


@pytest.mark.parametrize("action", [*EVENT_ACTIONS, DELETE], ids=lambda action: action.name)
def test_each_action_on_events_asks_once_about_those_that_it_is_for(office, olga, make_event, action):
    for status in ("draft", "upcoming", "active", "completed", "cancelled"):
        make_event(olga, title=status, status=status)
    make_event(olga, title="closed", registration_closes=timezone.now() - timedelta(days=1))
    concerned = sum(action.is_shown(event, timezone.now()) for event in Event.objects.all())

    def stored():
        return list(Event.objects.order_by("pk").values_list("title", "status", "registration_closes"))

    client, before = office(olga), stored()
    answer = ask(client, EVENTS, action.name, Event.objects.first(), confirmed="yes")
    assert (stored(), answer.content.decode().count('<li class="break-words">')) == (before, concerned)
    answer, requests = finish(client, EVENTS, answer)
    assert (requests, stored() != before, len(told(answer))) == ((concerned + 1) // 2, True, 1)


def test_an_action_that_is_for_nobody_in_the_list_says_so(office, olga, people):
    said = "“{}” applies to nothing in this list."
    client = office(olga)
    answers = ask(client, PEOPLE, "reinstate", people[0]), ask(client, EVENTS, "publish", people[0].event)
    assert [told(answer)[-1] for answer in answers] == [said.format("Reinstate"), said.format("Publish")]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_people_of_all_events_are_saved_at_once(office, olga, otto, make_event, enroll, kind):
    for title in ("A", "B", "C"):
        enroll(make_event(olga, title=title), name=f"Guest {title}")
    enroll(make_event(otto), name="Secret")
    answer = ask(office(olga), EVENTS, f"attendees_as_{kind}", Event.objects.first())
    content = b"".join(answer.streaming_content)
    assert content[:2] == b"PK" if kind == "xlsx" else content.count(b"Guest") == 3
    assert b"Secret" not in content


def test_who_waits_gets_no_seat_that_is_to_be_given_up_too(office, olga, make_event, enroll, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    event = make_event(olga, max_capacity=1)
    rows = [enroll(event), *(enroll(event, status="waitlisted") for _ in range(2))]
    client = office(olga)
    _, requests = finish(client, PEOPLE, ask(client, PEOPLE, "cancel", rows[0]))
    assert (requests, set(statuses().values())) == (3, {"cancelled"})
    assert not Transition.objects.filter(was="waitlisted", becomes="registered").exists()


def test_what_was_refused_in_any_piece_is_told_at_the_end(office, olga, make_event, enroll):
    event = make_event(olga, max_capacity=2)
    for number in range(13):
        enroll(event, name=f"P{number:02}", status="waitlisted")
    enroll(event, name="Here", status="attended")
    enroll(event, name="Seated")
    client = office(olga)
    answer, requests = finish(client, PEOPLE, ask(client, PEOPLE, "check_in", event.registrations.first()))
    done, *refused, more = told(answer)
    assert (requests, done, len(refused)) == (7, "Seated: checked in.", 10)
    assert (refused[9], more) == ("P09: Event is full.", "And 3 registrations more.")


# What a page carries -------------------------------------------------------------------------------------------------


def test_a_page_that_is_closed_leaves_the_rest_as_it_is(office, olga, people):
    client = office(olga)
    answer = ask(client, PEOPLE, "check_in", people[0])
    answer = client.post(PEOPLE, hidden(answer))
    assert f'href="{PEOPLE}"' in answer.content.decode()
    assert list(statuses().values()) == ["attended"] * 2 + ["registered"] * 3


def test_rows_that_are_gone_or_no_longer_theirs_are_left_out_and_counted(office, olga, otto, make_event, enroll):
    mine, lost = make_event(olga, title="A"), make_event(olga, title="B")
    rows = [enroll(event, name=f"{event}{number}") for event in (mine, lost) for number in range(3)]
    client = office(olga)
    answer = ask(client, PEOPLE, "cancel", rows[0])
    Event.objects.filter(pk=lost.pk).update(organizer=otto)
    rows[0].delete()
    answer, requests = finish(client, PEOPLE, answer)
    assert (requests, told(answer)) == (3, ["2 registrations: cancelled.", "No longer there: 4 registrations."])
    assert list(statuses().values()) == ["cancelled"] * 2 + ["registered"] * 3


def test_rights_are_checked_for_each_piece(office, olga, people):
    client = office(olga)
    answer = client.post(PEOPLE, hidden(ask(client, PEOPLE, "cancel", people[0])))
    User.objects.filter(pk=olga.pk).update(role=Role.USER)
    assert client.post(PEOPLE, hidden(answer)).status_code in (302, 403)
    assert list(statuses().values()).count("cancelled") == 2


@pytest.mark.parametrize("fault", ["another's", "changed", "expired", "another list", "nonsense"])
def test_a_page_is_for_one_person_one_list_and_an_hour(office, olga, ada, people, monkeypatch, fault):
    client, path = office(olga), PEOPLE
    sent = hidden(ask(client, PEOPLE, "cancel", people[0]))
    if fault == "another's":
        client = office(ada)
    elif fault == "expired":
        monkeypatch.setattr(bulk, "SECONDS", -1)
    elif fault == "another list":
        path = EVENTS
    else:
        sent["rows"] = sent["rows"][:-1] if fault == "changed" else "٣\x00"
    answer = client.post(path, sent)
    assert (answer.url, told(answer)) == (path, [bulk.EXPIRED])
    assert set(statuses().values()) == {"registered"}


def test_a_page_is_for_the_action_that_was_asked_about(office, olga, people):
    client = office(olga)
    sent = hidden(ask(client, PEOPLE, "cancel", people[0]))
    finish(client, PEOPLE, client.post(PEOPLE, {**sent, "action": ["remove", "remove"], "index": "0"}))
    assert list(statuses().values()) == ["cancelled"] * 5


def test_too_many_rows_are_neither_offered_nor_taken(office, olga, people, monkeypatch):
    monkeypatch.setattr(changelist, "COUNTED", 4)
    monkeypatch.setattr("registrations.admin.RegistrationAdmin.list_per_page", 3)
    client = office(olga)
    assert "registrations</a>" not in client.get(PEOPLE).content.decode()
    assert told(ask(client, PEOPLE, "cancel", people[0])) == [bulk.TOO_MANY]
    monkeypatch.setattr(changelist, "COUNTED", 5)
    assert "Select all 5 registrations" in client.get(PEOPLE).content.decode()
    assert ask(client, PEOPLE, "cancel", people[0]).status_code == 200
    assert set(statuses().values()) == {"registered"}


@pytest.mark.django_db(transaction=True)
def test_what_is_done_is_said_also_where_the_account_is_deleted_meanwhile(office, olga, ada, make_event, monkeypatch):
    """The line in Django's log would name nobody."""
    event, client = make_event(olga), office(ada)
    monkeypatch.setattr(EventAdmin, "name_in_log", lambda admin, row: str(User.objects.filter(pk=ada.pk).delete()))
    sent = {"action": "delete", "index": "0", "select_across": "0", "_selected_action": event.pk, "confirmed": "yes"}
    answer = client.post(EVENTS, sent)
    assert (answer.status_code, told(answer)) == (302, ["1 event deleted."])
    assert not Event.objects.exists()
