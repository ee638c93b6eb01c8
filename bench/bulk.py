"""What concerns a whole event, beside a plain statement that writes the same rows.

`python -m bench bulk --people 100000`. Importing so many people, seating a tenth of them from the queue, cancelling
and deleting their event: in turn through the service's own command and API, and as `INSERT ... SELECT`, UPDATE and
DELETE typed by hand (bench/bulk_rows.py). Then once more, while people register for other events and for this one.
Exits 1 where an answer is not the expected one, an event holds other rows than it counts, or the service takes more
than LIMIT times as long.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench import bulk_rows as rows
from bench.bulk_traffic import Sample, lock_waits, newcomers, once, summary, traffic
from bench.rows import durability, load
from bench.scenarios import token
from bench.server import gunicorn
from registrations.models import Registration
from registrations.services import seat_audit

LIMIT = 5
SHORT = 1  # seconds of a plain statement below which a ratio says nothing
CLIENTS, RATE = 4, 5  # who register meanwhile, and how often each does in a second
OTHER_EVENTS = 20
QUIET_SECONDS = 10
OURS, PLAIN = "ours", "plain"
MANAGE = Path(__file__).resolve().parent.parent / "manage.py"
TITLES = {
    "import_new": "import of {people:,} new people, a tenth of them into the queue",
    "resize": "a resize that seats those {tenth:,}",
    "cancel": "cancelling the event",
    "delete": "deleting the event",
    "import_known": "import of the {people:,} again, who have accounts now",
}


class Took(NamedTuple):
    """One operation: when it was, how often it wrote the event's row, and the peak memory of its process in MB."""

    started: float
    ended: float
    writes: int
    megabytes: float


class Bench:
    def __init__(self, people: int, port: int, folder: Path) -> None:
        self.people, self.port, self.folder = people, port, folder
        self.organizer = token(rows.ORGANIZER)
        small = rows.make_event(1)
        self.somebody = Registration.objects.create(event_id=small, user_id=rows.ORGANIZER).pk
        self.faults: list[str] = []

    @property
    def seats(self) -> int:
        return self.people - self.people // 10

    # Each operation, through the service and by hand -----------------------------------------------------------------

    def import_ours(self, event_id: int, name: str) -> float:
        """As an operator does; the megabytes that the command took."""
        command = [sys.executable, str(MANAGE), "import_attendees", str(self.folder / f"{name}.csv")]
        process = subprocess.Popen([*command, "--event", str(event_id)], stdout=subprocess.PIPE, text=True)
        told = process.stdout.read().strip()  # type: ignore[union-attr]
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            self.faults.append(f"import_attendees ended with {process.returncode}: {told}")
        return usage.ru_maxrss / 1024

    def ask(self, verb: str, event_id: int, body: object, expected: int) -> float:
        status = once(self.port, verb, f"/events/{event_id}", body, self.organizer)
        if status != expected:
            self.faults.append(f"{verb} /events/{event_id} {body}: {status}")
        return 0.0

    def operations(self, side: str, name: str) -> dict[str, Callable[[int], float]]:
        """What is done to an event, in this order; the last to another one."""
        listed = {"list": name, "people": self.people}
        if side == OURS:
            return {
                "import_new": lambda event: self.import_ours(event, name),
                "resize": lambda event: self.ask("PATCH", event, {"max_capacity": 2 * self.people}, 200),
                "cancel": lambda event: self.ask("PATCH", event, {"status": "cancelled"}, 200),
                "delete": lambda event: self.ask("DELETE", event, None, 204),
                "import_known": lambda event: self.import_ours(event, name),
            }
        return {
            "import_new": plain(rows.ACCOUNTS, rows.REGISTRATIONS, **listed, seats=self.seats),
            "resize": plain(rows.CAPACITY, rows.SEATS, seats=2 * self.people),
            "cancel": plain(rows.CANCELLATION),
            "delete": plain(*rows.DELETION),
            "import_known": plain(rows.REGISTRATIONS, **listed, seats=self.people),
        }

    def round(self, side: str, name: str) -> dict[str, Took]:
        """All operations in turn, in front of tables that are settled."""
        rows.write_list(self.folder, name, self.people)
        events = {"import_known": rows.make_event(2 * self.people)}
        large = rows.make_event(self.seats)
        took: dict[str, Took] = {}
        for title, operation in self.operations(side, name).items():
            event_id = events.get(title, large)
            rows.settle()
            self.work_as_usual()
            rows.writes(event_id)
            started = time.perf_counter()
            megabytes = operation(event_id)
            took[title] = Took(started, time.perf_counter(), rows.writes(event_id), megabytes)
        self.faults += [f"{side}: {fault}" for fault in seat_audit.find_faults()]
        rows.execute(*rows.DELETION, event=events["import_known"])
        return took

    def work_as_usual(self) -> None:
        """Single changes first: what a session has planned for one row must do for ten thousand as well."""
        for status in ("cancelled", "registered") * 12:
            if once(self.port, "PATCH", f"/attendees/{self.somebody}", {"status": status}, self.organizer) != 200:
                self.faults.append(f"somebody could not become {status}")

    def fill(self, name: str, coming: Iterator[str]) -> list[Sample]:
        """Imports once more, while people register for the very event."""
        rows.write_list(self.folder, name, self.people)
        event_id = rows.make_event(2 * self.people)
        with newcomers(self.port, event_id, coming) as waiting:
            self.import_ours(event_id, name)
        self.faults += [f"newcomers: {fault}" for fault in seat_audit.find_faults()]
        return waiting


