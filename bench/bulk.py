"""Changes of a whole event, beside plain statements that write the same rows: `python -m bench bulk --people 100000`.

Importing so many people, seating a tenth of them from the queue, cancelling and deleting their event: in turn through
the project's own command and API, and as `INSERT ... SELECT`, UPDATE and DELETE (bench/bulk_sql.py). Meanwhile somebody
registers for another event four times a second. Exits 1 where an answer is not the expected one, an event holds other
rows than it counts, or the project takes more than LIMIT times as long.
"""

import itertools
import os
import subprocess
import sys
import tempfile
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench import bulk_sql as sql
from bench import rows
from bench.load import Connection, ask
from bench.requests import PASSWORD_HASH, request, token
from bench.rounds import row
from bench.server import HERE, Server, gunicorn
from registrations.services import seat_audit

LIMIT, SHORT = 5, 1  # a ratio says nothing about a statement of less than SHORT seconds
PAUSE = 0.25  # seconds between two registrations for the other event
TITLES = {
    "import_new": "import of {people:,} new people, a tenth of them into the queue",
    "resize": "a resize that seats those {tenth:,}",
    "cancel": "cancelling the event",
    "delete": "deleting the event",
    "import_known": "import of the {people:,} again, who have accounts now",
}


class Took(NamedTuple):
    """Seconds, writes to the event's row, and the slowest registration for another event in milliseconds."""

    seconds: float
    writes: int
    slowest: float


class Bench:
    """The two ways of changing a whole event, and what went wrong."""

    def __init__(self, server: Server, folder: Path, people: int, waiting: Iterator[bytes]) -> None:
        self.server, self.folder, self.people, self.waiting = server, folder, people, waiting
        self.seats = people - people // 10
        self.faults: list[str] = []

    def operations(self, side: str, name: str) -> dict[str, Callable[[int], None]]:
        """Return what is done to an event, in this order. The last is done to another one."""
        if side == "ours":
            return {
                "import_new": lambda event: self.import_list(event, name),
                "resize": lambda event: self.ask("PATCH", event, {"max_capacity": 2 * self.people}, 200),
                "cancel": lambda event: self.ask("PATCH", event, {"status": "cancelled"}, 200),
                "delete": lambda event: self.ask("DELETE", event, None, 204),
                "import_known": lambda event: self.import_list(event, name),
            }
        listed = {"list": name, "people": self.people}
        return {
            "import_new": lambda event: execute(
                sql.ACCOUNTS, sql.REGISTRATIONS, event=event, seats=self.seats, **listed
            ),
            "resize": lambda event: execute(sql.CAPACITY, sql.SEATS, event=event, seats=2 * self.people),
            "cancel": lambda event: execute(sql.CANCELLATION, event=event),
            "delete": lambda event: execute(*sql.DELETION, event=event),
            "import_known": lambda event: execute(sql.REGISTRATIONS, event=event, seats=self.people, **listed),
        }

    def import_list(self, event_id: int, name: str) -> None:
        command = [sys.executable, str(HERE / "manage.py"), "import_attendees", str(self.folder / f"{name}.csv")]
        done = subprocess.run([*command, "--event", str(event_id)], stdout=subprocess.PIPE, text=True)
        if done.returncode:
            self.faults.append(f"import_attendees ended with {done.returncode}: {done.stdout}")

    def ask(self, verb: str, event_id: int, body: object, expected: int) -> None:
        with closing(Connection(self.server.port)) as connection:
            status, _ = ask(connection, request(verb, f"/events/{event_id}", token(sql.ORGANIZER), body))
        if status != expected:
            self.faults.append(f"{verb} /events/{event_id} {body}: {status}")

    def round(self, side: str, name: str) -> dict[str, Took]:
        """Do all operations, each in front of settled tables."""
        lines = (f"{name}-{n}@example.org,Guest Number {n},+49 30 {n}\n" for n in range(1, self.people + 1))
        (self.folder / f"{name}.csv").write_text("".join(["email,name,phone\n", *lines]))
        large, other = (new_event(seats) for seats in (self.seats, 2 * self.people))
        took = {}
        for title, operation in self.operations(side, name).items():
            event = other if title == "import_known" else large
            execute(*sql.SETTLE)
            with self.registering() as times:
                started = time.perf_counter()
                operation(event)
                seconds = time.perf_counter() - started
            took[title] = Took(
                seconds, execute("DELETE FROM bench_event_writes WHERE event_id = %(event)s", event=event), max(times)
            )
        self.faults += [f"{side}: {fault}" for fault in seat_audit.find_faults()]
        execute(*sql.DELETION, event=other)
        return took

    @contextmanager
    def registering(self) -> Iterator[list[float]]:
        """Register people for another event while the block runs. Yields the milliseconds that each took."""
        times: list[float] = []
        stop = threading.Event()

        def register() -> None:
            while not times or not stop.wait(PAUSE):
                with closing(Connection(self.server.port)) as connection:
                    started = time.perf_counter()
                    status, _ = ask(connection, next(self.waiting))
                    times.append(1000 * (time.perf_counter() - started))
                if status != 201:
                    self.faults.append(f"a registration for another event: {status}")

        thread = threading.Thread(target=register)
        thread.start()
        try:
            yield times
        finally:
            stop.set()
            thread.join()


