"""Background tasks: after the commit, beside the request, tried again, and kept for an admin where it is given up."""

import logging
import threading
import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from eventhub import tasks
from eventhub.tasks import NotDone, in_process, later, task

pytestmark = pytest.mark.django_db(transaction=True)

IMMEDIATE = {"default": {"BACKEND": "eventhub.tasks.in_process.InProcessBackend"}}
DATABASE = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

done: list[object] = []
failures: list[Exception] = []  # what the next runs end in
gate = threading.Event()


@task
def work(what, *more):
    done.append((what, threading.current_thread().name))
    if failures:
        raise failures.pop(0)


@task
def wait_for_the_gate():
    gate.wait(30)


@pytest.fixture(autouse=True)
def anew():
    done.clear()
    failures.clear()
    gate.set()
    yield
    gate.set()
    in_process.finish(30)


@pytest.fixture
def immediate(settings, monkeypatch):
    settings.TASKS = IMMEDIATE
    monkeypatch.setattr(in_process, "HEAD_START", 0)
    monkeypatch.setattr(in_process.InProcessBackend, "pauses", (0, 0))


@pytest.fixture
def database(settings):
    settings.TASKS = DATABASE


def run_worker():
    """What `manage.py db_worker --batch` does, in this process."""
    call_command("db_worker", batch=True, startup_delay=False, interval=0, verbosity=0)


@pytest.fixture
def signals_as_they_are():
    import signal

    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def kept():
    """The failed tasks that an admin sees: arguments, and why."""
    rows = DBTaskResult.objects.filter(status="FAILED").order_by("enqueued_at")
    return [(row.args_kwargs["args"], row.traceback.strip().splitlines()[-1]) for row in rows]


# When ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["immediate", "database"])
def test_a_task_is_handed_over_when_the_transaction_has_committed(request, backend):
    request.getfixturevalue(backend)
    with transaction.atomic():
        later(work, "x")
        assert (tasks.backlog(), done) == (0, [])
    assert in_process.finish(30)
    assert tasks.backlog() + len(done) == 1


@pytest.mark.parametrize("backend", ["immediate", "database"])
def test_what_was_rolled_back_has_no_task(request, backend):
    request.getfixturevalue(backend)
    with transaction.atomic():
        later(work, "x")
        transaction.set_rollback(True)
    assert (in_process.finish(30), tasks.backlog(), done) == (True, 0, [])


# In this process -----------------------------------------------------------------------------------------------------


def test_a_thread_of_its_own_does_it_in_the_order_in_which_it_came(immediate):
    for n in range(5):
        later(work, n)
    assert in_process.finish(30)
    assert done == [(n, "background") for n in range(5)]


def test_nobody_waits_for_it(immediate):
    gate.clear()
    later(wait_for_the_gate)
    later(work, "x")
    assert (tasks.backlog() >= 1, done) == (True, [])
    gate.set()
    assert in_process.finish(30)
    assert [what for what, _ in done] == ["x"]
    assert tasks.backlog() == 0


def test_a_task_that_fails_is_tried_again_and_then_kept(immediate, caplog):
    caplog.set_level(logging.WARNING, logger="eventhub.background")
    failures.extend([NotDone("The mail server is away"), NotDone("It is away"), NotDone("Away")])
    later(work, "x")
    assert in_process.finish(30)
    assert len(done) == 3
    assert kept() == [(["x"], "Away")]
    assert [record.levelno for record in caplog.records if record.name == "eventhub.background"] == [
        logging.WARNING,
        logging.WARNING,
        logging.ERROR,
    ]


def test_what_succeeds_in_the_end_is_not_kept(immediate):
    failures.append(NotDone("Away"))
    later(work, "x")
    assert in_process.finish(30)
    assert (len(done), kept()) == (2, [])


def test_what_can_never_succeed_is_not_tried_again(immediate):
    failures.append(NotDone("No such address", for_good=True))
    later(work, "x")
    assert in_process.finish(30)
    assert (len(done), kept()) == (1, [(["x"], "No such address")])


def test_of_a_failure_that_nobody_foresaw_only_its_kind_is_shown(immediate):
    failures.extend(ValueError("bob@example.org") for _ in range(3))
    later(work, "x")
    assert in_process.finish(30)
    assert kept() == [(["x"], "ValueError")]


def test_one_that_fails_does_not_stop_the_next(immediate):
    failures.extend(ValueError() for _ in range(3))
    later(work, "x")
    later(work, "y")
    assert in_process.finish(30)
    assert {what for what, _ in done} == {"x", "y"}