def plain(*statements: str, **values: object) -> Callable[[int], float]:
    def operation(event_id: int) -> float:
        rows.execute(*statements, event=event_id, **values)
        return 0.0

    return operation


def run(options: Namespace) -> int:
    """Prints the tables; the exit code."""
    loaded = load(people=2_000, hot_events=OTHER_EVENTS)
    rows.prepare()
    tokens = [token(person) for person in loaded.people]
    print(f"{durability()}, {os.cpu_count()} cores. Load of the machine before: {os.getloadavg()[0]:.1f}.", flush=True)
    with tempfile.TemporaryDirectory() as folder, gunicorn(options.workers, options.threads) as port:
        bench = Bench(options.people, port, Path(folder))
        found = in_turn(bench, options.rounds)
        result = {"people": options.people, "rounds": options.rounds, "operations": compare(bench, found)}
        print(f"\n{operations_table(options.people, result['operations'])}", flush=True)
        result |= meanwhile(bench, [(event, who) for who in tokens for event in loaded.hot_events], tokens)
        print(f"\n{traffic_table(result)}", flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps({**result, "faults": bench.faults}, indent=1))
    print("\n" + ("\n".join(bench.faults) or "Counts and rows agree, every answer was the expected one."))
    return 1 if bench.faults else 0


def in_turn(bench: Bench, rounds: int) -> dict[str, list[dict[str, Took]]]:
    """The side that begins changes, as the tables grow."""
    found: dict[str, list[dict[str, Took]]] = {OURS: [], PLAIN: []}
    for number in range(rounds):
        for side in (OURS, PLAIN) if number % 2 else (PLAIN, OURS):
            found[side].append(bench.round(side, f"{side}{number}"))
            print(".", end="", file=sys.stderr, flush=True)
    return found


def compare(bench: Bench, found: dict[str, list[dict[str, Took]]]) -> dict[str, dict[str, Any]]:
    """By operation the medians, and the median of the rounds' own ratios: what slows the machine for a while slows
    both sides of a round."""
    compared = {}
    for title in TITLES:
        took = {side: [one[title] for one in rounds] for side, rounds in found.items()}
        seconds = {side: [one.ended - one.started for one in several] for side, several in took.items()}
        ratio = median(ours / hand for ours, hand in zip(seconds[OURS], seconds[PLAIN], strict=True))
        compared[title] = {
            **{f"{side}_seconds": median(several) for side, several in seconds.items()},
            "ratio": ratio,
            **{f"{side}_writes": max(one.writes for one in several) for side, several in took.items()},
            "peak_megabytes": max(one.megabytes for one in took[OURS]),
        }
        if ratio > LIMIT and compared[title]["plain_seconds"] > SHORT:
            bench.faults.append(f"{title}: {ratio:.1f} times the plain statement")
    return compared


def meanwhile(bench: Bench, requests: list[tuple[int, str]], tokens: list[str]) -> dict[str, Any]:
    """What people at other events see of each operation, of the plain ones and of none; and at the very event of an
    import."""
    result: dict[str, Any] = {"beside": {}}
    supply = iter(requests)
    for side in (PLAIN, OURS):
        with traffic(bench.port, supply, clients=CLIENTS, rate=RATE) as samples, lock_waits() as waits:
            started = time.perf_counter()
            time.sleep(QUIET_SECONDS)
            alone = Took(started, time.perf_counter(), 0, 0)
            took = bench.round(side, f"{side}-meanwhile")
        for title, one in {"nothing": alone, **took}.items():
            seen = summary(during(samples, one))._asdict()
            seen["lock_wait"] = summary(during(waits, one)).slowest
            result["beside"].setdefault(title, {})[side] = seen
        bench.faults += [f"{side}: a registration for another event: {s.status}" for s in samples if s.status != 201]
    result["newcomers"] = summary(bench.fill("newcomers", iter(tokens)))._asdict()
    return result


def during(samples: list[Sample], one: Took) -> list[Sample]:
    return [sample for sample in samples if one.started - sample.seconds <= sample.due <= one.ended]


def operations_table(people: int, compared: dict[str, dict[str, Any]]) -> str:
    """As Markdown."""
    lines = [line("medians", "ours, s", "plain, s", "ours / plain", "event's row written", "plain", "peak, MB")]
    for title, one in compared.items():
        seconds = [f"{one[key]:.3f}" for key in ("ours_seconds", "plain_seconds")]
        memory = f"{one['peak_megabytes']:.0f}" if one["peak_megabytes"] else ""
        named = TITLES[title].format(people=people, tenth=people // 10)
        lines.append(line(named, *seconds, f"{one['ratio']:.2f}", one["ours_writes"], one["plain_writes"], memory))
    return with_rule(lines)


def traffic_table(result: dict[str, Any]) -> str:
    """As Markdown."""
    lines = [line("registering for other events, ms", "p50", "p99", "slowest", "longest wait for a lock", "requests")]
    for title, sides in result["beside"].items():
        for side, found in sides.items():
            cells = [f"{found[key]:.0f}" for key in ("p50", "p99", "slowest", "lock_wait", "requests")]
            lines.append(line(f"beside {title}, {side}", *cells))
    waiting = result["newcomers"]
    answers = ", ".join(f"{n} of {status}" for status, n in sorted(waiting["statuses"].items()))
    return f"{with_rule(lines)}\n\nFor the event of an import: {waiting['slowest'] / 1000:.1f} s at most; {answers}."


def with_rule(lines: list[str]) -> str:
    columns = lines[0].count("|") - 1
    return "\n".join([lines[0], line("---", *["---:"] * (columns - 1)), *lines[1:]])


def line(*cells: object) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"
