"""`POST /events/<id>/clone`, and the copy that the back office's button makes."""

from datetime import UTC, datetime, timedelta

import pytest

from eventhub.testing.factories import RegistrationFactory, UserFactory
from eventhub.testing.responses import NOT_ALLOWED, whole
from events.models import Event, EventTag, Membership, Tag, TeamInvitation
from events.services.clones import COPIED
from events.services.events import TIMES
from events.services.series import extend_due
from notifications.models import Kind, Template
from notifications.services.clones import clone_event
from registrations.models import Question
from registrations.services.event_changes import edit_event
from registrations.services.series_changes import edit_series, repeat_event

pytestmark = pytest.mark.django_db

BEGINS = datetime(2030, 3, 27, 18, tzinfo=UTC)  # 19:00 in Berlin, days before summer begins


@pytest.fixture
def event(olga, make_event):
    event = make_event(
        olga,
        time_zone="Europe/Berlin",
        date_time=BEGINS,
        end_time=BEGINS + timedelta(hours=2),
        registration_closes=BEGINS - timedelta(days=1),
        cancel_until=BEGINS - timedelta(hours=3),
        venue="Observatory",
        visibility="unlisted",
        slug="night",
        asks_questions=True,
    )
    EventTag.objects.create(event=event, tag=Tag.objects.create(slug="stars", name="Stars"))
    Template.objects.create(event=event, kind=Kind.REGISTERED, language="", subject="Come", body="Bring a coat.")
    Membership.objects.create(event=event, user=UserFactory(username="mia"), role="editor", added_by=olga)
    meal = Question.objects.create(event=event, place=1, text="Meal?", type="yes_no", editable_until=BEGINS)
    Question.objects.create(event=event, place=2, text="Gone", archived=True)
    Question.objects.create(event=event, place=3, text="Diet?", show_if={"question_id": meal.pk, "is": [True]})
    return event


def test_every_column_is_copied_or_belongs_to_one_event():
    own = {"id", "organizer", "status", "slug", "uid", "series", "imported_sequence", "saved_through", "asks_questions"}
    kept_by_the_database = {
        "seats_taken",
        "waitlisted",
        "has_free_seats",
        "last_mark",
        "day_ends",
        "created_at",
        "updated_at",
    }
    named = [*COPIED, *TIMES, *own, *kept_by_the_database]
    assert sorted(named) == sorted(field.name for field in Event._meta.concrete_fields)


def test_a_clone_has_questions_words_and_team_and_its_times_move_by_the_clock(api, olga, event):
    answer = api(olga).post(f"/events/{event.pk}/clone", {"date_time": "2030-04-10T19:00:00"})
    assert answer.status_code == 201
    copy = Event.objects.get(pk=answer.json()["event_id"])
    assert {name: getattr(copy, name) for name in COPIED} == {name: getattr(event, name) for name in COPIED}
    assert (copy.status, copy.slug, copy.organizer, copy.asks_questions) == ("draft", "", olga, True)
    summer = {name: getattr(copy, name) for name in TIMES if getattr(event, name)}
    assert summer == {
        name: getattr(event, name) + timedelta(days=14) - timedelta(hours=1)
        for name in ("date_time", "end_time", "registration_closes", "cancel_until")
    }
    assert list(copy.event_tags.values_list("tag__slug", flat=True)) == ["stars"]
    assert_has_what_hangs_on(copy, olga)


def assert_has_what_hangs_on(copy, olga):
    assert list(Template.objects.filter(event=copy).values_list("subject", flat=True)) == ["Come"]
    assert list(copy.memberships.values_list("user__username", "role", "added_by")) == [("mia", "editor", olga.pk)]
    meal, diet = Question.objects.filter(event=copy)
    assert (meal.text, meal.editable_until) == ("Meal?", copy.date_time)
    assert (diet.text, diet.show_if) == ("Diet?", {"question_id": meal.pk, "is": [True]})
    assert copy.asks_questions


