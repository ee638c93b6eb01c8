"""Whether more of something is more: clients in front of one event, workers in front of a thousand.

`python -m bench growth`. On one hot event 32 clients register people beside 8, through the same two workers: the crowd
must not slow what it waits for. Over a thousand events two workers register people beside one: they share no row, so
that the rate follows the processors, of which PostgreSQL and the load client need their part. Both pairs take turns,
round by round; a ratio is the median of the rounds' ratios. Exits 1 where an event holds other rows than it counts, or
an answer was not the expected one.
"""

import os
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import cycle
from statistics import median
from typing import NamedTuple

from django.core.management import CommandError, call_command

from bench import rows
from bench.load import Round
from bench.load import run as storm
from bench.scenarios import OURS, post, token
from bench.server import connected, gunicorn

FEW, MANY = 8, 32
PEOPLE = 20_000
WARM_UP_SECONDS = 0.5
HEAD = ("registrations", "req/s", "p50 / p99, ms", "beside", "req/s", "p50 / p99, ms", "ratio")


class Side(NamedTuple):
    title: str
    port: int
    workers: int
    clients: int


def run(options: Namespace) -> int:
    """Prints the table; the exit code."""
    storms = 2 * (1 + options.rounds)
    loaded = rows.load(people=PEOPLE, hot_events=storms)
    print(
        f"{rows.durability()}; {options.threads} threads a worker on {os.cpu_count()} cores, which the load client "
        f"shares.\nMedians of {options.rounds} rounds of {options.seconds:g} s. "
        f"Load of the machine before: {os.getloadavg()[0]:.1f}.\n\n{_row(*HEAD)}\n{_row(*('---' for _ in HEAD))}",
        flush=True,
    )
    tokens = [token(user_id) for user_id in loaded.people]
    hot_events, turns = iter(loaded.hot_events), iter(range(storms))

    def one_event() -> Iterator[bytes]:
        return _posts(cycle([next(hot_events)]), tokens)

    def thousand_events() -> Iterator[bytes]:
        """Nobody registers twice for one event: each storm has the people at other events."""
        turn = next(turns)
        listed = (1 + (turn + number) % rows.LISTED_EVENTS for number in range(PEOPLE))
        return _posts(listed, tokens[rows.ATTENDEES :])  # the first are in already

    answered = Counter[int]()
    with gunicorn(1, options.threads) as one, gunicorn(2, options.threads) as two:
        _compared(
            "one hot event",
            Side(f"{MANY} clients", two, 2, MANY),
            Side(f"{FEW} clients", two, 2, FEW),
            one_event,
            options,
            answered,
        )
        _compared(
            "1,000 events",
            Side("two workers", two, 2, MANY),
            Side("one worker", one, 1, MANY),
            thousand_events,
            options,
            answered,
        )
    return _concluded(answered)


def _compared(
    title: str,
    more: Side,
    less: Side,
    requests: Callable[[], Iterator[bytes]],
    options: Namespace,
    answered: Counter[int],
) -> None:
    """Rounds of both in turn, after one that warms up, as a line of the table; `answered` counts how."""
    rounds: dict[str, list[Round]] = {more.title: [], less.title: []}
    with ExitStack() as stack:
        connections = {
            each.title: stack.enter_context(connected(each.port, clients=each.clients, workers=each.workers))
            for each in (less, more)
        }
        for number in range(1 + options.rounds):
            for side, kept in connections.items():
                measured = storm(kept, requests(), options.seconds if number else WARM_UP_SECONDS)
                answered += measured.statuses
                rounds[side] += [measured] if number else []
    pairs = zip(rounds[more.title], rounds[less.title], strict=True)
    ratio = median(one.rate / other.rate for one, other in pairs)
    cells = [f"{title}, {more.title}", *_figures(rounds[more.title]), less.title, *_figures(rounds[less.title])]
    print(_row(*cells, f"{ratio:.2f}"), flush=True)


def _posts(events: Iterable[int], tokens: Iterable[str]) -> Iterator[bytes]:
    return (post(OURS, event, who) for event, who in zip(events, tokens, strict=False))


def _figures(rounds: list[Round]) -> tuple[str, str]:
    rate, p50, p99 = (median(getattr(each, name) for each in rounds) for name in ("rate", "p50", "p99"))
    return f"{rate:,.0f}", f"{1000 * p50:.0f} / {1000 * p99:.0f}"


def _concluded(answered: Counter[int]) -> int:
    print()
    try:
        call_command("check_seats")
    except CommandError as problem:
        print(problem)
        return 1
    if set(answered) != {201}:
        print(f"Answered {dict(answered)}, where all should be registered.")
        return 1
    return 0


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
