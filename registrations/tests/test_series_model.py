"""Random histories of a series: what people have is never lost, hand edits stay, no date is made twice."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from eventhub.exceptions import Invalid
from eventhub.testing.factories import RegistrationFactory
from events.models import Event, Series, SeriesDate
from events.services import series as services
from events.services.series import create_series, dates_of, extend_due
from events.services.series_dates import by_clock, to_moment
from registrations.models import Registration
from registrations.services.event_changes import delete_event, edit_event
from registrations.services.series_changes import edit_dates, edit_series

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.django_db]

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = datetime(2030, 3, 19, 18, tzinfo=UTC)  # summer begins between two of its dates
VALUES = {
    "title": "A",
    "location": "Hall",
    "max_capacity": 9,
    "time_zone": "Europe/Berlin",
    "date_time": FIRST,
    "end_time": FIRST + timedelta(hours=2),
    "registration_closes": FIRST - timedelta(days=1),
}
RULES = (
    "FREQ=WEEKLY;COUNT=6",
    "FREQ=WEEKLY;BYDAY=TU,FR",
    "FREQ=DAILY;INTERVAL=2;COUNT=9",
    "FREQ=WEEKLY;BYDAY=WE;COUNT=3",
)
which, titles = st.integers(0, 11), st.sampled_from("BCDE")
scopes, hours = st.sampled_from([False, True]), st.integers(6, 22)
STEPS = st.one_of(
    st.tuples(st.just("this"), which, titles),
    st.tuples(st.just("move"), which, hours),
    st.tuples(st.just("title"), which, titles, scopes),
    st.tuples(st.just("time"), which, hours, scopes),
    st.tuples(st.just("rule"), which, st.sampled_from(RULES)),
    st.tuples(st.just("register"), which),
    st.tuples(st.just("delete"), which),
    st.tuples(st.just("roll"), st.integers(1, 20)),
)


class History:
    """The series, and what must never change: for each event the values that somebody relies on."""

    def __init__(self, olga):
        self.now = FIRST - timedelta(days=3)
        self.relied_on = {}
        self.deleted = set()  # days of dates, by series
        create_series(organizer=olga, rule=RULES[0], values=VALUES, now=self.now)

    def run(self, name, *arguments):
        if name == "roll":
            self.now += timedelta(days=arguments[0])
            extend_due(now=self.now, dry_run=False)
        else:
            events = list(Event.objects.exclude(series=None).order_by("pk"))
            if events:
                event = events[arguments[0] % len(events)]
                with suppress(Invalid):  # no date of the rule follows one that was kept when it changed
                    explicit = getattr(self, name)(event, *arguments[1:])
                    self.relied_on.get(event.pk, {}).update(explicit or {})
        self.check()

    def rely_on(self, event, **values):
        self.relied_on.setdefault(event.pk, {}).update(values)

    def this(self, event, title):
        edit_event(event_id=event.pk, values={"title": title}, now=self.now)
        if title != event.title:
            self.rely_on(event, title=title, date_time=event.date_time)
        return {"title": title}

    def move(self, event, hour):
        moved = to_moment(by_clock(event.date_time, BERLIN).replace(hour=hour), BERLIN)
        values = {"date_time": moved, "end_time": moved + timedelta(hours=1)}
        edit_event(event_id=event.pk, values={**values, "registration_closes": None}, now=self.now)
        if moved != event.date_time:
            self.rely_on(event, **values)
        return {"date_time": moved}

    def title(self, event, title, following):
        edit_dates(event_id=event.pk, values={"title": title}, following=following, now=self.now)
        self.let_go(event, "title")

    def time(self, event, hour, following):
        moved = to_moment(by_clock(event.date_time, BERLIN).replace(hour=hour), BERLIN)
        edit_dates(event_id=event.pk, values={"date_time": moved}, following=following, now=self.now)
        if moved != event.date_time:
            self.let_go(event, "date_time", "end_time")

    def let_go(self, event, *names):
        """What the series has set is its own again; people still rely on the time."""
        pins = self.relied_on.get(event.pk, {})
        if not SeriesDate.objects.get(event=event).overrides:
            names = (*names, "date_time", "end_time")
        for name in names:
            pins.pop(name, None)
        if Registration.objects.filter(event=event).exists():
            pins["date_time"] = Event.objects.get(pk=event.pk).date_time

    def rule(self, event, rule):
        edit_series(series_id=event.series_id, values={}, rule=rule, now=self.now)

    def register(self, event):
        RegistrationFactory(event=event)
        self.rely_on(event, date_time=event.date_time)

    def delete(self, event):
        if Registration.objects.filter(event=event).exists():
            return
        row = event.series_date
        self.deleted.add(row.pk)
        self.relied_on.pop(event.pk, None)
        delete_event(event_id=event.pk)

    def check(self):
        there = {event.pk: event for event in Event.objects.all()}
        found = {pk: {name: getattr(there[pk], name) for name in values} for pk, values in self.relied_on.items()}
        assert found == self.relied_on
        for series in Series.objects.all():
            self.check_series(series)
        assert {row.pk for row in SeriesDate.objects.filter(event=None)} == self.deleted
        assert Event.objects.exclude(series=None).count() == SeriesDate.objects.exclude(event=None).count()

    def check_series(self, series):
        rows = list(series.dates.select_related("event"))
        days = [by_clock(row.original_start, BERLIN).date() for row in rows]
        assert len(days) == len(set(days))
        by_rule = {wall.date(): wall for wall in dates_of(series)}
        horizon = self.now + services.HORIZON - services.ROLLS_EVERY
        missing = [wall for day, wall in by_rule.items() if day not in days]
        assert [wall for wall in missing if self.now < to_moment(wall, BERLIN) <= horizon] == []
        people = set(Registration.objects.values_list("event", flat=True))
        for row, day in zip(rows, days, strict=True):
            event = row.event
            if event is None or event.pk in people or row.overrides or event.date_time <= self.now:
                continue
            # What nobody has touched is as the series says.
            wall = by_rule[day]
            assert (event.title, event.date_time) == (series.template["title"], to_moment(wall, BERLIN))
            assert event.registration_closes == to_moment(wall - timedelta(days=1), BERLIN)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
    phases=[Phase.generate],  # to make one of these histories shorter takes minutes
)
@given(steps=st.lists(STEPS, min_size=1, max_size=14))
def test_no_history_loses_what_somebody_relies_on(olga, monkeypatch, steps):
    monkeypatch.setattr(services, "HORIZON", timedelta(days=40))
    with transaction.atomic():
        history = History(olga)
        for step in steps:
            note(step)
            history.run(*step)
        transaction.set_rollback(True)
