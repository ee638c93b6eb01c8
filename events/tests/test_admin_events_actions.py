"""What one can do with events from the list and from an event's page: the same, told the same way."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.admin.actions import ACTIONS, DELETE
from events.models import Event
from registrations.models import Registration

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

LIST = "/admin/events/event/?when=all"


def page_of(event):
    return f"/admin/events/event/{event.pk}/change/"


@pytest.fixture
def do(office):
    """Does something with events as somebody, from the list (as its form sends it) or from the page of the first."""

    def post(who, action, *events, from_page=False, **more):
        sent = {"action": action, "_selected_action": [event.pk for event in events], **more}
        sent |= {"come_back": "1"} if from_page else {"index": "0", "select_across": "0"}
        return office(who).post(LIST, sent, follow=not action.startswith("attendees"))

    return post


def messages_of(answer):
    return [(message.level_tag, str(message)) for message in answer.context["messages"]]


def statuses():
    return dict(Event.objects.values_list("title", "status"))


STEPS = {
    "publish": ("draft", "upcoming", "published"),
    "cancel": ("upcoming", "cancelled", "cancelled"),
    "complete": ("active", "completed", "completed"),
    "reopen": ("cancelled", "upcoming", "reopened"),
    "withdraw": ("upcoming", "draft", "made a draft again"),
}


@pytest.mark.parametrize("who", ["olga", "ada"])
@pytest.mark.parametrize("from_page", [True, False])
@pytest.mark.parametrize(("action", "step"), STEPS.items())
def test_a_step_is_taken_and_told(do, olga, ada, make_event, action, step, from_page, who):
    was, becomes, done = step
    events = [make_event(olga, title=title, status=was) for title in ("A", "B")][: 1 if from_page else 2]
    answer = do({"olga": olga, "ada": ada}[who], action, *events, from_page=from_page, confirmed="1")
    many = "1 event" if from_page else "2 events"
    assert answer.redirect_chain == [(page_of(events[0]) if from_page else LIST, 302)]
    assert messages_of(answer) == [("success", f"{many} {done}.")]
    assert {statuses()[event.title] for event in events} == {becomes}
    line = Event.history.filter(id=events[0].pk).latest()
    assert (line.through, line.history_user_id) == ("admin", {"olga": olga, "ada": ada}[who].pk)


def test_what_is_done_what_was_so_and_what_is_refused_are_told_apart(do, olga, make_event):
    events = [make_event(olga, title=status, status=status) for status in ("draft", "upcoming", "cancelled")]
    answer = do(olga, "publish", *events)
    assert messages_of(answer) == [
        ("success", "1 event published."),
        ("info", "“upcoming” was already published."),
        ("error", "“cancelled” was not published: An event that is cancelled cannot be published."),
    ]
    assert statuses() == {"draft": "upcoming", "upcoming": "upcoming", "cancelled": "cancelled"}


def test_many_refusals_are_told_in_few_words(do, olga, make_event):
    answer = do(olga, "reopen", *(make_event(olga, title=f"{number}", status="draft") for number in range(13)))
    told = messages_of(answer)
    assert (len(told), told[-1]) == (11, ("error", "And 3 events more."))


def test_people_keep_an_event_from_being_a_draft_again(do, office, olga, make_event, enroll):
    event = make_event(olga)
    enroll(event)
    answer = do(olga, "withdraw", event)
    assert messages_of(answer) == [("error", "“Talk” was not made a draft again: The event has live registrations.")]
    assert "Back to draft" not in office(olga).get(page_of(event)).content.decode()


def test_reopening_says_who_got_a_seat(do, olga, make_event, enroll):
    event = make_event(olga, max_capacity=2, status="cancelled")
    enroll(event)
    enroll(event, status="waitlisted")
    assert messages_of(do(olga, "reopen", event))[1] == ("success", "1 person from the waiting list got a seat.")


# Cancelling asks first -----------------------------------------------------------------------------------------------


def test_cancelling_asks_first_and_says_how_many_it_concerns(do, office, olga, make_event, enroll):
    event, other = make_event(olga, title="A", max_capacity=2), make_event(olga, title="B")
    over = make_event(olga, title="Over", status="completed")
    for row in (event, event, other, over):
        enroll(row)
    enroll(event, status="waitlisted")
    enroll(event, status="cancelled")
    page = do(olga, "cancel", event, other, over).content.decode()
    assert "Cancelling 2 events" in page
    assert "affects 4 people: 3 with a seat and 1 on the waiting list." in page
    assert statuses() == {"A": "upcoming", "B": "upcoming", "Over": "completed"}
    hidden = dict(re.findall(r'<input type="hidden" name="(action|confirmed)" value="([^"]*)"', page))
    chosen = re.findall(r'name="_selected_action" value="(\d+)"', page)
    answer = office(olga).post(LIST, {**hidden, "_selected_action": chosen}, follow=True)
    assert [text for _, text in messages_of(answer)] == [
        "2 events cancelled.",
        "“Over” was not cancelled: An event that is completed cannot be cancelled.",
    ]
    assert Registration.objects.filter(status="registered").count() == 4


def test_cancelling_from_an_events_page_leads_back_to_it(do, olga, make_event):
    event = make_event(olga)
    page = do(olga, "cancel", event, from_page=True).content.decode()
    assert ("Cancelling this event" in page, "affects nobody" in page) == (True, True)
    assert ('name="come_back" value="1"' in page, f'href="{page_of(event)}"' in page) == (True, True)


def test_what_cannot_be_cancelled_is_not_asked_about(do, olga, make_event):
    page = do(olga, "cancel", make_event(olga, status="draft")).content.decode()
    assert ("None of these events can be cancelled" in page, "Cancel event" in page) == (True, False)


# Registration, copies ------------------------------------------------------------------------------------------------


def test_registration_is_closed_and_opened_again(do, olga, make_event):
    event = make_event(olga)
    assert messages_of(do(olga, "close_registration", event)) == [("success", "1 event closed for registration.")]
    event.refresh_from_db()
    assert event.is_open(timezone.now()) is False
    assert messages_of(do(olga, "open_registration", event)) == [("success", "1 event opened for registration.")]
    event.refresh_from_db()
    assert (event.is_open(timezone.now()), event.registration_closes) == (True, None)


def test_a_copy_from_an_events_page_leads_to_the_copy(do, olga, make_event):
    event = make_event(olga)
    answer = do(olga, "duplicate", event, from_page=True)
    copy = Event.objects.exclude(pk=event.pk).get()
    assert answer.redirect_chain == [(page_of(copy), 302)]
    assert (copy.status, copy.organizer, copy.date_time) == ("draft", olga, event.date_time + timedelta(days=7))


def test_an_admins_copy_stays_its_organizers(do, olga, ada, make_event):
    do(ada, "duplicate", make_event(olga), make_event(olga, title="B"))
    assert list(Event.objects.filter(status="draft").values_list("organizer", flat=True)) == [olga.pk] * 2


# Buttons -------------------------------------------------------------------------------------------------------------

OFFERED = {
    "draft": ["publish", "duplicate"],
    "upcoming": ["close_registration", "complete", "withdraw", "duplicate", "cancel"],
    "active": ["close_registration", "complete", "withdraw", "duplicate", "cancel"],
    "completed": ["reopen", "duplicate"],
    "cancelled": ["reopen", "duplicate"],
}


@pytest.mark.parametrize(("status", "offered"), OFFERED.items())
def test_a_page_offers_what_makes_sense(office, olga, make_event, status, offered):
    page = office(olga).get(page_of(make_event(olga, status=status))).content.decode()
    exports = ["attendees_as_csv", "attendees_as_xlsx"]
    last = ["cancel"] if "cancel" in offered else []
    expected = [name for name in offered if name != "cancel"] + exports + last
    assert re.findall(r'name="action" value="(\w+)"', page) == expected


def test_a_closed_registration_can_be_opened(office, olga, make_event):
    event = make_event(olga, registration_closes=timezone.now() - timedelta(days=1))
    page = office(olga).get(page_of(event)).content.decode()
    assert ('value="open_registration"' in page, 'value="close_registration"' in page) == (True, False)


def test_nothing_is_changed_by_a_get(office, olga, make_event):
    event = make_event(olga, status="draft")
    for deed in ACTIONS:
        office(olga).get(LIST, {"action": deed.name, "_selected_action": event.pk, "confirmed": "1"})
    assert (list(Event.objects.values_list("status")), Event.history.count()) == ([("draft",)], 1)


# Others --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("from_page", [True, False])
@pytest.mark.parametrize("action", [*(deed.name for deed in ACTIONS), DELETE.name])
def test_somebody_elses_event_is_out_of_reach(do, olga, otto, make_event, action, from_page):
    event = make_event(otto, status=STEPS.get(action, ("upcoming",))[0], title="Otto's secret")
    answer = do(olga, action, event, from_page=from_page, confirmed="1")
    assert (Event.objects.get().status, Event.history.count()) == (event.status, 1)
    assert "secret" not in answer.content.decode()


@pytest.mark.parametrize("sent", [["x"], ["-1"], [str(10**30)], ["1" * 5000], ["٣"], ["0"], []])
def test_no_choice_is_too_wild(office, olga, make_event, sent):
    make_event(olga, status="draft")
    for more in ({"index": "0"}, {"come_back": "1"}, {"index": "x", "select_across": "1"}):
        answer = office(olga).post(LIST, {"action": "publish", "_selected_action": sent, **more}, follow=True)
        assert (answer.status_code, Event.objects.get().status) == (200, "draft")


# Files ---------------------------------------------------------------------------------------------------------------


def saved(answer):
    return b"".join(answer).decode("utf-8-sig").splitlines()


def test_the_people_of_events_are_saved(do, olga, otto, make_event, enroll):
    mine, mine_too, theirs = make_event(olga), make_event(olga, title="B"), make_event(otto)
    enroll(mine, name="=cmd", contact_details="x@example.org")
    enroll(mine_too, name="Bea")
    enroll(theirs, name="Secret")
    answer = do(olga, "attendees_as_csv", mine, mine_too, theirs)
    lines = saved(answer)
    assert answer["Content-Disposition"] == 'attachment; filename="attendees.csv"'
    assert lines[0].startswith("Attendee ID,Event ID,Event,Event begins (UTC),Name,Email,Contact details,Phone,Status")
    assert [line.split(",")[4] for line in lines[1:]] == ["'=cmd", "Bea"]


def test_the_people_of_one_event_are_saved_under_its_name(do, olga, make_event, enroll):
    enroll(make_event(olga, title="Night of the Owls"))
    answer = do(olga, "attendees_as_xlsx", Event.objects.get(), from_page=True)
    assert answer["Content-Disposition"] == 'attachment; filename="night-of-the-owls-attendees.xlsx"'
    assert b"".join(answer)[:2] == b"PK"


@pytest.mark.parametrize("action", ["attendees_as_csv", "attendees_as_xlsx"])
def test_of_somebody_elses_events_nobody_is_saved(do, olga, otto, make_event, enroll, action):
    enroll(make_event(otto), name="Secret")
    answer = do(olga, action, Event.objects.get())
    content = answer.getvalue() if hasattr(answer, "getvalue") else answer.content
    assert b"Secret" not in content


def test_each_event_costs_the_same(do, olga, make_event):
    """The one that is done alone shows what is not done for each."""
    made = []
    for count in (1, 2, 3):
        events = [make_event(olga, status="draft") for _ in range(count)]
        with CaptureQueriesContext(connection) as captured:
            do(olga, "publish", *events)
        made.append(len([query for query in captured if "events_event" in query["sql"]]))
    assert made[2] - made[1] == made[1] - made[0]


def test_the_buttons_of_an_event_that_is_over_work_too(office, olga, make_event):
    event = make_event(olga, date_time=timezone.now() - timedelta(days=9), status="active")
    client = office(olga)
    page = client.get(page_of(event)).content.decode()
    form = re.search(r'<form method="post" action="([^"]*/event/[^"]*)".*?</form>', page, re.DOTALL)
    sent = dict(re.findall(r'<input type="hidden" name="(_selected_action|come_back)" value="([^"]*)"', form[0]))
    answer = client.post(form[1], {**sent, "action": "complete"}, follow=True)
    assert messages_of(answer) == [("success", "1 event completed.")]
