"""Tasks without a worker: a thread of this process runs them, one after another.

They wait in memory. A process that ends runs them first, for a few seconds; one that is killed loses them.
"""

import atexit
import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from django.db import connections
from django.utils import timezone
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskResult, TaskResultStatus
from django_tasks.utils import get_random_id, normalize_json

logger = logging.getLogger("eventhub.background")

MAX_WAITING = 10_000
# The response has been sent by then, so that its time does not reveal what the task has to do.
HEAD_START = 0.25
SECONDS_TO_FINISH = 10


class Full(Exception):
    """Too many tasks wait already."""


class Due(NamedTuple):
    at: float
    number: int
    run: Callable[[], object]


class TaskThread:
    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.heap: list[Due] = []
        self.numbers = itertools.count()
        self.thread: threading.Thread | None = None
        self.is_busy = self.is_ending = False

    def put(self, run: Callable[[], object], *, delay: float) -> None:
        with self.changed:
            if len(self.heap) >= MAX_WAITING:
                raise Full()
            heapq.heappush(self.heap, Due(time.monotonic() + delay, next(self.numbers), run))
            if self.thread is None or not self.thread.is_alive():  # as in a process that was forked
                self.thread = threading.Thread(target=self._work, name="background", daemon=True)
                self.thread.start()
            self.changed.notify_all()

    def waiting(self) -> int:
        with self.changed:
            return len(self.heap) + self.is_busy

    def finish(self, seconds: float) -> bool:
        """Run everything that waits, now; return whether it was done in time."""
        deadline = time.monotonic() + seconds
        with self.changed:
            self.is_ending = True
            self.changed.notify_all()
            while (self.heap or self.is_busy) and (left := deadline - time.monotonic()) > 0:
                self.changed.wait(left)
            self.is_ending = False
            return not self.heap and not self.is_busy

    def _work(self) -> None:
        while True:
            run = self._next()
            try:
                run()
            except Exception:  # the thread goes on
                logger.exception("A task broke")
            finally:
                connections.close_all()
                with self.changed:
                    self.is_busy = False
                    self.changed.notify_all()

    def _next(self) -> Callable[[], object]:
        with self.changed:
            while not self.heap or (not self.is_ending and self.heap[0].at > time.monotonic()):
                self.changed.wait(self.heap[0].at - time.monotonic() if self.heap else None)
            self.is_busy = True
            return heapq.heappop(self.heap).run


_thread = TaskThread()


def waiting() -> int:
    return _thread.waiting()


def finish(seconds: float = SECONDS_TO_FINISH) -> bool:
    """Run what waits in this process now; return whether it was done in time."""
    return _thread.finish(seconds)


@atexit.register
def _before_the_end() -> None:
    if waiting() and not finish():
        logger.error("The process ended before %s tasks were done", waiting())


class InProcessBackend(BaseTaskBackend):
    supports_defer = True
    pauses = (10, 60)

    def enqueue(self, task: Task[Any, Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        self.validate_task(task)
        result: TaskResult[Any] = TaskResult(
            task=task,
            id=get_random_id(),
            status=TaskResultStatus.READY,
            enqueued_at=timezone.now(),
            started_at=None,
            last_attempted_at=None,
            finished_at=None,
            args=normalize_json(args),
            kwargs=normalize_json(kwargs),
            backend=self.alias,
            errors=[],
            worker_ids=[],
        )
        after = HEAD_START if task.run_after is None else (task.run_after - timezone.now()).total_seconds()
        _thread.put(lambda: task.call(*result.args, **result.kwargs), delay=after)
        return result
