"""What concerns a whole event takes a handful of statements, however many are in it, and concerns no other event."""

from functools import partial

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from eventhub import audit as acting
from eventhub.testing.concurrency import race
from registrations.models import Registration
from registrations.services import attendee_import, event_changes, seat_audit, seats
from registrations.services.account_deletion import delete_account
from registrations.services.attendee_file import read_attendees
from registrations.services.attendee_import import ImportOutcome, import_attendees
from registrations.services.event_changes import delete_event, edit_event
from registrations.services.registration_sql import NewRegistration, insert_many

pytestmark = pytest.mark.django_db

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite counts row by row, and locks all")
FEW, MANY = 5, 1000
NAME = 'O\'Hara "x" \\ 100 %s {} \u00e9\U0001d11e'


def guests(numbers):
    return read_attendees("\n".join(["email", *(f"p{number}@example.org" for number in numbers)]).encode(), columns={})


def fill(event, seated, waiting=0):
    """So many registrations, of accounts that are made where there are none."""
    users = [User(username=f"u{n}", email=f"u{n}@example.org", password="!") for n in range(seated + waiting)]
    User.objects.bulk_create(users, ignore_conflicts=True)
    pks = User.objects.filter(username__regex=r"^u\d+$").order_by("pk").values_list("pk", flat=True)
    statuses = ["registered"] * seated + ["waitlisted"] * waiting
    entries = [
        NewRegistration(pk, status, str(pk), "") for pk, status in zip(pks[: len(statuses)], statuses, strict=True)
    ]
    insert_many(event.pk, entries, now=timezone.now())
    return event


def measured(operation):
    """What it returned; its statements, shortened; how many rows of events and of registrations PostgreSQL wrote."""
    before = writes()
    with CaptureQueriesContext(connection) as captured:
        result = operation()
    texts = [" ".join((query["sql"] or "").replace('"', "").split()[:3]) for query in captured]
    written = [now - then for then, now in zip(before, writes(), strict=True)]
    return result, [text for text in texts if "SAVEPOINT" not in text], written


