"""Paths past every rule: SQL as somebody types it into a shell of the database, and the ORM as a script uses it."""

import io
from collections.abc import Callable
from random import Random
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction

from events.models import Event
from registrations.models import Registration
from registrations.tests.proof.outcomes import Answer, Call, done
from registrations.tests.proof.paths import Path
from registrations.tests.proof.scenarios import Scene

LIVE = ("registered", "attended", "waitlisted")
STATUSES = (*LIVE, "cancelled")
_INSERT = """INSERT INTO registrations_registration
 (event_id, user_id, status, name, contact_details, registration_date, updated_at) VALUES """
_VALUES = "(%s, %s, %s, 'by hand', '', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)"


def _sql(*statements: tuple[str, list[Any]]) -> Call:
    """The statements: alone as they are, several in one transaction."""

    def execute() -> int:
        with connection.cursor() as cursor:
            for text, parameters in statements:
                cursor.execute(text, parameters)
            return int(cursor.rowcount)

    def run() -> Answer:
        if len(statements) == 1:
            return _found(execute())
        with transaction.atomic():
            return _found(execute())

    return run


def _orm(write: Callable[[], Any]) -> Call:
    def run() -> Answer:
        outcome = write()
        return _found(outcome if isinstance(outcome, int) else 1)

    return run


def _found(rows: int) -> Answer:
    return done() if rows else Answer("no rows")


def _insert(scene: Scene, chance: Random) -> Call:
    """One row, or two at once."""
    event, people = scene.event(chance), chance.sample(scene.newcomers, chance.choice([1, 1, 2]))
    parameters: list[Any] = []
    for user in people:
        parameters += [event.pk, user.pk, chance.choice(("registered", "registered", "attended", "waitlisted"))]
    return _sql((_INSERT + ", ".join(_VALUES for _ in people), parameters))


def _update_status(scene: Scene, chance: Random) -> Call:
    row = scene.row(chance, *chance.choice([LIVE, ("cancelled", "waitlisted")]))
    return _sql(("UPDATE registrations_registration SET status = %s WHERE id = %s", [chance.choice(STATUSES), row.pk]))


def _update_all(scene: Scene, chance: Random) -> Call:
    """Everybody of an event, from one status to another, by one statement."""
    parameters = [chance.choice(STATUSES), scene.event(chance).pk, chance.choice(STATUSES)]
    return _sql(("UPDATE registrations_registration SET status = %s WHERE event_id = %s AND status = %s", parameters))


def _move(scene: Scene, chance: Random) -> Call:
    """A registration to the other event."""
    row, event = scene.row(chance, *LIVE), chance.choice(scene.event_ids)
    return _sql(("UPDATE registrations_registration SET event_id = %s WHERE id = %s", [event, row.pk]))


def _delete(scene: Scene, chance: Random) -> Call:
    if chance.random() < 0.5:
        return _sql(("DELETE FROM registrations_registration WHERE id = %s", [scene.row(chance, *LIVE).pk]))
    parameters = [scene.event(chance).pk, chance.choice(LIVE)]
    return _sql(("DELETE FROM registrations_registration WHERE event_id = %s AND status = %s", parameters))


def _swap(scene: Scene, chance: Random) -> Call:
    """Two statements in a transaction: one person's seat for another."""
    gone, comes = scene.row(chance, "registered", "attended"), scene.row(chance, "waitlisted", "cancelled")
    text = "UPDATE registrations_registration SET status = %s WHERE id = %s"
    return _sql((text, ["cancelled", gone.pk]), (text, ["registered", comes.pk]))


def _capacity(scene: Scene, chance: Random) -> Call:
    parameters = [chance.randint(0, 4), scene.event(chance).pk]
    return _sql(("UPDATE events_event SET max_capacity = %s WHERE id = %s", parameters))


def _event_status(scene: Scene, chance: Random) -> Call:
    status = chance.choice(["draft", "upcoming", "active", "completed", "cancelled"])
    return _sql(("UPDATE events_event SET status = %s WHERE id = %s", [status, scene.event(chance).pk]))


