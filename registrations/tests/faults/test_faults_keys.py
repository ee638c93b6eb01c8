"""Requests that are sent again under an Idempotency-Key while something breaks: done once, and no key stays locked."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from eventhub.testing.prepare_database import PEOPLE
from eventhub.testing.prepared_service import BACK_SECONDS, needs_proc, refused

pytestmark = pytest.mark.slow


def insist(service, number, event):
    """Sends the same until it is answered; the answer, and how often none came."""
    client, lost = service.client(number), 0
    deadline = time.monotonic() + BACK_SECONDS
    while time.monotonic() < deadline:
        try:
            answer = client.send(
                "POST", "/attendees/", {"event_id": event, "status": "waitlisted"}, key=f"{number}-{event}"
            )
        except ConnectionError:
            lost += 1
        else:
            if not refused(answer):
                return answer, lost
        time.sleep(0.05)
    raise AssertionError(f"the key {number}-{event} is locked")


def kill_workers(service):
    for worker in service.workers():
        os.kill(worker, signal.SIGKILL)


@needs_proc
def test_who_insists_while_workers_are_killed_is_in_once(served_database):
    events, answers = served_database.database.events(12), {}

    def walk(number):
        for event in events:
            answers[number, event] = insist(served_database, number, event)

    with ThreadPoolExecutor(PEOPLE) as threads:
        walks = [threads.submit(walk, number) for number in range(PEOPLE)]
        for part in (4, 2):
            while len(answers) < PEOPLE * len(events) / part:
                time.sleep(0.01)
            kill_workers(served_database)
        for each in walks:
            each.result()
    assert {answer.status for answer, _ in answers.values()} == {201}
    assert sum(lost for _, lost in answers.values()) > 0
    for (number, event), (answer, _) in answers.items():
        again, _ = insist(served_database, number, event)
        assert (again.body, again.is_replayed) == (answer.body, True)
    mine = f"FROM registrations_registration WHERE event_id IN ({', '.join(map(str, events))})"
    assert served_database.database.query(f"SELECT count(*) {mine}") == [(len(answers),)]
    served_database.database.holds()


@needs_proc
def test_a_worker_killed_between_the_claim_and_the_answer_leaves_the_key_free(postgres, on_postgres):
    (event,) = on_postgres.database.events(1)
    with psycopg.connect(postgres.url) as somebody, ThreadPoolExecutor(1) as thread:
        somebody.execute("SELECT * FROM events_event WHERE id = %s FOR UPDATE", [event])
        answer = thread.submit(insist, on_postgres, 0, event)
        while not on_postgres.database.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
            assert not answer.done(), answer.result()
        kill_workers(on_postgres)
        somebody.rollback()
        found, lost = answer.result()
    assert (found.status, found.is_replayed, lost > 0) == (201, False, True)
    on_postgres.is_back()
    again, _ = insist(on_postgres, 0, event)
    assert (again.body, again.is_replayed) == (found.body, True)


def test_a_twin_waits_no_longer_than_the_database_is_waited_for(postgres, on_postgres):
    (event,) = on_postgres.database.events(1)
    body = {"event_id": event}
    with psycopg.connect(postgres.url) as somebody, ThreadPoolExecutor(2) as threads:
        somebody.execute("SELECT * FROM events_event WHERE id = %s FOR UPDATE", [event])
        twins = [
            threads.submit(on_postgres.client(1).send, "POST", "/attendees/", body, key="a-twin") for _ in range(2)
        ]
        assert [refused(twin.result()) for twin in twins] == [True, True]
        assert on_postgres.database.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == []
    answers = [on_postgres.client(1).send("POST", "/attendees/", body, key="a-twin") for _ in range(2)]
    assert [(answer.status, answer.is_replayed) for answer in answers] == [(201, False), (201, True)]
