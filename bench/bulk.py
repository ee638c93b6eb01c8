"""Changes of a whole event, beside plain statements that write the same rows: `python -m bench bulk --people 100000`.

Import people, seat a tenth of them from the queue, delete their event: in turn through the project's own command and
API, and as `INSERT ... SELECT`, UPDATE and DELETE. Exits 1 where an answer is not the expected one, an event holds
other rows than it counts, or the project takes more than LIMIT times as long.
"""

import os
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

from bench import rows
from bench.load import Connection, ask
from bench.requests import PASSWORD_HASH, request, token
from bench.rounds import row
from bench.server import HERE, Server, gunicorn
from registrations.services import seat_audit

LIMIT, SHORT = 5, 1  # a ratio says nothing about a statement of less than SHORT seconds
TITLES = {
    "import_new": "import of {people:,} new people, a tenth of them into the queue",
    "resize": "a resize that seats those {tenth:,}",
    "delete": "deleting the event",
    "import_known": "import of the {people:,} again, who have accounts now",
}
# The same rows written by hand. These statements read no file, check no permission and decide nothing.
PREPARE = """
SELECT setval(pg_get_serial_sequence('events_event', 'id'), max(id)) FROM events_event;
SELECT setval(pg_get_serial_sequence('accounts_user', 'id'), max(id)) FROM accounts_user"""
EVENT = """
INSERT INTO events_event (title, description, date_time, location, organizer_id, max_capacity, waitlist, status, uid,
                          created_at, updated_at)
VALUES ('Large', '', now() + interval '30 days', 'Hall', %(organizer)s, %(seats)s, true, 'upcoming', '', now(), now())
RETURNING id"""
ACCOUNTS = """
INSERT INTO accounts_user (username, email, password, role, is_active, created_at, updated_at)
SELECT address, address, %(password)s || n, 'user', true, now(), now()
  FROM (SELECT n, %(list)s || '-' || n || '@example.org' AS address
          FROM generate_series(1, %(people)s) AS n) AS listed"""
REGISTRATIONS = """
INSERT INTO registrations_registration (event_id, user_id, status, name, contact_details, registration_date,
                                        updated_at, status_since, status_by_id, status_through)
SELECT %(event)s, u.id, CASE WHEN n <= %(seats)s THEN 'registered' ELSE 'waitlisted' END, 'Guest Number ' || n,
       '+49 30 ' || n, now(), now(), now(), %(organizer)s, 'import'
  FROM generate_series(1, %(people)s) AS n
  JOIN accounts_user u ON lower(u.email) = %(list)s || '-' || n || '@example.org' ORDER BY n"""
CAPACITY = "UPDATE events_event SET max_capacity = %(seats)s, updated_at = now() WHERE id = %(event)s"
SEATS = """
UPDATE registrations_registration
   SET status = 'registered', updated_at = now(), status_since = now(), status_by_id = %(organizer)s,
       status_through = 'api'
 WHERE event_id = %(event)s AND status = 'waitlisted'"""
DELETION = (
    "DELETE FROM registrations_registration WHERE event_id = %(event)s",
    "DELETE FROM events_event WHERE id = %(event)s",
)
SETTLE = (
    "VACUUM ANALYZE accounts_user, registrations_registration, registrations_transition",
    "CHECKPOINT",
)