def _counts(scene: Scene, chance: Random) -> Call:
    """A seat that nobody has, or one less than there are."""
    column = chance.choice(["seats_taken", "waitlisted"])
    text = f"UPDATE events_event SET {column} = {column} {chance.choice(['+ 1', '* 0'])} WHERE id = %s"
    return _sql((text, [scene.event(chance).pk]))


def _delete_event(scene: Scene, chance: Random) -> Call:
    """With its registrations before it; the history stays, as nothing refers to the event by it."""
    pk = scene.event(chance).pk
    return _sql(
        ("DELETE FROM registrations_registration WHERE event_id = %s", [pk]),
        ("DELETE FROM events_event WHERE id = %s", [pk]),
    )


def _queryset_update(scene: Scene, chance: Random) -> Call:
    rows, status = scene.event(chance).registrations.filter(status=chance.choice(STATUSES)), chance.choice(STATUSES)
    return _orm(lambda: rows.update(status=status))


def _queryset_delete(scene: Scene, chance: Random) -> Call:
    rows = scene.event(chance).registrations.filter(status=chance.choice(LIVE))
    return _orm(lambda: rows.delete()[0])


def _bulk_create(scene: Scene, chance: Random) -> Call:
    event, people = scene.event(chance), chance.sample(scene.newcomers, 3)
    status = chance.choice(["registered", "registered", "waitlisted"])
    rows = [Registration(event=event, user=user, status=status, name="by script") for user in people]
    ignore = chance.random() < 0.3
    return _orm(lambda: len(Registration.objects.bulk_create(rows, ignore_conflicts=ignore)))


def _bulk_update(scene: Scene, chance: Random) -> Call:
    """Rows as they were read before the race, each given another status."""
    rows = [Registration.objects.get(pk=scene.row(chance, *STATUSES).pk) for _ in range(2)]
    rows = list({row.pk: row for row in rows}.values())
    for row in rows:
        row.status = chance.choice(STATUSES)
    return _orm(lambda: Registration.objects.bulk_update(rows, ["status"]))


def _stale_save(scene: Scene, chance: Random) -> Call:
    """A whole row as it was before the race: of the event with its counts, or of a registration."""
    row: Any = Event.objects.get(pk=scene.event(chance).pk)
    if chance.random() < 0.5:
        row = Registration.objects.get(pk=scene.row(chance, *STATUSES).pk)
    return _orm(row.save)


def _free_and_repair(scene: Scene, chance: Random) -> Call:
    """A seat that is freed by hand, and then given on as it is to be done."""
    free = _sql(
        ("UPDATE registrations_registration SET status = 'cancelled' WHERE id = %s", [scene.row(chance, *LIVE).pk])
    )

    def run() -> Answer:
        free()
        call_command("check_seats", "--repair", stdout=io.StringIO())
        return done()

    return run


def _raw(name: str, prepare: Callable[[Scene, Random], Call], *wants: str, forgets: bool = False) -> Path:
    return Path(name, prepare, wants=wants, is_raw=True, may_close=True, forgets=forgets)


PATHS = (
    _raw("SQL INSERT registrations", _insert, "free"),
    _raw("SQL UPDATE a status", _update_status),
    _raw("SQL UPDATE all statuses", _update_all),
    _raw("SQL UPDATE event_id", _move, "seated"),
    _raw("SQL DELETE registrations", _delete, "seated", forgets=True),
    _raw("SQL swap a seat", _swap, "seated"),
    _raw("SQL UPDATE max_capacity", _capacity),
    _raw("SQL UPDATE an event's status", _event_status),
    _raw("SQL UPDATE the counts", _counts),
    _raw("SQL DELETE an event", _delete_event),
    _raw("SQL, then check_seats --repair", _free_and_repair, "seated", "waiting"),
    _raw("ORM update()", _queryset_update),
    _raw("ORM delete()", _queryset_delete, "seated", forgets=True),
    _raw("ORM bulk_create()", _bulk_create, "free"),
    _raw("ORM bulk_update()", _bulk_update),
    _raw("ORM save() of a stale row", _stale_save),
)
