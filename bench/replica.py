"""What a streaming replica takes off the primary.

`python -m bench replica`. The same pages through a gunicorn that has a replica and through one that has none, in turn:
what each database spends on a page. (Requests a second say nothing here, where both share the cores.) Then pages while
people register without a pause: how many of them the replica answered; and each of some people who have just been let
in looks at the count of seats. Exits 1 where an answer was not the expected one, or older than its request.
"""

import itertools
import json
import os
import threading
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from statistics import median

import psycopg

from bench import rows
from bench.load import Connection, Round, ask
from bench.load import run as load
from bench.processes import cpu_seconds, environment, postmaster
from bench.scenarios import OURS, gets, posts, token
from bench.server import connected, gunicorn
from eventhub.testing.postgresql_clusters import homes, replica_of

PEOPLE, LOOKING = 20_000, 300
CLIENTS = 8
PAGES = {"one event": "/events/1", "page of 50 events": "/events/", "page of 50 attendees": "/events/1/attendees"}
HEAD = ("processor time a page, ms", "primary alone", "primary", "replica", "moved off the primary")
SCANS = "SELECT coalesce(seq_scan, 0) + coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = 'events_event'"
# A session tells what it has counted once it has been idle for so long.
COUNTED_AFTER_SECONDS = 11


def run(options: Namespace) -> int:
    """Prints the table; the exit code."""
    with homes() as home, ExitStack() as stack:
        loaded = rows.load(people=PEOPLE, hot_events=2)
        replica = replica_of(os.environ["DATABASE_URL"], home / "replica", ["max_connections=200"])
        stack.callback(replica.stop)
        alone = stack.enter_context(gunicorn(1, options.threads))
        with environment(DATABASE_REPLICA_URL=replica.url):
            routed = stack.enter_context(gunicorn(1, options.threads))
        print(f"{rows.durability()}; load of the machine before: {os.getloadavg()[0]:.1f}.\n")
        answered = _pages(alone, routed, replica.url, options)
        faults = [f"pages were answered {dict(answered)}"] if set(answered) != {200} else []
        tokens = [token(user_id) for user_id in loaded.people]
        _crowd(alone, routed, replica.url, options, loaded.hot_events[0], tokens)
        faults += _looking_back(alone, routed, loaded.hot_events[1], tokens)
        faults += rows.registered(loaded)[1]
    print("\n".join(["", *faults]) if faults else "\nNo answer was older than its request.")
    return 1 if faults else 0


def _pages(alone: int, routed: int, replica: str, options: Namespace) -> Counter[int]:
    """What each page costs each database, with a replica and without; how all were answered."""
    print(_row(*HEAD), _row(*("---" for _ in HEAD)), sep="\n", flush=True)
    signed_in, answered = token(rows.organizer_of(1)), Counter[int]()

    def spent(port: int, path: str, seconds: float) -> list[float]:
        databases = [postmaster(url) for url in (os.environ["DATABASE_URL"], replica)]
        before = [cpu_seconds([database]) for database in databases]
        found = _load(port, gets(f"{OURS}{path}", signed_in), seconds)
        answered.update(found.statuses)
        pages = found.statuses.total()
        return [1000 * (cpu_seconds([now]) - then) / pages for now, then in zip(databases, before, strict=True)]

    for title, path in PAGES.items():
        for port in (alone, routed):
            spent(port, path, 0.5)
        rounds = [
            (spent(alone, path, options.seconds), spent(routed, path, options.seconds)) for _ in range(options.rounds)
        ]
        cells = [median(values) for values in zip(*((a[0], b[0], b[1]) for a, b in rounds), strict=True)]
        moved = 1 - median(b[0] / a[0] for a, b in rounds)
        print(_row(title, *(f"{each:.2f}" for each in cells), f"{moved:.0%}"), flush=True)
    return answered


def _crowd(alone: int, routed: int, replica: str, options: Namespace, event: int, tokens: list[str]) -> None:
    """Pages of events while people register as fast as the other gunicorn takes them."""
    pages = gets(f"{OURS}/events/", token(rows.organizer_of(1)))
    time.sleep(COUNTED_AFTER_SECONDS)
    before = _scans(replica)
    _load(routed, itertools.islice(pages, 100), 60)
    time.sleep(COUNTED_AFTER_SECONDS)
    each = (_scans(replica) - before) / 100
    before, registered = _scans(replica), []
    crowd = threading.Thread(
        target=lambda: registered.append(_load(alone, posts(OURS, event, tokens), options.seconds))
    )
    crowd.start()
    found = _load(routed, pages, options.seconds)
    crowd.join()
    time.sleep(COUNTED_AFTER_SECONDS)
    share = (_scans(replica) - before) / each / found.statuses.total()
    print(
        f"\nWhile {registered[0].rate:,.0f} people a second registered, {share:.0%} of {found.rate:,.0f} pages a second"
        f" were read from the replica (median {1000 * found.p50:.1f} ms, p99 {1000 * found.p99:.1f} ms)."
    )


def _load(port: int, requests: Iterator[bytes], seconds: float) -> Round:
    with connected(port, clients=CLIENTS, workers=1) as connections:
        return load(connections, requests, seconds)


def _looking_back(alone: int, routed: int, event: int, tokens: list[str]) -> list[str]:
    """People register through the one server, and read the count through the other, which has a replica."""
    late = 0
    with closing(Connection(alone)) as writer, closing(Connection(routed)) as reader:
        for taken, request in enumerate(itertools.islice(posts(OURS, event, tokens), LOOKING), start=1):
            status, _ = ask(writer, request)
            seen = json.loads(ask(reader, next(gets(f"{OURS}/events/{event}", tokens[taken])))[1])["seats_taken"]
            late += status != 201 or seen < taken
    print(f"{LOOKING} people registered here and looked there: {late} saw fewer than they knew of.")
    return [f"{late} answers were older than their request"] if late else []


def _scans(url: str) -> int:
    with psycopg.connect(url.replace("postgres:", "postgresql:", 1)) as connection:
        found = connection.execute(SCANS).fetchone()
    return int(found[0]) if found else 0


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
