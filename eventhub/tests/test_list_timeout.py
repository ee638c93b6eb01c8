"""A list that PostgreSQL does not find in time is given up with a sentence that helps, and costs nobody else."""

import time

import pytest
from django.db import OperationalError, connection
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from eventhub.admin import changelist
from eventhub.api import pagination
from events.filters import EventFilter
from events.models import Event

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite answers in this process"),
]

SLOW = RawSQL("(SELECT pg_sleep(20)) IS NOT NULL", (), BooleanField())


@pytest.fixture
def slow(monkeypatch, olga, make_event):
    """The filter by place takes 20 seconds."""
    make_event(olga)
    monkeypatch.setattr(pagination, "STATEMENT_SECONDS", 0.3)
    monkeypatch.setattr(EventFilter, "filter_location", lambda self, queryset, name, value: queryset.filter(SLOW))


def test_a_slow_list_is_unavailable_and_the_next_request_is_answered(slow, api, olga):
    client, before = api(olga), time.perf_counter()
    answer = client.get("/events/?location=hall")
    assert time.perf_counter() - before < 10
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "unavailable", "5")
    assert "Narrow the search" in answer.json()["msg"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(20)%%' AND state = 'active'"
            " AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone() == (0,)
    assert len(client.get("/events/").json()["results"]) == 1


def test_other_statements_have_their_time(slow, olga):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.5)")
    assert Event.objects.count() == 1


def test_a_list_of_the_back_office_does_without_a_total_that_takes_long(monkeypatch, olga, make_event):
    event = make_event(olga)
    monkeypatch.setattr(changelist, "COUNT_SECONDS", 0.3)
    assert changelist.count_up_to_bound(Event.objects.filter(SLOW)) is None
    assert changelist.count_up_to_bound(Event.objects.filter(pk=event.pk)) == 1


def test_another_problem_of_the_database_stays_what_it_is(monkeypatch):
    with pytest.raises(OperationalError), pagination.bounded():
        raise OperationalError("the connection was lost")
