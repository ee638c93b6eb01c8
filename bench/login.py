"""Whether the time that a refused sign-in takes tells who has an account: `python -m bench login`.

Four kinds of refusal, in random order, to one worker that does nothing else. Beside the times stands how often a try of
that kind took longer than one with a wrong password: 50 % is what somebody sees who learns nothing. Exits 1 where an
answer was another one, or where that is past 80 % or below 20 %.
"""

import json
import random
import sys
import time
from argparse import Namespace
from contextlib import closing
from statistics import median, quantiles

from accounts.models import User
from accounts.services.placeholder_accounts import find_or_make_accounts
from bench.load import Connection, ask
from bench.server import gunicorn

WARM_UP = 10
WRONG = "wrong password"
KINDS = {
    WRONG: "active",
    "unknown name": "nobody",
    "deactivated account, the right password": "deactivated",
    "account that nobody has claimed": "unclaimed@example.org",
}
PASSWORD = "a passphrase of theirs"
EXPECTED = {"msg": "Invalid username or password", "code": "invalid_credentials"}


def run(options: Namespace) -> int:
    """Prints the table; the exit code."""
    User.objects.create_user("active", "active@example.org", "another passphrase")
    User.objects.create_user("deactivated", "deactivated@example.org", PASSWORD, is_active=False)
    find_or_make_accounts(["unclaimed@example.org"])
    with gunicorn(1, 1) as port, closing(Connection(port)) as connection:
        for kind in list(KINDS) * WARM_UP:
            _milliseconds(connection, kind)
        tries = random.sample(list(KINDS) * options.requests, len(KINDS) * options.requests)
        found: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for kind in tries:
            found[kind].append(_milliseconds(connection, kind))
    print(_row("refused", "median, ms", "a tenth below", "a tenth above", "longer than a wrong password"))
    print(_row(*("---" for _ in range(5))))
    longer = {kind: _longer(times, found[WRONG]) for kind, times in found.items()}
    for kind, times in found.items():
        tenths = quantiles(times, n=10)
        numbers = (f"{each:.1f}" for each in (median(times), tenths[0], tenths[-1]))
        print(_row(kind, *numbers, f"{longer[kind]:.0%}"))
    told = [kind for kind, share in longer.items() if not 0.2 <= share <= 0.8]
    for kind in told:
        print(f"The time tells: {kind}", file=sys.stderr)
    return 1 if told else 0


def _milliseconds(connection: Connection, kind: str) -> float:
    body = json.dumps({"username": KINDS[kind], "password": PASSWORD})
    lines = ["POST /users/login HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    request = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode()
    began = time.perf_counter()
    status, answer = ask(connection, request)
    took = time.perf_counter() - began
    if (status, json.loads(answer)) != (401, EXPECTED):
        raise SystemExit(f"{kind}: this is not as it should be: {status} {answer!r}")
    return 1000 * took


def _longer(times: list[float], others: list[float]) -> float:
    """How often one of `times` is longer than one of `others`."""
    return sum(one > other for one in times for other in others) / len(times) / len(others)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
