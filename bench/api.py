"""Requests a second of the API, each beside a hand-written view in the same server.

`python -m bench api`. Exits 1 where an answer was not the expected one, an event holds other rows than it counts, or,
with `--against FILE`, a ratio is less than half of the one in that earlier result.
"""

import json
import os
import platform
import shlex
import sys
from argparse import Namespace
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import rows
from bench.rounds import Comparison, Target, compare, table
from bench.scenarios import Scenario, scenarios
from bench.server import gunicorn

# Enough people for a round. A side that is faster ends its round early.
PEOPLE_PER_SECOND, CANCELLED_PER_SECOND = 4_000, 1_000
FALLEN = 0.5  # a ratio below this part of the earlier one is a fault: noise and other machines move it by less


def run(options: Namespace) -> int:
    """Print the tables and what the rows say afterwards. Return the exit code."""
    loaded = rows.load(**sizes(options))
    print(introduction(options), flush=True)
    chosen = scenarios(loaded, options.only)
    with gunicorn(options.workers, options.threads) as server:
        targets = (Target("ours", "", server), Target("bare", "/bare", server))
        found = {clients: measure(options, targets, chosen, clients) for clients in options.clients}
    result = document(found)
    if options.json:
        write(options.json, result)
    every = [one for each in found.values() for one in each]
    faults = [*conclude(every, loaded), *(fallen(result, Path(options.against)) if options.against else [])]
    print("\n".join(["", *faults]) if faults else "\nCounts, rows and answers agree, no event is oversold.")
    return 1 if faults else 0


def sizes(options: Namespace) -> dict[str, int]:
    """Return what to load: an event of its own for each round of each side, with the first answer and the warm-up."""
    events = 2 * len(options.clients) * (2 + options.rounds)
    people, queued = (int(options.seconds * rate) + 100 for rate in (PEOPLE_PER_SECOND, CANCELLED_PER_SECOND))
    return {"people": people, "hot_events": events, "queues": events, "queued": min(queued, people // 2)}


def introduction(options: Namespace) -> str:
    return (
        f"{rows.durability()}; {options.workers} workers with {options.threads} threads on {os.cpu_count()} cores, "
        f"which the load client shares.\nMedians of {options.rounds} rounds of {options.seconds:g} s. "
        f"Load of the machine before: {os.getloadavg()[0]:.1f}."
    )


def measure(
    options: Namespace, targets: tuple[Target, Target], chosen: list[Scenario], clients: int
) -> list[Comparison]:
    """Compare both sides in every scenario, and print the table."""
    found = []
    for scenario in chosen:
        settings = {"clients": clients, "workers": options.workers}
        found.append(compare(scenario, targets, **settings, rounds=options.rounds, seconds=options.seconds))
        print(".", end="", file=sys.stderr, flush=True)
    print(f"\n{table(found, clients)}", flush=True)
    return found


def conclude(found: list[Comparison], loaded: rows.Rows) -> list[str]:
    """Check the answers and the counts against the rows."""
    held, faults = rows.check(loaded)
    answered = sum(statuses[201] for one in found for statuses in one.statuses.values())
    if answered != held:
        faults.append(f"{answered} registrations were answered with 201, the events hold {held}")
    busiest = max(sample.round.busy for one in found for side in one.samples.values() for sample in side)
    print(f"\nRegistered: {held:,}. The load client took {busiest:.0%} of a core at most.")
    return [*faults, *(fault for one in found for fault in one.faults())]


def document(found: dict[int, list[Comparison]]) -> dict[str, Any]:
    """Return when, where and how it was measured, and the medians by clients and scenario."""
    medians = {str(clients): {one.scenario.name: one.medians() for one in each} for clients, each in found.items()}
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(["python", "-m", "bench", *sys.argv[1:]]),
        "machine": {"cores": os.cpu_count(), "kind": platform.machine(), "python": platform.python_version()},
        "database": rows.durability(),
        "clients": medians,
    }


def write(path: str, result: dict[str, Any]) -> None:
    Path(path).write_text(json.dumps(result, indent=1) + "\n")


def fallen(result: dict[str, Any], reference: Path) -> Iterable[str]:
    """Name each scenario whose ratios have both halved: a busy machine moves the first, slower code moves both."""
    earlier = json.loads(reference.read_text())["clients"]
    for clients, found in result["clients"].items():
        for name, medians in found.items():
            was = earlier.get(clients, {}).get(name, {"ratio": 0, "cpu_ratio": 0})
            if all(medians[ratio] < FALLEN * was[ratio] for ratio in ("ratio", "cpu_ratio")):
                yield f"{name}, {clients} clients: {medians['ratio']:.2f} of the bare view; it was {was['ratio']:.2f}"
