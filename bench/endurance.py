"""A worker over time: `python -m bench endurance`.

How long one needs from nothing to its first answer, and again after it was killed; and how much memory it holds while
it answers 50,000 requests of every kind. The middle of the first fifth of those is held against the end.
"""

import itertools
import math
import os
import signal
import subprocess
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from statistics import median

from bench import rows
from bench.load import Connection, ask
from bench.load import run as load
from bench.scenarios import OURS, gets, posts, token
from bench.server import WHO_ANSWERS, connected, gunicorn

CLIENTS, STRETCH = 8, 2_500
MOST_MEGABYTES, MOST_GROWTH, MOST_SECONDS = 120, 1.05, 2.0


def run(options: Namespace) -> int:
    """Prints what was found; 1 where it is more than the project allows itself."""
    loaded = rows.load(people=options.lifetime // 5 + 100, hot_events=1)
    answered: Counter[int] = Counter()
    asked = time.perf_counter()
    with gunicorn(workers=1, threads=options.threads) as port:
        first = _until_it_answers(port)
        starts = [time.perf_counter() - asked]
        for _ in range(options.rounds):
            os.kill(first, signal.SIGKILL)
            asked = time.perf_counter()
            first = _until_it_answers(port, unlike=first)
            starts.append(time.perf_counter() - asked)
        with connected(port, clients=CLIENTS, workers=1) as connections:
            worker = int(ask(connections[0], WHO_ANSWERS)[1])
            requests, sizes = _mixture(loaded), [_megabytes(worker)]
            while sum(answered.values()) < options.lifetime:
                answered += load(connections, itertools.islice(requests, STRETCH), math.inf).statuses
                sizes.append(_megabytes(worker))
                print(f"{sum(answered.values()):>7,} requests: {sizes[-1]:.0f} MB", flush=True)
    early = median(sizes[1 : max(2, len(sizes) // 5 + 1)])
    print(
        f"From nothing to the first answer: {starts[0]:.1f} s; after a worker was killed: {median(starts[1:]):.1f} s."
    )
    print(f"Memory of a worker: {sizes[0]:.0f} MB at first, {early:.0f} MB early on, {sizes[-1]:.0f} MB at the end.")
    faults = [f"answers: {dict(answered)}"] if set(answered) - {200, 201, 409} else []
    faults += ["a worker starts too slowly"] if median(starts[1:]) > MOST_SECONDS else []
    faults += ["a worker is too large"] if sizes[-1] > MOST_MEGABYTES else []
    faults += ["a worker grows"] if sizes[-1] > MOST_GROWTH * early else []
    print("\n".join(faults) or "Small enough, flat and quick to start.")
    return 1 if faults else 0


def _mixture(loaded: rows.Rows) -> Iterator[bytes]:
    """Every kind of request, with registrations of different people."""
    tokens = [token(user_id) for user_id in loaded.people]
    organizer = token(rows.organizer_of(1))
    kinds = [
        posts(OURS, loaded.hot_events[0], tokens),
        itertools.cycle(posts(OURS, rows.FULL_EVENT, tokens[1:])),
        gets(f"{OURS}/events/", tokens[0]),
        gets(f"{OURS}/events/?search=number&ordering=-title&page_size=200", tokens[0]),
        gets(f"{OURS}/events/1/attendees", organizer),
        gets(f"{OURS}/attendees/?status=registered", organizer),
        *(gets(f"{OURS}/events/{pk}", tokens[0]) for pk in range(1, 5)),
    ]
    while True:
        for kind in kinds:
            if (request := next(kind, None)) is not None:
                yield request


def _until_it_answers(port: int, unlike: int = 0) -> int:
    """The process that answers, which is another than the one that was killed."""
    while True:
        try:
            connection = Connection(port)
            try:
                worker = int(ask(connection, WHO_ANSWERS)[1])
            finally:
                connection.close()
            if worker != unlike:
                return worker
        except ConnectionError:
            time.sleep(0.01)


def _megabytes(process: int) -> float:
    """What the process holds of the machine's memory, shared pages too."""
    found = subprocess.run(["ps", "-o", "rss=", "-p", str(process)], capture_output=True, check=True, text=True)
    return int(found.stdout) / 1024
