"""What is measured: five requests, each with its bare counterpart, as bytes made before the clock starts."""

import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from bench import rows

OURS, BARE = "", "/bare"
CANCELLED = json.dumps({"status": "cancelled"})


class Scenario(NamedTuple):
    """`requests` makes those of one round for one side, OURS or BARE; `status` is what all of them are answered."""

    name: str
    title: str
    status: int
    requests: Callable[[str], Iterator[bytes]]


def scenarios(loaded: rows.Rows) -> list[Scenario]:
    tokens = [token(user_id) for user_id in loaded.people]
    organizer = token(rows.organizer_of(1))
    hot_events, queues = iter(loaded.hot_events), iter(loaded.queues)

    def register(side: str) -> Iterator[bytes]:
        return posts(side, next(hot_events), tokens)

    def refusal(side: str) -> Iterator[bytes]:
        return itertools.cycle(posts(side, rows.FULL_EVENT, tokens[1:]))  # the first has its seat

    def cancel(side: str) -> Iterator[bytes]:
        return iter(
            [
                patch(f"{side}/attendees/{pk}", CANCELLED, tokens[user - loaded.people.start])
                for pk, user in rows.seated(next(queues))
            ]
        )

    return [
        Scenario("register", "register on one hot event", 201, register),
        Scenario("full", "refusal at a full event", 409, refusal),
        Scenario("cancel", "cancel, a queue behind it", 200, cancel),
        Scenario("events", "page of 50 events", 200, lambda side: gets(f"{side}/events/", tokens[0])),
        Scenario("attendees", "page of 50 attendees", 200, lambda side: gets(f"{side}/events/1/attendees", organizer)),
        Scenario("event", "one event", 200, lambda side: gets(f"{side}/events/1", tokens[0])),
    ]


def token(user_id: int) -> str:
    """An access token as `accounts.services.jwt.token_pair` gives it, without the row of a refresh token."""
    access = AccessToken.for_user(User(pk=user_id, password=rows.PASSWORD_HASH))
    access["auth_time"] = int(time.time())
    return str(access)


def gets(path: str, signed_in: str) -> Iterator[bytes]:
    return itertools.repeat(f"GET {path} HTTP/1.1\r\n{_headers(signed_in)}\r\n".encode())


def posts(side: str, event_id: int, tokens: Iterable[str]) -> Iterator[bytes]:
    """A registration for each token."""
    return iter([post(side, event_id, who) for who in tokens])


def post(side: str, event_id: int, signed_in: str) -> bytes:
    return _with_body("POST", f"{side}/attendees/", json.dumps({"event_id": event_id}), signed_in)


def patch(path: str, body: str, signed_in: str) -> bytes:
    return _with_body("PATCH", path, body, signed_in)


def _with_body(verb: str, path: str, body: str, signed_in: str) -> bytes:
    what = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{verb} {path} HTTP/1.1\r\n{what}{_headers(signed_in)}\r\n{body}".encode()


def _headers(signed_in: str) -> str:
    return f"Host: 127.0.0.1\r\nAccept: */*\r\nAuthorization: Bearer {signed_in}\r\n"
