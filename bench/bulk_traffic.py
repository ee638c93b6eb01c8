"""People who register one by one while something large goes on: at other events, and at the very one."""

import http.client
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import NamedTuple

from django.db import connection as database

TIMEOUT_SECONDS = 300
LOCK_PAUSE = 0.02
# Of all who wait for a lock of another, who has waited longest.
LOCK_WAIT = "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - waitstart)), 0) FROM pg_locks WHERE NOT granted"


class Sample(NamedTuple):
    """A request: when it was due, what it took from then on, and the status of the answer."""

    due: float
    seconds: float
    status: int


class Summary(NamedTuple):
    """Of the requests of a stretch of time, the latencies in milliseconds."""

    requests: int
    p50: float
    p99: float
    slowest: float
    statuses: dict[int, int]


def summary(samples: Sequence[Sample]) -> Summary:
    took = sorted(1000 * sample.seconds for sample in samples)
    at = (took[int(share * len(took))] if took else 0.0 for share in (0.5, 0.99))
    return Summary(len(took), *at, took[-1] if took else 0.0, dict(Counter(sample.status for sample in samples)))


def send(connection: http.client.HTTPConnection, verb: str, path: str, body: object, token: str) -> int:
    """The status of the answer."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request(verb, path, json.dumps(body), headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def once(port: int, verb: str, path: str, body: object, token: str) -> int:
    """As `send`, over a connection of its own."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)) as connection:
        return send(connection, verb, path, body, token)


@contextmanager
def traffic(port: int, requests: Iterable[tuple[int, str]], *, clients: int, rate: float) -> Iterator[list[Sample]]:
    """While the block runs, each client registers somebody `rate` times a second: `requests` are pairs of an event and
    a token. What one waits for delays the next ones, and is theirs as well. The samples come in as they are taken."""
    samples: list[Sample] = []
    stop, lock, supply = threading.Event(), threading.Lock(), iter(requests)

    def client(first: float) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)) as connection:
            for count in itertools.count():
                due = first + count / rate
                if stop.wait(max(0.0, due - time.perf_counter())):
                    break
                with lock:
                    event_id, token = next(supply)
                status = send(connection, "POST", "/attendees/", {"event_id": event_id}, token)
                samples.append(Sample(due, time.perf_counter() - due, status))

    started = time.perf_counter()
    threads = [threading.Thread(target=client, args=[started + n / rate / clients]) for n in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield samples
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@contextmanager
def newcomers(port: int, event_id: int, tokens: Iterator[str], *, pause: float = 0.2) -> Iterator[list[Sample]]:
    """While the block runs, one person after the other registers for that event."""
    samples: list[Sample] = []
    stop = threading.Event()

    def come() -> None:
        while not stop.wait(pause):
            due = time.perf_counter()
            status = once(port, "POST", "/attendees/", {"event_id": event_id}, next(tokens))
            samples.append(Sample(due, time.perf_counter() - due, status))

    with _beside(come, stop):
        yield samples


@contextmanager
def lock_waits() -> Iterator[list[Sample]]:
    """While the block runs, how long anybody has been waiting for a lock, looked at 50 times a second: what a machine
    with too much to do slows down is no wait of this kind."""
    samples: list[Sample] = []
    stop = threading.Event()

    def watch() -> None:
        with database.cursor() as cursor:
            while not stop.wait(LOCK_PAUSE):
                cursor.execute(LOCK_WAIT)
                samples.append(Sample(time.perf_counter(), float(cursor.fetchone()[0]), 0))
        database.close()

    with _beside(watch, stop):
        yield samples


@contextmanager
def _beside(work: Callable[[], None], stop: threading.Event) -> Iterator[None]:
    """A thread does `work`, which ends once `stop` is set, while the block runs."""
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
