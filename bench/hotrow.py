"""How many registrations a second one event takes at most: the INSERT alone, triggers and all, by pgbench.

`python -m bench hotrow`. Whoever registers holds the event's row until the commit is on the disk, so that commits of
one event cannot share a flush as those of many events do. Beside that: what splitting the seats over several rows,
admitting people in groups, or a commit that does not wait would bring. All take turns, round by round. Exits 1 where an
event holds other rows than it counts.
"""

import os
import re
import shutil
import subprocess
import tempfile
from argparse import Namespace
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

from django.db import connection

from bench import rows
from bench.processes import cpu_seconds, home_of, postmaster
from eventhub.testing import postgresql_clusters
from eventhub.testing.databases import postgres_binaries

PEOPLE = 100_000
POOLED = 8
SCRIPT = f"""
\\set event :first + random(0, :events - 1)
INSERT INTO registrations_registration
       (event_id, user_id, status, name, contact_details, registration_date, updated_at)
SELECT :event, {rows.ORGANIZERS} + nextval('bench_person'), 'registered', 'A person', 'person@example.org', now(), now()
  FROM generate_series(1, :batch);
"""


class Way(NamedTuple):
    title: str
    clients: int
    events: int = 1
    batch: int = 1
    options: str = ""
    pooled: bool = False


class Round(NamedTuple):
    """`database` is milliseconds of PostgreSQL's processor time a registration."""

    rate: float
    database: float


WAYS = [
    Way("one event", 1),
    Way("one event", 8),
    Way("one event", 32),
    Way("one event", 100),
    Way(f"one event, through {POOLED} connections of PgBouncer", 100, pooled=True),
    Way("one event, commit_delay 1 ms", 32, options="-c commit_delay=1000 -c commit_siblings=1"),
    Way("one event, the commit does not wait", 1, options="-c synchronous_commit=off"),
    Way("one event, the commit does not wait", 32, options="-c synchronous_commit=off"),
    Way("one event, 10 people a commit", 32, batch=10),
    Way("one event, 100 people a commit", 32, batch=100),
    Way("4 rows in the place of one", 32, events=4),
    Way("16 rows in the place of one", 32, events=16),
    Way("64 rows in the place of one", 32, events=64),
]
COMPARED_WITH = WAYS[2]
HEAD = ("registrations by pgbench", "clients", "a second", "ratio", "database, ms")


def run(options: Namespace) -> int:
    """Prints the table; the exit code."""
    every = sum(way.events for way in WAYS) * (1 + options.rounds)
    loaded = rows.load(people=PEOPLE, hot_events=every)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SEQUENCE bench_person MAXVALUE {PEOPLE} CYCLE")
    print(f"{rows.durability()}; load of the machine before: {os.getloadavg()[0]:.1f}.\n")
    url = os.environ["DATABASE_URL"]
    found: dict[Way, list[Round]] = {way: [] for way in WAYS if not way.pooled or shutil.which("pgbouncer")}
    first = loaded.hot_events.start
    with postgresql_clusters.homes() as home, ExitStack() as stack:
        pooled = home / "pgbouncer"
        if shutil.which("pgbouncer"):
            stack.enter_context(postgresql_clusters.pgbouncer(home_of(url), pooled, connections=POOLED))
        for number in range(1 + options.rounds):
            for way, rounds in found.items():
                server = (pooled, postgresql_clusters.PGBOUNCER_PORT) if way.pooled else (home_of(url), 5432)
                rounds.append(_measured(way, server, first, max(1, options.seconds) if number else 1))
                first += way.events
    print(_row(*HEAD), _row(*("---" for _ in HEAD)), sep="\n")
    compared = found[COMPARED_WITH][1:]
    for way, (_, *rounds) in found.items():
        ratio = median(one.rate / other.rate for one, other in zip(rounds, compared, strict=True))
        rate, database = (median(values) for values in zip(*rounds, strict=True))
        print(_row(way.title, way.clients, f"{rate:,.0f}", f"{ratio:.2f}", f"{database:.2f}"))
    _, faults = rows.registered(loaded)
    print("\n".join(["", *faults]) if faults else "\nEvery event holds as many as it counts.")
    return 1 if faults else 0


def _measured(way: Way, server: tuple[Path, int], first: int, seconds: float) -> Round:
    url = os.environ["DATABASE_URL"]
    before = cpu_seconds([postmaster(url)])
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        Path(script.name).write_text(SCRIPT)
        command = [postgres_binaries() / "pgbench", "-n", "-f", script.name, "-T", f"{seconds:.0f}"]
        command += ["-c", str(way.clients), "-j", "2", "-h", server[0], "-p", str(server[1]), "-U", "postgres"]
        command += [f"-D{name}={value}" for name, value in (("first", first), ("events", way.events))]
        command += [f"-Dbatch={way.batch}", "postgres"]
        variables = {**os.environ, "PGOPTIONS": way.options}
        said = subprocess.run(command, check=True, capture_output=True, text=True, env=variables).stdout
    people = way.batch * int(re.search(r"actually processed: (\d+)", said)[1])  # type: ignore[index]
    rate = way.batch * float(re.search(r"tps = ([\d.]+)", said)[1])  # type: ignore[index]
    return Round(rate, 1000 * (cpu_seconds([postmaster(url)]) - before) / people)


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
