"""One process of a proof, in front of one database of its own: `python -m registrations.tests.proof.worker`.

The environment says which database, the arguments which share of the rounds. Prints a line of JSON for each round.
"""

import json
import os
import sys
from argparse import Namespace

import django

from registrations.tests.proof.options import worker_options


def main() -> int:
    options = worker_options()
    django.setup()
    if options.list:
        return enumerate_paths()
    from eventhub.testing.migrated_tables import migrate

    migrate(os.environ["DATABASE_URL"])
    sys.setswitchinterval(0.0005)  # threads give way ten times as often as Python has them do
    return work(options)


def work(options: Namespace) -> int:
    from registrations.tests.proof.rounds import Crew
    from registrations.tests.proof.sabotage import SABOTAGE
    from registrations.tests.proof.series import rounds_of, run
    from registrations.tests.proof.table import BY_NAME

    try:
        rounds = rounds_of(options.only, times=options.rounds, seed=options.seed)
    except KeyError as unknown:
        print(f"There is no path called {unknown}; --list has them all.", file=sys.stderr)
        return 2
    mine = rounds[options.share :: options.shares]
    tell({"paths": list(BY_NAME), "rounds": len(mine)})
    with SABOTAGE[options.sabotage](), Crew(options.threads).at_work() as crew:
        for result in run(crew, mine, may_give_up=options.may_give_up):
            tell(vars(result))
            if result.is_stuck:
                os._exit(1)  # threads that never come back would be waited for
    return 0


def enumerate_paths() -> int:
    from registrations.tests.proof.table import NO_SEAT, PATHS

    print("Paths that can change a seat:")
    print(*(f"  {path.name}" for path in PATHS), sep="\n")
    print("\nWhat cannot, and why:")
    print(*(f"  {face}: {reason}" for face, reason in NO_SEAT.items()), sep="\n")
    return 0


def tell(what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    sys.exit(main())