def run(options: Namespace) -> int:
    """Print the table. Return the exit code."""
    loaded = rows.load(people=2_000, hot_events=20)
    execute(sql.PREPARE)
    tokens = [token(person) for person in loaded.people]
    waiting = (
        request("POST", "/attendees/", who, {"event_id": event})
        for event, who in itertools.product(loaded.hot_events, tokens)
    )
    print(f"{rows.durability()}, {os.cpu_count()} cores. Load of the machine before: {os.getloadavg()[0]:.1f}.\n")
    with tempfile.TemporaryDirectory() as folder, gunicorn(options.workers, options.threads) as server:
        bench = Bench(server, Path(folder), options.people, waiting)
        rounds: dict[str, list[dict[str, Took]]] = {"ours": [], "plain": []}
        for number in range(options.rounds):
            for side in rounds if number % 2 else reversed(rounds):
                rounds[side].append(bench.round(side, f"{side}{number}"))
    report(bench, rounds)
    print("\n" + ("\n".join(bench.faults) or "Counts and rows agree, every answer was the expected one."))
    return 1 if bench.faults else 0


def report(bench: Bench, rounds: dict[str, list[dict[str, Took]]]) -> None:
    head = ("ours, s", "plain, s", "ours / plain", "event's row written", "plain", "slowest registration, ms", "plain")
    print(row("medians", *head), row("---", *["---:"] * len(head)), sep="\n")
    for name, title in TITLES.items():
        ours, plain = ([one[name] for one in rounds[side]] for side in ("ours", "plain"))
        ratio = median(one.seconds / other.seconds for one, other in zip(ours, plain, strict=True))
        seconds = [median(one.seconds for one in side) for side in (ours, plain)]
        writes = [max(one.writes for one in side) for side in (ours, plain)]
        slowest = [f"{max(one.slowest for one in side):.0f}" for side in (ours, plain)]
        named = title.format(people=bench.people, tenth=bench.people // 10)
        print(row(named, *(f"{each:.3f}" for each in seconds), f"{ratio:.2f}", *writes, *slowest))
        if ratio > LIMIT and seconds[1] > SHORT:
            bench.faults.append(f"{name}: {ratio:.1f} times the plain statement")


def new_event(seats: int) -> int:
    with rows.cursor_of() as cursor:
        return int(cursor.execute(sql.EVENT, {"organizer": sql.ORGANIZER, "seats": seats}).fetchone()[0])


def execute(*statements: str, **values: object) -> int:
    """Run the statements and return how many rows the last one changed."""
    with rows.cursor_of() as cursor:
        for statement in statements:
            values_of_it = (
                {"organizer": sql.ORGANIZER, "password": PASSWORD_HASH, **values} if "%(" in statement else None
            )
            cursor.execute(statement, values_of_it)
        return int(cursor.rowcount)
