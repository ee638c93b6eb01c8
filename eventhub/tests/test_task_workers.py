"""Background tasks as it is done for real: a server that is told to stop, a worker that is killed, Redis between."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from django.conf import settings as django_settings

from eventhub.testing.live_server import SETTINGS, migrated_database, serving
from eventhub.testing.mailbox import free_port, mail_server
from eventhub.testing.plain_sql import run_sql
from eventhub.testing.postgresql_clusters import run_manage, until

pytestmark = pytest.mark.slow

BOB = {"username": "bob", "email": "bob@example.org", "password": "correct horse battery"}
REDIS = shutil.which("redis-server")


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    with migrated_database(tmp_path_factory.mktemp("workers")) as url:
        yield url


@pytest.fixture
def mailbox():
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
def variables(database, mailbox):
    """The environment of a server and of its workers."""
    run_sql(database, "DELETE FROM django_tasks_database_dbtaskresult")
    run_sql(database, "DELETE FROM eventhub_cache")
    return {"EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}", "EMAIL_VERIFICATION": "optional", "LOG_LEVEL": "INFO"}


def sign_up(service, name):
    """Which sends a mail."""
    body = {**BOB, "username": name, "email": f"{name}@example.org"}
    assert service.ask("POST", "/users/register", body).status == 201


def change_password(service, name):
    """Of which the address is told."""
    signed_in = service.ask("POST", "/users/login", {**BOB, "username": name}).json()
    headers = {"Authorization": f"Bearer {signed_in['token']}"}
    pk = service.ask("GET", "/users/me", **headers).json()["user_id"]
    changed = service.ask("PATCH", f"/users/{pk}", {"password": "quite another passphrase"}, **headers)
    assert changed.status == 200


def run_rqworker(database, **variables):
    """What it writes, until nothing waits any more."""
    with worker(["rqworker", "--burst"], database, output=subprocess.PIPE, **variables) as process:
        return process.communicate(timeout=60)[0].decode()


@contextmanager
def worker(command, database, *, output=subprocess.DEVNULL, **variables):
    """`manage.py COMMAND`, beside the test."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "manage.py", *command],
        env={**kept, **SETTINGS, "DATABASE_URL": database, **variables},
        cwd=django_settings.BASE_DIR,
        stdout=output,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_server_that_is_told_to_stop_sends_first_what_waits(database, mailbox, variables, tmp_path):
    mailbox.after = 1.0
    with serving(database, tmp_path, workers=1, **variables) as service:
        for name in ("ann", "ben"):
            sign_up(service, name)
        assert mailbox.recipients == []  # it was answered before the mail server was
    assert mailbox.recipients == ["ann@example.org", "ben@example.org"]


def test_a_worker_sends_what_the_server_leaves_in_the_database(database, mailbox, variables, tmp_path):
    variables["TASKS_BACKEND"] = "database"
    with serving(database, tmp_path, workers=1, **variables) as service:
        sign_up(service, "cat")
        with worker(["db_worker", "--no-startup-delay", "--interval=5"], database, **variables) as process:
            until(lambda: mailbox.mails)
            time.sleep(1)  # until it waits for the next: in the middle of a look a signal ends in the driver's error
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
    assert mailbox.recipients == ["cat@example.org"]


def test_what_a_killed_worker_was_at_is_done_after_housekeeping(database, mailbox, variables, tmp_path):
    variables["TASKS_BACKEND"] = "database"
    mailbox.after = 60.0
    with serving(database, tmp_path, workers=1, **variables) as service:
        sign_up(service, "dan")
    with worker(["db_worker", "--no-startup-delay"], database, **variables) as process:
        until(lambda: mailbox.tried)
        process.kill()
        process.wait()
    mailbox.after = 0.0
    run_manage("db_worker", "--batch", DATABASE_URL=database, **variables)
    assert mailbox.mails == []  # nobody knows whether it is still at work
    two_hours_ago = "datetime('now', '-2 hours')" if database.startswith("sqlite") else "now() - interval '2 hours'"
    run_sql(database, f"UPDATE django_tasks_database_dbtaskresult SET started_at = {two_hours_ago}")
    run_sql(database, "DELETE FROM eventhub_cache")  # which kept one mailbox from two links a minute
    run_manage("housekeeping", DATABASE_URL=database, **variables)
    run_manage("db_worker", "--batch", DATABASE_URL=database, **variables)
    assert mailbox.recipients == ["dan@example.org"]


@pytest.mark.skipif(REDIS is None, reason="no redis-server on this machine")
def test_a_worker_sends_what_the_server_leaves_in_redis(database, mailbox, variables, tmp_path):
    port = free_port()
    server = subprocess.Popen(
        [str(REDIS), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    variables["TASKS_BACKEND"] = f"redis://127.0.0.1:{port}/0"
    try:
        run_manage("migrate", "--verbosity=0", DATABASE_URL=database, **variables)
        with serving(database, tmp_path, workers=1, METRICS="1", **variables) as service:
            sign_up(service, "eve")
            sign_up(service, "fay")
            assert b"\neventhub_tasks_waiting 2.0\n" in service.ask("GET", "/metrics").content
            run_manage("rqworker", "--burst", DATABASE_URL=database, **variables)
            assert sorted(mailbox.recipients) == ["eve@example.org", "fay@example.org"]
            change_password(service, "eve")
            ran = run_rqworker(database, **variables)
            assert mailbox.recipients[2:] == ["eve@example.org"]
            assert ("accounts.mails.send_change_notice" in ran, "send_change_notice(" in ran, "eve@" in ran) == (
                True,
                False,
                False,
            )
            mailbox.recipient = "450 Later"
            sign_up(service, "gus")
            run_manage("rqworker", "--burst", DATABASE_URL=database, **variables)
            assert b"\neventhub_tasks_waiting 1.0\n" in service.ask("GET", "/metrics").content  # tried again later
            server.kill()
            server.wait()
            sign_up(service, "hal")  # for which nobody can be told to send anything
    finally:
        server.kill()
        server.wait()
    log = (tmp_path / "log").read_text()
    assert "send_verification_link could not be enqueued" in log
