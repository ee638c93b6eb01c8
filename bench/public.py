"""The page of an event for everybody: `python -m bench public`.

A signed-in read of the same event stands beside the page as the service makes it, as a 304, and as nginx gives away its
copy (docs/deploy). Then people register while the page is read through nginx: every copy has to show the seats of the
moment that its Date names, and be no older than its Cache-Control allows. Exits 1 where it is not so, and where the
copy is not GOAL times as fast as the API.
"""

import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.utils import parsedate_to_datetime
from itertools import repeat
from pathlib import Path
from statistics import median

from accounts.models import User
from bench import rows
from bench.load import Connection, Round, ask
from bench.load import run as send
from bench.requests import request, token
from bench.rounds import row
from bench.server import HERE, Server, connected, free_port, gunicorn
from events.models import Event
from registrations.services import seats
from registrations.services.eligibility import get_event_for_registration

GOAL = 5
WATCHED_SECONDS = 75  # longer than a copy is fresh
OLDEST_SECONDS = 360  # max-age and stale-while-revalidate
DEPLOY = HERE / "docs" / "deploy"


def run(options: Namespace) -> int:
    """Print the table and the age of the copies. Return the exit code."""
    if shutil.which("nginx") is None:
        print("nginx is not installed (apt-get install nginx-light).")
        return 1
    loaded = rows.load(people=WATCHED_SECONDS * 20, hot_events=1)
    event_id = loaded.hot_events[0]
    print(f"{rows.durability()}, {os.cpu_count()} cores. Load of the machine before: {os.getloadavg()[0]:.1f}.\n")
    with gunicorn(options.workers, options.threads) as server, nginx(server.port) as port:
        faults = measure(server, port, event_id, options)
        faults += watch(port, event_id, loaded)
    print("\n" + ("\n".join(faults) or "Every copy showed the seats of its moment, every answer was the expected one."))
    return 1 if faults else 0


def measure(server: Server, port: int, event_id: int, options: Namespace) -> list[str]:
    page = f"/e/{event_id}"
    with closing(Connection(server.port)) as connection:
        ask(connection, request("GET", page))
        tag = re.search(rb"\r\nETag: (.*?)\r\n", connection.received)[1].decode()  # type: ignore[index]
    sides = {
        "API: GET /events/<id>, signed in": (200, None, request("GET", f"/events/{event_id}", token(1))),
        "GET /public/events/<id>": (200, None, request("GET", f"/public/events/{event_id}")),
        "the page, made anew": (200, None, request("GET", page)),
        "the page, as a 304": (304, None, request("GET", page, headers={"If-None-Match": tag})),
        "the page, nginx's copy": (200, port, request("GET", page)),
    }
    rates: dict[str, list[Round]] = {name: [] for name in sides}
    faults = []
    for number in range(options.rounds + 1):
        for name, (status, at, asked) in sides.items():
            found = _round(server, at, asked, options)
            rates[name] += [found] if number else []
            if set(found.statuses) != {status}:
                faults.append(f"{name}: answered {dict(found.statuses)}")
    api = median(each.rate for each in next(iter(rates.values())))
    print(row(f"{options.clients[0]} clients", "req/s", "p50, ms", "to the API"), row("---", *["---:"] * 3), sep="\n")
    for name, found_rounds in rates.items():
        rate, p50 = (median(getattr(each, key) for each in found_rounds) for key in ("rate", "p50"))
        print(row(name, f"{rate:.0f}", f"{1000 * p50:.1f}", f"{rate / api:.1f}"))
    if rate < GOAL * api:
        faults.append(f"nginx's copy is only {rate / api:.1f} times as fast as the API")
    return faults


def _round(server: Server, port: int | None, asked: bytes, options: Namespace) -> Round:
    clients = options.clients[0]
    if port is None:
        with connected(server, clients=clients, workers=options.workers) as connections:
            return send(connections, repeat(asked), options.seconds)
    connections = [Connection(port) for _ in range(clients)]
    try:
        return send(connections, repeat(asked), options.seconds)
    finally:
        for connection in connections:
            connection.close()


def watch(port: int, event_id: int, loaded: rows.Rows) -> list[str]:
    """Read the page through nginx while people register, and compare each copy with the counts of its moment."""
    truth = [(time.time(), Event.objects.get(pk=event_id).seats_taken)]
    over = threading.Event()
    registering = threading.Thread(target=_register, args=(event_id, iter(loaded.people), truth, over))
    registering.start()
    seen, faults, oldest = set(), [], 0.0
    capacity = Event.objects.get(pk=event_id).max_capacity
    asked, end = request("GET", f"/e/{event_id}"), time.time() + WATCHED_SECONDS
    with closing(Connection(port)) as connection:
        while time.time() < end:
            _, body = ask(connection, asked)
            made = _made(connection.received)
            left = int(re.search(rb"(\d+) of \d+ free", body)[1])  # type: ignore[index]
            seen.add(made)
            oldest = max(oldest, time.time() - made)
            near = [taken for moment, taken in [*truth] if made - 2 <= moment <= made + 3]
            before = [taken for moment, taken in [*truth] if moment < made - 2][-1:]
            possible = [*before, *near]
            if possible and not min(possible) <= capacity - left <= max(possible):
                faults.append(f"a copy of {made:.0f} shows {capacity - left} seats taken, not {possible}")
            time.sleep(0.1)
    over.set()
    registering.join()
    sold = truth[-1][1] - truth[0][1]
    print(f"\n{sold} people registered in {WATCHED_SECONDS} s; {len(seen)} copies, the oldest of {oldest:.0f} s.")
    if len(seen) < 2 or oldest > OLDEST_SECONDS:
        faults.append(f"{len(seen)} copies, the oldest of {oldest:.0f} s")
    return faults[:5]


def _made(answer: bytes) -> float:
    (date,) = re.findall(rb"\r\nDate: (.*?)\r\n", answer)
    return parsedate_to_datetime(date.decode()).timestamp()


def _register(event_id: int, people: Iterator[int], truth: list[tuple[float, int]], over: threading.Event) -> None:
    for pk in people:
        if over.wait(0.1):
            return
        person = User.objects.get(pk=pk)
        event = get_event_for_registration(event_id=event_id, user_id=pk, by=person)
        seats.register(event=event, user=person, by=person)
        truth.append((time.time(), truth[-1][1] + 1))


@contextmanager
def nginx(service_port: int) -> Iterator[int]:
    """Run nginx as compose.yaml has it, without its limit of requests for an address. Yield its port."""
    with tempfile.TemporaryDirectory() as folder:
        home, port = Path(folder), free_port()
        home.chmod(0o755)
        shutil.copy(DEPLOY / "nginx-snippet.conf", home / "snippet.conf")
        config = (DEPLOY / "nginx-compose.conf").read_text()
        for ours, theirs in {
            "/tmp/": f"{home}/",
            "/dev/stderr": f"{home}/errors",
            "server web:8000;": f"server 127.0.0.1:{service_port};",
            "listen 8080;": f"listen 127.0.0.1:{port};",
            "rate=50r/s": "rate=1000000r/s",
            "access_log off;": "access_log off; keepalive_requests 1000000;",
            "/etc/nginx/snippets/eventhub.conf": f"{home}/snippet.conf",
        }.items():
            config = config.replace(ours, theirs)
        user = "user root;" if os.geteuid() == 0 else ""
        (home / "nginx.conf").write_text(f"daemon off;{user}{config}")
        process = subprocess.Popen(["nginx", "-c", home / "nginx.conf", "-e", home / "errors"])
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            Connection(port).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("nginx did not start")
