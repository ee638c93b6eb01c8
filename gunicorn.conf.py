"""How gunicorn serves EventHub. `gunicorn eventhub.wsgi` finds this file by itself.

Threads, since a request mostly waits for the database; processes, since Python uses one core each.
"""

import contextlib
import os
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
sys.path.insert(0, str(BASE_DIR))  # gunicorn reads this file before it looks for the application

from eventhub.environment import load_env_file, read, whole_number  # noqa: E402

load_env_file(BASE_DIR / os.environ.get("ENV_FILE", ".env"))

bind = f"{read('HOST', '127.0.0.1', str)}:{read('PORT', '8000', whole_number(1, 65535))}"
workers = read("WEB_CONCURRENCY", str(os.cpu_count() or 1), whole_number(1, 1000))
threads = read("WEB_THREADS", "4", whole_number(1, 1000))
worker_class = "gthread"
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
# Nobody needs to command a worker at run time, and the socket would lie in the home of whoever starts the service.
control_socket_disable = True


def post_worker_init(worker: object) -> None:
    """Each worker's main thread, which answers nobody, keeps a file of SQLite open. Where nobody did, the next to come
    would first have to make two files beside it, and on a full disk could not even read."""
    from django.db import OperationalError, connection  # the application is loaded by now

    if connection.vendor == "sqlite":
        with contextlib.suppress(OperationalError):
            connection.ensure_connection()
