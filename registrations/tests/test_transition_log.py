"""The log of a registration: every path that changes a status writes one line, with who did it and through what."""

import re

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import User
from eventhub import audit
from registrations.admin import history
from registrations.models import Registration, Transition
from registrations.services import attendee_import, check_in, seats
from registrations.services.attendee_file import Guest

pytestmark = pytest.mark.django_db


def log(row):
    """(was, becomes, by, through) of each line, in order."""
    return list(Transition.objects.filter(registration=row.pk).values_list("was", "becomes", "by__username", "through"))


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def deed(client, row, name):
    path = f"/admin/registrations/registration/{row.pk}/do/"
    assert client.post(path, {"do": f"{name}:{row.pk}", "confirmed": "yes"}).status_code == 302


# Every path ----------------------------------------------------------------------------------------------------------


def test_registering_and_cancelling_over_the_api(api, bob, olga, make_event):
    body = api(bob).post("/attendees/", {"event_id": make_event(olga).pk}).json()
    api(bob).patch(f"/attendees/{body['attendee_id']}", {"status": "cancelled"})
    api(bob).patch(f"/attendees/{body['attendee_id']}", {"status": "registered"})
    row = Registration.objects.get()
    assert log(row) == [
        ("", "registered", "bob", "api"),
        ("registered", "cancelled", "bob", "api"),
        ("cancelled", "registered", "bob", "api"),
    ]


def test_what_changes_no_status_writes_no_line(api, bob, olga, make_event):
    body = api(bob).post("/attendees/", {"event_id": make_event(olga).pk}).json()
    for change in ({"name": "Robert"}, {"status": "registered"}, {}):
        assert api(bob).patch(f"/attendees/{body['attendee_id']}", change).status_code == 200
    assert log(Registration.objects.get()) == [("", "registered", "bob", "api")]


def test_the_queue_is_joined_and_served_by_whoever_leaves(api, bob, eve, olga, make_event, enroll):
    event = make_event(olga, max_capacity=1)
    row = enroll(event, bob)
    body = api(eve).post("/attendees/", {"event_id": event.pk, "status": "waitlisted"}).json()
    api(bob).patch(f"/attendees/{row.pk}", {"status": "cancelled"})
    waiting = Registration.objects.get(pk=body["attendee_id"])
    assert log(waiting) == [("", "waitlisted", "eve", "api"), ("waitlisted", "registered", "bob", "api")]
    last = Transition.objects.filter(registration=waiting).last()
    assert last.at == Registration.objects.get(pk=row.pk).status_since == waiting.status_since


def test_raising_the_capacity_seats_by_whoever_raised_it(api, olga, make_event, enroll):
    event = make_event(olga, full=True)
    waiting = enroll(event, status="waitlisted")
    api(olga).patch(f"/events/{event.pk}", {"max_capacity": 2})
    assert log(waiting)[-1] == ("waitlisted", "registered", "olga", "api")


def test_the_back_office(office, olga, bob, make_event, enroll):
    row = enroll(make_event(olga), bob)
    client = office(olga)
    for name in ("check_in", "undo_check_in"):
        deed(client, row, name)
    deed(client, row, "cancel")
    deed(client, row, "reinstate")
    assert log(row)[1:] == [
        ("registered", "attended", "olga", "admin"),
        ("attended", "registered", "olga", "admin"),
        ("registered", "cancelled", "olga", "admin"),
        ("cancelled", "registered", "olga", "admin"),
    ]


def test_moving_to_the_end_of_the_queue_is_written_too(office, olga, make_event, enroll):
    event = make_event(olga, full=True)
    row, other = enroll(event, status="waitlisted"), enroll(event, status="waitlisted")
    deed(office(olga), row, "requeue")
    assert log(row)[1:] == [("waitlisted", "waitlisted", "olga", "admin")]
    assert len(log(other)) == 1


def test_a_command(olga, make_event, enroll):
    event = make_event(olga, max_capacity=1)
    enroll(event, status="cancelled")
    sql("UPDATE events_event SET waitlisted = waitlisted WHERE id = %s", event.pk)
    with audit.acting_through(audit.Channel.COMMAND):
        waiting = enroll(event, status="waitlisted")
    call_command("check_seats", "--repair", verbosity=0)
    assert log(waiting) == [("", "waitlisted", None, "command"), ("waitlisted", "registered", None, "command")]


