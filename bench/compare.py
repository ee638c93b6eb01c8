"""Ours and bare in turn, round by round, and the medians of both side by side."""

import json
from collections import Counter
from collections.abc import Iterable
from statistics import median
from typing import Any, NamedTuple

from bench.load import Connection, Round, ask, run
from bench.scenarios import BARE, OURS, Scenario

SIDES = {OURS: "ours", BARE: "bare"}
WARM_UP_SECONDS = 0.5
COLUMNS = ("ours, req/s", "bare, req/s", "ours / bare", "ours p50, ms", "p99", "bare p50, ms", "p99")


class Comparison(NamedTuple):
    """By side the rounds of one scenario and every status that was answered; and how the two answers differ."""

    scenario: Scenario
    rounds: dict[str, list[Round]]
    statuses: dict[str, Counter[int]]
    difference: str

    def faults(self) -> list[str]:
        wrong = [
            f"{name} answers {n} times {status}"
            for side, name in SIDES.items()
            for status, n in sorted(self.statuses[side].items())
            if status != self.scenario.status
        ]
        return [f"{self.scenario.title}: {fault}" for fault in [*wrong, self.difference] if fault]

    def ratio(self) -> float:
        """The median of the rounds' own ratios: what slows the machine for a while slows both sides of a round."""
        pairs = zip(self.rounds[OURS], self.rounds[BARE], strict=True)
        return median(ours.rate / bare.rate for ours, bare in pairs)

    def row(self) -> str:
        ours, bare = (median(one.rate for one in self.rounds[side]) for side in SIDES)
        cells = [f"{self.scenario.title:<25}", f"{ours:11,.0f}", f"{bare:11,.0f}", f"{self.ratio():11.2f}"]
        for side in SIDES:
            cells.append(f"{1000 * median(one.p50 for one in self.rounds[side]):12.1f}")
            cells.append(f"{1000 * median(one.p99 for one in self.rounds[side]):6.1f}")
        return _line(cells)


def compare(scenario: Scenario, connections: list[Connection], *, rounds: int, seconds: float) -> Comparison:
    """A first answer and a short warm-up of each side, then the rounds in turn."""
    answers = {side: ask(connections[0], next(scenario.requests(side))) for side in SIDES}
    statuses = {side: Counter([status]) for side, (status, _) in answers.items()}
    found: dict[str, list[Round]] = {side: [] for side in SIDES}
    for side in SIDES:
        statuses[side] += run(connections, scenario.requests(side), min(WARM_UP_SECONDS, seconds)).statuses
    for _ in range(rounds):
        for side in SIDES:
            found[side].append(run(connections, scenario.requests(side), seconds))
            statuses[side] += found[side][-1].statuses
    return Comparison(scenario, found, statuses, _difference(*(body for _, body in answers.values())))


def table(comparisons: Iterable[Comparison], clients: int) -> str:
    """The medians, as Markdown."""
    head = [f"{f'{clients} clients':<25}", *(f"{name:>6}" for name in COLUMNS)]
    rule = ["-" * 25, *("-" * (len(cell) - 1) + ":" for cell in head[1:])]
    return "\n".join([_line(head), _line(rule), *(one.row() for one in comparisons)])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _difference(ours: bytes, bare: bytes) -> str:
    """How the bare answer differs in keys and kinds of values: it must not be faster by saying less."""
    shapes = [_shape(json.loads(body)) for body in (ours, bare)]
    return "" if shapes[0] == shapes[1] else f"ours answers {shapes[0]}, bare {shapes[1]}"


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return [len(value), *(_shape(item) for item in value[:1])]
    return type(value).__name__