def test_a_clone_has_no_more_than_is_named(api, olga, event):
    copy = Event.objects.get(pk=api(olga).post(f"/events/{event.pk}/clone", {"with": ["team"]}).json()["event_id"])
    assert copy.date_time == BEGINS + timedelta(days=7) - timedelta(hours=1)
    assert copy.memberships.exists()
    assert not copy.asks_questions
    assert not Question.objects.filter(event=copy).exists()
    assert not Template.objects.filter(event=copy).exists()


def test_a_clone_by_a_stranger_and_of_unknown_parts_is_refused(api, bob, olga, event):
    path = f"/events/{event.pk}/clone"
    assert whole(api(bob).post(path, {})) == NOT_ALLOWED
    known = "Choose one of questions, templates, team."
    answer = api(olga).post(path, {"with": ["people"]})
    assert (answer.status_code, answer.json()["errors"]) == (400, {"with": {"0": [known]}})
    Event.objects.update(registration_closes=None, end_time=None, cancel_until=None)
    Question.objects.update(editable_until=BEGINS + timedelta(days=40))
    answer = api(olga).post(path, {"date_time": "2999-12-20T19:00:00Z"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["date_time"])
    assert Event.objects.count() == 1


def test_the_button_makes_the_same_copy(office, olga, event):
    office(olga).post("/admin/events/event/?when=all", {"action": "duplicate", "_selected_action": [event.pk]})
    copy = Event.objects.exclude(pk=event.pk).get()
    expected = clone_event(event=event)
    assert (copy.date_time, copy.asks_questions) == (expected.date_time, True)
    assert copy.memberships.count() == expected.memberships.count() == 1


def test_new_dates_of_a_series_have_questions_words_and_team_of_its_latest_date(olga, event):
    """However they are made: when the series is, by another rule, and as time goes on."""
    now = BEGINS - timedelta(days=20)
    series = repeat_event(event_id=event.pk, rule="FREQ=WEEKLY;COUNT=3", now=now).series
    edit_series(series_id=series.pk, values={}, rule="FREQ=WEEKLY", now=now)
    dates = list(series.dates.select_related("event"))
    assert len(dates) == 23
    for each in dates[1:]:
        assert_has_what_hangs_on(each.event, olga)
    last, before = dates[-1].event, dates[-2].event
    edit_event(event_id=last.pk, values={"title": "Party"}, now=now)  # edited by hand: no other is like it
    for changed, text in ((last, "Costume?"), (before, "Vegan?")):
        Question.objects.filter(event=changed).last().delete()
        Question.objects.filter(event=changed).update(text=text)
    assert extend_due(now=now + timedelta(days=8), dry_run=False) == 2
    new = series.dates.last().event
    assert list(new.questions.values_list("text", flat=True)) == ["Vegan?"]
    assert new.memberships.exists()


def test_later_dates_get_what_hangs_on_a_date_after_they_were_shown(office, olga, event):
    series = repeat_event(event_id=event.pk, rule="FREQ=DAILY;COUNT=4", now=BEGINS - timedelta(days=9)).series
    first, second, third, fourth = (date.event for date in series.dates.select_related("event"))
    RegistrationFactory(event=fourth)
    for each in (first, third, fourth):  # the second one is the model
        Question.objects.filter(event=each).delete()
        Template.objects.filter(event=each).update(subject="Own")
        Membership.objects.filter(event=each).update(role="viewer")
    TeamInvitation.objects.create(event=third, email="eve@example.org", role="manager", digest="x", expires_at=BEGINS)
    third.refresh_from_db()
    edition = third.edition
    page, client = f"/admin/events/event/{second.pk}/series/", office(olga)
    shown = client.post(page, {"copy": "yes"}).text
    assert ("30 March 2030" in shown, shown.count("people have registered")) == (True, 1)
    assert not Question.objects.filter(event=third).exists()
    client.post(page, {"copy": "yes", "confirmed": "yes"})
    third.refresh_from_db()
    assert_has_what_hangs_on(third, olga)
    assert (third.edition != edition, third.team_invitations.exists()) == (True, False)
    assert [list(Template.objects.filter(event=each).values_list("subject")) for each in (first, fourth)] == [
        [("Own",)],
        [("Come",)],
    ]
    assert not Question.objects.filter(event__in=(first, fourth)).exists()
    assert fourth.history.first().history_change_reason == "Words for emails and team as on another date"
