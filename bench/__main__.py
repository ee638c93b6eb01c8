"""`python -m bench PART`: measure the project, and check its counts against its rows afterwards.

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

# Speeds up loading; no plan and no durability depends on it.
LOADING = ("shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=30min")
GUNICORN = ("workers", "threads")
ROUNDS = ("clients", "rounds", "seconds", *GUNICORN, "only", "json")


class Part(NamedTuple):
    about: str
    arguments: tuple[str, ...]
    settings: tuple[str, ...] = ()  # of PostgreSQL, added to its defaults


PARTS = {
    "api": Part("requests a second, beside a hand-written view of each (the default)", (*ROUNDS, "against")),
    "compare": Part("two checkouts in turn, with the same requests", (*ROUNDS, "before", "after")),
    "where": Part("processor time of a request by layer, beside the bare view", ("rounds", "only")),
    "files": Part("source files that each request passes through", ("only",)),
    "scale": Part("lists, searches and writes at several sizes", ("sizes", "rounds", "match", "keep"), LOADING),
    "chance": Part("pages chosen at random at the same sizes", ("sizes", "requests", "keep"), LOADING),
    "office": Part("pages of the back office at the same sizes", ("sizes", "rounds", "match", "keep"), LOADING),
    "plans": Part("each statement of the API and its plan at the largest size", ("sizes", "match", "keep"), LOADING),
    "notices": Part("telling the attendees of a cancelled event", ("people", "rounds")),
    "checkin": Part(
        "scans at the doors, alone and beside registrations", ("doors", "storm", "rounds", "seconds", *GUNICORN)
    ),
    "public": Part("the page of an event for everybody, beside the API", ("clients", "rounds", "seconds", *GUNICORN)),
    "leaks": Part("whether response times reveal accounts or hidden events", ("rounds",)),
    "bulk": Part("importing, seating and deleting 100,000 people", ("people", "rounds", *GUNICORN)),
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "clients": {"type": int, "nargs": "+", "default": [8, 32], "metavar": "N", "help": "at once; several in turn"},
    "doors": {"type": int, "default": 8, "metavar": "N", "help": "that scan at once"},
    "storm": {"type": int, "default": 8, "metavar": "N", "help": "people who register at once, beside the doors"},
    "rounds": {"type": int, "default": 5, "help": "of each side, in turn"},
    "seconds": {"type": float, "default": 3, "help": "length of a round"},
    "workers": {"type": int, "default": 2, "help": "processes of gunicorn"},
    "threads": {"type": int, "default": 4, "help": "threads of each of those"},
    "only": {"nargs": "+", "metavar": "NAME", "help": "these scenarios"},
    "json": {"metavar": "FILE", "help": "write the result for programs"},
    "against": {"metavar": "FILE", "help": "an earlier result; a ratio below half of it is a fault"},
    "before": {"metavar": "FOLDER", "required": True, "help": "the checkout to compare with"},
    "after": {"metavar": "FOLDER", "help": "the checkout to measure, if not this one"},
    "requests": {"type": int, "default": 700, "help": "pages at each size"},
    "sizes": {"type": int, "nargs": "+", "default": [1_000, 100_000], "help": "in events; ten registrations to each"},
    "match": {"metavar": "TEXT", "help": "only what has this in its name"},
    "keep": {"metavar": "FOLDER", "help": "where the database stays for the next run"},
    "people": {"type": int, "default": 100_000, "metavar": "N", "help": "in the event"},
}


def main() -> int:
    options = parse(sys.argv[1:])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))  # so that whatever was started is stopped
    keep = getattr(options, "keep", None)
    settings = PARTS[options.part].settings
    server.prepare(getattr(options, "threads", 1), home=Path(keep) if keep else None, settings=settings)
    module = importlib.import_module(f"bench.{options.part}")  # models need the settings of `prepare`
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
