"""Does the time of an answer tell what the answer does not? `python -m bench leaks`.

Pairs of requests that must be answered alike: about an address with an account and one without, and about an event that
is hidden and one that does not exist. Both are asked in turn, in this process. Exits 1 where one takes longer than
MOST_RATIO of the other, or the answers differ.
"""

import time
from argparse import Namespace
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

from django.db import connection

from bench import rows
from bench.in_process import answer
from bench.requests import request, token
from bench.rounds import row

MOST_RATIO = 1.1
TIMES = 300
EVENT, PRIVATE, MISSING = rows.FIRST_HOT_EVENT, rows.FIRST_HOT_EVENT + 1, 900_000
PREPARE = """
UPDATE events_event SET guests = 'confirm_first' WHERE id = %s;
UPDATE events_event SET visibility = 'private' WHERE id = %s;
UPDATE accounts_user SET email_verified = true WHERE id <= %s"""


class Pair(NamedTuple):
    """`ask(number, known)` makes a request; `known` says which of the two."""

    title: str
    ask: Callable[[int, bool], bytes]


def run(options: Namespace) -> int:
    """Print the table. Return the exit code."""
    loaded = rows.load(people=2 * TIMES, hot_events=2)
    with connection.cursor() as cursor:
        cursor.execute(PREPARE, [EVENT, PRIVATE, rows.ORGANIZERS])
    print(row("asked about", "known, ms", "unknown, ms", "ratio"))
    print(row("---", "---:", "---:", "---:"))
    worst = max(_ratio(pair, options.rounds) for pair in pairs(loaded.people))
    return 0 if worst <= MOST_RATIO else 1


def pairs(people: range) -> list[Pair]:
    anybody = token(people[-1])

    def address(number: int, known: bool) -> str:
        return f"person-{people[number % len(people)]}@example.org" if known else f"nobody-{number}@example.org"

    def post(path: str, **others: Any) -> Callable[[int, bool], bytes]:
        return lambda number, known: request("POST", path, "", {"email": address(number, known), **others})

    def invite(number: int, known: bool) -> bytes:
        event = 1 + number % rows.LISTED_EVENTS  # an organizer may invite few people an hour
        body = {"email": address(number, known), "role": "viewer"}
        return request("POST", f"/events/{event}/team/", token(rows.organizer_of(event)), body)

    def get(path: str, signed_in: str = "") -> Callable[[int, bool], bytes]:
        return lambda number, known: request("GET", path.format(PRIVATE if known else MISSING), signed_in)

    return [
        Pair("an address, as a guest", post(f"/public/events/{EVENT}/registrations", name="Zoe")),
        Pair("an address, for a new password", post("/users/password/reset")),
        Pair("a private event, in public", get("/public/events/{}")),
        Pair("a private event's page", get("/e/{}")),
        Pair("a private event, by a user", get("/events/{}", anybody)),
        Pair("a private event's attendees, by another organizer", get("/events/{}/attendees", token(1))),
        Pair("an address, to join a team", invite),
    ]


def _ratio(pair: Pair, rounds: int) -> float:
    """Print the medians of a pair; return the larger one divided by the other."""
    seconds: dict[bool, list[float]] = {True: [], False: []}
    statuses: dict[bool, set[int]] = {True: set(), False: set()}
    for number in range(-20, TIMES * rounds):
        for side in (True, False):
            message = pair.ask(abs(number), side)
            started = time.perf_counter()
            status, _ = answer(message)
            if number >= 0:  # before, caches fill
                seconds[side].append(time.perf_counter() - started)
                statuses[side].add(status)
    known, unknown = (1000 * median(seconds[side]) for side in (True, False))
    print(row(pair.title, f"{known:.2f}", f"{unknown:.2f}", f"{known / unknown:.2f}"), flush=True)
    return max(known / unknown, unknown / known) if statuses[True] == statuses[False] else float("inf")
