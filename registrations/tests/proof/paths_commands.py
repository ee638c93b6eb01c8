"""Paths through `manage.py`, and the rules that no face calls."""

import io
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any

from django.core.management import call_command

from eventhub.exceptions import Refusal
from registrations.services import seats
from registrations.tests.proof.outcomes import Answer, Call, done
from registrations.tests.proof.paths import Path
from registrations.tests.proof.paths_office import guests
from registrations.tests.proof.scenarios import Scene


def _run(*arguments: Any) -> Call:
    """A command that raises where it fails, which is an answer as well."""

    def run() -> Answer:
        call_command(*arguments, stdout=io.StringIO(), stderr=io.StringIO())
        return done()

    return run


def _time_goes_on(scene: Scene, chance: Random) -> Call:
    """By both commands: one of them finds what the other has done."""
    commands = chance.sample([_run("complete_events"), _run("housekeeping")], 2)

    def run() -> Answer:
        return [command() for command in commands][-1]

    return run


def _import_attendees(scene: Scene, chance: Random) -> Call:
    file = scene.write_file(guests(scene, chance))
    errors = ["--skip-errors"] if chance.random() < 0.7 else []
    again = ["--reinstate"] if chance.random() < 0.5 else []
    return _run("import_attendees", file, "--event", str(scene.event(chance).pk), *errors, *again)


def _import_events(scene: Scene, chance: Random) -> Call:
    """Both events again, with other numbers of seats, in any order of lines."""
    lines = [
        f"{event.title},{event.date_time.isoformat()},{event.location},{chance.randint(1, 4)}"
        for event in chance.sample(scene.events, 2)
    ]
    file = scene.write_file("\n".join(["title,date_time,location,max_capacity", *lines]))
    return _run("import_events", file, "--organizer", scene.organizer.username, "--skip-errors")


def _repair(scene: Scene, chance: Random) -> Call:
    return _run("check_seats", "--repair")


def _rules(scene: Scene, chance: Random) -> Call:
    """One after the other, as somebody calls them from `manage.py shell`."""
    event_id, row, seats_there = scene.event(chance).pk, scene.row(chance, "cancelled"), chance.randint(1, 4)
    rules: list[Callable[[], Any]] = [
        partial(seats.promote, event_id=event_id),
        partial(seats.resize, event_id=event_id, max_capacity=seats_there),
        partial(seats.reinstate, registration=row, by=row.user),
    ]
    chance.shuffle(rules)

    def run() -> Answer:
        for rule in rules:
            with suppress(Refusal):
                rule()
        return done()

    return run


PATHS = (
    Path(
        "command complete_events, housekeeping",
        _time_goes_on,
        ("command complete_events", "command housekeeping"),
        ("begun", "over"),
        may_close=True,
    ),
    Path("command import_attendees", _import_attendees, ("command import_attendees",)),
    Path("command import_events", _import_events, ("command import_events",)),
    Path("command check_seats --repair", _repair, ("command check_seats",)),
    Path("shell promote, resize, reinstate", _rules, wants=("free",)),
)
