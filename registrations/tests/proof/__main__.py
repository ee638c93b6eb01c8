"""`python -m registrations.tests.proof`: starts the databases, divides the rounds among processes, prints tables."""

import json
import subprocess
import sys
import threading
import time
from argparse import Namespace
from pathlib import Path as File
from typing import Any

from registrations.tests.proof import report
from registrations.tests.proof.databases import THREADS, Databases, start
from registrations.tests.proof.options import ISOLATIONS, options, worker_arguments

KINDS = {"sqlite": ("sqlite",), "postgres": ("postgres",), "both": ("postgres", "sqlite")}
# Of one path: after so many operations, one that was never accepted has proven nothing.
ENOUGH = 40


class Proof:
    """One database's part of it."""

    def __init__(self, databases: Databases, given: Namespace) -> None:
        self.databases, self.given = databases, given
        self.rows: list[report.Row] = []
        self.paths: list[str] = []
        self.rounds = 0
        self.problems: list[str] = []
        self._lock = threading.Lock()

    def run(self) -> None:
        """The rounds, divided among processes; each in front of a database of its own, so that none waits for
        another."""
        began = time.monotonic()
        readers = [threading.Thread(target=self._share, args=[number]) for number in range(len(self.databases.urls))]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        self.seconds = time.monotonic() - began

    def _share(self, number: int) -> None:
        command = [sys.executable, "-m", "registrations.tests.proof.worker", *worker_arguments(self.given)]
        command += [f"--share={number}", f"--shares={len(self.databases.urls)}"]
        command += [f"--threads={THREADS[self.databases.kind]}"]
        if self.given.isolation != ISOLATIONS[0]:
            command.append("--may-give-up")
        environment = self.databases.environment(self.databases.urls[number])
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as worker:
            for line in worker.stdout or ():
                self._hear(json.loads(line))
        if worker.returncode:
            self.problems.append(f"process {number} ended with {worker.returncode}")

    def _hear(self, told: dict[str, Any]) -> None:
        with self._lock:
            if "paths" in told:
                self.paths = told["paths"]
                self.rounds += told["rounds"]
                return
            self.rows.append({**told, "database": self.databases.name})
            if sys.stderr.isatty():
                print(f"\r{self.databases.name}: {len(self.rows):,} of {self.rounds:,}", end="", file=sys.stderr)

    def tell(self) -> bool:
        """Prints it; whether all the rules held."""
        if sys.stderr.isatty():
            print("\r", end="", file=sys.stderr)
        self.rows.sort(key=lambda row: (row["number"], *map(self.paths.index, row["names"])))
        whole = report.Tally(self.rows)
        pairs = len({frozenset(row["names"]) for row in self.rows})
        times = "a round" if self.given.rounds == 1 else f"{self.given.rounds:,} rounds"
        print(
            f"{self.databases.name}: {pairs:,} pairs of paths, {times} each of {THREADS[self.databases.kind]} threads,"
            f" seed {self.given.seed}, {self.seconds:.0f} s\n"
        )
        print(*report.lines(self.paths, self.rows), "", sep="\n")
        if self.given.matrix:
            print(*(" | ".join(map(str, pair)) for pair in report.pairs(self.rows)), "", sep="\n")
        for row in self.rows:
            if row["violations"]:
                print(*report.violation(row, kind=self.databases.kind, seed=self.given.seed), "", sep="\n")
        self._judge(whole)
        print(*self.problems, sep="\n", end="\n" if self.problems else "")
        print(self._sum(whole), end="\n\n")
        return not (whole.violations or self.problems)

    def _judge(self, whole: report.Tally) -> None:
        if len(self.rows) != self.rounds or not self.rows:
            self.problems.append(f"{len(self.rows):,} rounds of {self.rounds:,} were run")
        for name in self.paths:
            tally = report.Tally([row for row in self.rows if name in row["names"]], name)
            if tally.operations >= ENOUGH and not tally.accepted:
                self.problems.append(f"“{name}” was never accepted, and has proven nothing")

    def _sum(self, whole: report.Tally) -> str:
        counted = self.databases.deadlocks()
        witness = "" if counted is None else f" (the server itself has counted {counted:,})"
        return (
            f"{self.databases.name}: {whole.operations:,} operations, {whole.accepted:,} accepted, "
            f"{whole.operations - whole.accepted:,} refused; {whole.deadlocks:,} deadlocks{witness}, "
            f"{whole.retries.total():,} transactions begun again; {whole.looks:,} looks meanwhile; "
            f"violations: {whole.violations:,}"
        )


def main() -> int:
    given = options()
    if given.list:
        return _list(given)
    held, rows = True, []
    for kind in KINDS[given.on]:
        proof = Proof(start(kind, processes=given.processes, isolation=given.isolation), given)
        proof.run()
        held = proof.tell() and held
        rows += proof.rows
    if given.rows:
        report.write(File(given.rows), rows)
        print(f"Each pair by itself: {given.rows}")
    print("The rules held." if held else "The rules did NOT hold, or were not put to the test.")
    return 0 if held else 1


def _list(given: Namespace) -> int:
    """Needs the models, and no database."""
    databases = start("sqlite", processes=1, isolation="")
    command = [sys.executable, "-m", "registrations.tests.proof.worker", "--list", "--threads=1", "--share=0"]
    environment = databases.environment(databases.urls[0])
    return subprocess.run([*command, "--shares=1"], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
