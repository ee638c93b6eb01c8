"""A worker over time: `python -m bench endurance`.

How long it takes from nothing to the first answer, and again after the worker was killed; and how much memory a worker
holds over 50,000 requests of many kinds. Exits 1 where that is more than the bounds below.
"""

import itertools
import math
import os
import signal
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

from bench import rows
from bench.load import Connection, ask
from bench.load import run as load
from bench.requests import request, token
from bench.server import HEALTH, Server, connected, gunicorn

CLIENTS, STRETCH = 8, 2_500
MOST_MEGABYTES, MOST_GROWTH, MOST_SECONDS = 120, 1.05, 2.0


def run(options: Namespace) -> int:
    """Print what was found. Return the exit code."""
    loaded = rows.load(people=options.lifetime // 5 + 100, hot_events=1)
    answered: Counter[int] = Counter()
    with gunicorn(workers=1, threads=options.threads) as server:
        starts = [_seconds_to_answer(server)]
        for _ in range(options.rounds):
            os.kill(server.workers()[0], signal.SIGKILL)
            starts.append(_seconds_to_answer(server))
        with connected(server, clients=CLIENTS, workers=1) as connections:
            worker, requests = server.workers()[0], _mixture(loaded)
            sizes = [_megabytes(worker)]
            while answered.total() < options.lifetime:
                answered += load(connections, itertools.islice(requests, STRETCH), math.inf).statuses
                sizes.append(_megabytes(worker))
                print(f"{answered.total():>7,} requests: {sizes[-1]:.0f} MB", flush=True)
    early, restart = median(sizes[1 : max(2, len(sizes) // 5 + 1)]), median(starts[1:])
    print(f"From nothing to the first answer: {starts[0]:.1f} s; after a worker was killed: {restart:.1f} s.")
    print(f"Memory of a worker: {sizes[0]:.0f} MB at first, {early:.0f} MB early on, {sizes[-1]:.0f} MB at the end.")
    faults = [f"answers: {dict(answered)}"] if set(answered) - {200, 201, 409} else []
    faults += ["a worker starts too slowly"] if restart > MOST_SECONDS else []
    faults += ["a worker is too large"] if sizes[-1] > MOST_MEGABYTES else []
    faults += ["a worker grows"] if sizes[-1] > MOST_GROWTH * early else []
    print("\n".join(faults) or "Small enough, flat and quick to start.")
    return 1 if faults else 0


def _mixture(loaded: rows.Rows) -> Iterator[bytes]:
    """Yield requests of many kinds in turn, with registrations of different people."""
    people = [token(user_id) for user_id in loaded.people]
    organizer = token(rows.organizer_of(1))
    pages = [
        ("/events/", people[0]),
        ("/events/?search=number&ordering=-title&page_size=200", people[0]),
        ("/events/1/attendees", organizer),
        ("/attendees/?status=registered", organizer),
        *((f"/events/{pk}", people[0]) for pk in range(1, 5)),
    ]
    fixed = [request("GET", path, who) for path, who in pages]
    for who in itertools.cycle(people):  # who comes again is refused
        yield request("POST", "/attendees/", who, {"event_id": loaded.hot_events[0]})
        yield request("POST", "/attendees/", who, {"event_id": rows.FULL_EVENT})
        yield from fixed


def _seconds_to_answer(server: Server) -> float:
    started = time.perf_counter()
    while True:
        try:
            with closing(Connection(server.port)) as connection:
                ask(connection, HEALTH)
                return time.perf_counter() - started
        except ConnectionError:
            time.sleep(0.01)


def _megabytes(process: int) -> float:
    """Return the memory that a process holds, shared pages included."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2
