"""`organizer_id` of a registration is its event's organizer, whoever writes either of them, on both databases."""

import threading

import pytest
from django.core import serializers
from django.db import IntegrityError, connection, transaction

from events.models import Event
from registrations import triggers
from registrations.models import Registration

pytestmark = pytest.mark.django_db

INSERT = (
    "INSERT INTO registrations_registration (event_id, user_id, status, name, contact_details, registration_date,"
    " updated_at{more}) VALUES (%s, %s, %s, 'x', '', '2026-01-01', '2026-01-01'{value})"
)


@pytest.fixture
def event(olga, make_event):
    return make_event(olga)


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def organizers(**of):
    return set(Registration.objects.filter(**of).values_list("organizer_id", flat=True))


@pytest.mark.parametrize("status", ["registered", "waitlisted", "attended", "cancelled"])
def test_a_new_row_has_the_organizer_of_its_event(status, event, olga, otto, enroll):
    row = enroll(event, status=status, organizer_id=otto.pk)
    assert organizers(pk=row.pk) == {olga.pk}


@pytest.mark.parametrize("status", ["registered", "waitlisted", "cancelled"])
@pytest.mark.parametrize(("more", "value"), [("", ""), (", organizer_id", ", 0"), (", organizer_id", ", {otto}")])
def test_a_raw_insert_has_it_whatever_it_says(status, more, value, event, olga, otto, bob):
    sql(INSERT.format(more=more, value=value.format(otto=otto.pk)), event.pk, bob.pk, status)
    assert organizers() == {olga.pk}


def test_a_bulk_create_has_it_for_each_event(event, olga, otto, make_event, person):
    people, other = [person(f"p{n}") for n in range(4)], make_event(otto)
    rows = [Registration(event=of, user=user, organizer_id=1) for user in people for of in (event, other)]
    Registration.objects.bulk_create(rows)
    assert (organizers(event=event), organizers(event=other)) == ({olga.pk}, {otto.pk})


@pytest.mark.parametrize("wrong", ["organizer_id = 0", "organizer_id = organizer_id + 1", "organizer_id = NULL"])
def test_a_raw_update_changes_nothing(wrong, event, olga, enroll):
    enroll(event), enroll(event, status="waitlisted")
    number = Registration.objects.waiting().get().queue_number
    if connection.vendor == "sqlite" and "NULL" in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            sql(f"UPDATE registrations_registration SET {wrong}")
    else:
        sql(f"UPDATE registrations_registration SET {wrong}")
    assert organizers() == {olga.pk}
    assert Registration.objects.waiting().get().queue_number == number


def test_the_orm_never_writes_it(event, olga, otto, enroll):
    stale = enroll(event)
    Event.objects.filter(pk=event.pk).update(organizer=otto)
    stale.organizer_id = olga.pk
    stale.save()
    Registration.objects.filter(pk=stale.pk).update(organizer_id=olga.pk, name="updated")
    Registration.objects.bulk_update([stale], ["organizer_id"])
    assert organizers() == {otto.pk}
    assert "organizer_id" not in serializers.serialize("json", [stale])


@pytest.mark.parametrize("way", ["update", "save", "raw"])
def test_it_follows_the_event_to_another_organizer(way, event, olga, otto, make_event, enroll):
    other = make_event(olga)
    for status in ("registered", "waitlisted", "cancelled"):
        enroll(event, status=status), enroll(other, status=status)
    before = Event.objects.values_list("seats_taken", "waitlisted").get(pk=event.pk)
    if way == "update":
        Event.objects.filter(pk=event.pk).update(organizer=otto)
    elif way == "save":
        event.organizer = otto
        event.save()
    else:
        sql("UPDATE events_event SET organizer_id = %s WHERE id = %s", otto.pk, event.pk)
    assert (organizers(event=event), organizers(event=other)) == ({otto.pk}, {olga.pk})
    assert Event.objects.values_list("seats_taken", "waitlisted").get(pk=event.pk) == before


@pytest.mark.parametrize("way", ["update", "save", "raw"])
@pytest.mark.parametrize("status", ["registered", "waitlisted", "cancelled"])
def test_it_follows_the_registration_to_another_event(way, status, event, otto, make_event, enroll):
    row, other = enroll(event, status=status), make_event(otto)
    if way == "update":
        Registration.objects.filter(pk=row.pk).update(event=other)
    elif way == "save":
        row.event = other
        row.save()
    else:
        sql("UPDATE registrations_registration SET event_id = %s, organizer_id = 0", other.pk)
    assert organizers() == {otto.pk}


@pytest.mark.parametrize("status", ["registered", "cancelled"])
def test_a_row_for_no_event_is_refused(status, event, bob, enroll):
    with (
        pytest.raises(IntegrityError, match=r"registration_event_exists|event 1000000 does not exist"),
        transaction.atomic(),
    ):
        sql(INSERT.format(more="", value=""), 10**6, bob.pk, status)
    enroll(event, status=status)
    with (
        pytest.raises(IntegrityError, match=r"registration_event_exists|event 1000000 does not exist"),
        transaction.atomic(),
    ):
        sql("UPDATE registrations_registration SET event_id = 1000000")


def test_what_was_written_while_no_trigger_watched_is_mended_by_migrate(event, olga, otto, enroll):
    on_registrations, on_events = (
        ("", "") if connection.vendor == "sqlite" else (" ON registrations_registration", " ON events_event")
    )
    enroll(event)
    sql(f"DROP TRIGGER events_organizer_upd{on_events}")
    sql(f"DROP TRIGGER registrations_organizer_upd{on_registrations}")
    Event.objects.filter(pk=event.pk).update(organizer=otto)
    assert organizers() == {olga.pk}
    assert triggers.missing_triggers() == ["events_organizer_upd", "registrations_organizer_upd"]
    if connection.vendor == "postgresql":
        sql("SET CONSTRAINTS ALL IMMEDIATE")
    triggers.after_migrate(using="default")
    assert organizers() == {otto.pk}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
def test_a_row_that_comes_while_the_event_changes_hands_has_the_new_organizer(event, olga, otto, bob):
    is_changed, may_commit = threading.Event(), threading.Event()

    def hand_over():
        with transaction.atomic():
            Event.objects.filter(pk=event.pk).update(organizer=otto)
            is_changed.set()
            may_commit.wait(10)
        connection.close()

    def register():
        is_changed.wait(10)
        threading.Timer(0.3, may_commit.set).start()
        Registration.objects.create(event=event, user=bob)
        connection.close()

    threads = [threading.Thread(target=work) for work in (hand_over, register)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert organizers() == {otto.pk}
