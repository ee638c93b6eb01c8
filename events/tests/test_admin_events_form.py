"""Adding and changing an event in the back office: the form, its refusals, and what others do meanwhile."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from eventhub.testing.responses import NOT_PLAIN
from events.models import Event
from registrations.models import Registration
from registrations.services.event_changes import edit_event

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db]

LIST = "/admin/events/event/"
ADD = f"{LIST}add/"
TYPED = {
    "title": "Lecture",
    "description": "Of owls",
    "location": "Attic",
    "date_time_0": "2031-05-01",
    "date_time_1": "18:00",
    "end_time_0": "",
    "end_time_1": "",
    "max_capacity": "12",
    "waitlist": "on",
    "registration_opens_0": "",
    "registration_opens_1": "",
    "registration_closes_0": "",
    "registration_closes_1": "",
    "notifications": "usual",
    "remind_hours": "24",
    "language": "",
    "guests": "no",
    "visibility": "public",
    "tags": "",
    "slug": "",
    "attendance": "offline",
}
BEGINS = datetime(2031, 5, 1, 18, tzinfo=UTC)


def page_of(event):
    return f"{LIST}{event.pk}/change/"


def opened(client, event):
    """What a browser sends back of the form as it was opened."""
    page = client.get(page_of(event)).content.decode()
    return fields_of(page)


def fields_of(page):
    form = re.search(r'<form[^>]* id="event_form".*?</form>', page, re.DOTALL)[0]
    sent = {}
    for tag in re.findall(r"<input[^>]*>", form):
        attrs = {name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        if attrs.get("type") == "checkbox":
            if re.search(r"\schecked[\s>]", tag):
                sent[attrs["name"]] = "on"
        elif "name" in attrs:
            sent[attrs["name"]] = attrs.get("value", "")
    for name, text in re.findall(r'<textarea name="(\w+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        sent[name] = html.unescape(text.removeprefix("\n").removeprefix("\r\n"))
    for name, options in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        sent[name] = "".join(re.findall(r'<option value="([^"]+)" selected', options))
    return sent


def messages_of(answer):
    return [str(message) for message in answer.context["messages"]]


def errors_of(answer):
    return {field: list(texts) for field, texts in answer.context["adminform"].form.errors.items()}


# Adding --------------------------------------------------------------------------------------------------------------


def test_a_new_event_is_a_draft_of_who_adds_it(office, olga):
    answer = office(olga).post(ADD, TYPED)
    event = Event.objects.get()
    assert answer.url == page_of(event)
    assert (event.status, event.organizer, event.title, event.date_time) == ("draft", olga, "Lecture", BEGINS)
    assert (event.max_capacity, event.waitlist, event.end_time) == (12, True, None)


def test_the_next_can_be_added_at_once(office, olga):
    assert office(olga).post(ADD, {**TYPED, "_addanother": "1"}).url == ADD


def test_status_and_counts_are_nobodys_to_type(office, olga, ada):
    for who in (olga, ada):
        office(who).post(ADD, {**TYPED, "status": "active", "seats_taken": "9", "uid": "x", "organizer": who.pk})
    rows = Event.objects.values_list("status", "seats_taken", "uid")
    assert list(rows) == [("draft", 0, "")] * 2


def test_an_organizer_has_no_choice_of_organizer(office, olga, otto):
    client = office(olga)
    assert 'name="organizer"' not in client.get(f"{ADD}?organizer={otto.pk}").content.decode()
    client.post(ADD, {**TYPED, "organizer": otto.pk})
    event = Event.objects.get()
    client.post(page_of(event), {**opened(client, event), "title": "New", "organizer": otto.pk})
    event.refresh_from_db()
    assert (event.title, event.organizer) == ("New", olga)


def test_an_admin_chooses_among_organizers(office, olga, otto, ada, bob):
    client = office(ada)
    assert errors_of(client.post(ADD, {**TYPED, "organizer": bob.pk})) == {
        "organizer": ["Select a valid choice. That choice is not one of the available choices."]
    }
    client.post(ADD, {**TYPED, "organizer": olga.pk})
    event = Event.objects.get()
    assert event.organizer == olga
    client.post(page_of(event), {**opened(client, event), "organizer": otto.pk})
    assert Event.objects.get().organizer == otto


def test_an_admins_own_is_the_first_choice(office, ada):
    assert f'<option value="{ada.pk}" selected' in office(ada).get(ADD).content.decode()


# Help ----------------------------------------------------------------------------------------------------------------


def test_the_form_helps_and_names_the_time_zone(office, olga):
    page = office(olga).get(ADD).content.decode()
    for help_text in ("Time zone: UTC", "until the end of the day", "first person on it"):
        assert help_text in page


@pytest.mark.parametrize("wild", ["date_time=x", "organizer=x", "max_capacity=%00", "_to_field=x", "waitlist=x"])
def test_nothing_in_the_address_is_too_wild(office, olga, ada, wild):
    for who in (olga, ada):
        assert office(who).get(f"{ADD}?{wild}").status_code in (200, 400)


# Times in a zone whose clocks change ---------------------------------------------------------------------------------

TWICE = "02:30 occurs twice on 26 Oct 2031, because the clocks go back. Choose one and save again."
SKIPPED = "02:30 does not occur on 30 Mar 2031, because the clocks go forward. Choose a time and save again."


@pytest.fixture
def berlin(settings):
    settings.TIME_ZONE = "Europe/Berlin"


@pytest.mark.parametrize("moment", [datetime(2031, 10, 26, hour, 30, 15, 7, tzinfo=UTC) for hour in (0, 1)])
@pytest.mark.parametrize("has_offset", [True, False])
def test_an_event_in_the_hour_that_occurs_twice_is_edited_as_any_other(
    office, olga, make_event, berlin, moment, has_offset
):
    event = make_event(olga, date_time=moment, registration_closes=moment)
    client = office(olga)
    sent = opened(client, event)
    if not has_offset:
        sent = {name: value for name, value in sent.items() if not name.endswith("_2")}
    assert client.post(page_of(event), {**sent, "location": "Attic"}).status_code == 302
    event.refresh_from_db()
    assert (event.location, event.date_time, event.registration_closes) == ("Attic", moment, moment)
    client.post(page_of(event), {**sent, "registration_closes_0": "", "registration_closes_1": ""})
    event.refresh_from_db()
    assert (event.date_time, event.registration_closes) == (moment, None)


@pytest.mark.parametrize(
    ("day", "sentence", "choices"),
    [
        ("2031-10-26", TWICE, {"+02:00": "02:30 (UTC+02:00)", "+01:00": "02:30 (UTC+01:00)"}),
        ("2031-03-30", SKIPPED, {"+01:00": "03:30 (UTC+02:00)", "+02:00": "01:30 (UTC+01:00)"}),
    ],
)
@pytest.mark.parametrize("adding", [True, False])
def test_a_time_that_occurs_twice_or_never_is_chosen(office, olga, make_event, berlin, adding, day, sentence, choices):
    client, event = office(olga), make_event(olga)
    path = ADD if adding else page_of(event)
    typed = {**TYPED, "date_time_0": day, "date_time_1": "02:30"}
    answer = client.post(path, typed)
    assert errors_of(answer) == {"date_time": [sentence]}
    select = re.search(r'<select name="date_time_2".*?</select>', answer.content.decode(), re.DOTALL)[0]
    assert dict(re.findall(r'value="(.*?)"[^>]*>(.*?)<', select)) == choices
    for offset in choices:  # the first is shown
        assert client.post(path, {**typed, "title": offset, "date_time_2": offset}).status_code == 302
        expected = datetime.fromisoformat(f"{day}T02:30{offset}")
        assert Event.objects.get(title=offset).date_time == expected
    assert errors_of(client.post(path, {**typed, "date_time_2": "+05:00"})) == {"date_time": [sentence]}


def test_a_date_without_a_time_is_its_start_or_in_an_end_field_its_end(office, olga, berlin):
    days = {
        f"{name}_0": "2031-05-01" for name in ("date_time", "end_time", "registration_opens", "registration_closes")
    }
    client = office(olga)
    client.post(ADD, {**TYPED, **days, "date_time_1": ""})
    starts, ends = datetime(2031, 4, 30, 22, tzinfo=UTC), datetime(2031, 5, 1, 21, 59, 59, 999999, tzinfo=UTC)
    times = Event.objects.values_list("date_time", "end_time", "registration_opens", "registration_closes")
    assert list(times) == [(starts, ends, starts, ends)]
    assert errors_of(client.post(ADD, {**TYPED, "end_time_1": "18:00"})) == {"end_time": ["Enter a date."]}


def test_registration_is_closed_in_the_hour_that_occurs_twice(office, olga, make_event, berlin):
    event = make_event(olga, date_time=datetime(2031, 11, 1, tzinfo=UTC))
    now = datetime(2031, 10, 26, 1, 15, 30, 5, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        client = office(olga)
        client.post(LIST, {"action": "close_registration", "_selected_action": event.pk}, follow=True)
        assert client.post(page_of(event), {**opened(client, event), "location": "Attic"}).status_code == 302
    event.refresh_from_db()
    assert (event.registration_closes, event.location) == (now, "Attic")


# Changing ------------------------------------------------------------------------------------------------------------


def test_only_what_was_changed_is_written(office, olga, make_event):
    odd = {"date_time": BEGINS + timedelta(microseconds=5), "description": " two\nlines ", "uid": "x"}
    event = make_event(olga, **odd)
    client = office(olga)
    client.post(page_of(event), {**opened(client, event), "title": "New"})
    event.refresh_from_db()
    assert event.title == "New"
    assert {name: getattr(event, name) for name in odd} == odd
    assert event.history.count() == 2


def test_saving_without_a_change_writes_nothing(office, olga, make_event):
    event = make_event(olga)
    client = office(olga)
    sent = opened(client, event)
    client.post(page_of(event), {**sent, "description": sent["description"].replace("\n", "\r\n")})
    assert (event.history.count(), Event.objects.get().updated_at) == (1, event.updated_at)


REFUSED = {
    "title": ({"title": ""}, "This field is required."),
    "max_capacity": ({"max_capacity": "0"}, "Enter 1 or more."),
    "end_time": ({"end_time_0": "2031-05-01", "end_time_1": "17:00"}, "The end must be after the beginning."),
    "date_time": ({"date_time_0": "3000-01-01"}, "The year must be between 1900 and 2999."),
    "registration_closes": (
        {
            "registration_opens_0": "2031-04-02",
            "registration_opens_1": "12:00",
            "registration_closes_0": "2031-04-01",
            "registration_closes_1": "12:00",
        },
        "Registration must close after it opens.",
    ),
}


@pytest.mark.parametrize("text", NOT_PLAIN)
def test_a_capacity_is_plain_digits(office, olga, make_event, text):
    answer = office(olga).post(page_of(make_event(olga)), {**TYPED, "max_capacity": text})
    assert (answer.status_code, errors_of(answer)) == (200, {"max_capacity": ["Enter a whole number."]})


def test_a_date_is_plain_digits(office, olga, make_event):
    answer = office(olga).post(page_of(make_event(olga)), {**TYPED, "date_time_0": "\uff12\uff10\uff13\uff11-10-26"})
    assert (answer.status_code, errors_of(answer)) == (200, {"date_time": ["Enter a valid date."]})


@pytest.mark.parametrize(("field", "case"), REFUSED.items())
@pytest.mark.parametrize("adding", [True, False])
def test_a_refusal_stands_beside_its_field_and_nothing_typed_is_lost(office, olga, make_event, field, case, adding):
    event = make_event(olga)
    typed, sentence = case
    answer = office(olga).post(ADD if adding else page_of(event), {**TYPED, **typed})
    assert (answer.status_code, errors_of(answer)) == (200, {field: [sentence]})
    kept = fields_of(answer.content.decode())
    assert {name: kept.get(name, "") for name in TYPED} == {**TYPED, **typed}
    assert list(Event.objects.values_list("title")) == [("Talk",)]


WILD = [
    {"date_time_0": "0001-01-01"}, {"date_time_0": "9999-12-31"}, {"date_time_0": "x"}, {"date_time_1": "25:00"},
    {"max_capacity": str(10**30)}, {"max_capacity": "x"}, {"title": "x\0y"}, {"title": "x" * 256}, {"organizer": "x"},
    {"opened": "["}, {"opened": "[1]"}, {"opened": '{"title": {"x": 1}}'}, {"opened": "[" * 100000},
    {"dataset": "AttendeesTab"}, {"dataset": "AttendeesTab", "_selected_action": "1", "action": "x"},
    {"organizer": str(10**30)}, {"date_time_0": "\uff12\uff10\uff13\uff11-10-26"},
]  # fmt: skip


@pytest.mark.parametrize("typed", WILD)
def test_nothing_that_is_sent_is_too_wild(office, olga, ada, make_event, typed):
    event = make_event(olga)
    for who in (olga, ada):
        for path in (ADD, page_of(event)):
            assert office(who).post(path, {**TYPED, "organizer": olga.pk, **typed}).status_code in (200, 302)


# Seats ---------------------------------------------------------------------------------------------------------------


def test_more_seats_go_to_the_queue_and_it_is_said_to_how_many(office, olga, make_event, enroll):
    event = make_event(olga, full=True)
    for _ in range(3):
        enroll(event, status="waitlisted")
    client = office(olga)
    answer = client.post(page_of(event), {**opened(client, event), "max_capacity": "3"}, follow=True)
    assert messages_of(answer)[0] == "2 people from the waiting list got a seat."
    assert Registration.objects.filter(status="registered").count() == 3


def test_fewer_seats_than_are_taken_are_refused_beside_the_capacity(office, olga, make_event, enroll):
    event = make_event(olga, max_capacity=3)
    for _ in range(2):
        enroll(event)
    client = office(olga)
    answer = client.post(page_of(event), {**opened(client, event), "title": "Kept", "max_capacity": "1"})
    assert errors_of(answer) == {"max_capacity": ["Capacity is below the seats already taken."]}
    page = answer.content.decode()
    kept = fields_of(page)
    assert (kept["title"], kept["max_capacity"]) == ("Kept", "1")
    assert re.findall(r"\d+ / \d+", page) == ["2 / 3"]
    again = client.post(page_of(event), {**kept, "max_capacity": "2"})
    event.refresh_from_db()
    assert (again.status_code, event.title, event.max_capacity) == (302, "Kept", 2)


# Meanwhile -----------------------------------------------------------------------------------------------------------


def test_what_somebody_else_changed_meanwhile_stays(office, olga, make_event):
    event = make_event(olga, date_time=BEGINS)
    client = office(olga)
    sent = opened(client, event)
    later = BEGINS + timedelta(days=9)
    edit_event(event_id=event.pk, values={"title": "Renamed", "waitlist": False, "date_time": later})
    assert client.post(page_of(event), {**sent, "location": "Attic"}).status_code == 302
    event.refresh_from_db()
    assert (event.title, event.waitlist, event.date_time, event.location) == ("Renamed", False, later, "Attic")


def test_who_would_overwrite_somebody_elses_change_is_told_first(office, olga, make_event):
    event = make_event(olga, date_time=BEGINS)
    client = office(olga)
    sent = opened(client, event)
    edit_event(event_id=event.pk, values={"title": "Theirs", "date_time": BEGINS + timedelta(hours=1)})
    answer = client.post(page_of(event), {**sent, "title": "Mine", "date_time_1": "20:00:00"})
    assert errors_of(answer) == {
        "title": ["Someone else changed this to “Theirs”. Save again to overwrite it."],
        "date_time": ["Someone else changed this to “1 May 2031, 19:00”. Save again to overwrite it."],
    }
    again = fields_of(answer.content.decode())
    assert (again["title"], again["date_time_1"]) == ("Mine", "20:00:00")
    assert client.post(page_of(event), again).status_code == 302
    event.refresh_from_db()
    assert (event.title, event.date_time) == ("Mine", BEGINS + timedelta(hours=2))


def test_the_same_change_made_twice_is_no_conflict(office, olga, make_event):
    event = make_event(olga)
    client = office(olga)
    sent = opened(client, event)
    edit_event(event_id=event.pk, values={"title": "Same"})
    assert client.post(page_of(event), {**sent, "title": "Same"}).status_code == 302


def test_times_that_fit_no_more_are_refused_on_the_form(office, olga, make_event):
    event = make_event(olga, date_time=BEGINS)
    client = office(olga)
    sent = opened(client, event)
    edit_event(event_id=event.pk, values={"date_time": BEGINS + timedelta(days=1)})
    answer = client.post(page_of(event), {**sent, "end_time_0": "2031-05-01", "end_time_1": "21:00"})
    assert errors_of(answer) == {"end_time": ["The end must be after the beginning."]}


def test_what_the_rule_alone_sees_is_a_message_too(office, olga, make_event, monkeypatch):
    """The event changes between the form's look and the rule's."""
    event = make_event(olga, date_time=BEGINS)
    client = office(olga)
    sent = opened(client, event)
    late = {"date_time": BEGINS + timedelta(days=1)}
    monkeypatch.setattr("events.admin.forms.EventForm.changes", {"end_time": BEGINS + timedelta(hours=1), **late})
    answer = client.post(page_of(event), {**sent, "title": "Kept"})
    assert errors_of(answer) == {"end_time": ["The end must be after the beginning."]}
    assert fields_of(answer.content.decode())["title"] == "Kept"


def test_a_clash_in_the_database_is_a_message(office, ada, olga, otto, make_event):
    make_event(otto, uid="x")
    event = make_event(olga, uid="x")
    client = office(ada)
    answer = client.post(page_of(event), {**opened(client, event), "organizer": otto.pk, "title": "Kept"})
    assert errors_of(answer) == {"__all__": ["Conflict with existing data."]}
    assert fields_of(answer.content.decode())["title"] == "Kept"


def test_an_event_that_is_gone_leads_back_with_a_message(office, olga, make_event):
    event = make_event(olga)
    client = office(olga)
    sent, pk = opened(client, event), event.pk
    event.delete()
    answer = client.post(f"{LIST}{pk}/change/", sent, follow=True)
    assert messages_of(answer) == ["This event does not exist, or you do not have access to it."]


# Others --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["change/", "delete/", "history/"])
def test_somebody_elses_event_is_as_one_that_is_not_there(office, olga, otto, make_event, path):
    event = make_event(otto, title="Otto's secret")
    client = office(olga)
    theirs, none = (client.get(f"{LIST}{pk}/{path}", follow=True) for pk in (event.pk, 10**6))
    assert theirs.redirect_chain == none.redirect_chain == [("/admin/", 302)]
    assert messages_of(theirs)[0].replace(str(event.pk), str(10**6)) == messages_of(none)[0]
    assert "secret" not in theirs.content.decode()
    client.post(f"{LIST}{event.pk}/{path}", {**TYPED, "post": "yes"})
    assert Event.objects.get().title == "Otto's secret"


@pytest.mark.parametrize("pk", ["x", "0", str(10**30), "1_2F2", "%00"])
@pytest.mark.parametrize("path", ["change/", "delete/", "history/"])
def test_no_id_is_too_wild(office, olga, pk, path):
    assert office(olga).get(f"{LIST}{pk}/{path}").status_code == 302


@pytest.mark.parametrize("path", ["", "add/", "{pk}/change/", "{pk}/delete/", "{pk}/history/"])
def test_who_runs_no_events_sees_none_of_this(office, olga, bob, make_event, path):
    event = make_event(olga, title="A talk about owls")
    answer = office(bob).get(LIST + path.format(pk=event.pk))
    assert (answer.status_code in (302, 403), "owls" in answer.content.decode()) == (True, False)


# Deleting ------------------------------------------------------------------------------------------------------------


def test_deleting_says_first_what_goes(office, olga, make_event, enroll):
    event = make_event(olga, max_capacity=2)
    for status in ("registered", "attended", "waitlisted", "cancelled"):
        enroll(event, status=status)
    client = office(olga)
    with CaptureQueriesContext(connection) as captured:
        page = client.get(f"{LIST}{event.pk}/delete/").content.decode()
    assert "Talk and 4 registrations: 2 with a seat, 1 on the waiting list, 1 cancelled" in page
    assert sum("registrations_registration" in query["sql"] for query in captured) == 1
    assert client.post(f"{LIST}{event.pk}/delete/", {"post": "yes"}).url == LIST
    assert (Event.objects.count(), Registration.objects.count()) == (0, 0)


def test_deleting_several_says_it_of_each(office, olga, otto, make_event, enroll):
    empty, full, foreign = make_event(olga, title="Empty"), make_event(olga, title="Full"), make_event(otto)
    enroll(full)
    chosen = {"action": "delete", "_selected_action": [event.pk for event in (empty, full, foreign)]}
    client = office(olga)
    page = client.post(f"{LIST}?when=all", chosen).content.decode()
    assert "Empty (no registrations)" in page
    assert "Full and 1 registration: 1 with a seat, 0 on the waiting list, 0 cancelled" in page
    client.post(f"{LIST}?when=all", {**chosen, "confirmed": "yes"})
    assert list(Event.objects.all()) == [foreign]


def test_an_organizer_may_correct_what_is_over(office, olga, make_event):
    event = make_event(olga, date_time=timezone.now() - timedelta(days=9), status="completed")
    client = office(olga)
    assert client.post(page_of(event), {**opened(client, event), "title": "Corrected"}).status_code == 302
    assert Event.objects.get().title == "Corrected"


# Time zones ----------------------------------------------------------------------------------------------------------


def test_times_are_typed_and_shown_in_the_zone_that_is_chosen(office, olga):
    client = office(olga)
    until = {"cancel_until_0": "2031-04-30", "cancel_until_1": ""}
    client.post(ADD, {**TYPED, **until, "time_zone": "Asia/Tokyo"})
    event = Event.objects.get()
    assert (event.time_zone, event.date_time) == ("Asia/Tokyo", BEGINS - timedelta(hours=9))
    assert event.cancel_until == datetime(2031, 4, 30, 14, 59, 59, 999999, tzinfo=UTC)
    page = client.get(page_of(event)).content.decode()
    assert "In the time zone of this site: Thursday, 1 May 2031, 09:00 (UTC)" in page
    sent = fields_of(page)
    assert (sent["date_time_0"], sent["date_time_1"], sent["time_zone"]) == ("01 May 2031", "18:00", "Asia/Tokyo")
    updated = event.updated_at
    client.post(page_of(event), sent)
    assert Event.objects.get().updated_at == updated
    client.post(page_of(event), {**sent, "time_zone": "Europe/Berlin"})  # the clock stays
    assert Event.objects.get().date_time == BEGINS - timedelta(hours=2)


def test_a_place_and_a_link_are_typed(office, olga):
    place = {"venue": "Tower", "latitude": "52.5", "longitude": "-13.4", "online_url": "meet.example.org/1"}
    client = office(olga)
    client.post(ADD, {**TYPED, **place, "attendance": "mixed"})
    event = Event.objects.get()
    found = (event.venue, event.latitude, event.longitude, event.online_url, event.attendance)
    assert found == ("Tower", 52.5, -13.4, "https://meet.example.org/1", "mixed")
    sent = {**opened(client, event), "longitude": ""}
    assert errors_of(client.post(page_of(event), sent)) == {
        "longitude": ["Enter both latitude and longitude, or neither."]
    }
    client.post(page_of(event), {**opened(client, event), "online_url": ""})
    history = client.get(f"{LIST}{event.pk}/history/").content.decode()
    assert "a link" in history
    assert "meet.example.org" not in history
