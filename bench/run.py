"""A run from the rows to the verdict."""

import os
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from bench import results, rows
from bench.compare import Comparison, compare, table
from bench.scenarios import Scenario, scenarios
from bench.server import connected, gunicorn

# Who may register, or cancel, in a round; a side that is faster ends its round early.
PEOPLE_PER_SECOND, CANCELLED_PER_SECOND = 4_000, 1_000


def run(options: Namespace) -> int:
    """Prints the tables and what the rows say afterwards; the exit code."""
    # Of each side and number of clients: the first answer, the warm-up, the rounds.
    events = 2 * len(options.clients) * (2 + options.rounds)
    loaded = rows.load(
        people=int(options.seconds * PEOPLE_PER_SECOND) + 100,
        hot_events=events,
        queues=events,
        queued=int(options.seconds * CANCELLED_PER_SECOND) + 50,
    )
    chosen = [scenario for scenario in scenarios(loaded) if scenario.name in options.only]
    print(
        f"{rows.durability()}; {options.workers} workers with {options.threads} threads on {os.cpu_count()} cores, "
        f"which the load client shares.\nMedians of {options.rounds} rounds of {options.seconds:g} s. "
        f"Load of the machine before: {os.getloadavg()[0]:.1f}.",
        flush=True,
    )
    found = dict(measured(options, chosen))
    result = results.document(found)
    if options.json:
        results.write(options.json, result)
    fallen = list(results.fallen(result, Path(options.against))) if options.against else []
    print("".join(f"\n{line}" for line in fallen), end="")
    return conclude([one for each in found.values() for one in each], loaded) or bool(fallen)


def measured(options: Namespace, chosen: list[Scenario]) -> Iterator[tuple[int, list[Comparison]]]:
    """By the number of clients every scenario, one by one."""
    with gunicorn(options.workers, options.threads) as port:
        for clients in options.clients:
            with connected(port, clients=clients, workers=options.workers) as connections:
                found = [
                    compare(scenario, connections, rounds=options.rounds, seconds=options.seconds)
                    for scenario in chosen
                ]
            print(f"\n{table(found, clients)}", flush=True)
            yield clients, found


def conclude(found: list[Comparison], loaded: rows.Rows) -> int:
    """Holds the answers and the counts against the rows."""
    held, faults = rows.registered(loaded)
    answered = sum(statuses[201] for comparison in found for statuses in comparison.statuses.values())
    if answered != held:
        faults.append(f"{answered} registrations were answered with 201, the events hold {held}")
    faults += [fault for one in found for fault in one.faults()]
    busiest = max(one.busy for comparison in found for side in comparison.rounds.values() for one in side)
    print(f"\nRegistered: {held:,}. The load client took {busiest:.0%} of a core at most.")
    if faults:
        print("\n".join(faults))
        return 1
    print("Counts, rows and answers agree, no event is oversold, every answer was the expected one.")
    return 0
