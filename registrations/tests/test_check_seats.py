"""`manage.py check_seats`: what is wrong is named and mended, what is right is left alone, on both databases."""

import io
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from events.models import Event
from registrations import triggers
from registrations.models import Registration
from registrations.services import seat_audit, seats

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def check_seats(*arguments):
    """The lines on standard output, and the status with which the command exits."""
    out = io.StringIO()
    try:
        call_command("check_seats", *arguments, stdout=out)
        status = 0
    except CommandError as problem:
        status = problem.returncode
    return out.getvalue().splitlines(), status


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def unwatched():
    """Registrations that are written inside are counted by nobody, as after a careless restore."""
    if connection.vendor == "postgresql":
        # A table cannot be altered while checks of its foreign keys are still to come.
        sql("SET CONSTRAINTS ALL IMMEDIATE")
        sql("ALTER TABLE registrations_registration DISABLE TRIGGER USER")
        yield
        sql("SET CONSTRAINTS ALL IMMEDIATE")
        sql("ALTER TABLE registrations_registration ENABLE TRIGGER USER")
        return
    definitions = [text for (text,) in sql("SELECT sql FROM sqlite_master WHERE type = 'trigger'")]
    triggers.drop_from_sqlite()
    yield
    for definition in definitions:
        sql(definition)


def counts(event):
    return tuple(Event.objects.values_list("seats_taken", "waitlisted").get(pk=event.pk))


def statuses(event):
    return list(event.registrations.order_by("pk").values_list("status", flat=True))


@pytest.fixture
def miscounted(make_event, enroll, olga):
    """Counts 1 seated and 1 waiting; has 2 and 0."""
    event = make_event(olga, max_capacity=2, status="completed")
    enroll(event)
    waiting = enroll(event, status="waitlisted")
    with unwatched():
        Registration.objects.filter(pk=waiting.pk).update(status="registered")
    return event


@pytest.fixture
def idle(make_event, enroll):
    """Makes an event of 2 seats where raw SQL freed one beside a queue of 2."""

    def make(organizer, **fields):
        event = make_event(organizer, max_capacity=2, **fields)
        for status in ("registered", "registered", "waitlisted", "waitlisted"):
            enroll(event, status=status)
        sql(
            "UPDATE registrations_registration SET status = 'cancelled' WHERE id ="
            " (SELECT min(id) FROM registrations_registration WHERE event_id = %s)",
            event.pk,
        )
        return event

    return make


@pytest.fixture
def overfull(make_event, enroll, olga):
    """Three people on two seats."""
    event = make_event(olga, max_capacity=2)
    enroll(event)
    enroll(event)
    with unwatched():
        enroll(event)
    return event


# Nothing wrong -------------------------------------------------------------------------------------------------------


def test_an_empty_database_is_well():
    assert check_seats() == (["All counts are correct. Events checked: 0."], 0)


@pytest.mark.parametrize("arguments", [[], ["--repair"]])
def test_right_counts_and_a_queue_behind_a_full_house_are_well(make_event, enroll, olga, arguments):
    event = make_event(olga, max_capacity=2)
    for status in ("registered", "attended", "waitlisted", "cancelled"):
        enroll(event, status=status)
    make_event(olga)
    assert check_seats(*arguments) == (["All counts are correct. Events checked: 2."], 0)
    assert (counts(event), statuses(event)) == ((2, 1), ["registered", "attended", "waitlisted", "cancelled"])


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "completed"},
        {"status": "cancelled"},
        {"date_time": timezone.now() - timedelta(days=2)},
        {"date_time": timezone.now() - timedelta(hours=2), "end_time": timezone.now() - timedelta(hours=1)},
    ],
    ids=["completed", "cancelled", "over since its day ended", "over since its end"],
)
def test_a_queue_that_is_closed_may_stand_beside_a_free_seat(idle, olga, fields):
    event = idle(olga, **fields)
    for arguments in ([], ["--repair"]):
        assert check_seats(*arguments) == (["All counts are correct. Events checked: 1."], 0)
    assert counts(event) == (1, 2)


# Counts --------------------------------------------------------------------------------------------------------------