def test_an_import(olga, make_event):
    event = make_event(olga, max_capacity=1)
    guests = [Guest(n, f"g{n}@example.org", f"g{n}@example.org", f"g{n}") for n in (1, 2)]
    attendee_import.import_attendees(event_id=event.pk, rows=guests, by=olga)
    lines = [log(row) for row in event.registrations.order_by("pk")]
    assert lines == [[("", "registered", "olga", "import")], [("", "waitlisted", "olga", "import")]]


def test_raw_sql_and_a_queryset_s_update_are_the_database_s_own(api, bob, olga, make_event):
    body = api(bob).post("/attendees/", {"event_id": make_event(olga).pk}).json()
    row = Registration.objects.get(pk=body["attendee_id"])
    before = timezone.now()
    with audit.acting_through(audit.Channel.ADMIN, olga.pk):
        Registration.objects.filter(pk=row.pk).update(status="attended")
        sql("UPDATE registrations_registration SET status = 'cancelled' WHERE id = %s", row.pk)
    assert log(row)[1:] == [("registered", "attended", None, "database"), ("attended", "cancelled", None, "database")]
    row.refresh_from_db()
    assert (row.status_by_id, row.status_through) == (None, "database")
    assert abs(row.status_since - before).total_seconds() < 60


def test_raw_sql_inserts_are_the_database_s_own_too(bob, olga, make_event):
    event = make_event(olga)
    sql(
        "INSERT INTO registrations_registration"
        " (event_id, user_id, status, name, contact_details, registration_date, updated_at)"
        " VALUES (%s, %s, 'registered', '', '', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)",
        event.pk,
        bob.pk,
    )
    assert log(Registration.objects.get()) == [("", "registered", None, "database")]


def test_many_rows_in_one_statement_write_a_line_each(olga, make_event, person):
    event = make_event(olga)
    people = [person(f"p{n}") for n in range(5)]
    with audit.acting_through(audit.Channel.ADMIN, olga.pk):
        Registration.objects.bulk_create(Registration(event=event, user=user) for user in people)
        rows = list(event.registrations.all())
        for row in rows:
            row.status = "attended"
            row.stamp(timezone.now())
        Registration.objects.bulk_update(rows, ["status", "status_since", "status_by", "status_through"])
    for row in rows:
        assert log(row) == [("", "registered", "olga", "admin"), ("registered", "attended", "olga", "admin")]


def test_a_refused_change_leaves_no_line(api, bob, olga, make_event, enroll):
    event = make_event(olga, full=True)
    row = enroll(event, bob, status="cancelled")
    assert api(bob).patch(f"/attendees/{row.pk}", {"status": "registered"}).status_code == 409
    assert len(log(row)) == 1


# It stays ------------------------------------------------------------------------------------------------------------


def test_a_line_cannot_be_changed(olga, make_event, enroll):
    row = enroll(make_event(olga))
    for change in (
        lambda: Transition.objects.update(by=None),
        lambda: sql("UPDATE registrations_transition SET becomes = 'attended'"),
    ):
        with pytest.raises(DatabaseError, match="stays written"), transaction.atomic():
            change()
    assert log(row)[0][1] == "registered"


def test_a_line_cannot_be_deleted_while_its_registration_is_there(olga, make_event, enroll):
    row = enroll(make_event(olga))
    for delete in (Transition.objects.all().delete, lambda: sql("DELETE FROM registrations_transition")):
        if connection.vendor == "postgresql":
            with pytest.raises(DatabaseError, match="stays written"), transaction.atomic():
                delete()
        else:
            delete()  # passes over it: `flush` empties the tables in any order there
        assert len(log(row)) == 1


def test_it_goes_with_its_registration(api, olga, make_event, enroll):
    gone, kept = enroll(make_event(olga)), enroll(make_event(olga))
    api(olga).delete(f"/attendees/{gone.pk}")
    assert (log(gone), len(log(kept))) == ([], 1)


def test_it_goes_with_its_event(api, olga, make_event, enroll):
    event = make_event(olga)
    for _ in range(3):
        enroll(event)
    api(olga).delete(f"/events/{event.pk}")
    assert Transition.objects.count() == 0


def test_it_outlives_the_account_that_did_it(ada, olga, bob, make_event, enroll):
    row = enroll(make_event(olga), bob)
    with audit.acting_through(audit.Channel.API, ada.pk):
        seats.cancel(registration=row, by=ada)
    pk = ada.pk
    User.objects.filter(pk=pk).delete()
    assert Transition.objects.filter(registration=row, by=pk).count() == 1
    assert [line.by for line in history.entries(row, reader=olga)][-1] == "a deleted account"


FORGETTING = "UPDATE registrations_registration SET user_id = NULL WHERE id = %s"


