"""The back office's pages of a series: the rule builder with its preview, and edits of several dates."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from eventhub.testing.factories import RegistrationFactory
from events.admin.series_forms import RuleForm, rule_in_words
from events.models import Event, Series
from events.tests.test_admin_events_form import opened

pytestmark = pytest.mark.django_db

TUESDAY = date(2030, 3, 12)  # the second Tuesday of its month
FIELDS = {"every": "1", "unit": "WEEKLY", "monthly": "date", "count": "", "until": "", "other": ""}


@pytest.mark.parametrize(
    ("fields", "rule", "words"),
    [
        ({"count": "10"}, "FREQ=WEEKLY;COUNT=10", "Every week, 10 times"),
        (
            {"every": "2", "weekdays": ["MO", "TU", "FR"]},
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU,FR",
            "Every 2 weeks on Monday, Tuesday and Friday",
        ),
        ({"unit": "DAILY", "until": "2030-04-01"}, "FREQ=DAILY;UNTIL=20300401", "Every day, until 1 Apr 2030"),
        (
            {"unit": "MONTHLY", "monthly": "weekday", "count": "3"},
            "FREQ=MONTHLY;BYDAY=2TU;COUNT=3",
            "Every month on the second Tuesday, 3 times",
        ),
        ({"other": "freq=yearly;bymonth=5"}, "FREQ=YEARLY;BYMONTH=5", "FREQ=YEARLY;BYMONTH=5"),
    ],
)
def test_a_rule_is_built_said_and_shown_again(fields, rule, words):
    form = RuleForm({**FIELDS, **fields}, first=TUESDAY)
    assert form.is_valid(), form.errors
    assert (form.cleaned_data["rule"], rule_in_words(rule)) == (rule, words)
    again = RuleForm(None, first=TUESDAY, rule=rule)
    shown = {name: again.get_initial_for_field(field, name) for name, field in again.fields.items()}
    back = RuleForm({**FIELDS, **{name: value for name, value in shown.items() if value}}, first=TUESDAY)
    assert back.is_valid(), back.errors
    assert back.cleaned_data["rule"] == rule


def test_an_event_is_repeated_after_its_dates_were_shown(office, olga, make_event):
    event = make_event(olga, title="Yoga", time_zone="Europe/Berlin")
    page, client = f"/admin/events/event/{event.pk}/series/", office(olga)
    assert "becomes the first date" in client.get(page).text
    shown = client.post(page, {**FIELDS, "count": "12", "preview": "yes"})
    assert shown.text.count("<li>") >= 10
    assert "and 2 more" in shown.text
    assert not Series.objects.exists()
    other = {**FIELDS, "count": "11", "confirmed": "FREQ=WEEKLY;COUNT=12"}
    assert "Make these dates" in client.post(page, other).text  # what was shown is something else
    assert client.post(page, {**other, "count": "12"}).status_code == 302
    assert Event.objects.filter(series=Series.objects.get(), title="Yoga").count() == 12
    assert client.get(page).text.count("<tr>") == 13


def test_a_changed_rule_says_what_it_does_before_it_does_it(office, olga, make_event):
    event = make_event(olga)
    page, client = f"/admin/events/event/{event.pk}/series/", office(olga)
    client.post(page, {**FIELDS, "count": "4", "confirmed": "FREQ=WEEKLY;COUNT=4"})
    RegistrationFactory(event=Event.objects.order_by("date_time")[1])
    fortnightly = {**FIELDS, "every": "2", "count": "2"}
    shown = client.post(page, fortnightly).text
    assert "people have registered" in shown
    assert "Deleted, since nobody has registered" in shown
    assert Event.objects.count() == 4
    client.post(page, {**fortnightly, "confirmed": "FREQ=WEEKLY;INTERVAL=2;COUNT=2"})
    assert Event.objects.count() == 3
    assert "stays as a single event" in client.post(page, {"delete": "yes"}).text
    client.post(page, {"delete": "yes", "confirmed": "yes"})
    assert list(Event.objects.values_list("series", "seats_taken")) == [(None, 1)]


def test_the_form_of_an_event_changes_all_dates_after_it_has_shown_them(office, olga, make_event):
    moment = timezone.now().replace(microsecond=0, second=0) + timedelta(days=7)
    event = make_event(olga, date_time=moment)
    page, client = f"/admin/events/event/{event.pk}/series/", office(olga)
    client.post(page, {**FIELDS, "count": "3", "confirmed": "FREQ=WEEKLY;COUNT=3"})
    url = f"/admin/events/event/{event.pk}/change/"
    data = {**opened(client, event), "title": "Pilates", "scope": "all"}
    asked = client.post(url, data)
    assert "Change 3 dates?" in asked.text
    assert set(Event.objects.values_list("title", flat=True)) == {event.title}
    client.post(url, {**data, "confirmed": "yes"})
    assert set(Event.objects.values_list("title", flat=True)) == {"Pilates"}


def test_a_strangers_event_has_no_series_page(office, person, olga, make_event):
    event = make_event(olga)
    otto = person("otto", role="organizer")
    assert office(otto).get(f"/admin/events/event/{event.pk}/series/").status_code == 404