def test_wrong_counts_are_named(make_event, miscounted, olga):
    make_event(olga)
    assert check_seats() == ([f"Event {miscounted.pk}: counts 1 seated and 1 waiting, has 2 and 0"], 1)
    assert counts(miscounted) == (1, 1)


def test_repair_counts_again(miscounted):
    assert check_seats("--repair") == (
        [
            f"Event {miscounted.pk}: counts 1 seated and 1 waiting, has 2 and 0",
            f"Event {miscounted.pk}: repaired; seats given to the waiting list: 0",
            "All counts are correct. Events repaired: 1. Events checked: 1.",
        ],
        0,
    )
    assert counts(miscounted) == (2, 0)
    assert check_seats() == (["All counts are correct. Events checked: 1."], 0)


def test_counts_of_an_event_without_registrations_are_held_against_none(make_event, enroll, olga):
    event = make_event(olga)
    enroll(event)
    enroll(event, status="waitlisted")
    with unwatched():
        sql("DELETE FROM registrations_registration")
    assert check_seats() == ([f"Event {event.pk}: counts 1 seated and 1 waiting, has 0 and 0"], 1)
    assert check_seats("--repair")[1] == 0
    assert counts(event) == (0, 0)


# The queue -----------------------------------------------------------------------------------------------------------


def test_a_free_seat_beside_a_queue_is_named(idle, olga):
    event = idle(olga)
    assert check_seats() == ([f"Event {event.pk}: 1 free while 2 wait"], 1)
    assert statuses(event) == ["cancelled", "registered", "waitlisted", "waitlisted"]


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "draft"},
        {"status": "active"},
        {"waitlist": False},
        {"registration_closes": timezone.now() - timedelta(days=1)},
        {"registration_opens": timezone.now() + timedelta(days=1)},
    ],
    ids=["draft", "active", "queue closed to newcomers", "window over", "window to come"],
)
def test_repair_seats_the_first_in_the_queue(idle, olga, fields):
    event = idle(olga, **fields)
    assert check_seats("--repair") == (
        [
            f"Event {event.pk}: 1 free while 2 wait",
            f"Event {event.pk}: repaired; seats given to the waiting list: 1",
            "All counts are correct. Events repaired: 1. Events checked: 1.",
        ],
        0,
    )
    assert statuses(event) == ["cancelled", "registered", "registered", "waitlisted"]


def test_a_queue_is_judged_by_its_rows_and_not_by_the_counts(make_event, enroll, olga):
    event = make_event(olga, max_capacity=2)
    first, *_ = [enroll(event, status=status) for status in ("registered", "registered", "waitlisted")]
    with unwatched():
        Registration.objects.filter(pk=first.pk).update(status="cancelled")
    assert check_seats() == (
        [f"Event {event.pk}: counts 2 seated and 1 waiting, has 1 and 1; 1 free while 1 wait"],
        1,
    )
    assert check_seats("--repair")[1] == 0
    assert (counts(event), statuses(event)) == ((2, 0), ["cancelled", "registered", "registered"])


def test_who_waits_without_a_number_is_named_and_put_at_the_end(make_event, enroll, olga, bob, eve):
    event = make_event(olga, full=True)
    before = enroll(event, status="waitlisted")
    with unwatched():
        later = enroll(event, bob, status="waitlisted")
        earlier = enroll(event, eve, status="waitlisted", registration_date=timezone.now() - timedelta(days=1))
    assert check_seats() == (
        [f"Event {event.pk}: counts 1 seated and 1 waiting, has 1 and 3; 2 waiting without a queue number"],
        1,
    )
    assert check_seats("--repair")[1] == 0
    places = [Registration.objects.get(pk=row.pk).waitlist_position() for row in (before, earlier, later)]
    assert (counts(event), places) == ((1, 3), [1, 2, 3])


# What is left for people ---------------------------------------------------------------------------------------------


