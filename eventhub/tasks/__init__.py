"""What is done beside requests, such as sending mail: Django 6's tasks, tried again when they fail.

`task` makes one of a function, `later` has it run once the transaction has committed. TASKS_BACKEND says who runs it
(docs/background-work.md). A task may run twice, and is written so that this is harmless; its arguments are ids and
addresses, never a secret, since an admin sees those of one that fails. What is given up is kept for the admin, whoever
ran it, in one table.
"""

import functools
import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

import django_tasks
from django.db import transaction
from django.utils import timezone
from django_tasks.base import DEFAULT_TASK_BACKEND_ALIAS, Task, TaskResultStatus

from eventhub.tasks import in_process

logger = logging.getLogger("eventhub.background")

# How long a task that failed waits before it is tried again; after the last time it is given up.
PAUSES = (10, 60, 10 * 60, 60 * 60, 4 * 60 * 60)
# A worker that is killed leaves behind what it was at. No task takes so long.
LOST_AFTER = timedelta(hours=1)
KEPT_DAYS = 30


class NotDone(Exception):
    """Why a task could not do its work, in words that hold no secret and no address; `for_good` where it never can."""

    def __init__(self, why: str, *, for_good: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good


def task(function: Callable[..., None]) -> Task[..., None]:
    """A task that is tried again, later and later, while `function` raises."""

    @functools.wraps(function)
    def attempt(*args: Any, attempt: int = 1, problem: str = "") -> None:
        try:
            function(*args)
        except Exception as error:
            _try_again(made, args, attempt, error)

    made: Task[..., None] = django_tasks.task(attempt)
    return made


def later(task: Task[..., None], *args: Any) -> None:
    """Has `task` run once the current transaction has committed, and not at all where it does not.

    Whoever calls is never held up or stopped by it: where nobody can be told to run it, that is one more failed task.
    """

    def hand_over() -> None:
        try:
            task.enqueue(*args)
        except Exception as error:
            logger.exception("%s could not be handed over", task.name)
            _keep(task, args, error)

    transaction.on_commit(hand_over)


def backlog() -> int:
    """How many tasks wait or are under way; with `immediate`, in this process."""
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
    """How many tasks have been given up since then."""
    return int(_results().filter(status=TaskResultStatus.FAILED, finished_at__gte=since).count())


def forget_finished(*, now: datetime, dry_run: bool) -> int:
    """Deletes what was done (nobody asks for it, and it names people), and failed tasks after a month; how many."""
    done = _results().filter(status=TaskResultStatus.SUCCESSFUL)
    failed = _results().filter(status=TaskResultStatus.FAILED, finished_at__lt=now - timedelta(days=KEPT_DAYS))
    return sum(rows.count() if dry_run else rows.delete()[0] for rows in (done, failed))


def forget_about(ids: Collection[int], *, module: str) -> None:
    """Deletes what is finished, done or failed, of that module's tasks, whose first argument is the id of an account,
    about these. What is still to be done is not kept from being done."""
    finished = _results().filter(status__in=[TaskResultStatus.FAILED, TaskResultStatus.SUCCESSFUL])
    finished.filter(task_path__startswith=f"{module}.", args_kwargs__args__0__in=list(ids)).delete()


def take_up_lost(*, now: datetime, dry_run: bool) -> int:
    """Has tasks run again that a worker began and, since it was killed, never finished; how many."""
    lost = _results().filter(status=TaskResultStatus.RUNNING, started_at__lt=now - LOST_AFTER)
    return int(lost.count() if dry_run else lost.update(status=TaskResultStatus.READY))


def _try_again(task: Task[..., None], args: tuple[Any, ...], attempt: int, error: Exception) -> None:
    """Puts a task that failed off; after the last attempt, keeps it as failed."""
    problem = described(error)
    backend = task.get_backend()
    pauses = getattr(backend, "pauses", PAUSES) if backend.supports_defer else ()
    if attempt <= len(pauses) and not getattr(error, "for_good", False):
        pause = pauses[attempt - 1]
        logger.warning("%s failed (%s) and is tried again in %s seconds", task.name, problem, pause)
        again = task.using(run_after=timezone.now() + timedelta(seconds=pause))
        again.enqueue(*args, attempt=attempt + 1, problem=problem)
        return
    foreseen = isinstance(error, NotDone)
    logger.error("%s failed (%s) and is given up", task.name, problem, exc_info=None if foreseen else error)
    if _is_database(backend):
        raise error  # its row says so
    _keep(task, args, error, attempt)


def described(error: BaseException) -> str:
    """An error as people are told of it: what is not ours may say anything, and is named only."""
    return str(error) if isinstance(error, NotDone) else type(error).__name__


def _keep(task: Task[..., None], args: tuple[Any, ...], error: BaseException, attempt: int = 1) -> None:
    """Writes a failed task down, in the table of the database's own tasks, whoever ran it."""
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
        logger.exception("%s could not be written down as failed", task.name)


def _is_database(backend: Any) -> bool:
    from django_tasks_db import DatabaseBackend

    return isinstance(backend, DatabaseBackend)


def _results() -> Any:
    from django_tasks_db.models import DBTaskResult

    return DBTaskResult.objects.order_by()
