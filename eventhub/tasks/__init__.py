"""Background work such as mail: Django 6's tasks, with retries (docs/operations.md).

`task` makes one of a function, `later` enqueues it once the transaction has committed; TASKS_BACKEND says who runs it.
A task may run twice and must tolerate that. Its arguments are ids and addresses, never a secret: an admin sees the
arguments of a failed task. Failed tasks are kept in one table, whoever ran them.
"""

import functools
import logging
import threading
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

import django_tasks
from django.db import transaction
from django.utils import timezone
from django_tasks.base import DEFAULT_TASK_BACKEND_ALIAS, Task, TaskResultStatus

from eventhub.tasks import in_process

logger = logging.getLogger("eventhub.background")

# Seconds before each retry; after the last one a task has failed.
PAUSES = (10, 60, 10 * 60, 60 * 60, 4 * 60 * 60)
# No task takes so long: its worker was killed.
LOST_AFTER = timedelta(hours=1)
KEPT_DAYS = 30
# Set after a commit that wrote to a log, for a thread of this process that reads it.
work_waits = threading.Event()


class NotDone(Exception):
    """Why a task failed, without secrets and addresses; `for_good` if a retry cannot help."""

    def __init__(self, why: str, *, for_good: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good


def task(function: Callable[..., None]) -> Task[..., None]:
    """Return a task that is retried, later and later, while `function` raises."""

    @functools.wraps(function)
    def attempt(*args: Any, attempt: int = 1, problem: str = "") -> None:
        try:
            function(*args)
        except Exception as error:
            _try_again(made, args, attempt, error)

    made: Task[..., None] = django_tasks.task(attempt)
    return made


def later(task: Task[..., None], *args: Any) -> None:
    """Enqueue `task` once the current transaction has committed.

    It never fails the caller: a task that cannot be enqueued is kept as a failed one.
    """

    def enqueue() -> None:
        try:
            task.enqueue(*args)
        except Exception as error:
            logger.exception("%s could not be enqueued", task.name)
            _keep(task, args, error)

    transaction.on_commit(enqueue)


def backlog() -> int:
    """Return how many tasks wait or run; with `immediate`, in this process."""
    backend = django_tasks.task_backends[DEFAULT_TASK_BACKEND_ALIAS]
    if isinstance(backend, in_process.InProcessBackend):
        return in_process.waiting()
    if _is_database(backend):
        unfinished = [TaskResultStatus.READY, TaskResultStatus.RUNNING]
        return int(_results().filter(status__in=unfinished).count())
    import django_rq
    from rq.registry import ScheduledJobRegistry, StartedJobRegistry

    queue = django_rq.get_queue()
    registries = [ScheduledJobRegistry(queue=queue), StartedJobRegistry(queue=queue)]
    return len(queue) + sum(len(registry) for registry in registries)


def failed(*, since: datetime) -> int:
    return int(_results().filter(status=TaskResultStatus.FAILED, finished_at__gte=since).count())


def forget_finished(*, now: datetime, dry_run: bool) -> int:
    """Delete finished tasks, which name people, and failed ones after a month; return how many."""
    done = _results().filter(status=TaskResultStatus.SUCCESSFUL)
    failed = _results().filter(status=TaskResultStatus.FAILED, finished_at__lt=now - timedelta(days=KEPT_DAYS))
    return sum(rows.count() if dry_run else rows.delete()[0] for rows in (done, failed))


def forget_about(ids: Collection[int], *, module: str) -> None:
    """Delete finished and failed tasks of `module` about these accounts, whose id is the first argument."""
    finished = _results().filter(status__in=[TaskResultStatus.FAILED, TaskResultStatus.SUCCESSFUL])
    finished.filter(task_path__startswith=f"{module}.", args_kwargs__args__0__in=list(ids)).delete()


def take_up_lost(*, now: datetime, dry_run: bool) -> int:
    """Enqueue tasks again whose worker was killed; return how many."""
    lost = _results().filter(status=TaskResultStatus.RUNNING, started_at__lt=now - LOST_AFTER)
    return int(lost.count() if dry_run else lost.update(status=TaskResultStatus.READY))


def _try_again(task: Task[..., None], args: tuple[Any, ...], attempt: int, error: Exception) -> None:
    problem = described(error)
    backend = task.get_backend()
    pauses = getattr(backend, "pauses", PAUSES) if backend.supports_defer else ()
    if attempt <= len(pauses) and not getattr(error, "for_good", False):
        pause = pauses[attempt - 1]
        logger.warning("%s failed (%s); retry in %s seconds", task.name, problem, pause)
        again = task.using(run_after=timezone.now() + timedelta(seconds=pause))
        again.enqueue(*args, attempt=attempt + 1, problem=problem)
        return
    foreseen = isinstance(error, NotDone)
    logger.error("%s failed (%s) and is given up", task.name, problem, exc_info=None if foreseen else error)
    if _is_database(backend):
        raise error  # its row says so
    _keep(task, args, error, attempt)


def described(error: BaseException) -> str:
    """Return an error for people: another library's may say anything, so only its name."""
    return str(error) if isinstance(error, NotDone) else type(error).__name__


def _keep(task: Task[..., None], args: tuple[Any, ...], error: BaseException, attempt: int = 1) -> None:
    from django_tasks_db.models import get_date_max

    now = timezone.now()
    try:
        _results().create(
            status=TaskResultStatus.FAILED,
            task_path=task.module_path,
            args_kwargs={"args": list(args), "kwargs": {"attempt": attempt}},
            backend_name=task.backend,
            run_after=get_date_max(),
            started_at=now,
            finished_at=now,
            exception_class_path=f"{type(error).__module__}.{type(error).__qualname__}",
            traceback=described(error),
        )
    except Exception:
        logger.exception("%s could not be kept as failed", task.name)


def _is_database(backend: Any) -> bool:
    from django_tasks_db import DatabaseBackend

    return isinstance(backend, DatabaseBackend)


def _results() -> Any:
    from django_tasks_db.models import DBTaskResult

    return DBTaskResult.objects.order_by()
