"""The first rows of a list, however they are found, are those of the whole list in its order."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from eventhub import searching
from eventhub.api.filters import containing
from eventhub.api.pagination import Cursor, RowComparison
from events import upcoming
from events.models import Event, EventStatus
from events.weeks import DAYS, EPOCH, WEEKS, InWeeks
from registrations import ofevents
from registrations.models import Registration
from registrations.ofevents import OfEvents

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

NOW = timezone.now()
ORDERS = {Event: ("date_time", "title", "created_at"), Registration: ("registration_date", "name")}


@pytest.fixture
def rows(olga, otto, bob, make_event, enroll):
    """Events of olga, otto and of both around now, of every status and length, and registrations of all for them."""
    days = (-40, -1, 0, 3)
    lengths = (None, timedelta(hours=1), timedelta(days=2), timedelta(days=60))
    cases = itertools.product(days, lengths, (s for s in EventStatus if s != EventStatus.DRAFT), (olga, otto))
    for number, (day, length, status, organizer) in enumerate(cases):
        begins = NOW + timedelta(days=day, minutes=number % 7)
        title = f"{'Workshop' if number % 3 else 'Talk'} {number % 5}"
        event = make_event(organizer, title=title, date_time=begins, end_time=length and begins + length, status=status)
        Event.objects.filter(pk=event.pk).update(created_at=NOW - timedelta(days=number % 11))
        if number // 2 % 3 == 0:  # of both organizers
            at = NOW - timedelta(hours=number % 9)
            enroll(event, bob, registration_date=at, name=f"Bob {number % 3}")
            enroll(event, registration_date=at, name=f"Guest {number % 3}", status="waitlisted")
        if number // 2 % 4 == 0:
            enroll(event, olga, registration_date=NOW - timedelta(hours=number % 9), name="Olga")
    draft = make_event(otto, status=EventStatus.DRAFT)
    enroll(draft, olga, status="cancelled")


def hold_the_same(found):
    """Every page of every order is what sorting the whole would put there."""
    whole = list(found)
    assert len(whole) > 3
    for column, reverse in itertools.product(ORDERS[found.model], (False, True)):
        names = [f"-{name}" if reverse else name for name in (column, "pk")]
        ordered = sorted(whole, key=lambda row, column=column: (getattr(row, column), row.pk), reverse=reverse)
        assert list(found.order_by(*names)[:4]) == ordered[:4]
        assert list(found.order_by(*names)[2:9]) == ordered[2:9]
        last = ordered[len(ordered) // 2]
        position = RowComparison(column, "<" if reverse else ">", Cursor(getattr(last, column), last.pk, False))
        behind = ordered[len(ordered) // 2 + 1 :]
        assert list(found.filter(position).order_by(*names)[:4]) == behind[:4]
        assert list(found.filter(position).order_by(*names).values_list("pk")[:400]) == [(row.pk,) for row in behind]


def test_what_an_organizer_sees_of_registrations(rows, olga):
    seen = Registration.objects.visible_to(olga)
    expected = Registration.objects.filter(Q(event__organizer=olga) | Q(user=olga)).exclude(event__status="draft")
    assert set(seen) == set(expected)
    hold_the_same(seen)
    hold_the_same(seen.with_event().filter(status="waitlisted"))
    hold_the_same(Registration.objects.listed_for(olga))


def test_an_organizer_s_list_of_one_event_or_of_one_person(rows, olga, otto, bob, enroll):
    event = Event.objects.filter(organizer=olga, registrations__user=olga).first()
    others = Event.objects.filter(organizer=otto, registrations__isnull=False).first()
    for number in range(6):
        enroll(event, name=f"Guest {number % 3}")
    seen = Registration.objects.visible_to(olga)
    hold_the_same(seen.of_event(event.pk))
    hold_the_same(seen.of_user(bob.pk))
    mine = others.registrations.filter(user=olga)
    assert list(seen.of_event(others.pk).order_by("-name", "-pk")[:9]) == list(mine)
    assert set(seen.of_user(bob.pk)) == set(bob.registrations.filter(event__organizer=olga))


@pytest.mark.parametrize("find", [upcoming.not_over, upcoming.over])
def test_what_is_over_and_what_is_not(rows, olga, find):
    found = find(Event.objects.visible_to(olga), NOW)
    assert {event.pk for event in found} == {
        event.pk for event in Event.objects.visible_to(olga) if event.is_over(NOW) == (find is upcoming.over)
    }
    hold_the_same(found)
    hold_the_same(found.filter(organizer=olga))


@pytest.mark.parametrize(
    ("since", "until", "pieces"),
    [
        (None, 100, [(WEEKS, None, 56), (DAYS, 56, 100)]),
        (-10, None, [(DAYS, -10, 0), (WEEKS, 0, None)]),
        (100, 200, [(DAYS, 100, 112), (WEEKS, 112, 168), (DAYS, 168, 200)]),
        (57, 111, [(DAYS, 57, 111)]),
    ],
)
def test_a_stretch_is_whole_weeks_and_the_days_at_its_edges(since, until, pieces):
    def at(day):
        return None if day is None else EPOCH + timedelta(days=day)

    found = list(InWeeks(at(since), at(until)).in_pieces())
    assert [length for length, _ in found] == [length for length, _, _ in pieces]
    assert [part.since for _, part in found] == [at(begins) for _, begins, _ in pieces]
    # Each ends where the next begins, one microsecond before; the last where the stretch does.
    ends = [at(ends) for _, _, ends in pieces]
    assert [part.until for _, part in found] == [*(end - timedelta.resolution for end in ends[:-1]), ends[-1]]


@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_at_the_ends_of_time_a_stretch_is_read_too(moment):
    for stretch in (InWeeks(moment, None), InWeeks(None, moment)):
        parts = [part for _, part in stretch.in_pieces()]
        assert (parts[0].since, parts[-1].until) == stretch


@pytest.mark.parametrize("by_week", [True, False])
def test_a_stretch_of_time_week_by_week_or_at_once(monkeypatch, rows, olga, by_week):
    if by_week and connection.vendor != "postgresql":
        pytest.skip("SQLite reads no weeks")
    monkeypatch.setattr(InWeeks, "_are_most", lambda *_: by_week)
    day = timedelta(days=1)
    for since, until in (
        (None, NOW),
        (NOW - day, None),
        (NOW - 2 * day, NOW + 2 * day),
        (NOW - 41 * day, NOW - 39 * day),
        (NOW - 400 * day, NOW + 400 * day),  # whole weeks between the days
        (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
    ):
        in_it = {
            event.pk
            for event in Event.objects.visible_to(olga)
            if (since is None or since <= event.date_time) and (until is None or event.date_time <= until)
        }
        found = upcoming.between(Event.objects.visible_to(olga), since, until)
        assert {event.pk for event in found} == in_it
        hold_the_same(found)
        hold_the_same(found.filter(organizer=olga))
        for narrowed in (upcoming.not_over, upcoming.over):
            of_it = narrowed(Event.objects.visible_to(olga), NOW, since, until)
            all_of_it = narrowed(Event.objects.visible_to(olga), NOW)
            assert {event.pk for event in of_it} == in_it & {event.pk for event in all_of_it}
            hold_the_same(of_it)


@pytest.mark.parametrize("are_met", [True, False])
@pytest.mark.parametrize(("windows", "short"), [((), 0), ((), 1000), ((3,), 0), ((4, 40), 0), ((1000,), 0)])
def test_words_that_few_have_and_that_many_have(monkeypatch, rows, olga, windows, short, are_met):
    monkeypatch.setattr(searching.Expected, "windows", lambda self, count, as_soon: iter(windows))
    monkeypatch.setattr(searching.Expected, "are_met", lambda self, count, as_soon: are_met)
    monkeypatch.setattr(searching.Expected, "short", short)
    monkeypatch.setattr(searching, "SHORT", short)
    for text in ("workshop", "talk", "workshop 2 hall", "talk 3", "o 3"):
        hold_the_same(containing(Event.objects.visible_to(olga), ("title", "location"), text))
        hold_the_same(containing(upcoming.not_over(Event.objects.all(), NOW), ("title", "location"), text))
    hold_the_same(containing(Registration.objects.visible_to(olga), ("name",), "bob"))
    hold_the_same(containing(Registration.objects.filter(status="waitlisted"), ("name",), "guest"))


def test_an_organizer_s_list_is_read_through_while_it_is_short(rows, olga):
    live = Registration.objects.filter(event__organizer=olga).live().count()
    rows = live + ofevents.GOING * olga.events.count()
    assert live > 9
    assert OfEvents(olga.pk).through("default", rows) == OfEvents(olga.pk, is_read_through=True)
    assert OfEvents(olga.pk).through("default", rows - 1) is None


def test_a_list_that_is_not_sliced_or_in_another_order_is_as_any(rows, olga):
    seen = Registration.objects.visible_to(olga)
    whole = set(seen)
    assert seen.count() == len(whole)
    assert set(seen.order_by("status")[: len(whole)]) == whole
    assert set(seen.order_by("name", "-pk")[:400]) == whole
    assert list(Registration.objects.visible_to(User(pk=0, role="organizer")).order_by("name", "pk")[:5]) == []
