"""Scans at the doors of an event that people register for at the same time: `python -m bench checkin`.

Four gate tokens share the doors, and every scan has another ticket. A door scans the next one as soon as it has its
answer. Exits 1 where an answer was not the expected one, or presences, statuses and counts disagree.
"""

import os
from argparse import Namespace
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from bench import rows
from bench.load import Round
from bench.load import run as send
from bench.requests import request, token
from bench.rounds import row
from bench.server import Server, connected, gunicorn
from checkin.models import Presence
from checkin.services import gate_tokens, presence_audit
from checkin.services.ticket_codes import make_code
from events.models import Event

TICKETS_PER_SECOND, STORM_PER_SECOND = 1_500, 1_500  # enough for a round
SEAT = """
INSERT INTO registrations_registration (event_id, user_id, status, name, contact_details, registration_date, updated_at,
                                        status_since)
SELECT %(event)s, id, 'registered', username, email, now(), now(), now()
  FROM accounts_user WHERE id BETWEEN %(first)s AND %(last)s ORDER BY id"""


class DoorSample(NamedTuple):
    doors: Round
    storm: Round | None
    cpu: float  # milliseconds of gunicorn's for a scan, and for the registrations beside it


class DoorRequests:
    """The requests of a run. `scans` and `storm` yield each ticket and each newcomer once."""

    def __init__(self, loaded: rows.Rows, tickets: int) -> None:
        self.event_id = loaded.hot_events[0]
        event = Event.objects.select_related("organizer").get(pk=self.event_id)
        first, newcomers = loaded.people.start, loaded.people[tickets:]
        with rows.cursor_of() as cursor:
            cursor.execute(SEAT, {"event": self.event_id, "first": first, "last": first + tickets - 1})
        seated = [pk for pk, _, _ in rows.seated([self.event_id])]
        gates = [gate_tokens.create_token(event=event, by=event.organizer, name=f"Door {n}") for n in range(4)]
        self.scans = self._scans(seated, [gate.secret for gate in gates])
        body = {"event_id": self.event_id}
        self.storm = (request("POST", "/attendees/", token(person), body) for person in newcomers)

    def _scans(self, seated: list[int], secrets: list[str]) -> Iterator[bytes]:
        path = f"/events/{self.event_id}/scans"
        for number, pk in enumerate(seated):
            secret = secrets[number % len(secrets)]
            yield request("POST", path, secret, {"code": make_code(pk, 0), "device": f"Phone {number % 4}"})


def run(options: Namespace) -> int:
    """Print the table and what the rows say afterwards. Return the exit code."""
    sides = (0, options.storm)
    seconds = options.seconds * (options.rounds + 1) * len(sides)
    tickets, newcomers = int(seconds * TICKETS_PER_SECOND), int(seconds * STORM_PER_SECOND / 2)
    loaded = rows.load(people=tickets + newcomers, hot_events=1)
    print(f"{rows.durability()}, {os.cpu_count()} cores. Load of the machine before: {os.getloadavg()[0]:.1f}.\n")
    doors = DoorRequests(loaded, tickets)
    samples: dict[int, list[DoorSample]] = {clients: [] for clients in sides}
    with gunicorn(options.workers, options.threads) as server:
        for number in range(options.rounds + 1):
            for clients in sides:
                sample = measure(server, doors, options, clients)
                samples[clients] += [sample] if number else []  # the first warms up
    report(samples, options.doors)
    faults = check(loaded, doors, [one for side in samples.values() for one in side])
    print("\n" + ("\n".join(faults) or "Presences, statuses and counts agree, every answer was the expected one."))
    return 1 if faults else 0


def measure(server: Server, doors: DoorRequests, options: Namespace, clients: int) -> DoorSample:
    with connected(server, clients=options.doors + clients, workers=options.workers) as connections:
        at_doors, registering = connections[: options.doors], connections[options.doors :]
        before = server.cpu_seconds()
        with ThreadPoolExecutor(1) as thread:
            beside = thread.submit(send, registering, doors.storm, options.seconds) if clients else None
            scanned = send(at_doors, doors.scans, options.seconds)
            storm = beside.result() if beside else None
        cpu = 1000 * (server.cpu_seconds() - before) / scanned.statuses.total()
    return DoorSample(scanned, storm, cpu)


def report(samples: dict[int, list[DoorSample]], doors: int) -> None:
    named = ("scans/s", "p50, ms", "p99, ms", "slowest, ms", "registrations/s", "CPU a scan, ms")
    print(row(f"{doors} doors, each round", *named), row("---", *["---:"] * len(named)), sep="\n")
    for clients, rounds in samples.items():
        for sample in rounds:
            scanned = sample.doors
            times = [f"{1000 * each:.0f}" for each in (scanned.p50, scanned.p99, scanned.slowest)]
            storm, cpu = (f"{sample.storm.rate:.0f}", "") if sample.storm else ("", f"{sample.cpu:.2f}")
            title = f"beside {clients} who register" if clients else "alone"
            print(row(title, f"{scanned.rate:.0f}", *times, storm, cpu))


def check(loaded: rows.Rows, doors: DoorRequests, samples: list[DoorSample]) -> list[str]:
    faults = rows.check(loaded)[1]
    answers = [each.statuses for sample in samples for each in (sample.doors, sample.storm) if each]
    faults += [f"answered {dict(statuses)}" for statuses in answers if set(statuses) != {201}]
    inside = Presence.objects.filter(registration__event=doors.event_id, inside=True)
    attended = inside.filter(registration__status="attended").count()
    if inside.count() != attended:
        faults.append(f"{inside.count()} are inside, {attended} of them have attended")
    differences = sum(1 for _ in presence_audit.find_differences(doors.event_id))
    return [*faults, *([f"{differences} presences are not what their scans say"] if differences else [])]
