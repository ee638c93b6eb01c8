"""A statement that was compiled once answers as its queryset does, for every row and on either database."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Count, F
from django.db.transaction import TransactionManagementError

from accounts.models import User
from eventhub.api.fields import MAX_ID
from eventhub.api.serializers import Body
from eventhub.db.compiled_queries import CompiledQuery, planned_once
from events.models import Event
from registrations.models import Registration
from registrations.services.eligibility import _EVENT

pytestmark = pytest.mark.django_db


def fields_of(instance):
    return {field.attname: getattr(instance, field.attname) for field in instance._meta.concrete_fields}


def test_an_instance_has_every_field_as_the_queryset_reads_it(olga, make_event):
    moment = datetime(2027, 5, 1, 19, 0, 0, 123400, UTC)
    events = [make_event(olga), make_event(olga, waitlist=False, end_time=moment, date_time=moment - timedelta(days=1))]
    by_id = CompiledQuery(lambda pk: Event.objects.filter(pk=pk))
    for event in events:
        found = by_id.first(event.pk)
        assert fields_of(found) == fields_of(Event.objects.get(pk=event.pk))
        assert (found._state.adding, found._state.db) == (False, "default")
        assert found == event


def test_annotations_and_related_rows_come_with_it(olga, otto, make_event, enroll):
    rows = [enroll(make_event(organizer)) for organizer in (olga, otto)]
    with_all = CompiledQuery(
        lambda pk: (
            Registration.objects.select_related("event__organizer").annotate(title=F("event__title")).filter(pk=pk)
        )
    )
    for row, organizer in zip(rows, (olga, otto), strict=True):
        found = with_all.first(row.pk)
        assert (found, found.title) == (row, "Talk")
        assert found._state.fields_cache.keys() == {"event"}
        assert (found.event, found.event.organizer.username) == (row.event, organizer.username)


def test_ids_stand_where_the_queryset_has_them_and_constants_stay(olga, otto, make_event):
    mine, theirs = make_event(olga, title="Mine"), make_event(otto, title="Theirs")
    found = CompiledQuery(
        lambda one, two: Event.objects.filter(organizer=two, pk=one, status="upcoming").values_list("title", "pk")
    )
    assert found.rows(mine.pk, olga.pk) == [("Mine", mine.pk)]
    assert found.rows(theirs.pk, otto.pk) == [("Theirs", theirs.pk)]
    assert found.rows(theirs.pk, olga.pk) == []


def test_an_argument_may_be_a_text(olga, make_event):
    event = make_event(olga, title="Mine")
    found = CompiledQuery(
        lambda title, organizer: Event.objects.filter(title=title, organizer=organizer, status="upcoming")
    )
    assert found.first("Mine", olga.pk) == event
    for strange in ("mine", "", "%s", "'", str(MAX_ID)):
        assert found.first(strange, olga.pk) is None


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps no plan")
def test_the_plan_that_is_kept_for_all_ids_knows_the_constants(olga, make_event):
    percent = CompiledQuery(lambda pk: Event.objects.filter(pk=pk, title__contains="%s 100%").values_list("title"))
    event = make_event(olga, title="Seats: %s 100%")
    assert percent.rows(event.pk) == [("Seats: %s 100%",)]
    assert _EVENT.first(event.pk, olga.pk) == event
    compiled = _EVENT._compiled["default"]
    one, two = (f"${number}" for number in (1, 2))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute("SET LOCAL enable_seqscan = off")
        # Serves too, and statistics decide between the two; a plan without the constants could use this one alone.
        cursor.execute("DROP INDEX registration_by_user")
        cursor.execute(f"PREPARE look(bigint, bigint) AS {compiled.sql % (two, one)}")
        cursor.execute(f"EXPLAIN EXECUTE look({olga.pk}, {event.pk})")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("DEALLOCATE look")
    assert (len(compiled.parameters), "registration_one_live_per_user" in plan) == (2, True), plan


def test_an_id_that_no_column_holds_finds_nothing(olga):
    by_id = CompiledQuery(lambda pk: User.objects.filter(pk=pk))
    assert [by_id.first(pk) for pk in (0, MAX_ID, MAX_ID + 1, 10**400)] == [None] * 4
    assert by_id.first(olga.pk) == olga


def test_values_are_converted_as_the_queryset_does(olga, make_event):
    event = make_event(olga, waitlist=True)
    columns = ("waitlist", "date_time", "end_time", "has_free_seats", "last_mark")
    (row,) = CompiledQuery(lambda pk: Event.objects.filter(pk=pk).values_list(*columns)).rows(event.pk)
    assert tuple(row) == Event.objects.values_list(*columns).get(pk=event.pk)


@pytest.mark.django_db(transaction=True)
def test_a_lock_wants_a_transaction_every_time(olga, make_event):
    event = make_event(olga)
    lock = CompiledQuery(lambda pk: Event.objects.select_for_update(no_key=True).filter(pk=pk))
    with transaction.atomic():
        assert lock.first(event.pk) == event
    with pytest.raises(TransactionManagementError):
        lock.first(event.pk)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans in no time")
def test_postgresql_plans_it_once_in_a_session(olga):
    by_id = CompiledQuery(lambda pk: User.objects.filter(pk=pk).annotate(marker=Count("events")))
    for _ in range(3):
        by_id.first(olga.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement LIKE '%marker%'"
        )
        assert cursor.fetchall() == [(3,)]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="about the reader of PostgreSQL's times")
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2027-05-01 19:00:00+00", datetime(2027, 5, 1, 19, tzinfo=UTC)),
        ("2027-05-01 19:00:00.5+00", datetime(2027, 5, 1, 19, 0, 0, 500000, UTC)),
        ("2027-05-01 19:00:00.000001+00", datetime(2027, 5, 1, 19, 0, 0, 1, UTC)),
        ("1900-01-01 00:00:00+02", datetime(1899, 12, 31, 22, tzinfo=UTC)),
    ],
)
def test_times_of_postgresql_are_read_in_utc(written, read):
    for cursor in (connection.cursor(), planned_once(connection)):
        with cursor:
            cursor.execute("SELECT CAST(%s AS timestamptz)", [written])
            ((found,),) = cursor.fetchall()
        assert (found, found.tzinfo) == (read, UTC)


def test_a_body_of_some_keys_does_not_make_the_next_one_partial():
    from rest_framework import serializers

    class Shape(Body):
        name = serializers.CharField()

    assert Shape(data={}, partial=True).is_valid()
    assert not Shape(data={}).is_valid()
    assert Shape(data={}, partial=True).is_valid()
    assert Shape(data={"name": "x"}).fields["name"] is Shape(data={}).fields["name"]
