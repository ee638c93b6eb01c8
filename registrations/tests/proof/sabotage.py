"""Takes a part of the guarantee away, to see that the proof would notice: what never fails proves nothing."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from unittest import mock

from django.db import connection, models

from events.models import Event
from notifications.models import Kind
from notifications.services import notices
from registrations import triggers
from registrations.models import Registration
from registrations.services import seats
from registrations.tests.proof import scenarios


@contextmanager
def _triggers() -> Iterator[None]:
    """Nobody counts, and nobody looks whether there is a seat. On SQLite triggers can only be dropped."""
    if connection.vendor == "sqlite":
        triggers.drop_from_sqlite()
    else:
        _execute("ALTER TABLE registrations_registration DISABLE TRIGGER USER")
    try:
        yield
    finally:
        scenarios.sweep()
        if connection.vendor == "sqlite":
            triggers.install()
        else:
            _execute("ALTER TABLE registrations_registration ENABLE TRIGGER USER")


@contextmanager
def _constraint(model: type[models.Model], name: str) -> Iterator[None]:
    (constraint,) = [found for found in model._meta.constraints if found.name == name]
    with connection.schema_editor() as editor:
        editor.remove_constraint(model, constraint)
    try:
        yield
    finally:
        scenarios.sweep()
        with connection.schema_editor() as editor:
            editor.add_constraint(model, constraint)


@contextmanager
def _locks() -> Iterator[None]:
    """The rules look at an event without locking it."""

    def look(event_id: int) -> Event:
        event: Event = Event.objects.get(pk=event_id)
        return event

    with mock.patch.object(seats, "lock_event", look):
        yield


@contextmanager
def _queue() -> Iterator[None]:
    """A seat that gets free is left lying."""

    def nobody(event: Event, **kwargs: Any) -> int:
        return 0

    with mock.patch.object(seats, "serve_queue", nobody):
        yield


@contextmanager
def _notices() -> Iterator[None]:
    """Nobody is told of a cancellation."""

    real = notices.kind_of

    def kind_of(was: str, becomes: str, *, issue: int = 1) -> Kind | None:
        return None if becomes == "cancelled" else real(was, becomes)

    with mock.patch.object(notices, "kind_of", kind_of):
        yield


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


# `check` and `locks` are PostgreSQL's: SQLite can neither drop a constraint nor let two write at once.
SABOTAGE: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "nothing": nullcontext,
    "triggers": _triggers,
    "check": lambda: _constraint(Event, "event_seats_within_capacity"),
    "unique": lambda: _constraint(Registration, "registration_one_live_per_user"),
    "locks": _locks,
    "queue": _queue,
    "notices": _notices,
}
