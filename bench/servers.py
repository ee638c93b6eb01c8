"""Several application servers in front of one PostgreSQL.

`python -m bench servers`. One event, a storm of registrations, each of another person: through one gunicorn with two
workers, through two gunicorns with a worker and a pool each, and through two such with PgBouncer in transaction mode
between (left out where it is not installed). They take turns, round by round; a ratio is the median of the rounds'
ratios to the first. Then the last seats of an event, through each. Exits 1 where an event holds other rows than it
counts, or more than it has seats, or an answer was not the expected one.
"""

import itertools
import os
import shutil
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

from django.db import connection

from bench import rows
from bench.load import Connection, ask
from bench.load import run as storm
from bench.processes import cpu_seconds, environment, home_of, postmaster
from bench.scenarios import OURS, gets, posts, token
from bench.server import WHO_ANSWERS, connected, gunicorn
from eventhub.testing import postgresql_clusters

PEOPLE = 20_000
SEATS, RUSH, RUSHING = 200, 800, 32
BEHIND_PGBOUNCER = 10  # connections to the database
HEAD = ("register on one hot event", "clients", "req/s", "ratio", "p50, ms", "p99, ms", "gunicorn, ms", "database, ms")

COSTS = ("processor time a request, ms", "gunicorn", "database")


class Way(NamedTuple):
    title: str
    ports: list[int]
    workers: int  # behind each

    def connect(self, clients: int, stack: ExitStack) -> list[Connection]:
        share = clients // len(self.ports)
        return [
            each
            for port in self.ports
            for each in stack.enter_context(connected(port, clients=share, workers=self.workers))
        ]


class Round(NamedTuple):
    """Milliseconds are of processor time a request."""

    rate: float
    p50: float
    p99: float
    gunicorn: float
    database: float


def run(options: Namespace) -> int:
    """Prints the tables; the exit code."""
    with postgresql_clusters.homes() as home, ExitStack() as stack:
        ways = list(_ways(stack, home, options.threads))
        storms = len(options.clients) * len(ways) * (1 + options.rounds)
        loaded = rows.load(people=PEOPLE, hot_events=storms + len(ways))
        print(f"{rows.durability()}; load of the machine before: {os.getloadavg()[0]:.1f}.\n")
        tokens = [token(user_id) for user_id in loaded.people]
        requests = (posts(OURS, event, tokens) for event in loaded.hot_events[len(ways) :])
        print(_row(*HEAD), _row(*("---" for _ in HEAD)), sep="\n", flush=True)
        answered: Counter[int] = Counter()
        for clients in options.clients:
            answered += _compared(ways, clients, options, requests)
        faults = [f"storms were answered {dict(answered)}"] if set(answered) != {201} else []
        _costs(ways[0], tokens, options)
        for way, event in zip(ways, loaded.hot_events, strict=False):
            faults += _rush(way, tokens, event)
        held, wrong = rows.registered(loaded)
    if held != answered[201] + SEATS * len(ways):
        wrong.append(f"{answered[201]} registrations in storms, {SEATS} a rush, and the events hold {held}")
    print("\n".join([*faults, *wrong]) or "Counts, rows and answers agree, and no event is oversold.")
    return 1 if faults or wrong else 0


def _ways(stack: ExitStack, home: Path, threads: int) -> Iterator[Way]:
    def serve(title: str, servers: int, workers: int, **variables: str) -> Way:
        with environment(**variables):
            return Way(title, [stack.enter_context(gunicorn(workers, threads)) for _ in range(servers)], workers)

    yield serve("one gunicorn of two workers", servers=1, workers=2)
    yield serve("two gunicorns of one worker", servers=2, workers=1)
    if not shutil.which("pgbouncer"):
        print("pgbouncer is not installed: left out.")
        return
    sockets = home_of(os.environ["DATABASE_URL"])
    url = stack.enter_context(postgresql_clusters.pgbouncer(sockets, home / "pgbouncer", connections=BEHIND_PGBOUNCER))
    yield serve("the same, PgBouncer between", servers=2, workers=1, DATABASE_URL=url, DB_PGBOUNCER="1")


def _compared(ways: list[Way], clients: int, options: Namespace, requests: Iterator[Iterator[bytes]]) -> Counter[int]:
    """A round of each way in turn, after one that warms up; how all were answered."""
    found: dict[str, list[Round]] = {way.title: [] for way in ways}
    answered: Counter[int] = Counter()
    for number, way in itertools.product(range(1 + options.rounds), ways):
        seconds = options.seconds if number else 0.5
        with ExitStack() as stack:  # gunicorn would hang up on connections that wait for the other ways
            round_of_it = _measured(way.connect(clients, stack), next(requests), seconds, answered)
        found[way.title].append(round_of_it)
    first = found[ways[0].title][1:]
    for title, rounds in found.items():
        ratio = median(one.rate / other.rate for one, other in zip(rounds[1:], first, strict=True))
        rate, p50, p99, *spent = (median(values) for values in zip(*rounds[1:], strict=True))
        times = (f"{1000 * p50:.1f}", f"{1000 * p99:.1f}", *(f"{each:.2f}" for each in spent))
        print(_row(title, clients, f"{rate:,.0f}", f"{ratio:.2f}", *times), flush=True)
    return answered


def _measured(
    connections: list[Connection], requests: Iterator[bytes], seconds: float, answered: Counter[int]
) -> Round:
    workers = {int(ask(connection, WHO_ANSWERS)[1]) for connection in connections}
    database = [postmaster(os.environ["DATABASE_URL"])]
    before = cpu_seconds(workers), cpu_seconds(database)
    found = storm(connections, requests, seconds)
    answered += found.statuses
    share = 1000 / found.statuses.total()
    spent = share * (cpu_seconds(workers) - before[0]), share * (cpu_seconds(database) - before[1])
    return Round(found.rate, found.p50, found.p99, *spent)


def _costs(way: Way, tokens: list[str], options: Namespace) -> None:
    """What the other requests of a rush spend, for the arithmetic of how many machines it takes."""
    print("", _row(*COSTS), _row(*("---" for _ in COSTS)), sep="\n")
    refused = itertools.cycle(posts(OURS, rows.FULL_EVENT, tokens[1:]))  # the first has its seat
    requests = {
        "refusal at a full event": refused,
        "one event": gets(f"{OURS}/events/1", tokens[0]),
        "page of 50 events": gets(f"{OURS}/events/", tokens[0]),
    }
    for title, each in requests.items():
        with ExitStack() as stack:
            connections = way.connect(8, stack)
            rounds = [_measured(connections, each, options.seconds, Counter()) for _ in range(options.rounds)]
        spent = (median(values) for values in zip(*((one.gunicorn, one.database) for one in rounds), strict=True))
        print(_row(title, *(f"{cost:.2f}" for cost in spent)), flush=True)
    print()


def _rush(way: Way, tokens: list[str], event: int) -> list[str]:
    """Many people for few seats."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE events_event SET max_capacity = %s WHERE id = %s", [SEATS, event])
    with ExitStack() as stack:
        statuses = storm(way.connect(RUSHING, stack), posts(OURS, event, tokens[:RUSH]), 60).statuses
    print(f"{way.title}: {RUSH} people for {SEATS} seats are answered {dict(statuses)}")
    return [] if statuses == {201: SEATS, 409: RUSH - SEATS} else [f"{way.title}: this is not as it should be"]


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
