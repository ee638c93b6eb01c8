"""`python -m bench`: how fast the API is, beside a hand-written view of each request in the same server.
`python -m bench office`: the pages of the back office, in front of a thousand registrations and of a million.

Exits 1 where an answer was not the expected one, or an event holds other rows than it counts.
"""

import argparse
import importlib
import signal
import sys

from bench import server

PARTS = {"api": "run", "office": "office"}
NAMES = ("register", "full", "events", "attendees", "event")


def main() -> int:
    options = parse()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))  # so that whatever was started is stopped
    server.prepare(options.threads)
    part = importlib.import_module(f"bench.{PARTS[options.part]}")  # models need the settings that `prepare` has set
    return int(part.run(options))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("part", nargs="?", choices=PARTS, default="api", help="what is measured (default: api)")
    parser.add_argument("--clients", type=int, nargs="+", default=[8], metavar="N", help="at once; several: one by one")
    parser.add_argument("--rounds", type=int, default=3, help="of each side, in turn; medians are quoted")
    parser.add_argument("--seconds", type=float, default=5, help="a round")
    parser.add_argument("--workers", type=int, default=2, help="processes of gunicorn")
    parser.add_argument("--threads", type=int, default=4, help="of each of those")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, help="these requests")
    parser.add_argument("--requests", type=int, default=20, help="of each page of the back office")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
