"""Scans that are sent again while workers are killed: each nonce lets in once."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from eventhub.testing.prepare_database import SEATS
from eventhub.testing.prepared_service import BACK_SECONDS, needs_proc, refused

pytestmark = pytest.mark.slow


def insist(service, event, attendee, nonce):
    """Scan until it is answered; return the answer, and how often none came."""
    client, lost, deadline = service.client(), 0, time.monotonic() + BACK_SECONDS
    while time.monotonic() < deadline:
        try:
            answer = client.send("POST", f"/events/{event}/scans", {"attendee_id": attendee, "nonce": nonce})
        except ConnectionError:
            lost += 1
        else:
            if not refused(answer):
                return answer, lost
        time.sleep(0.05)
    raise AssertionError(f"the scan of {attendee} is not answered")


@needs_proc
def test_scans_sent_again_while_workers_are_killed_let_in_once(served_database):
    people, answers = [], {}
    for event in served_database.database.events(8):
        for number in range(SEATS):
            found = served_database.client(number).send("POST", "/attendees/", {"event_id": event})
            people.append((event, found.body["attendee_id"], str(uuid4())))

    def walk(mine):
        for event, attendee, nonce in mine:
            answers[attendee] = insist(served_database, event, attendee, nonce)

    with ThreadPoolExecutor(SEATS) as doors:
        walks = [doors.submit(walk, people[number::SEATS]) for number in range(SEATS)]
        for part in (4, 2):
            while len(answers) < len(people) / part:
                time.sleep(0.01)
            for worker in served_database.workers():
                os.kill(worker, signal.SIGKILL)
        for each in walks:
            each.result()
    assert {(answer.status, answer.body["result"]) for answer, _ in answers.values()} <= {
        (201, "admitted"),
        (200, "admitted"),
    }
    served_database.is_back()
    for event, attendee, nonce in people:
        again, _ = insist(served_database, event, attendee, nonce)
        assert (again.status, again.body["scan_id"]) == (200, answers[attendee][0].body["scan_id"])
    mine = f"WHERE registration_id IN ({', '.join(str(attendee) for _, attendee, _ in people)})"
    lines = served_database.database.query(f"SELECT count(*) FROM checkin_scan {mine}")
    entries = served_database.database.query(f"SELECT sum(entries) FROM checkin_presence {mine}")
    assert (lines, entries) == ([(len(people),)], [(len(people),)])
    served_database.database.holds()
