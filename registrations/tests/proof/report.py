"""The printed result of a proof: paths, the matrix of pairs, totals, and how to repeat a violation."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path as File
from typing import Any

Row = dict[str, Any]  # a Result, as JSON has it
COLUMNS = (
    "database",
    "path",
    "other",
    "rounds",
    "operations",
    "accepted",
    "refused",
    "deadlocks",
    "serialization",
    "looks",
    "violations",
)
DEADLOCK, SERIALIZATION = "40P01", "40001"
HELD, BROKEN, NOT_RUN = "·", "X", " "


class Tally:
    """The totals of several rounds."""

    def __init__(self, rows: Sequence[Row], name: str | None = None) -> None:
        """Count the rows of one path, or with no `name` of all; deadlocks and violations belong to the pair."""
        self.rounds = len(rows)
        self.operations = self.accepted = self.looks = self.violations = 0
        self.refused: Counter[str] = Counter()
        self.retries: Counter[str] = Counter()
        for row in rows:
            self.looks += row["looks"]
            self.violations += len(row["violations"])
            self.retries.update(row["retries"])
            for side in (0, 1):
                if name in (None, row["names"][side]):
                    self._add(row, side)

    def _add(self, row: Row, side: int) -> None:
        self.operations += row["operations"][side]
        self.accepted += row["accepted"][side]
        self.refused.update(row["refused"][side])

    @property
    def refusals(self) -> str:
        return ", ".join(f"{code} {count:,}" for code, count in self.refused.most_common())

    @property
    def deadlocks(self) -> int:
        """Those that were begun again, and those of somebody who types SQL, which nobody begins again."""
        return self.retries[DEADLOCK] + self.refused["deadlock"]

    @property
    def serialization(self) -> int:
        return self.retries[SERIALIZATION] + self.refused["serialization"]


def lines(paths: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    """The tables of one database."""
    yield from _by_path(paths, rows)
    yield ""
    yield from _matrix(paths, rows)


def _by_path(paths: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    width = max(len(name) for name in paths)
    yield f"  #  {'path':{width}}  rounds  operations  accepted  deadlocks  serial.  violations  refused, by code"
    for number, name in enumerate(paths, start=1):
        concerned = [row for row in rows if name in row["names"]]
        if not concerned:
            continue
        tally = Tally(concerned, name)
        yield (
            f"{number:3}  {name:{width}}  {tally.rounds:6,}  {tally.operations:10,}  {tally.accepted:8,}"
            f"  {tally.deadlocks:9,}  {tally.serialization:7,}  {tally.violations:10,}  {tally.refusals}"
        )


def _matrix(paths: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    """Every pair as one character."""
    cells: dict[frozenset[str], list[Row]] = {}
    for row in rows:
        cells.setdefault(frozenset(row["names"]), []).append(row)
    ran = [(number, name) for number, name in enumerate(paths, start=1) if any(name in pair for pair in cells)]
    yield f"Every pair: {HELD} the rules held; 1 to 9 too, after so many deadlocks and retries; {BROKEN} a violation."
    for digit in (0, 1):
        yield "     " + " ".join(f"{number:2}"[digit] for number, _ in ran)
    for position, (number, name) in enumerate(ran):
        pairs = [cells.get(frozenset({name, other}), []) for _, other in ran[: position + 1]]
        yield f"{number:3}  {' '.join(_cell(found) for found in pairs)}  {name}"


def _cell(rows: Sequence[Row]) -> str:
    if not rows:
        return NOT_RUN
    tally = Tally(rows)
    again = tally.deadlocks + tally.serialization
    return BROKEN if tally.violations else str(min(again, 9)) if again else HELD


def pairs(rows: Sequence[Row]) -> Iterator[list[Any]]:
    """Each pair by itself, as `COLUMNS` have it."""
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row["database"], *row["names"]), []).append(row)
    for names, together in found.items():
        tally = Tally(together)
        yield [
            *names,
            tally.rounds,
            tally.operations,
            tally.accepted,
            tally.refusals,
            tally.deadlocks,
            tally.serialization,
            tally.looks,
            tally.violations,
        ]


def write(file: File, rows: Sequence[Row]) -> None:
    with file.open("w", newline="", encoding="utf-8") as output:
        table = csv.writer(output)
        table.writerow(COLUMNS)
        table.writerows(pairs(rows))


def violation(row: Row, *, kind: str, seed: int) -> Iterator[str]:
    """All that is known of it, and how to run the pair again."""
    one, other = row["names"]
    yield f"VIOLATION on {row['database']}: “{one}” against “{other}”, round {row['number']}, seed {seed}"
    yield from (f"  {text}" for text in row["violations"])
    yield from (f"    {text}" for text in row["evidence"])
    names = f'"{one}"' if one == other else f'"{one}" "{other}"'
    yield f"  Again: python -m registrations.tests.proof --on {kind} --seed {seed} --rounds 50 --only {names}"