def test_more_people_than_seats_remain_and_the_rest_is_repaired(overfull, idle, olga):
    other = idle(olga)
    wrong = f"Event {overfull.pk}: counts 2 seated and 0 waiting, has 3 and 0; 3 people for 2 seats"
    assert check_seats("--repair") == (
        [
            wrong,
            f"Event {overfull.pk}: not repaired. Add seats or cancel registrations, then repair again.",
            f"Event {other.pk}: 1 free while 2 wait",
            f"Event {other.pk}: repaired; seats given to the waiting list: 1",
        ],
        1,
    )
    assert check_seats() == ([wrong], 1)
    assert counts(overfull) == (2, 0)


def test_an_overfull_event_is_repaired_once_it_has_the_seats(overfull):
    Event.objects.filter(pk=overfull.pk).update(max_capacity=3)
    assert check_seats("--repair")[1] == 0
    assert counts(overfull) == (3, 0)


def test_missing_triggers_are_named_and_nothing_is_repaired_without_them(make_event, enroll, olga):
    event = make_event(olga)
    with unwatched():
        missing = ", ".join(triggers.missing_triggers())
        says = f"Seat triggers are missing: {missing}. Run migrate."
        assert check_seats() == ([says], 1)
        enroll(event)
        wrong = f"Event {event.pk}: counts 0 seated and 0 waiting, has 1 and 0"
        assert check_seats() == ([says, wrong], 1)
        assert check_seats("--repair") == ([says], 1)
    assert counts(event) == (0, 0)
    assert check_seats("--repair")[1] == 0
    assert counts(event) == (1, 0)


# At work -------------------------------------------------------------------------------------------------------------


def test_an_event_that_is_deleted_meanwhile_is_no_longer_wrong(miscounted, monkeypatch):
    def faults_of_the_past():
        yield from list(seat_audit.find_faults())
        yield seat_audit.Fault(miscounted.pk + 1, "gone")

    monkeypatch.setattr("registrations.management.commands.check_seats.find_faults", faults_of_the_past)
    lines, status = check_seats("--repair")
    end = "All counts are correct. Events repaired: 2. Events checked: 1."
    assert (lines[-2:], status) == ([f"Event {miscounted.pk + 1}: deleted in the meantime", end], 0)


def test_all_events_are_looked_at_in_batches(idle, olga, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(seat_audit, "BATCH", 2)
    events = [idle(olga) for _ in range(5)]
    # The end and the suspects of three batches, and that no fourth follows.
    with django_assert_num_queries(3 * 2 + 1):
        faults = list(seat_audit.find_faults())
    assert [fault.event_id for fault in faults] == [event.pk for event in events]


def test_the_number_of_queries_does_not_grow_with_the_events(make_event, enroll, olga, django_assert_num_queries):
    for _ in range(3):
        enroll(make_event(olga), status="waitlisted")
        # The end and the suspects of the one batch, and that no second follows.
        with django_assert_num_queries(2 + 1):
            list(seat_audit.find_faults())


@pytest.mark.django_db(transaction=True)
def test_beside_a_running_service_nothing_right_is_called_wrong_and_what_is_wrong_is_mended(
    make_event, enroll, person, olga
):
    wrong, right = make_event(olga, max_capacity=2), make_event(olga, max_capacity=2)
    enroll(wrong)
    enroll(wrong)
    with unwatched():
        wrong.registrations.all().delete()
    visitors = [person(f"visitor{n}") for n in range(4)]
    problems = []

    def come_and_go(visitor):
        try:
            for _ in range(10):
                for event in (wrong, right):
                    seats.cancel(registration=seats.join_queue(event=event, user=visitor, by=visitor), by=visitor)
            for event in (wrong, right):
                seats.join_queue(event=event, user=visitor, by=visitor)
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=come_and_go, args=[visitor]) for visitor in visitors]
    for thread in threads:
        thread.start()
    named, busy = set(), True
    while busy:
        busy = any(thread.is_alive() for thread in threads)
        for fault in seat_audit.find_faults():
            named.add(fault.event_id)
            seat_audit.repair(event_id=fault.event_id)
    assert (problems, named) == ([], {wrong.pk})
    assert check_seats() == (["All counts are correct. Events checked: 2."], 0)
    assert (counts(wrong), counts(right)) == ((2, 2), (2, 2))
