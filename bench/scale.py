"""What the API costs in front of 1,000, 100,000 and 1,000,000 events, with ten times as many registrations.

`python -m bench scale`, with `--keep FOLDER` to load them once. Every list, order, filter and search is asked for in
turn at every size, in this process and by one client, so that what is measured is this code and the database. Exits 1
where an answer is not the expected one.
"""

import json
import os
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench import scale_writes
from bench.explaining import recorded
from bench.rows import durability
from bench.scale_cases import ROLES, Case, cases
from bench.scale_client import ask, clients
from bench.scale_sizes import Sizes

BOUND = 1.3
PATIENCE = 2  # so many times the rounds for what seems to be over the bound


@dataclass
class Cost:
    """What one request costs in front of one size: medians in milliseconds, and the pages that its statements touch."""

    request: float = 0.0
    database: float = 0.0
    buffers: int = 0
    statements: int = 0
    rows: int = 0
    shapes: list[str] = field(default_factory=list)


@dataclass
class Found:
    title: str
    role: str
    costs: dict[int, Cost]
    rows: int | None = None  # of the page, where a whole one is not to be had at every size

    @property
    def ratio(self) -> float:
        """Of the whole request, in front of the largest size by the smallest."""
        return self._ratio("request")

    @property
    def in_database(self) -> float:
        return self._ratio("database")

    def _ratio(self, name: str) -> float:
        few, many = (getattr(self.costs[size], name) for size in (min(self.costs), max(self.costs)))
        return many / few if few else float("nan")


def run(options: Namespace) -> int:
    """Prints the table of each part; the exit code."""
    sizes = Sizes(options.sizes)
    print(f"{durability()}, {os.cpu_count()} cores, load before: {os.getloadavg()[0]:.1f}", flush=True)
    print(f"\n{heading(list(sizes))}", flush=True)
    asked = clients(ROLES.values())
    found = []
    for title, role, prepare in everything(asked, options):
        found.append(compare(sizes, title, role, prepare, options))
        print(line(found[-1]), flush=True)
    over = sum(one.ratio > BOUND for one in found)
    print(f"\n{len(found)} measured, {over} over {BOUND}.")
    if options.json:
        Path(options.json).write_text(json.dumps([{**asdict(one), "ratio": one.ratio} for one in found], indent=1))
    sizes.close()
    return 0


def everything(asked: Any, options: Namespace) -> Iterator[scale_writes.Action]:
    for case in cases():
        if not options.match or options.match in f"{case.role}: {case.title}":
            yield case.title, case.role, reading(case, asked)
    yield from scale_writes.actions()


def reading(case: Case, asked: Any) -> scale_writes.Prepare:
    """Prepares the request in front of the present size, for a page of so many rows or a usual one; then it is sent as
    often as wanted, for its number of rows."""

    def prepare(rows: int | None) -> Callable[[], int]:
        path = case.path() if rows is None else case.path(page_size=rows)
        return lambda: len(ask(asked[ROLES[case.role]], "GET", path)["results"])

    return prepare


def compare(sizes: Sizes, title: str, role: str, prepare: scale_writes.Prepare, options: Namespace) -> Found:
    """The same at every size in turn, and again, more patiently, if it seems to be over the bound."""
    actions: dict[int, Callable[[], int]] = {}
    found = Found(title, role, {})
    for size in sizes:
        with sizes.of(size):
            actions[size] = prepare(None)
            found.costs[size] = plans(actions[size])
    rows = [cost.rows for cost in found.costs.values()]
    if 0 < min(rows) < max(rows):  # pages of as many rows are compared, be they as short as the shortest
        found.rows = min(rows)
        for size in sizes:
            with sizes.of(size):
                actions[size] = prepare(found.rows)
                found.costs[size] = plans(actions[size])
    measure(sizes, found, actions, options.rounds)
    if found.ratio > BOUND:
        measure(sizes, found, actions, options.rounds * PATIENCE)
    return found


def plans(action: Callable[[], int]) -> Cost:
    with recorded(explained=True) as record:
        rows = action()
    return Cost(
        buffers=sum(plan.buffers for plan in record.plans),
        statements=len(record.statements),
        rows=rows,
        shapes=[plan.shape for plan in record.plans],
    )


def measure(sizes: Sizes, found: Found, actions: dict[int, Callable[[], int]], rounds: int) -> None:
    took: dict[int, list[tuple[float, float]]] = {size: [] for size in sizes}
    for _ in range(1 + rounds):
        for size, action in actions.items():
            with sizes.of(size):
                took[size].append(scale_writes.timed(action))
    for size, times in took.items():
        found.costs[size].request = median(whole for whole, _ in times[1:])
        found.costs[size].database = median(part for _, part in times[1:])


def heading(sizes: list[int]) -> str:
    """Of a table in Markdown."""
    times, pages = [f"{size:,}, ms" for size in sizes], [f"{size:,}, pages" for size in sizes]
    head = ["what", "who", *times, "ratio", "in the database", *pages]
    return f"{row(head)}\n{row(['---', '---', *['---:'] * (len(head) - 2)])}"


def line(one: Found) -> str:
    """Its ratio stands out where it is over the bound."""
    costs = [cost for _, cost in sorted(one.costs.items())]
    times, pages = [f"{cost.request:.1f}" for cost in costs], [f"{cost.buffers:,}" for cost in costs]
    ratio = f"**{one.ratio:.2f}**" if one.ratio > BOUND else f"{one.ratio:.2f}"
    title = one.title if one.rows is None else f"{one.title}, {one.rows} a page"
    return row([title, one.role, *times, ratio, f"{one.in_database:.2f}", *pages])


def row(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
