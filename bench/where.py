"""Where the time of a request goes: `python -m bench where`.

The service runs in this process, without gunicorn, beside the bare views; microseconds are of processor time, so that
waiting and other work on the machine are left out. A timer that counts processor time looks every millisecond whose
code is running: the innermost caller that belongs to a layer is who spends it.
"""

import io
import signal
import sys
import sysconfig
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection

from bench import rows
from bench.processes import cpu_seconds
from bench.scenarios import BARE, OURS, Scenario, scenarios

LAYERS = {
    "psycopg": ("psycopg", "psycopg_pool"),
    "Django's ORM": ("django/db",),
    "token": ("jwt", "rest_framework_simplejwt"),
    "DRF": ("rest_framework", "django_filters"),
    "Django": ("django", "whitenoise", "django_otp", "asgiref"),
    "EventHub": (),
}
TICK_SECONDS, WARM_UP, STRETCH = 0.001, 60, 300
PEOPLE, QUEUED = 12_000, 1_000


def run(options: Namespace) -> int:
    """Prints the table, in microseconds a request; 1 where an answer was not the expected one."""
    queues = 2 * (2 + options.rounds)
    loaded = rows.load(people=PEOPLE, hot_events=queues, queues=queues, queued=QUEUED)
    application = get_wsgi_application()
    print(f"| {'work':<25} | side | {' | '.join(LAYERS)} | Python | PostgreSQL |")
    print(f"| --- | --- |{' ---: |' * (len(LAYERS) + 2)}", flush=True)
    for scenario in scenarios(loaded):
        if scenario.name in options.only:
            for side, name in ((OURS, "ours"), (BARE, "bare")):
                cells = [f"{value:,.0f}" for value in _spent(application, scenario, side, options.rounds)]
                print(f"| {scenario.title:<25} | {name} | {' | '.join(cells)} |", flush=True)
    return 0


def _spent(application: Any, scenario: Scenario, side: str, rounds: int) -> list[float]:
    """The medians of the rounds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    found = []
    for number in range(rounds + 1):
        requests = scenario.requests(side)
        for _ in range(WARM_UP):
            _ask(application, next(requests), scenario.status)
        seen: Counter[str] = Counter()
        database, python = cpu_seconds([backend]), time.process_time()
        with _watched(seen):
            for _ in range(STRETCH):
                _ask(application, next(requests), scenario.status)
        python, database = time.process_time() - python, cpu_seconds([backend]) - database
        shares = [python * seen[layer] / max(1, seen.total()) for layer in LAYERS]
        if number:  # the first compiles, prepares and fills caches
            found.append([1e6 * spent / STRETCH for spent in (*shares, python, database)])
    return [median(column) for column in zip(*found, strict=True)]


@contextmanager
def _watched(seen: Counter[str]) -> Iterator[None]:
    def look(number: int, frame: FrameType | None) -> None:
        seen[_layer(frame)] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, TICK_SECONDS, TICK_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _layer(frame: FrameType | None) -> str:
    """Whose the innermost frame is that is anybody's; what the standard library does is done for its caller."""
    packages = f"{sysconfig.get_paths()['purelib']}/"
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(packages):
            inside = path.removeprefix(packages)
            for layer, prefixes in LAYERS.items():
                if inside.startswith(tuple(f"{prefix}/" for prefix in prefixes)):
                    return layer
        elif path.startswith(str(settings.BASE_DIR)) and path != __file__:
            return "EventHub"
        frame = frame.f_back
    return "Django"


def _ask(application: Any, request: bytes, expected: int) -> None:
    answered: list[str] = []
    response = application(_environ(request), lambda status, headers, *rest: answered.append(status))
    b"".join(response)
    response.close()
    if int(answered[0][:3]) != expected:
        sys.exit(f"{answered[0]}, where {expected} was expected")


def _environ(request: bytes) -> dict[str, Any]:
    """What gunicorn makes of these bytes."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    verb, path, protocol = first.split()
    headers = {}
    for line in lines:
        name, _, value = line.partition(": ")
        key = name.upper().replace("-", "_")
        headers[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    return {
        "REQUEST_METHOD": verb,
        "SCRIPT_NAME": "",
        "PATH_INFO": path.partition("?")[0],
        "QUERY_STRING": path.partition("?")[2],
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": protocol,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
        **headers,
    }
