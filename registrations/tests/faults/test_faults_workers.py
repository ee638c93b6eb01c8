"""Workers that are killed in the middle of a storm of registrations."""

import os
import signal

import pytest

from eventhub.testing.prepared_service import needs_proc
from registrations.tests.faults.storm import Storm

pytestmark = pytest.mark.slow


@needs_proc
def test_workers_that_are_killed_lose_nobody_who_was_told_201(served_database):
    storm = Storm(served_database)
    with storm.raging():
        for _ in range(2):
            before = served_database.workers()
            for worker in before:
                os.kill(worker, signal.SIGKILL)
            served_database.is_back()
            storm.go_on(answers=40)
            assert not set(before) & set(served_database.workers())
    storm.holds(may_hang_up=True)
