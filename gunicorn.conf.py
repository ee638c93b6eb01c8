"""How gunicorn serves EventHub. `gunicorn eventhub.wsgi` finds this file by itself.

Threads, since a request mostly waits for the database; processes, since Python uses one core each.
"""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY") or os.cpu_count() or 1)
threads = int(os.environ.get("WEB_THREADS") or 4)
worker_class = "gthread"
# A worker that is told to stop finishes what it has begun, within this many seconds.
graceful_timeout = 30
# A worker that has not answered its parent for this long is replaced.
timeout = 60
keepalive = 5
# Memory that a library keeps is given back now and then, not by all workers at once.
max_requests, max_requests_jitter = 100_000, 10_000
# The heartbeat file must not be on a disk that can stall.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112
