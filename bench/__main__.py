"""`python -m bench`: how fast the service is, beside a hand-written view of each request in the same server.

Exits 1 where an answer was not the expected one, or an event holds other rows than it counts.
"""

import argparse
import signal
import sys

from bench import server

NAMES = ("register", "full", "events", "attendees", "event")


def main() -> int:
    options = parse()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))  # so that whatever was started is stopped
    server.prepare(options.threads)
    from bench.run import run  # models need the settings that `prepare` has set

    return run(options)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[8], metavar="N", help="at once; several: one by one")
    parser.add_argument("--rounds", type=int, default=3, help="of each side, in turn; medians are quoted")
    parser.add_argument("--seconds", type=float, default=5, help="a round")
    parser.add_argument("--workers", type=int, default=2, help="processes of gunicorn")
    parser.add_argument("--threads", type=int, default=4, help="of each of those")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, help="these requests")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