def test_pauses_are_kept_while_nothing_presses(immediate, monkeypatch):
    monkeypatch.setattr(in_process.InProcessBackend, "pauses", (3600,))
    failures.append(NotDone("Away"))
    later(work, "x")
    later(work, "y")
    deadline = time.monotonic() + 30
    while len(done) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    while tasks.backlog() > 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert ([what for what, _ in done], tasks.backlog()) == (["x", "y"], 1)
    assert in_process.finish(30)  # as when the process ends
    assert [what for what, _ in done] == ["x", "y", "x"]


def test_where_too_much_waits_one_more_is_kept_as_failed(immediate, monkeypatch):
    monkeypatch.setattr(in_process, "MAX_WAITING", 1)
    gate.clear()
    later(wait_for_the_gate)
    deadline = time.monotonic() + 30
    while not in_process._thread.is_busy and time.monotonic() < deadline:
        time.sleep(0.01)
    later(work, "x")
    later(work, "y")
    gate.set()
    assert in_process.finish(30)
    assert ([what for what, _ in done], kept()) == (["x"], [(["y"], "Full")])


def test_the_end_of_the_process_does_not_wait_for_ever(immediate):
    gate.clear()
    later(wait_for_the_gate)
    assert in_process.finish(0.1) is False
    gate.set()
    assert in_process.finish(30)


# A worker ------------------------------------------------------------------------------------------------------------


def test_a_worker_does_what_waits_in_the_database(database, signals_as_they_are):
    later(work, "x", 7)
    assert (tasks.backlog(), done) == (1, [])
    run_worker()
    assert (tasks.backlog(), [what for what, _ in done]) == (0, ["x"])


def test_a_worker_tries_again_later_and_gives_up_after_the_last_pause(database, signals_as_they_are, monkeypatch):
    failures.extend(NotDone(f"Away {n}") for n in range(6))
    later(work, "x")
    waits = []
    for _ in tasks.PAUSES:
        before = timezone.now()
        run_worker()
        (row,) = DBTaskResult.objects.filter(status="READY")
        waits.append(round((row.run_after - before).total_seconds(), -1))
        run_worker()  # not yet
        DBTaskResult.objects.filter(pk=row.pk).update(run_after=timezone.now() - timedelta(seconds=1))
    assert waits == [10, 60, 600, 3600, 14400]
    assert (row.args_kwargs["kwargs"], len(done)) == ({"attempt": 6, "problem": "Away 4"}, 5)
    run_worker()
    assert (len(done), tasks.backlog()) == (6, 0)
    assert kept() == [(["x"], "eventhub.tasks.NotDone: Away 5")]


def test_where_nothing_can_be_handed_over_the_caller_goes_on(settings, caplog):
    """As where Redis is away."""
    settings.TASKS = {"default": {"BACKEND": "eventhub.tests.test_tasks.Away"}}
    with transaction.atomic():
        later(work, "x")
    assert kept() == [(["x"], "ConnectionError")]


class Away(in_process.InProcessBackend):
    def enqueue(self, task, args, kwargs):
        raise ConnectionError("redis://:the-secret@h is away")


# Housekeeping --------------------------------------------------------------------------------------------------------


def row(status, *, started=None, finished=None):
    return DBTaskResult.objects.create(
        status=status,
        args_kwargs={"args": [], "kwargs": {}},
        task_path="eventhub.tests.test_tasks.work",
        backend_name="default",
        run_after=timezone.now(),
        started_at=started,
        finished_at=finished,
    )


def test_what_a_killed_worker_left_behind_is_done_again(database, signals_as_they_are):
    now = timezone.now()
    lost = row("RUNNING", started=now - timedelta(minutes=61))
    at_work = row("RUNNING", started=now - timedelta(minutes=59))
    assert tasks.take_up_lost(now=now, dry_run=True) == 1
    assert DBTaskResult.objects.filter(status="RUNNING").count() == 2
    assert tasks.take_up_lost(now=now, dry_run=False) == 1
    assert [DBTaskResult.objects.get(pk=one.pk).status for one in (lost, at_work)] == ["READY", "RUNNING"]


def test_what_is_done_is_forgotten_and_what_failed_a_month_later(database):
    now = timezone.now()
    stay = [row("READY"), row("RUNNING", started=now), row("FAILED", finished=now - timedelta(days=29))]
    row("SUCCESSFUL", finished=now)
    row("FAILED", finished=now - timedelta(days=31))
    assert tasks.forget_finished(now=now, dry_run=True) == 2
    assert DBTaskResult.objects.count() == 5
    assert tasks.forget_finished(now=now, dry_run=False) == 2
    assert set(DBTaskResult.objects.values_list("pk", flat=True)) == {one.pk for one in stay}