def test_a_registration_that_forgets_its_person_forgets_that_it_was_their_doing(api, bob, olga, make_event):
    event = make_event(olga)
    pk = api(bob).post("/attendees/", {"event_id": event.pk}).json()["attendee_id"]
    row = Registration.objects.get(pk=pk)
    seats.update(registration=row, by=olga, status="attended")
    with audit.acting_through(audit.Channel.API, olga.pk):
        seats.update(registration=row, by=olga, status="registered")
    assert list(Transition.objects.values_list("by", flat=True)) == [bob.pk, None, olga.pk]
    sql(FORGETTING, pk)
    assert list(Transition.objects.values_list("by", flat=True)) == [None, None, olga.pk]
    assert Registration.objects.get().status_by == olga


def test_the_present_status_is_forgotten_to_have_been_their_doing(api, bob, olga, make_event):
    pk = api(bob).post("/attendees/", {"event_id": make_event(olga).pk}).json()["attendee_id"]
    assert Registration.objects.get().status_by == bob
    sql(FORGETTING, pk)
    row = Registration.objects.get()
    assert (row.status, row.status_by, row.status_through) == ("registered", None, "api")


def test_of_a_line_without_its_person_nothing_else_can_be_changed(api, bob, olga, make_event):
    pk = api(bob).post("/attendees/", {"event_id": make_event(olga).pk}).json()["attendee_id"]
    sql(FORGETTING, pk)
    for change in (
        "becomes = 'attended'",
        f"by_id = {olga.pk}",
        "by_id = NULL, was = 'x'",
        "by_id = NULL, through = ''",
    ):
        with pytest.raises(DatabaseError, match="stays written"), transaction.atomic():
            sql(f"UPDATE registrations_transition SET {change}")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no TRUNCATE")
def test_truncating_the_registrations_empties_it(olga, make_event, enroll):
    enroll(make_event(olga))
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("TRUNCATE registrations_registration CASCADE")
    assert Transition.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_flush_works(olga, make_event, enroll):
    """Also what ends every transactional test."""
    enroll(make_event(olga))
    call_command("flush", interactive=False, verbosity=0)
    assert (Registration.objects.count(), Transition.objects.count()) == (0, 0)


# In words ------------------------------------------------------------------------------------------------------------


def words(row, reader):
    return [(line.what, line.by) for line in history.entries(row, reader=reader)]


def test_who_did_it_as_an_organizer_and_an_admin_read_it(api, office, ada, olga, otto, bob, eve, make_event, enroll):
    event = make_event(olga, max_capacity=1)
    first = api(eve).post("/attendees/", {"event_id": event.pk}).json()["attendee_id"]
    pk = api(bob).post("/attendees/", {"event_id": event.pk, "status": "waitlisted"}).json()["attendee_id"]
    api(eve).patch(f"/attendees/{first}", {"status": "cancelled"})
    row = Registration.objects.get(pk=pk)
    deed(office(olga), row, "check_in")
    deed(office(ada), row, "undo_check_in")
    Registration.objects.filter(pk=pk).update(status="cancelled")
    assert words(row, olga) == [
        ("Joined the waiting list", "the attendee"),
        ("Got a seat from the waiting list", "someone else, who gave up a seat"),
        ("Checked in", "you"),
        ("Check-in undone", "an admin"),
        ("Cancelled", ""),
    ]
    assert words(row, ada) == [
        ("Joined the waiting list", "bob"),
        ("Got a seat from the waiting list", "eve"),
        ("Checked in", "olga"),
        ("Check-in undone", "you"),
        ("Cancelled", ""),
    ]
    page = office(olga).get(f"/admin/registrations/registration/{pk}/change/").content.decode()
    assert re.findall(r"\b(eve|ada)\b", page) == []


@pytest.mark.parametrize("was", ["", "registered", "waitlisted", "attended", "cancelled"])
@pytest.mark.parametrize("becomes", ["registered", "waitlisted", "attended", "cancelled"])
def test_every_transition_has_words(was, becomes):
    if was != becomes and becomes != "cancelled":
        assert history.SENTENCES[was, becomes]


def test_the_desk_names_whom_the_queue_seated(olga, make_event, enroll):
    event = make_event(olga, max_capacity=1)
    row = enroll(event)
    first, second = enroll(event, status="waitlisted"), enroll(event, status="waitlisted")
    outcome = check_in.cancel(registration=row, by=olga)
    assert (outcome.changed, outcome.promoted) == (True, [first])
    assert check_in.cancel(registration=row, by=olga) == (False, [])
    assert check_in.remove(registration=first, by=olga) == (True, [second])