def writes():
    """Of this transaction, so far; nothing on SQLite, which does not say."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n_tup_upd FROM pg_stat_xact_user_tables"
            " WHERE relname IN ('events_event', 'registrations_registration') ORDER BY relname"
        )
        return [count for (count,) in cursor.fetchall()]


def on_postgres(*counts):
    return list(counts) if connection.vendor == "postgresql" else []


# Importing -----------------------------------------------------------------------------------------------------------


def test_a_list_of_any_length_takes_as_many_statements(olga, make_event):
    def run(numbers):
        event = make_event(olga, max_capacity=MANY)
        report, took, _ = measured(partial(import_attendees, event_id=event.pk, rows=guests(numbers), by=olga))
        assert report.counts == {ImportOutcome.SEAT: len(numbers)}
        return took

    run(range(2))
    assert run(range(FEW)) == run(range(MANY))


@on_postgresql
@pytest.mark.parametrize(("at_once", "times"), [(attendee_import.AT_ONCE, 1), (1000, 5)])
def test_a_list_of_five_thousand_writes_its_event_once_for_each_statement(
    monkeypatch, olga, make_event, at_once, times
):
    monkeypatch.setattr(attendee_import, "AT_ONCE", at_once)
    event = make_event(olga, max_capacity=4000)
    report, _, written = measured(partial(import_attendees, event_id=event.pk, rows=guests(range(5000)), by=olga))
    assert report.counts == {ImportOutcome.SEAT: 4000, ImportOutcome.QUEUE: 1000}
    assert written == [times, 0]
    event.refresh_from_db()
    assert (event.seats_taken, event.waitlisted) == (4000, 1000)


def test_the_queue_has_the_order_of_the_list_from_one_statement_to_the_next(monkeypatch, olga, make_event):
    monkeypatch.setattr(attendee_import, "AT_ONCE", 7)
    event = make_event(olga, max_capacity=3)
    numbers = [number * 37 % 50 for number in range(50)]
    import_attendees(event_id=event.pk, rows=guests(numbers), by=olga)
    queue = event.registrations.waiting().order_by("queue_number").values_list("name", "queue_number")
    assert list(queue) == [(f"p{number}", place) for place, number in enumerate(numbers[3:], start=1)]
    assert list(event.registrations.order_by("pk").values_list("name", flat=True)) == [f"p{n}" for n in numbers]


def test_who_finds_neither_seat_nor_queue_leaves_those_before_as_they_are(olga, make_event):
    event = make_event(olga, max_capacity=3, waitlist=False)
    report = import_attendees(event_id=event.pk, rows=guests([1, 2, 1, 3, 4, 2, 5]), by=olga, skip_errors=True)
    seat, error = ImportOutcome.SEAT, ImportOutcome.ERROR
    assert [o.outcome for o in report.results] == [seat, seat, error, seat, error, error, error]
    same = [attendee_import.SAME_ADDRESS.format(line) for line in (2, 3)]
    assert [o.reason for o in report.errors] == [same[0], "Event is full", same[1], "Event is full"]


def test_a_row_of_a_list_is_written_as_any_other_registration(olga, ada, bob, eve, make_event):
    event, now = make_event(olga, max_capacity=1), timezone.now()
    with acting.acting_through(acting.Channel.IMPORT, ada.pk):
        insert_many(
            event.pk,
            [NewRegistration(bob.pk, "registered", NAME, "a\nb"), NewRegistration(eve.pk, "waitlisted", "", "")],
            now=now,
        )
        other = make_event(olga, max_capacity=1)
        times = {"registration_date": now, "status_since": now, "added_by_address": True}
        for user, status, name, details in ((bob, "registered", NAME, "a\nb"), (eve, "waitlisted", "", "")):
            Registration.objects.create(
                event=other, user=user, status=status, name=name, contact_details=details, **times
            )
        other.registrations.update(updated_at=now)
    ours, others = (
        [{**row, "id": 0, "event_id": 0} for row in one.registrations.order_by("pk").values()] for one in (event, other)
    )
    assert ours == others


def test_an_account_for_a_list_is_written_as_any_other(olga, make_event):
    import_attendees(event_id=make_event(olga).pk, rows=guests([1]), by=olga)
    made = User.objects.get(email="p1@example.org")
    other = User.objects.create_user("other", "other@example.org")
    of_its_own = {"id", "username", "email", "password", "created_at", "updated_at"}
    ours, others = ({**User.objects.values().get(pk=one.pk), **dict.fromkeys(of_its_own)} for one in (made, other))
    assert ours == others
    assert made.created_at == made.updated_at
    assert abs((other.created_at - made.created_at).total_seconds()) < 60
    assert (made.password[0], len(made.password)) == (other.password[0], len(other.password))


# Seating, cancelling, deleting ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "times", "seated"),
    [({"max_capacity": MANY}, 2, MANY - FEW), ({"status": "cancelled"}, 1, 0), ({"waitlist": False}, 1, 0)],
)
def test_an_edit_takes_as_many_statements_and_writes_however_many_are_in_it(olga, make_event, values, times, seated):
    def run(waiting):
        event = fill(make_event(olga, max_capacity=FEW), FEW, waiting)
        edited, took, written = measured(partial(edit_event, event_id=event.pk, values=values))
        assert edited.promoted == min(waiting, seated)
        assert written == on_postgres(times, edited.promoted)
        return took

    assert run(2) == run(MANY)
    assert list(seat_audit.find_faults()) == []


def test_an_event_is_deleted_in_as_many_statements_and_without_reading_who_is_in_it(olga, make_event):
    def run(people):
        event = fill(make_event(olga, max_capacity=MANY), people, 3)
        _, took, written = measured(partial(delete_event, event_id=event.pk))
        assert written == on_postgres(1, 0)  # the counts
        assert not Registration.objects.filter(event=event.pk).exists()
        return took

    few = run(FEW)
    assert few == run(MANY - 3)
    assert [text for text in few if "registrations_registration" in text] == [
        "DELETE FROM registrations_registration",  # who is in it
        "SELECT registrations_registration.id FROM",  # who might be left, as Django has it
    ]


@pytest.mark.parametrize(
    ("waiting", "free", "times"), [(20, 20, 3), (20, 30, 3), (30, 20, 3), (14, 30, 3), (14, 14, 2)]
)
def test_a_long_queue_is_seated_in_its_order_a_piece_at_a_time(monkeypatch, olga, make_event, waiting, free, times):
    monkeypatch.setattr(seats, "AT_ONCE", 7)
    event = fill(make_event(olga, max_capacity=1), 1, waiting)
    queue = list(event.registrations.waiting().order_by("queue_number").values_list("pk", flat=True))
    edited, took, _ = measured(partial(edit_event, event_id=event.pk, values={"max_capacity": 1 + free}))
    assert edited.promoted == min(waiting, free)
    assert list(event.registrations.waiting().order_by("queue_number").values_list("pk", flat=True)) == queue[free:]
    assert took.count("UPDATE registrations_registration SET") == times


@pytest.mark.parametrize(("people", "times"), [(20, 3), (21, 4), (6, 1), (0, 1)])
def test_who_is_in_an_event_goes_with_it_a_piece_at_a_time(monkeypatch, olga, make_event, people, times):
    monkeypatch.setattr(event_changes, "AT_ONCE", 7)
    event, other = fill(make_event(olga, max_capacity=50), people), fill(make_event(olga), 3)
    _, took, _ = measured(partial(delete_event, event_id=event.pk))
    assert took.count("DELETE FROM registrations_registration") == times
    assert list(Registration.objects.values_list("event", flat=True)) == [other.pk] * 3


def test_an_account_is_deleted_in_as_many_statements_however_many_seats_it_has(olga, person, make_event, enroll):
    def run(name, number):
        leaver = person(name)
        events = [make_event(olga) for _ in range(number)]
        for event in events:
            enroll(event, leaver)
        _, took, _ = measured(partial(delete_account, account_id=leaver.pk))
        assert [event.registrations.count() for event in events] == [0] * number
        return took

    assert run("zoe", 2) == run("yan", 20)


# Others meanwhile ----------------------------------------------------------------------------------------------------


def at_once(call, timeout="5s"):
    """The answer to the call, whose database gives up waiting for a lock after so long."""

    def answer():
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{timeout}'")
        try:
            return call()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")

    (result,) = race([answer])
    return result


@on_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["import", "resize", "cancel", "delete"])
def test_people_register_for_other_events_before_it_is_through(call, olga, bob, person, make_event, enroll, what):
    """Those who are in it too, and by its organizer's hand."""
    event = fill(make_event(olga, max_capacity=FEW), FEW, 3)
    enroll(event, bob, status="waitlisted")
    other = make_event(olga, max_capacity=20)
    listed, stranger = person("p1"), person("stranger")  # the first is on the list
    operations = {
        "import": partial(import_attendees, event_id=event.pk, rows=guests(range(100)), by=olga),
        "resize": partial(edit_event, event_id=event.pk, values={"max_capacity": MANY}),
        "cancel": partial(edit_event, event_id=event.pk, values={"status": "cancelled"}),
        "delete": partial(delete_event, event_id=event.pk),
    }
    seat = {"event_id": other.pk}
    with transaction.atomic():
        operations[what]()
        calls = [
            call(bob, "POST", "/attendees/", seat),
            call(listed, "POST", "/attendees/", seat),
            call(olga, "POST", "/attendees/", {**seat, "user_id": stranger.pk}),
        ]
        assert [at_once(one).status_code for one in calls] == [201] * len(calls)
    assert list(seat_audit.find_faults()) == []


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_who_registers_for_the_very_event_waits_or_is_told_to_come_back(call, olga, bob, make_event):
    event = make_event(olga, max_capacity=200)
    register = call(bob, "POST", "/attendees/", {"event_id": event.pk})
    with transaction.atomic():
        import_attendees(event_id=event.pk, rows=guests(range(100)), by=olga)
        refused = at_once(register, timeout="200ms")
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert int(refused["Retry-After"]) > 0
    assert at_once(register).status_code == 201
