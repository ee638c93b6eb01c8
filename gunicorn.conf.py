"""Gunicorn's settings for EventHub; `gunicorn eventhub.wsgi` finds this file by itself.

It speaks to a proxy that buffers requests and responses (docs/deploy/nginx.conf), never to the internet directly.
"""

import contextlib
import gc
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import gunicorn.util

BASE_DIR = Path(__file__).resolve().parent
if str(BASE_DIR) not in sys.path:  # gunicorn reads this file before it looks for the application
    sys.path.insert(0, str(BASE_DIR))


def forget_code() -> None:
    """Drop what the parent has imported: a reload after an upgrade must not mix old and new modules."""
    for name in [name for name in sys.modules if name.partition(".")[0] in {"eventhub", "django", "environ"}]:
        del sys.modules[name]


forget_code()
from eventhub.env import address, boolean, choice, cores, load_env_file, read, whole_number  # noqa: E402
from eventhub.observability import logging  # noqa: E402

load_env_file(BASE_DIR / os.environ.get("ENV_FILE", ".env"))
METRICS = read("METRICS", "0", boolean)

bind = f"{read('HOST', '127.0.0.1', address)}:{read('PORT', '8000', whole_number(1, 65535))}"
worker_class = "gthread"
workers = read("WEB_CONCURRENCY", str(cores()), whole_number(1, 1000))
threads = read("WEB_THREADS", "4", whole_number(1, 1000))
limit_request_line = 8190  # a cursor holds a title or a name in any alphabet
timeout, graceful_timeout, keepalive = 60, 30, 5
max_requests, max_requests_jitter = 100_000, 10_000  # returns memory that libraries keep
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  (a disk can stall the heartbeat)
# Host, NUM_PROXIES and X-Forwarded-Proto alone say who asks and how (eventhub/settings.py); no other header is trusted.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
control_socket_disable = True
logconfig_dict = logging.of_gunicorn(read("LOG_FORMAT", "text", choice("text", "json")))


def write_error(client: Any, status: int, reason: str, message: str) -> None:
    """Answer a malformed request in the API's format. `message` would repeat what was sent."""
    codes = {403: "permission_denied", 414: "too_large", 417: "not_acceptable", 431: "too_large", 500: "error"}
    msg = "Internal server error" if status == 500 else reason
    body = json.dumps({"msg": msg, "code": codes.get(status, "invalid")})
    head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\n"
    if os.environ.get("CORS_ALLOWED_ORIGINS"):  # the origin is not known yet, and the body concerns nobody
        head += "Access-Control-Allow-Origin: *\r\n"
    rest = f"Content-Length: {len(body)}\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    gunicorn.util.write_nonblock(client, f"{head}{rest}{body}".encode("latin1"))


gunicorn.util.write_error = write_error


def on_starting(server: Any) -> None:
    if METRICS:  # prometheus_client adds up what the workers write into this folder
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="eventhub-metrics-", dir=worker_tmp_dir)


def on_exit(server: Any) -> None:
    shutil.rmtree(os.environ.pop("PROMETHEUS_MULTIPROC_DIR", ""), ignore_errors=True)


def post_fork(server: Any, worker: Any) -> None:
    forget_code()


def child_exit(server: Any, worker: Any) -> None:
    if METRICS:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)


def post_worker_init(worker: object) -> None:
    """Exempt the loaded code from garbage collection, and keep SQLite's file open.

    Without an open connection the next one would have to create two files, which fails on a full disk.
    Then start to mail attendees, where this is not done by `manage.py deliver`."""
    from django.db import OperationalError, connection  # of the application, which is loaded by now

    from notifications import delivery_thread

    gc.collect()
    gc.freeze()
    if connection.vendor == "sqlite":
        with contextlib.suppress(OperationalError):
            connection.ensure_connection()
    delivery_thread.start()
