"""The command line of a proof, and of the processes that it is made of."""

import os
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter

from registrations.tests import proof

ISOLATIONS = ("read committed", "repeatable read", "serializable")
SABOTAGES = ("nothing", "triggers", "check", "unique", "locks", "queue", "notices")


def _common(parser: ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="of each pair of paths (default: 1)")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="PATH", help="these paths with each other; a single one with all"
    )
    parser.add_argument("--seed", type=int, default=1, help="of what the scenes are and the threads do (default: 1)")
    parser.add_argument(
        "--sabotage",
        choices=SABOTAGES,
        default="nothing",
        help="take a part of the guarantee away, and see that it is noticed",
    )


def options() -> Namespace:
    parser = ArgumentParser(
        prog="python -m registrations.tests.proof",
        description=proof.__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    _common(parser)
    parser.add_argument("--on", choices=("sqlite", "postgres", "both"), default="both", help="(default: both)")
    parser.add_argument(
        "--isolation",
        choices=ISOLATIONS,
        default=ISOLATIONS[0],
        help="of PostgreSQL's transactions; under the stricter ones a 503, after all attempts, is no violation",
    )
    parser.add_argument("--rows", metavar="FILE", help="a CSV file with a line for each pair")
    parser.add_argument("--matrix", action="store_true", help="print every pair as a line, too")
    parser.add_argument("--list", action="store_true", help="the paths, and what is none and why")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 2, metavar="N", help="each with a database of its own"
    )
    return parser.parse_args()


def worker_options() -> Namespace:
    parser = ArgumentParser(prog="python -m registrations.tests.proof.worker")
    _common(parser)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--share", type=int, required=True, help="which of the shares, from 0")
    parser.add_argument("--shares", type=int, required=True)
    parser.add_argument("--may-give-up", action="store_true", help="a 503 is no violation")
    parser.add_argument("--list", action="store_true")
    return parser.parse_args()


def worker_arguments(given: Namespace) -> list[str]:
    """What `worker_options` reads of the options of the whole."""
    arguments = [f"--rounds={given.rounds}", f"--seed={given.seed}", f"--sabotage={given.sabotage}"]
    return arguments + (["--only", *given.only] if given.only else [])
