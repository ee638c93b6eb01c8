"""Every order that a list offers comes out of an index, and the filters find their rows through one. What PostgreSQL
chooses with large tables and statistics is in test_large_tables.py."""

import itertools
from types import SimpleNamespace

import pytest
from django.db import connection

from accounts.models import User
from accounts.views.users import UserViewSet
from eventhub.api.pagination import Cursor, RowComparison
from eventhub.db.text_search import stands_in
from events.filters import EventFilter
from events.models import Event
from events.views.events import EventViewSet
from registrations.filters import RegistrationFilter
from registrations.models import Registration
from registrations.views.attendees import AttendeeViewSet

pytestmark = pytest.mark.django_db

LISTS = {User: UserViewSet, Event: EventViewSet, Registration: AttendeeViewSet}
ORDERS = [(model, column) for model, view in LISTS.items() for column in view.ordering_fields]


def plan(queryset, *avoid):
    """How the database would find the rows, as it says itself. PostgreSQL has no statistics here that would make it
    avoid what is slow on a large table, and is told."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for way in ("seqscan", *avoid):
                cursor.execute(f"SET LOCAL enable_{way} = off")
    return queryset.explain()


@pytest.mark.parametrize(("order", "backwards"), list(itertools.product(ORDERS, [False, True])))
def test_a_page_of_any_order_is_read_from_an_index_without_sorting(order, backwards, olga, make_event, enroll):
    model, column = order
    enroll(make_event(olga))
    row = model.objects.first()
    position = Cursor(getattr(row, column), row.pk, backwards)
    names = [f"-{name}" if backwards else name for name in (column, "pk")]
    page = model.objects.filter(RowComparison(column, "<" if backwards else ">", position)).order_by(*names)[:51]
    found = plan(page, "bitmapscan", "sort")
    # Usernames are unique: their index gives the order, and an incremental sort by the key has nothing left to do.
    ways = (
        " Sort  " in found.replace("Incremental Sort", ""),
        "TEMP B-TREE" in found,
        "Index Scan" in found or "USING INDEX" in found,
    )
    assert ways == (False, False, True), found


FILTERS = [
    (Event, EventFilter, {"status": "active"}, "event_by_status"),
    (Event, EventFilter, {"organizer_id": "1"}, "event_by_organizer"),
    (Event, EventFilter, {"date_from": "2030-01-01"}, "event_by_date"),
    (Event, EventFilter, {"date_to": "2030-01-01"}, "event_by_date"),
    (Registration, RegistrationFilter, {"user_id": "1"}, "registration_by_user"),
    (Registration, RegistrationFilter, {"event_id": "1"}, "registration_event_date"),
    (Registration, RegistrationFilter, {"status": "attended"}, "registration_by_status"),
]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL decides by statistics, which a test has none of")
@pytest.mark.parametrize(("model", "filterset", "query", "index"), FILTERS)
def test_a_filtered_page_is_read_from_an_index_without_sorting(model, filterset, query, index):
    order = ("date_time", "pk") if model is Event else ("registration_date", "pk")
    request = SimpleNamespace(user=User(pk=2))
    found = plan(filterset(query, model.objects.all(), request=request).qs.order_by(*order)[:51])
    assert f"USING INDEX {index} (" in found or found.endswith(f"USING INDEX {index}"), found
    assert "TEMP B-TREE" not in found


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no index inside texts")
@pytest.mark.parametrize("view", [UserViewSet, EventViewSet, AttendeeViewSet])
def test_texts_are_searched_through_an_index_on_postgresql(view):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        if cursor.fetchone() is None:
            pytest.skip("this PostgreSQL comes without pg_trgm")
    model = view.queryset.model
    found = plan(model.objects.filter(stands_in("telescope", view.search_fields)).order_by())
    assert f"{model._meta.model_name}_text_search" in found, found
