"""Two sides measured in turn, round by round, and their medians side by side."""

import json
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from functools import partial
from statistics import median
from typing import Any, NamedTuple

from bench.load import Connection, Round, ask, run
from bench.scenarios import Scenario, Side
from bench.server import Server, connected

WARM_UP_SECONDS = 0.5


class Target(NamedTuple):
    """One side and the server that answers for it."""

    name: str
    prefix: str
    server: Server
    url: str | None = None


class Sample(NamedTuple):
    """A round, and the milliseconds of gunicorn's processor time for one of its requests."""

    round: Round
    cpu: float


class Comparison(NamedTuple):
    """The rounds of both sides. `statuses` counts every answer, `difference` names bodies that are not alike."""

    scenario: Scenario
    samples: dict[str, list[Sample]]
    statuses: dict[str, Counter[int]]
    difference: str

    def ratio(self) -> float:
        """Return the median ratio of requests a second, first side to second."""
        pairs = zip(*self.samples.values(), strict=True)
        return median(one.round.rate / other.round.rate for one, other in pairs)

    def cpu_ratio(self) -> float:
        """Return how much less processor time a request of the first side takes: 2 is half of the second's."""
        pairs = zip(*self.samples.values(), strict=True)
        return median(other.cpu / one.cpu if one.cpu else 1.0 for one, other in pairs)

    def faults(self) -> list[str]:
        expected = {self.scenario.status}
        found = [
            f"{self.scenario.name}, {name}: answered {dict(statuses)}"
            for name, statuses in self.statuses.items()
            if set(statuses) != expected
        ]
        return [*found, *([f"{self.scenario.name}: {self.difference}"] if self.difference else [])]

    def medians(self) -> dict[str, Any]:
        """Return what a program reads: requests a second, seconds of latency and milliseconds of processor time."""
        sides = {
            name: {
                "per_second": round(median(one.round.rate for one in samples), 1),
                "p50": round(median(one.round.p50 for one in samples), 5),
                "p99": round(median(one.round.p99 for one in samples), 5),
                "cpu": round(median(one.cpu for one in samples), 3),
            }
            for name, samples in self.samples.items()
        }
        rounds = len(next(iter(self.samples.values())))
        return {"ratio": round(self.ratio(), 3), "cpu_ratio": round(self.cpu_ratio(), 3), "rounds": rounds, **sides}


def compare(
    scenario: Scenario, targets: tuple[Target, Target], *, clients: int, workers: int, rounds: int, seconds: float
) -> Comparison:
    """Ask once and warm up, then take the rounds in turn. The side that begins changes with each."""
    bodies, statuses = [], {target.name: Counter[int]() for target in targets}
    samples: dict[str, list[Sample]] = {target.name: [] for target in targets}
    for target in targets:
        with closing(Connection(target.server.port)) as connection:
            status, body = ask(connection, next(scenario.requests(side_of(target, connection))))
        statuses[target.name][status] += 1
        bodies.append(body)
    for number in range(rounds + 1):
        for target in targets if number % 2 else reversed(targets):
            with connected(target.server, clients=clients, workers=workers) as connections:
                requests = scenario.requests(side_of(target, connections[0]))
                before = target.server.cpu_seconds()
                found = run(connections, requests, seconds if number else min(WARM_UP_SECONDS, seconds))
                cpu = 1000 * (target.server.cpu_seconds() - before) / found.statuses.total()
            statuses[target.name] += found.statuses
            samples[target.name] += [Sample(found, cpu)] if number else []
    return Comparison(scenario, samples, statuses, _difference(*bodies))


def side_of(target: Target, connection: Connection) -> Side:
    return Side(target.name, target.prefix, partial(ask, connection), target.url)


def table(comparisons: Iterable[Comparison], clients: int) -> str:
    """Return the medians as Markdown."""
    lines = []
    for one in comparisons:
        first, second = one.samples
        if not lines:
            sides = [f"{side}, {what}" for side in (first, second) for what in ("req/s", "p50 / p99, ms", "CPU, ms")]
            lines = [row(f"{clients} clients", *sides, "ratio", "by CPU"), row("---", *["---:"] * 8)]
        found = one.medians()
        cells = [
            text
            for side in (found[first], found[second])
            for text in (
                f"{side['per_second']:,.0f}",
                f"{1000 * side['p50']:.0f} / {1000 * side['p99']:.0f}",
                f"{side['cpu']:.2f}",
            )
        ]
        lines.append(row(one.scenario.title, *cells, f"{found['ratio']:.2f}", f"{found['cpu_ratio']:.2f}"))
    return "\n".join(lines)


def row(*cells: object) -> str:
    """Return one line of a Markdown table."""
    return f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def _difference(first: bytes, second: bytes) -> str:
    """Tell how two answers differ in keys and kinds of values: neither may be faster by saying less."""
    shapes = [_shape(json.loads(body)) for body in (first, second)]
    return "" if shapes[0] == shapes[1] else f"one side answers {shapes[0]}, the other {shapes[1]}"


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return [len(value), *(_shape(item) for item in value[:1])]
    return type(value).__name__
