"""Who changed what of an event, when and through what: written down by every face, read by whom it concerns."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from eventhub import audit
from events.admin.history import FieldChange, read_history
from events.models import Event
from registrations.services.event_changes import edit_event

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db]

BODY = {"title": "Talk", "date_time": "2031-05-01T18:00:00Z", "location": "Hall", "max_capacity": 5}


def last_line():
    line = Event.history.order_by("-history_id").first()
    return line.history_type, line.through, line.history_user_id


def edit(event, by, **values):
    with audit.acting_through(audit.Channel.ADMIN, by and by.pk):
        edit_event(event_id=event.pk, values=values)


def history_of(event):
    return f"/admin/events/event/{event.pk}/history/"


def lines_of(page):
    """Who, through what, and what, of each line of the page's table."""
    rows = re.findall(r'<th scope="row" data-label="When">.*?</tr>', page, re.DOTALL)
    cells = [re.findall(r'<td data-label="\w+">(.*?)</td>', row, re.DOTALL) for row in rows]
    return [tuple(" ".join(re.sub("<[^>]*>", " ", cell).split()) for cell in row) for row in cells]


def test_every_face_writes_down_who_did_it_and_through_what(api, office, olga, ada, make_event, tmp_path):
    pk = api(olga).post("/events/", BODY).json()["event_id"]
    assert last_line() == ("+", "api", olga.pk)
    api(ada).patch(f"/events/{pk}", {"title": "Lecture"})
    assert last_line() == ("~", "api", ada.pk)
    office(olga).post("/admin/events/event/?when=all", {"action": "close_registration", "_selected_action": pk})
    assert last_line() == ("~", "admin", olga.pk)
    make_event(olga, date_time=timezone.now() - timedelta(days=9))
    call_command("complete_events")
    assert last_line() == ("~", "command", None)
    file = tmp_path / "events.csv"
    file.write_text("title,date_time,location,max_capacity\nOwls,2031-06-01T18:00:00Z,Attic,5\n")
    call_command("import_events", str(file), "--organizer=olga")
    assert last_line() == ("+", "import", None)
    api(ada).delete(f"/events/{pk}")
    assert last_line() == ("-", "api", ada.pk)


def test_changes_are_in_peoples_words(olga, make_event, settings):
    event = make_event(olga, date_time=datetime(2031, 5, 1, 18, tzinfo=UTC), description="x" * 300)
    later = {"date_time": datetime(2031, 5, 2, 18, tzinfo=UTC), "end_time": datetime(2031, 5, 2, 20, tzinfo=UTC)}
    edit(event, olga, title="Lecture", status="active", waitlist=False, max_capacity=7, description="", **later)
    page = read_history(event_id=event.pk, reader=olga)
    assert [(change.kind, change.who, change.through) for change in page.changes] == [
        ("Changed", "olga", "Back office"),
        ("Created", "", "Command"),
    ]
    assert page.changes[0].fields == [
        FieldChange("Title", "Talk", "Lecture"),
        FieldChange("Description", "x" * 119 + "…", "(empty)"),
        FieldChange("Begins", "1 May 2031, 18:00", "2 May 2031, 18:00"),
        FieldChange("Ends", "(empty)", "2 May 2031, 20:00"),
        FieldChange("Seats", "10", "7"),
        FieldChange("Waiting list", "yes", "no"),
        FieldChange("Status", "Upcoming", "Active"),
        FieldChange("Address of its page", "(empty)", "lecture"),
    ]


@pytest.fixture
def told(olga, otto, ada, bob, make_event, person):
    """An event of Olga's that was Otto's, changed by everybody."""
    event = make_event(otto)
    gone = person("gone", role="organizer")
    for who in (otto, gone):
        edit(event, who, title=who.username)
    edit(event, ada, organizer=olga)
    edit(event, olga, title="Hers")
    edit(event, None, title="Nobody's")
    gone.delete()
    return event


def test_an_admin_reads_names(office, ada, told):
    assert lines_of(office(ada).get(history_of(told)).content.decode()) == [
        ("Nobody signed in", "Back office", "Title : from Hers to Nobody&#x27;s"),
        ("olga", "Back office", "Title : from gone to Hers"),
        ("ada", "Back office", "Organizer : from otto to olga"),
        ("a deleted account", "Back office", "Title : from otto to gone"),
        ("otto", "Back office", "Title : from Talk to otto"),
        ("Nobody signed in", "Command", "Created"),
    ]


def test_an_organizer_reads_their_own_name_and_nobody_elses(office, olga, told):
    page = office(olga).get(history_of(told)).content.decode()
    assert [who for who, _, _ in lines_of(page)] == [
        "Nobody signed in", "olga", "an admin", "a deleted account", "someone else", "Nobody signed in",
    ]  # fmt: skip
    assert lines_of(page)[2][2] == "Organizer : from someone else to olga"
    assert ("ada<" in page, "@example.org" in page.replace("olga@example.org", "")) == (False, False)


def test_it_stands_on_the_events_page_and_in_whole_on_its_own(office, olga, make_event):
    event = make_event(olga)
    for number in range(44):
        edit(event, olga, title=f"{number}")
    client = office(olga)
    tab = client.get(f"/admin/events/event/{event.pk}/change/").content.decode()
    assert (len(lines_of(tab)), "Full history" in tab) == (20, True)
    path, seen = "?", []
    while path:
        page = client.get(history_of(event) + path).content.decode()
        seen.append(lines_of(page))
        path = next(iter(re.findall(r'href="(\?before=\d+)"', page)), "")
    assert [len(lines) for lines in seen] == [20, 20, 5]
    assert seen[1][0] == ("olga", "Back office", "Title : from 22 to 23")


@pytest.mark.parametrize("before", ["x", "0", "-1", str(10**30), "%00"])
def test_nothing_in_the_address_is_too_wild(office, olga, make_event, before):
    assert office(olga).get(f"{history_of(make_event(olga))}?before={before}").status_code == 200


def test_it_costs_the_same_whatever_its_length(office, olga, make_event):
    """The session, the account, its second factor; the event; the lines; the names."""
    event, client = make_event(olga), office(olga)
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            client.get(history_of(event))
        assert len(captured) == 6
        for number in range(50):
            edit(event, olga, title=f"{number}")


def test_a_change_by_hand_is_told_as_one_of_the_database(olga, make_event):
    event = make_event(olga)
    Event.history.update(through="database")
    assert read_history(event_id=event.pk, reader=olga).changes[0].through == "Database"
