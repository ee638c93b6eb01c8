"""What happens to a rule that the database chose as the victim of a deadlock."""

import threading
from functools import partial

import pytest
from django.db import OperationalError, connection, transaction

from eventhub.db import retry
from eventhub.db.retry import ATTEMPTS, retried
from eventhub.testing.concurrency import race
from registrations.services.seats import lock_event


class DeadlockError(Exception):
    sqlstate = "40P01"


class SerializationError(Exception):
    sqlstate = "40001"


class OutageError(Exception):
    sqlstate = "57P01"


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch):
    monkeypatch.setattr(retry.time, "sleep", lambda seconds: None)


def failing(cause, times):
    """A rule that fails so often, and the list of its attempts."""
    attempts = []

    @retried
    def rule():
        attempts.append(len(attempts))
        if len(attempts) <= times:
            raise OperationalError("the database said no") from cause
        return "done"

    return rule, attempts


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("cause", [DeadlockError(), SerializationError()])
def test_a_victim_begins_again(cause):
    rule, attempts = failing(cause, times=ATTEMPTS - 1)
    assert (rule(), len(attempts)) == ("done", ATTEMPTS)


@pytest.mark.django_db(transaction=True)
def test_every_new_beginning_is_told_to_the_log(caplog):
    caplog.set_level("INFO", logger="eventhub.db.retry")
    rule, _ = failing(DeadlockError(), times=2)
    rule()
    assert [(record.message, record.sqlstate) for record in caplog.records] == [
        ("retrying failing.<locals>.rule (40P01)", "40P01")
    ] * 2


@pytest.mark.django_db(transaction=True)
def test_it_gives_up_after_a_bounded_number_of_attempts():
    rule, attempts = failing(DeadlockError(), times=100)
    with pytest.raises(OperationalError):
        rule()
    assert len(attempts) == ATTEMPTS


@pytest.mark.django_db(transaction=True)
def test_an_outage_is_not_retried():
    rule, attempts = failing(OutageError(), times=1)
    with pytest.raises(OperationalError):
        rule()
    assert len(attempts) == 1


@pytest.mark.django_db
def test_inside_a_transaction_of_the_caller_nothing_is_repeated():
    rule, attempts = failing(DeadlockError(), times=1)
    with pytest.raises(OperationalError):
        rule()
    assert len(attempts) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one lock, and no deadlocks")
def test_two_rules_in_a_real_deadlock_both_get_through(olga, make_event):
    first, second = make_event(olga).pk, make_event(olga).pk
    gate = threading.Barrier(2, timeout=30)
    attempts = []

    @retried
    def lock_both(one, other):
        with transaction.atomic():
            lock_event(one)
            attempts.append(one)
            if len(attempts) <= 2:  # each has its first lock before it asks for the other
                gate.wait()
            lock_event(other)
            return one

    assert race([partial(lock_both, first, second), partial(lock_both, second, first)]) == [first, second]
    assert len(attempts) > 2
