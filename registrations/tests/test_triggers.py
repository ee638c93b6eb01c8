"""The guarantee, on whichever database this runs: the counts follow the rows on every path, past every rule of ours."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.models import Event
from registrations import triggers
from registrations.models import Registration
from registrations.triggers import postgresql

pytestmark = pytest.mark.django_db

STATUSES = ["registered", "attended", "waitlisted", "cancelled"]
SEATS = {"registered": 1, "attended": 1}


def counts(event):
    return tuple(Event.objects.values_list("seats_taken", "waitlisted").get(pk=event.pk))


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.rowcount


def expected(*statuses):
    return sum(SEATS.get(status, 0) for status in statuses), statuses.count("waitlisted")


@pytest.mark.parametrize("status", STATUSES)
def test_a_new_row_counts_by_its_status(make_event, enroll, olga, status):
    event = make_event(olga)
    enroll(event, status=status)
    assert counts(event) == expected(status)


@pytest.mark.parametrize(("was", "becomes"), list(itertools.product(STATUSES, STATUSES)))
def test_a_change_of_status_counts(make_event, enroll, olga, was, becomes):
    event = make_event(olga, max_capacity=1)
    row = enroll(event, status=was)
    row.status = becomes
    row.save()
    assert counts(event) == expected(becomes)


@pytest.mark.parametrize("status", STATUSES)
def test_a_deleted_row_counts_no_more(make_event, enroll, olga, status):
    event = make_event(olga)
    kept, gone = enroll(event, status=status), enroll(event, status=status)
    gone.delete()
    assert counts(event) == expected(kept.status)


def test_bulk_create_counts_each_event(make_event, person, olga):
    one, two = make_event(olga), make_event(olga)
    people = [person(f"p{n}") for n in range(6)]
    rows = [Registration(event=one, user=user, status="registered") for user in people[:4]]
    rows += [Registration(event=two, user=people[4], status="attended"), Registration(event=two, user=people[5])]
    rows[0].status = "waitlisted"
    Registration.objects.bulk_create(rows)
    assert (counts(one), counts(two)) == ((3, 1), (2, 0))


def test_bulk_create_past_the_capacity_writes_nothing(make_event, person, olga):
    event = make_event(olga, max_capacity=2)
    rows = [Registration(event=event, user=person(f"p{n}")) for n in range(3)]
    with pytest.raises(IntegrityError, match="event_seats_within_capacity"), transaction.atomic():
        Registration.objects.bulk_create(rows)
    assert (counts(event), Registration.objects.count()) == ((0, 0), 0)


def test_bulk_update_and_update_count(make_event, enroll, olga):
    event = make_event(olga)
    rows = [enroll(event, status=status) for status in STATUSES]
    for row in rows:
        row.status = "waitlisted"
    Registration.objects.bulk_update(rows, ["status"])
    assert counts(event) == (0, 4)
    Registration.objects.update(status="attended")
    assert counts(event) == (4, 0)


def test_update_past_the_capacity_changes_nothing(make_event, enroll, olga):
    event = make_event(olga, max_capacity=2)
    for _ in range(3):
        enroll(event, status="waitlisted")
    with pytest.raises(IntegrityError, match="event_seats_within_capacity"), transaction.atomic():
        Registration.objects.update(status="registered")
    assert counts(event) == (0, 3)


def test_queryset_delete_counts(make_event, enroll, olga):
    event, other = make_event(olga), make_event(olga)
    for status in STATUSES:
        enroll(event, status=status)
        enroll(other, status=status)
    Registration.objects.filter(event=event, status__in=["registered", "waitlisted"]).delete()
    assert (counts(event), counts(other)) == ((1, 0), (2, 1))


def test_moving_rows_to_another_event_counts_on_both(make_event, enroll, olga):
    one, two = make_event(olga), make_event(olga)
    for status in STATUSES:
        enroll(one, status=status)
    Registration.objects.update(event=two)
    assert (counts(one), counts(two)) == ((0, 0), (2, 1))


def test_moving_rows_to_a_full_event_is_refused(make_event, enroll, olga):
    one, two = make_event(olga), make_event(olga, max_capacity=1)
    enroll(one)
    enroll(two)
    with pytest.raises(IntegrityError, match="event_seats_within_capacity"), transaction.atomic():
        Registration.objects.filter(event=one).update(event=two)
    assert (counts(one), counts(two)) == ((1, 0), (1, 0))


@pytest.mark.parametrize("status", ["registered", "attended", "waitlisted"])
def test_a_claim_to_an_event_that_is_not_there_is_refused_at_once(bob, status):
    with pytest.raises(IntegrityError, match=r"registration_event_exists|does not exist"), transaction.atomic():
        Registration.objects.create(event_id=987654, user=bob, status=status)


def test_deleting_an_event_takes_its_registrations(make_event, enroll, olga):
    event = make_event(olga)
    enroll(event)
    event.delete()
    assert Registration.objects.count() == 0


def test_a_second_live_registration_is_refused(make_event, enroll, olga, bob):
    event = make_event(olga)
    enroll(event, bob, status="cancelled")
    enroll(event, bob, status="waitlisted")
    with pytest.raises(IntegrityError), transaction.atomic():
        enroll(event, bob, status="registered")
    assert counts(event) == (0, 1)


# Raw SQL -------------------------------------------------------------------------------------------------------------


def test_raw_insert_update_and_delete_count(make_event, enroll, olga, bob, eve):
    event = make_event(olga, max_capacity=1)
    insert = (
        "INSERT INTO registrations_registration (event_id, user_id, status, name, contact_details,"
        " registration_date, updated_at) VALUES (%s, %s, 'registered', 'x', '', '2026-01-01', '2026-01-01')"
    )
    sql(insert, event.pk, bob.pk)
    assert counts(event) == (1, 0)
    with pytest.raises(IntegrityError, match="event_seats_within_capacity"), transaction.atomic():
        sql(insert, event.pk, eve.pk)
    sql("UPDATE registrations_registration SET status = 'waitlisted' WHERE user_id = %s", bob.pk)
    assert counts(event) == (0, 1)
    sql("DELETE FROM registrations_registration")
    assert counts(event) == (0, 0)


def test_a_raw_write_to_a_count_changes_nothing(make_event, enroll, olga):
    event = make_event(olga, max_capacity=5)
    enroll(event)
    enroll(event, status="waitlisted")
    for wrong in (
        "seats_taken = 0",
        "seats_taken = 4",
        "waitlisted = 0",
        "seats_taken = 5, waitlisted = 9",
    ):
        sql(f"UPDATE events_event SET {wrong} WHERE id = %s", event.pk)
        assert counts(event) == (1, 1)


def test_a_raw_insert_of_an_event_starts_at_nothing(make_event, olga):
    columns = (
        "title, description, date_time, location, organizer_id, max_capacity, waitlist, status, uid,"
        " created_at, updated_at"
    )
    make_event(olga)
    sql(
        f"INSERT INTO events_event (seats_taken, waitlisted, {columns})"
        f" SELECT 3, 2, {columns.replace('title', repr('copy'), 1)} FROM events_event"
    )
    assert counts(Event.objects.get(title="copy")) == (0, 0)


def test_the_capacity_cannot_fall_below_the_seats_taken(make_event, enroll, olga):
    event = make_event(olga, max_capacity=3)
    enroll(event)
    enroll(event)
    with pytest.raises(IntegrityError, match="event_seats_within_capacity"), transaction.atomic():
        sql("UPDATE events_event SET max_capacity = 1 WHERE id = %s", event.pk)


@pytest.mark.parametrize("capacity", [0, -1, 2_147_483_648])
def test_a_capacity_out_of_range_is_refused(make_event, olga, capacity):
    event = make_event(olga)
    with pytest.raises(Exception, match=r"event_has_a_seat|out of range|max_capacity"), transaction.atomic():
        sql("UPDATE events_event SET max_capacity = %s WHERE id = %s", capacity, event.pk)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has TRUNCATE")
def test_truncate_counts(make_event, enroll, olga):
    event = make_event(olga)
    enroll(event)
    sql("SET CONSTRAINTS ALL IMMEDIATE")  # the rows' own foreign keys are still to be checked
    sql("TRUNCATE registrations_registration CASCADE")
    assert counts(event) == (0, 0)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has REPLACE")
def test_replace_counts(make_event, enroll, olga):
    event = make_event(olga)
    row = enroll(event)
    columns = "event_id, user_id, status, name, contact_details, registration_date, updated_at"
    copy = f"SELECT {{}}, {columns} FROM registrations_registration"
    sql(f"INSERT OR REPLACE INTO registrations_registration (id, {columns}) {copy.format('id')}")
    sql(f"INSERT OR REPLACE INTO registrations_registration (id, {columns}) {copy.format('id + 1')}")
    assert (counts(event), Registration.objects.exclude(pk=row.pk).count()) == ((1, 0), 1)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite lets a statement choose how it fails")
@pytest.mark.parametrize("verb", ["ABORT", "FAIL", "IGNORE", "REPLACE"])
def test_however_a_statement_fails_no_seat_is_sold_twice(make_event, enroll, olga, bob, verb):
    event = make_event(olga, full=True)
    waiting = enroll(event, status="waitlisted")
    insert = (
        f"INSERT OR {verb} INTO registrations_registration (event_id, user_id, status, name, contact_details,"
        f" registration_date, updated_at) VALUES ({event.pk}, {bob.pk}, 'registered', 'x', '', '2026', '2026')"
    )
    update = f"UPDATE OR {verb} registrations_registration SET status = 'registered' WHERE id = {waiting.pk}"
    for statement in (insert, update):
        with pytest.raises(IntegrityError, match="event_seats_within_capacity"), transaction.atomic():
            sql(statement)
    seated = Registration.objects.filter(event=event, status="registered").count()
    assert (seated, counts(event)) == (1, (1, 1))
    sql("UPDATE events_event SET seats_taken = 0")
    assert counts(event) == (1, 1)


# The ORM and the counts ----------------------------------------------------------------------------------------------


def test_a_stale_event_cannot_overwrite_its_counts(make_event, enroll, olga):
    stale = make_event(olga)
    enroll(stale)
    enroll(stale, status="waitlisted")
    stale.title = "Renamed"
    stale.save()
    assert counts(stale) == (1, 1)
    Event.objects.bulk_update([stale], ["title", "seats_taken", "waitlisted"])
    assert counts(stale) == (1, 1)


def test_the_orm_never_writes_a_count_even_where_no_guard_would_mend_it(make_event, enroll, olga):
    stale = make_event(olga)
    enroll(stale)
    table = "" if connection.vendor == "sqlite" else " ON events_event"
    sql(f"DROP TRIGGER events_counts_upd{table}")
    stale.save()
    Event.objects.bulk_update([stale], ["title", "seats_taken"])
    Event.objects.filter(pk=stale.pk).update(seats_taken=7, waitlisted=7)
    assert counts(stale) == (1, 0)


def test_update_of_a_count_through_the_orm_is_without_effect(make_event, enroll, olga):
    event = make_event(olga)
    enroll(event)
    Event.objects.filter(pk=event.pk).update(seats_taken=7, waitlisted=7)
    assert counts(event) == (1, 0)


def test_a_new_event_has_no_seats_taken_whatever_it_says(make_event, olga):
    event = make_event(olga, seats_taken=5, waitlisted=2)
    assert counts(event) == (0, 0)


# The queue -----------------------------------------------------------------------------------------------------------


def queue(event):
    rows = Registration.objects.waiting().filter(event=event).order_by("queue_number")
    return [(row.name, row.waitlist_position()) for row in rows]


def test_the_queue_is_numbered_in_the_order_of_joining_on_every_path(make_event, enroll, olga, person):
    event, other = make_event(olga), make_event(olga)
    enroll(event, name="first", status="waitlisted")
    second = enroll(event, name="second", status="cancelled")
    elsewhere = enroll(other, name="elsewhere", status="waitlisted")
    Registration.objects.bulk_create(
        [Registration(event=event, user=person(name), name=name, status="waitlisted") for name in ("third", "fourth")]
    )
    Registration.objects.filter(pk=second.pk).update(status="waitlisted")
    Registration.objects.filter(pk=elsewhere.pk).update(event=event)
    assert queue(event) == [("first", 1), ("third", 2), ("fourth", 3), ("second", 4), ("elsewhere", 5)]


def test_who_comes_back_to_the_queue_is_at_its_end(make_event, enroll, olga):
    event = make_event(olga)
    first = enroll(event, name="first", status="waitlisted")
    enroll(event, name="second", status="waitlisted")
    for status in ("cancelled", "waitlisted"):
        Registration.objects.filter(pk=first.pk).update(status=status)
    assert queue(event) == [("second", 1), ("first", 2)]


def test_editing_somebody_who_waits_keeps_their_place(make_event, enroll, olga):
    event = make_event(olga)
    first = enroll(event, name="first", status="waitlisted")
    enroll(event, name="second", status="waitlisted")
    first.refresh_from_db()
    first.contact_details = "new"
    first.save()
    assert queue(event) == [("first", 1), ("second", 2)]


# Installing ----------------------------------------------------------------------------------------------------------


def test_the_triggers_are_there_after_migrate():
    assert triggers.missing_triggers() == []
    assert triggers.check_installed(None, databases=["default"]) == []


def test_what_was_oversold_while_no_trigger_watched_does_not_stop_migrate(make_event, enroll, olga):
    event, other = make_event(olga, max_capacity=1), make_event(olga)
    table = "" if connection.vendor == "sqlite" else " ON registrations_registration"
    sql(f"DROP TRIGGER registrations_seats_ins{table}")
    for of in (event, event, other):
        enroll(of)
    if connection.vendor == "postgresql":
        sql("SET CONSTRAINTS ALL IMMEDIATE")
    triggers.after_migrate(using="default")
    assert (triggers.missing_triggers(), counts(event), counts(other)) == ([], (0, 0), (1, 0))


def test_a_lost_trigger_is_named_and_comes_back_with_a_recount(make_event, enroll, olga):
    event = make_event(olga)
    table = "" if connection.vendor == "sqlite" else " ON registrations_registration"
    sql(f"DROP TRIGGER registrations_seats_ins{table}")
    enroll(event)
    assert counts(event) == (0, 0)
    (warning,) = triggers.check_installed(None, databases=["default"])
    assert (warning.id, warning.msg) == ("registrations.W001", "Seat triggers are missing: registrations_seats_ins.")
    if connection.vendor == "postgresql":
        sql("SET CONSTRAINTS ALL IMMEDIATE")
    triggers.after_migrate(using="default")
    assert (triggers.missing_triggers(), counts(event)) == ([], (1, 0))


def test_the_version_of_the_triggers_is_raised_with_their_text():
    assert (postgresql.VERSION, postgresql.DIGEST) == (8, "448d11aea6ba62ad")


@pytest.mark.parametrize(
    ("stamp", "older"),
    [
        (None, True),
        ("", True),
        (postgresql.DIGEST, True),  # as it was before there were versions
        ("another version", True),
        (f"{postgresql.VERSION - 1} {postgresql.DIGEST}", True),
        (f"{postgresql.VERSION} 0123456789abcdef", True),
        (postgresql.STAMP, False),
        (f"{postgresql.VERSION + 1} 0123456789abcdef", False),
    ],
)
def test_code_of_before_tells_triggers_of_a_later_version_from_older_ones(stamp, older):
    assert postgresql.is_older(stamp) == older


@pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite the service stands still while migrations run")
def test_triggers_of_a_later_version_are_well_and_are_not_taken_back():
    later = f"{postgresql.VERSION + 1} 0123456789abcdef"
    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON FUNCTION registrations_count_seats() IS '{later}'")
        assert triggers.missing_triggers() == []
        triggers.install()
        cursor.execute("SELECT obj_description(to_regproc('registrations_count_seats'), 'pg_proc')")
        assert cursor.fetchone() == (later,)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite no trigger watches while migrations run")
def test_triggers_of_another_version_had_been_counting_and_nothing_is_counted_again():
    def statements():
        with CaptureQueriesContext(connection) as captured:
            triggers.install()
        return [query["sql"] for query in captured if query["sql"].startswith("UPDATE events_event")]

    with connection.cursor() as cursor:
        cursor.execute("COMMENT ON FUNCTION registrations_count_seats() IS 'another version'")
        assert (triggers.missing_triggers() != [], statements(), triggers.missing_triggers()) == (True, [], [])
        cursor.execute("DROP TRIGGER registrations_seats_ins ON registrations_registration")
        assert (len(statements()), triggers.missing_triggers()) == (1, [])


# What calendars show -------------------------------------------------------------------------------------------------

CHANGES = {
    "title": "'Another talk'",
    "description": "'Bring a coat.'",
    "location": "'Another hall'",
    "date_time": "'2031-05-01 19:00:00+00:00'",
    "end_time": "'2041-05-01 19:00:00+00:00'",
    "status": "'cancelled'",
    "time_zone": "'Asia/Tokyo'",
    "venue": "'Dome'",
    "address": "'Hill 1'",
    "latitude": "1.5",
    "longitude": "1.5",
}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("column", CHANGES)
def test_raw_sql_that_changes_what_calendars_show_sets_updated_at(make_event, olga, column):
    event = make_event(olga)
    Event.objects.filter(pk=event.pk).update(updated_at=LONG_AGO)
    before = timezone.now() - timedelta(milliseconds=1)  # SQLite knows milliseconds
    sql(f"UPDATE events_event SET {column} = {CHANGES[column]} WHERE id = %s", event.pk)
    event.refresh_from_db()
    assert (event.updated_at >= before, event.saved_through) == (True, "database")


def test_seats_and_writes_without_a_change_leave_updated_at(make_event, enroll, olga):
    event = make_event(olga, max_capacity=1)
    Event.objects.filter(pk=event.pk).update(updated_at=LONG_AGO)
    enroll(event)
    enroll(event, status="waitlisted")
    sql("UPDATE events_event SET title = title, end_time = end_time, max_capacity = 5 WHERE id = %s", event.pk)
    assert (Event.objects.get(pk=event.pk).updated_at, counts(event)) == (LONG_AGO, (1, 1))


def test_people_can_register_after_raw_sql(make_event, api, olga, bob):
    """Registering compares `updated_at` as it was read, also one that a trigger wrote."""
    event = make_event(olga)
    sql("UPDATE events_event SET title = 'Another talk' WHERE id = %s", event.pk)
    assert api(bob).post("/attendees/", {"event_id": event.pk}).status_code == 201
