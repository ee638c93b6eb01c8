"""What is measured: requests as users send them, made as bytes before the clock starts."""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bench import rows
from bench.requests import next_path, request, token

LATER = 3  # number of the later page of events


class Side(NamedTuple):
    """One of the two that are compared: a prefix of paths, a way to ask it, and its database."""

    name: str
    prefix: str
    ask: Callable[[bytes], tuple[int, bytes]]
    url: str | None = None


class Scenario(NamedTuple):
    """`requests` makes those of one round for one side. All of them must be answered with `status`."""

    name: str
    title: str
    status: int
    requests: Callable[[Side], Iterator[bytes]]


def scenarios(loaded: rows.Rows, only: list[str] | None = None) -> list[Scenario]:
    """Return all scenarios, or those with these names."""
    tokens = [token(user_id) for user_id in loaded.people]
    organizers = [token(user_id) for user_id in range(rows.ORGANIZERS + 1)]
    hot_events, queues = iter(loaded.hot_events), iter(loaded.queues)
    visits = rows.LISTED_EVENTS // len(loaded.hot_events)  # events whose people are checked in in one round
    visited = iter(range(1, rows.LISTED_EVENTS, visits))

    def register(side: Side) -> Iterator[bytes]:
        event = next(hot_events)
        return iter([request("POST", f"{side.prefix}/attendees/", who, {"event_id": event}) for who in tokens])

    def refusal(side: Side) -> Iterator[bytes]:
        body = {"event_id": rows.FULL_EVENT}  # where the first person has the only seat
        return itertools.cycle([request("POST", f"{side.prefix}/attendees/", who, body) for who in tokens[1:]])

    def cancel(side: Side) -> Iterator[bytes]:
        path, seated = f"{side.prefix}/attendees/", rows.seated([next(queues)], side.url)
        changes = [(pk, tokens[user - loaded.people.start]) for pk, _, user in seated]
        return iter([request("PATCH", f"{path}{pk}", who, {"status": "cancelled"}) for pk, who in changes])

    def check_in(side: Side) -> Iterator[bytes]:
        first, path = next(visited), f"{side.prefix}/attendees/"
        seated = rows.seated(list(range(first, first + visits)), side.url)
        changes = [(pk, organizers[rows.organizer_of(event)]) for pk, event, _ in seated]
        return iter([request("PATCH", f"{path}{pk}", who, {"status": "attended"}) for pk, who in changes])

    writes = [
        Scenario("register", "register on one hot event", 201, register),
        Scenario("refusal", "refusal at a full event", 409, refusal),
        Scenario("cancel", "cancel, a queue behind it", 200, cancel),
        Scenario("check_in", "check in", 200, check_in),
    ]
    every = [*reads(tokens[0], organizers[rows.organizer_of(1)]), *writes]
    return [scenario for scenario in every if only is None or scenario.name in only]


def reads(user: str, organizer: str) -> list[Scenario]:
    """Return single events and pages of 50, for the tokens of a user and of the organizer of event 1."""
    from_day = (datetime.now(UTC) + timedelta(days=30)).date()
    filtered = f"/events/?status=upcoming&date_from={from_day}"
    of_event = "/events/1/attendees"
    return [
        Scenario("event", "one event", 200, get("/events/1", user)),
        Scenario("events", "events", 200, get("/events/", user)),
        Scenario("events_later", "events, third page", 200, get("/events/", user, LATER)),
        Scenario("events_filtered", "events, filtered", 200, get(filtered, user)),
        Scenario("attendees", "attendees of an event", 200, get(of_event, organizer)),
        Scenario(
            "attendees_filtered",
            "attendees of an event, filtered",
            200,
            get(f"{of_event}?status=registered", organizer),
        ),
        Scenario("organizer", "an organizer's attendees", 200, get("/attendees/", organizer)),
        Scenario("organizer_later", "an organizer's attendees, second page", 200, get("/attendees/", organizer, 2)),
    ]


def get(path: str, who: str, page: int = 1) -> Callable[[Side], Iterator[bytes]]:
    """Return a factory of requests for one page, which is found by following `next`."""

    def requests(side: Side) -> Iterator[bytes]:
        asked = side.prefix + path
        for _ in range(page - 1):
            asked = next_path(side.ask(request("GET", asked, who))[1])
        return itertools.repeat(request("GET", asked, who))

    return requests
