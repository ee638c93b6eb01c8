"""Where the time of a request goes: `python -m bench where`.

The project runs in this process, without gunicorn, beside the bare views. Microseconds are of processor time, so that
waiting and other work on the machine do not count. Every millisecond of it a timer looks whose code is running: the
innermost caller that belongs to a layer.
"""

import signal
import sysconfig
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from types import FrameType

from django.db import connection

from bench import rows
from bench.in_process import answer, expect
from bench.rounds import row
from bench.scenarios import Scenario, Side, scenarios
from bench.server import HERE, cpu_seconds

LAYERS = {
    "psycopg": ("psycopg", "psycopg_pool"),
    "Django's ORM": ("django/db",),
    "token": ("jwt", "rest_framework_simplejwt"),
    "DRF": ("rest_framework", "django_filters"),
    "Django": ("django", "whitenoise", "django_otp", "asgiref"),
    "EventHub": (),
}
TICK_SECONDS, WARM_UP, STRETCH = 0.001, 60, 300
SIDES = (Side("ours", "", answer), Side("bare", "/bare", answer))


def run(options: Namespace) -> int:
    """Print the table, in microseconds a request."""
    queues = 2 * (2 + options.rounds)
    loaded = rows.load(people=2_100, hot_events=queues, queues=queues, queued=500)
    print(row("work", "side", *LAYERS, "Python", "PostgreSQL"))
    print(row("---", "---", *["---:"] * (len(LAYERS) + 2)), flush=True)
    for scenario in scenarios(loaded, options.only):
        for side in SIDES:
            spent = _spent(scenario, side, options.rounds)
            print(row(scenario.title, side.name, *(f"{value:,.0f}" for value in spent)), flush=True)
    return 0


def _spent(scenario: Scenario, side: Side, rounds: int) -> list[float]:
    """Return the medians of the rounds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    found = []
    for number in range(rounds + 1):
        requests = scenario.requests(side)
        for _ in range(WARM_UP):
            expect(answer(next(requests)), scenario.status)
        seen: Counter[str] = Counter()
        database, python = cpu_seconds(backend), time.process_time()
        with _watched(seen):
            for _ in range(STRETCH):
                expect(answer(next(requests)), scenario.status)
        python, database = time.process_time() - python, cpu_seconds(backend) - database
        shares = [python * seen[layer] / max(1, seen.total()) for layer in LAYERS]
        if number:  # the first compiles, prepares and fills caches
            found.append([1e6 * spent / STRETCH for spent in (*shares, python, database)])
    return [median(column) for column in zip(*found, strict=True)]


@contextmanager
def _watched(seen: Counter[str]) -> Iterator[None]:
    def look(number: int, frame: FrameType | None) -> None:
        seen[_layer(frame)] += 1

    signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, TICK_SECONDS, TICK_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _layer(frame: FrameType | None) -> str:
    """Return the layer of the innermost frame that has one. The standard library works for its caller."""
    packages = f"{sysconfig.get_paths()['purelib']}/"
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(packages):
            inside = path.removeprefix(packages)
            for layer, prefixes in LAYERS.items():
                if inside.startswith(tuple(f"{prefix}/" for prefix in prefixes)):
                    return layer
        elif path.startswith(str(HERE)) and path != __file__:
            return "EventHub"
        frame = frame.f_back
    return "Django"
