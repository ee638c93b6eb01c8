"""`python -m bench PART`: measures the service, and holds its counts against its rows afterwards.

Exits 1 where an answer was not the expected one, an event holds other rows than it counts, or a bound is passed that
the project has set itself.
"""

import argparse
import importlib
import signal
import sys
from pathlib import Path
from typing import Any, NamedTuple

from bench import server

NAMES = ("register", "full", "cancel", "events", "attendees", "event")
# Nothing that a plan or the durability depends on: loading ten million rows takes some room.
LOADING = ("shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=30min")
GUNICORN = ("workers", "threads")
ROUNDS = ("rounds", "seconds")


class Part(NamedTuple):
    module: str
    about: str
    arguments: tuple[str, ...]
    settings: tuple[str, ...] = ()  # of the PostgreSQL, beside its defaults


PARTS = {
    "api": Part(
        "run",
        "requests a second, beside a hand-written view of each request in the same server (the default)",
        ("clients", *ROUNDS, *GUNICORN, "only", "json", "against"),
    ),
    "where": Part("where", "what a request spends in each layer, beside the bare view", ("rounds", "only")),
    "endurance": Part(
        "endurance", "the memory of a worker over many requests, and its start", ("lifetime", "rounds", "threads")
    ),
    "office": Part(
        "office", "the back office in front of 1,000 and of 1,000,000 registrations", ("requests", *GUNICORN)
    ),
    "scale": Part(
        "scale",
        "every list, filter and search in front of 1,000 events and of a million",
        ("sizes", "rounds", "match", "keep", "json"),
        LOADING,
    ),
    "chance": Part(
        "scale_chance",
        "pages that nobody has chosen to be measured, in front of the same",
        ("sizes", "requests", "keep"),
        LOADING,
    ),
    "plans": Part(
        "plans", "how PostgreSQL runs each statement of the API in front of those", ("sizes", "keep", "write"), LOADING
    ),
    "bulk": Part(
        "bulk",
        "importing 100,000 people, seating, cancelling, deleting them, beside plain statements",
        ("people", "rounds", *GUNICORN, "json"),
    ),
    "login": Part("login", "whether the time of a refused sign-in tells who has an account", ("requests",)),
    "servers": Part("servers", "two gunicorns beside one, and PgBouncer between", ("clients", *ROUNDS, "threads")),
    "replica": Part("replica", "what a streaming replica takes off the primary", (*ROUNDS, "threads")),
    "growth": Part(
        "growth", "32 clients beside 8 on one event, two workers beside one over a thousand", (*ROUNDS, "threads")
    ),
    "hotrow": Part("hotrow", "how many registrations a second one event takes at most, and past that", ROUNDS),
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "clients": {"type": int, "nargs": "+", "default": [8, 32], "metavar": "N", "help": "at once; several: one by one"},
    "rounds": {"type": int, "default": 5, "help": "of each side, in turn; medians are quoted"},
    "seconds": {"type": float, "default": 3, "help": "a round"},
    "workers": {"type": int, "default": 2, "help": "processes of gunicorn"},
    "threads": {"type": int, "default": 4, "help": "of each of those"},
    "only": {"nargs": "+", "choices": NAMES, "default": NAMES, "help": "these requests"},
    "json": {"metavar": "FILE", "help": "the result for programs"},
    "against": {"metavar": "FILE", "help": "an earlier result; a ratio that has halved is a fault"},
    "lifetime": {"type": int, "default": 50_000, "metavar": "N", "help": "requests to the worker"},
    "requests": {"type": int, "default": 20, "help": "of each page, or kind"},
    "sizes": {"type": int, "nargs": "+", "default": [1_000, 100_000, 1_000_000], "help": "in events"},
    "match": {"metavar": "TEXT", "help": "only what has this in its name"},
    "keep": {"metavar": "FOLDER", "help": "where the database stays for the next run"},
    "write": {"metavar": "FILE", "help": "the table as a page of the docs"},
    "people": {"type": int, "default": 100_000, "metavar": "N", "help": "who are in the event"},
}


def main() -> int:
    options = parse(sys.argv[1:])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))  # so that whatever was started is stopped
    part = PARTS[options.part]
    keep = getattr(options, "keep", None)
    server.prepare(getattr(options, "threads", 1), home=keep and Path(keep), settings=part.settings)
    module = importlib.import_module(f"bench.{part.module}")  # models need the settings that `prepare` has set
    return int(module.run(options))


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    for name, part in PARTS.items():
        one = parts.add_parser(name, help=part.about, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
        for argument in part.arguments:
            one.add_argument(f"--{argument}", **ARGUMENTS[argument])
    is_named = bool(arguments) and (arguments[0] in PARTS or arguments[0] in {"-h", "--help"})
    return parser.parse_args(arguments if is_named else ["api", *arguments])


if __name__ == "__main__":
    sys.exit(main())
