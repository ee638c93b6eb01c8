"""How gunicorn serves EventHub. `gunicorn eventhub.wsgi` finds this file by itself.

Threads, since a request mostly waits for the database; processes, since Python uses one core each.
"""

import contextlib
import gc
import itertools
import json
import os
import sys
from pathlib import Path
from typing import Any

import gunicorn.util

BASE_DIR = Path(__file__).resolve().parent
if str(BASE_DIR) not in sys.path:  # gunicorn reads this file before it looks for the application, and at each reload
    sys.path.insert(0, str(BASE_DIR))


def forget_the_code() -> None:
    """What has been imported is of the code that was there then. A process that has some of it from before an upgrade,
    and some from after it, may not start; and where a worker does not start, the service ends."""
    for name in [name for name in sys.modules if name.partition(".")[0] in {"eventhub", "django", "environ"}]:
        del sys.modules[name]


forget_the_code()  # of the last time that this file was read

from eventhub.env import address, boolean, choice, cores, load_env_file, read, whole_number  # noqa: E402
from eventhub.observability import logging  # noqa: E402
from eventhub.serving import Worker  # noqa: E402

load_env_file(BASE_DIR / os.environ.get("ENV_FILE", ".env"))

bind = f"{read('HOST', '127.0.0.1', address)}:{read('PORT', '8000', whole_number(1, 65535))}"
workers = read("WEB_CONCURRENCY", str(cores()), whole_number(1, 1000))
threads = read("WEB_THREADS", "4", whole_number(1, 1000))
worker_class = Worker  # gthread, where nobody who sends slowly has a thread
# A cursor holds the title or the name where its page begins, in any alphabet.
limit_request_line = 8190
# A worker that is told to stop finishes what it has begun, within this many seconds.
graceful_timeout = 30
# A worker that has not answered its parent for this long is replaced.
timeout = 60
keepalive = 5
# Memory that a library keeps is given back now and then, not by all workers at once.
max_requests, max_requests_jitter = 100_000, 10_000
# The heartbeat file must not be on a disk that can stall.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
# Who is asked, by whom and over what is said by Host, NUM_PROXIES and X-Forwarded-Proto alone (eventhub/settings.py):
# no other header is believed, whoever sends it.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
# Nobody needs to command a worker at run time, and the socket would lie in the home of whoever starts the service.
control_socket_disable = True
logconfig_dict = logging.of_gunicorn(read("LOG_FORMAT", "text", choice("text", "json")))

METRICS = read("METRICS", "0", boolean)

ERRORS = {403: "permission_denied", 414: "too_large", 417: "not_acceptable", 431: "too_large", 500: "error"}


def write_error(client: Any, status: int, reason: str, message: str) -> None:
    """gunicorn's answer to what never was a request of ours, in the contract's form. `message` would repeat it."""
    code = ERRORS.get(status, "invalid")
    body = json.dumps({"msg": "Internal server error" if status == 500 else reason, "code": code})
    head = (
        f"HTTP/1.1 {status} {reason}",
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "X-Content-Type-Options: nosniff",
    )
    gunicorn.util.write_nonblock(client, "\r\n".join([*head, "", body]).encode("latin1"))


gunicorn.util.write_error = write_error


def on_starting(server: Any) -> None:
    if METRICS:
        from eventhub.observability.metrics_folder import Folder

        server.counters = Folder(worker_tmp_dir)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(server.counters.path)  # as prometheus_client is told


def on_exit(server: Any) -> None:
    if METRICS:
        server.counters.remove()


def pre_fork(server: Any, worker: Any) -> None:
    """Makes the memory in which all workers count requests, once, and finds the worker a row of it that is free."""
    from eventhub.tallies import new_memory

    if not hasattr(server, "tallies"):
        server.tallies = new_memory(server.cfg.workers)
    taken = {getattr(other, "row", None) for other in server.WORKERS.values()}  # None: begun before there were rows
    worker.row = next(row for row in itertools.count() if row not in taken)


def post_fork(server: Any, worker: Any) -> None:
    """After an upgrade and a reload a worker runs the new code; what its parent has once imported is the old."""
    forget_the_code()
    from eventhub.tallies import tallies

    tallies.join(server.tallies, row=worker.row)
    if METRICS:
        from prometheus_client import values

        # In files of its row and not of its process, so that whoever takes the row over counts on.
        values.ValueClass = values.MultiProcessValue(lambda: worker.row)


def child_exit(server: Any, worker: Any) -> None:
    """What it had done stays counted; what it was doing does not."""
    if METRICS:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.row)


def post_worker_init(worker: object) -> None:
    """What the code itself consists of stays: it need not be looked through for garbage again and again.

    Each worker's main thread, which answers nobody, keeps a file of SQLite open. Where nobody did, the next to come
    would first have to make two files beside it, and on a full disk could not even read."""
    from django.db import OperationalError, connection  # the application is loaded by now

    gc.collect()
    gc.freeze()
    if connection.vendor == "sqlite":
        with contextlib.suppress(OperationalError):
            connection.ensure_connection()
