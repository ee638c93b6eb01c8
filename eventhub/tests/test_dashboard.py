"""The dashboard: what it shows to whom, what it says first, and what it costs."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from eventhub.admin.dashboard import percent
from eventhub.admin.dashboard.chart import DataSet, charts
from eventhub.admin.dashboard.needs_attention import attention_items
from registrations.selectors import dashboard
from registrations.selectors.dashboard import Concern, Fill, Reason

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

NOW = datetime(2031, 5, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def first_page(office):
    """The dashboard as somebody sees it: `first_page(olga).content`, `first_page(olga).context["cards"]`."""

    def opened(user):
        answer = office(user).get("/admin/")
        assert answer.status_code == 200
        return answer

    return opened


def shown(answer):
    return answer.content.decode()


def soon(**after):
    return timezone.now() + timedelta(**after)


# Cards ---------------------------------------------------------------------------------------------------------------


def test_cards_count_ones_own_and_lead_to_lists_that_say_the_same(office, first_page, olga, otto, make_event, enroll):
    talk, full = make_event(olga, max_capacity=7), make_event(olga, max_capacity=1)
    enroll(talk, status="attended")
    enroll(talk, status="attended", status_since=soon(days=-2))
    enroll(full)
    for _ in range(3):
        enroll(full, status="waitlisted")
    make_event(olga, status="draft")
    make_event(olga, date_time=soon(days=-3))
    enroll(make_event(otto), status="attended")
    cards = first_page(olga).context["cards"]
    assert [(card.label, card.figure) for card in cards] == [
        ("Upcoming events", "2"),
        ("Seats", "3 of 8"),
        ("Waiting lists", "3"),
        ("Check-ins today", "1"),
    ]
    lists = [office(olga).get(card.href).context["cl"] for card in cards]
    assert [len(found.result_list) for found in lists] == [2, 2, 1, 1]


@pytest.mark.parametrize(("taken", "seats", "share"), [(0, 0, 0), (0, 5, 0), (199, 200, 99), (200, 200, 100)])
def test_only_what_is_full_is_a_hundred_percent(taken, seats, share):
    assert percent(taken, seats) == share


# The chart -----------------------------------------------------------------------------------------------------------


def test_the_chart_draws_what_the_table_says():
    for chart in charts(["19 May", "20 May"], DataSet("Registrations", [4, 0]), DataSet("Cancellations", [1, 2])):
        data = json.loads(chart.data)
        assert data["labels"] == ["19 May", "20 May"]
        assert {one["label"]: one["data"] for one in data["datasets"]} == {
            "Registrations": [4, 0],
            "Cancellations": [1, 2],
        }


def test_the_table_has_a_row_for_every_day(first_page, olga, make_event, enroll):
    enroll(make_event(olga))
    assert shown(first_page(olga)).count('scope="row"') == dashboard.DAYS


# Next events -----------------------------------------------------------------------------------------------------


def test_an_event_with_nobody_has_an_empty_bar_and_one_of_today_its_door(first_page, olga, make_event):
    later = make_event(olga, title="Later")
    today = make_event(olga, title="Today", date_time=timezone.now())
    begun = make_event(olga, title="Since last week", date_time=soon(days=-6), end_time=soon(days=3))
    on_now, coming = first_page(olga).context["sections"]
    assert [(bar.title, bar.check_in) for bar in on_now.bars][1:] == [
        ("Since last week", f"/admin/registrations/registration/door/{begun.pk}/")
    ]
    (first, _), (second,) = on_now.bars, coming.bars
    assert (first.title, first.seats, first.percent, first.queue) == ("Today", "0 / 10", 0, "")
    assert first.check_in == f"/admin/registrations/registration/door/{today.pk}/"
    assert (second.href, second.check_in) == (f"/admin/events/event/{later.pk}/change/", "")
    assert shown(first_page(olga)).count('class="office-fill-bar" style="width: 0%"') == 3


def test_a_queue_stands_beside_its_event(first_page, olga, make_event, enroll):
    event = make_event(olga, max_capacity=1)
    for status in ("registered", "waitlisted", "waitlisted"):
        enroll(event, status=status)
    ((bar,),) = (section.bars for section in first_page(olga).context["sections"])
    assert (bar.seats, bar.percent, bar.queue) == ("1 / 1", 100, "2 waiting")


# Needs attention -----------------------------------------------------------------------------------------------------


def concern(reason, begins, pk=1, **fields):
    return Concern(reason, Fill(**{"pk": pk, "title": "Talk", "date_time": NOW + begins, **COUNTS, **fields}))


COUNTS = {"max_capacity": 1200, "seats_taken": 3, "waitlisted": 0}
SENTENCES = [
    (
        concern(Reason.LONG_QUEUE, 9 * DAY, waitlisted=1150),
        "Full, with 1,150 people waiting for 1,200 seats. Begins on Thu 29 May 2031 at 12:00. New seats go to the"
        " waiting list at once.",
    ),
    (
        concern(Reason.HALF_EMPTY, 3 * HOUR),
        "Less than half full: 3 of 1,200 seats taken. Begins today at 15:00.",
    ),
    (
        concern(Reason.DRAFT_NEAR, 12 * HOUR),
        "Still a draft. Begins tomorrow at 00:00. Publish it to let people register.",
    ),
    (
        concern(Reason.DRAFT_PAST, -13 * HOUR),
        "Still a draft, but was planned for yesterday at 23:00. Change the date or delete it.",
    ),
    (
        concern(Reason.DRAFT_NEAR, 4 * HOUR, time_zone="Asia/Tokyo"),
        "Still a draft. Begins tomorrow at 01:00 (JST). Publish it to let people register.",
    ),
    (concern(Reason.NOT_COMPLETED, -9 * DAY), "Is over but not completed."),
]


@pytest.mark.parametrize(("about", "sentence"), SENTENCES)
def test_each_reason_is_a_sentence(about, sentence):
    (line,) = attention_items([about], NOW)
    assert (line.title, line.sentence) == ("Talk", sentence)


@pytest.mark.parametrize(("forgotten", "title"), [(2, "2 events"), (9, "9 events"), (10, "10 or more events")])
def test_ten_lines_at_most_of_which_the_last_is_about_what_was_forgotten(forgotten, title):
    drafts = [concern(Reason.DRAFT_NEAR, n * HOUR, pk=n) for n in range(10)]
    late = [concern(Reason.NOT_COMPLETED, -9 * DAY, pk=n) for n in range(forgotten)]
    told = attention_items([*drafts, *late], NOW)
    assert [line.href for line in told[:-1]] == [f"/admin/events/event/{n}/change/" for n in range(9)]
    assert (told[-1].title, told[-1].sentence) == (title, "Are over but not completed.")
    assert "when=past" in told[-1].href


def test_what_wants_attention_is_on_the_page_with_its_link(first_page, olga, otto, make_event):
    mine = make_event(olga, title="Mine <b>", date_time=soon(hours=5))
    make_event(otto, title="Theirs", date_time=soon(hours=5))
    text = shown(first_page(olga))
    link = f'href="/admin/events/event/{mine.pk}/change/">Mine &lt;b&gt;</a>'
    # Here, and among the next events.
    assert (text.count(link), "Mine <b>" in text, "Theirs" in text) == (2, False, False)


# What to do first ----------------------------------------------------------------------------------------------------


def first_steps(answer):
    """The title, and where the buttons lead."""
    steps = answer.context["first_steps"]
    return steps and (steps.title, [button.href for button in steps.buttons])


def test_somebody_without_events_is_told_to_announce_one(first_page, olga, otto, ada, make_event, enroll):
    announce = ("Create your first event", ["/admin/events/event/add/"])
    assert first_steps(first_page(ada)) == announce
    enroll(make_event(otto))
    assert first_steps(first_page(olga)) == announce
    assert "Next events" not in shown(first_page(olga))


def test_somebody_with_drafts_alone_is_told_to_publish_the_first(first_page, olga, make_event):
    make_event(olga, status="draft", date_time=soon(days=9))
    first = make_event(olga, status="draft", date_time=soon(days=8))
    assert first_steps(first_page(olga)) == ("Publish your first event", [f"/admin/events/event/{first.pk}/change/"])


def test_somebody_without_people_is_told_how_they_come(first_page, olga, make_event, enroll):
    event = make_event(olga)
    title, links = first_steps(first_page(olga))
    assert title == "Nobody has registered yet"
    add, imports = "/admin/registrations/registration/add/", f"/admin/registrations/registration/import/{event.pk}/"
    assert links == [add, imports, "/docs/"]
    enroll(event)
    assert first_steps(first_page(olga)) is None


def test_the_buttons_lead_somewhere(office, first_page, olga, make_event):
    client = office(olga)
    for status in (None, "draft", "upcoming"):
        if status:
            make_event(olga, status=status)
        links = first_steps(first_page(olga))[1]
        assert [client.get(link).status_code for link in links] == [200] * len(links)


def test_with_nothing_to_come_an_event_may_be_added(first_page, olga, make_event, enroll):
    enroll(make_event(olga, date_time=soon(days=-9), status="completed"))
    answer = first_page(olga)
    assert (answer.context["sections"], answer.context["attention_items"]) == ([("Next events", [])], [])
    assert "There are no upcoming events." in shown(answer)


def test_an_admin_is_told_of_tasks_that_failed_within_a_week(first_page, ada, olga, make_event):
    make_event(olga)
    assert first_page(ada).context["attention_items"] == []
    for days in (1, 6, 8):
        DBTaskResult.objects.create(
            status="FAILED",
            args_kwargs={"args": [], "kwargs": {}},
            task_path="x.y",
            backend_name="default",
            run_after=timezone.now(),
            finished_at=soon(days=-days),
        )
    assert first_page(olga).context["attention_items"] == []
    (line,) = first_page(ada).context["attention_items"]
    assert (line.title, line.href) == (
        "2 background tasks failed",
        "/admin/django_tasks_database/dbtaskresult/?status__exact=FAILED",
    )


# What it costs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "count"), [("olga", 9), ("ada", 10)])
def test_as_many_queries_for_one_row_as_for_fifty(who, count, office, olga, ada, make_event, enroll):
    """The session, the account, its second factor; then one for each function of
    registrations/selectors/dashboard.py; and
    for an admin one for tasks that failed."""
    client = office({"olga": olga, "ada": ada}[who])
    for rows in (1, 49):
        for n in range(rows):
            event = make_event(olga, date_time=soon(hours=n + 1), status=("upcoming", "draft")[n % 2])
            enroll(event, status=("registered", "cancelled", "attended")[n % 3])
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/admin/").status_code == 200
        assert len(queries) == count, [query["sql"] for query in queries]
