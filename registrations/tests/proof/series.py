"""Rounds one after the other: every pair of paths so many times, in scenes that come and go by the batch."""

import itertools
import traceback
from collections.abc import Iterator, Sequence

from registrations.tests.proof import scenarios
from registrations.tests.proof.rounds import Crew, Result, Round, checked
from registrations.tests.proof.table import BY_NAME, PATHS

BATCH = 20


def rounds_of(names: Sequence[str], *, times: int, seed: int) -> list[Round]:
    """Each of these paths with itself and with every other one of them; a single one with every path there is, and
    without any name all with all. KeyError for a name that is none."""
    chosen = [BY_NAME[name] for name in names] or PATHS
    if len(chosen) == 1:
        pairs = [(chosen[0], other) for other in PATHS]
    else:
        pairs = list(itertools.combinations_with_replacement(chosen, 2))
    return [Round(one, other, number, seed) for number in range(1, times + 1) for one, other in pairs]


def run(crew: Crew, rounds: Sequence[Round], *, may_give_up: bool = False) -> Iterator[Result]:
    """The results, in the order of the rounds; none after one whose threads never came back. After each batch
    `check_seats` is asked for its opinion of all of it."""
    for start in range(0, len(rounds), BATCH):
        batch = rounds[start : start + BATCH]
        made = scenarios.build([round_.plan() for round_ in batch])
        for round_, scene in zip(batch, made, strict=True):
            result = _run(crew, round_, scene, may_give_up)
            scene.close()
            if round_ is batch[-1]:
                result.violations += checked()
            yield result
            if result.is_stuck:
                return
        scenarios.sweep()


def _run(crew: Crew, round_: Round, scene: scenarios.Scene, may_give_up: bool) -> Result:
    """What breaks the round itself is told as its violation, so that it is known which it was."""
    try:
        return crew.run(round_, scene, may_give_up=may_give_up)
    except Exception:
        names = (round_.one.name, round_.other.name)
        evidence = traceback.format_exc().splitlines()
        return Result(names, round_.number, violations=["the round could not be finished"], evidence=evidence)