class Bench:
    """The two ways of changing a whole event, and what went wrong."""

    def __init__(self, server: Server, folder: Path, people: int) -> None:
        self.server, self.folder, self.people = server, folder, people
        self.seats = people - people // 10
        self.faults: list[str] = []

    def operations(self, side: str, name: str) -> dict[str, Callable[[int], None]]:
        """Return the steps for one event, in order. The last step uses another event."""
        if side == "ours":
            return {
                "import_new": lambda event: self.import_list(event, name),
                "resize": lambda event: self.ask("PATCH", event, {"max_capacity": 2 * self.people}, 200),
                "delete": lambda event: self.ask("DELETE", event, None, 204),
                "import_known": lambda event: self.import_list(event, name),
            }
        listed = {"list": name, "people": self.people}
        return {
            "import_new": lambda event: execute(ACCOUNTS, REGISTRATIONS, event=event, seats=self.seats, **listed),
            "resize": lambda event: execute(CAPACITY, SEATS, event=event, seats=2 * self.people),
            "delete": lambda event: execute(*DELETION, event=event),
            "import_known": lambda event: execute(REGISTRATIONS, event=event, seats=self.people, **listed),
        }

    def import_list(self, event_id: int, name: str) -> None:
        command = [sys.executable, str(HERE / "manage.py"), "import_attendees", str(self.folder / f"{name}.csv")]
        done = subprocess.run([*command, "--event", str(event_id)], stdout=subprocess.PIPE, text=True)
        if done.returncode:
            self.faults.append(f"import_attendees ended with {done.returncode}: {done.stdout}")

    def ask(self, verb: str, event_id: int, body: object, expected: int) -> None:
        with closing(Connection(self.server.port)) as connection:
            status, _ = ask(connection, request(verb, f"/events/{event_id}", token(rows.ORGANIZERS), body))
        if status != expected:
            self.faults.append(f"{verb} /events/{event_id} {body}: {status}")

    def round(self, side: str, name: str) -> dict[str, float]:
        """Do all operations, each after the tables have settled, and return their seconds."""
        lines = (f"{name}-{n}@example.org,Guest Number {n},+49 30 {n}\n" for n in range(1, self.people + 1))
        (self.folder / f"{name}.csv").write_text("".join(["email,name,phone\n", *lines]))
        large, other = (new_event(seats) for seats in (self.seats, 2 * self.people))
        took = {}
        for title, operation in self.operations(side, name).items():
            event = other if title == "import_known" else large
            execute(*SETTLE)
            started = time.perf_counter()
            operation(event)
            took[title] = time.perf_counter() - started
        self.faults += [f"{side}: {fault}" for fault in seat_audit.find_faults()]
        execute(*DELETION, event=other)
        return took


def run(options: Namespace) -> int:
    """Print the table. Return the exit code."""
    rows.load(people=100, hot_events=1)
    execute(PREPARE)
    print(f"{rows.durability()}, {os.cpu_count()} cores. Load of the machine before: {os.getloadavg()[0]:.1f}.\n")
    with tempfile.TemporaryDirectory() as folder, gunicorn(options.workers, options.threads) as server:
        bench = Bench(server, Path(folder), options.people)
        rounds: dict[str, list[dict[str, float]]] = {"ours": [], "plain": []}
        for number in range(options.rounds):
            for side in rounds if number % 2 else reversed(rounds):
                rounds[side].append(bench.round(side, f"{side}{number}"))
    report(bench, rounds)
    print("\n" + ("\n".join(bench.faults) or "Counts and rows agree, every answer was the expected one."))
    return 1 if bench.faults else 0


def report(bench: Bench, rounds: dict[str, list[dict[str, float]]]) -> None:
    print(row("medians", "ours, s", "plain, s", "ours / plain"), row("---", "---:", "---:", "---:"), sep="\n")
    for name, title in TITLES.items():
        ours, plain = ([one[name] for one in rounds[side]] for side in ("ours", "plain"))
        ratio = median(one / other for one, other in zip(ours, plain, strict=True))
        named = title.format(people=bench.people, tenth=bench.people // 10)
        print(row(named, f"{median(ours):.3f}", f"{median(plain):.3f}", f"{ratio:.2f}"))
        if ratio > LIMIT and median(plain) > SHORT:
            bench.faults.append(f"{name}: {ratio:.1f} times the plain statement")


def new_event(seats: int) -> int:
    with rows.cursor_of() as cursor:
        return int(cursor.execute(EVENT, {"organizer": rows.ORGANIZERS, "seats": seats}).fetchone()[0])


def execute(*statements: str, **values: object) -> None:
    with rows.cursor_of() as cursor:
        for statement in statements:
            named = {"organizer": rows.ORGANIZERS, "password": PASSWORD_HASH, **values}
            cursor.execute(statement, named if "%(" in statement else None)
