"""One round: many threads make their calls at the same moment, somebody looks on, and then the database is held against
the rules."""

import io
import logging
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from registrations.tests.proof import notices, rule_checks
from registrations.tests.proof.outcomes import Answer, Call, of_exception
from registrations.tests.proof.paths import Path
from registrations.tests.proof.scenarios import Plan, Scene

# Nobody waits longer than this for an answer; a round that does is a violation.
SECONDS = 60
PAUSE = 0.005  # between two looks of the onlooker
CLOSED_BEFORE = {"called off", "over"}


@dataclass(frozen=True)
class Round:
    """Two paths (or one, twice), and the seed that says where they meet and what they do."""

    one: Path
    other: Path
    number: int
    seed: int

    @property
    def chance(self) -> Random:
        """The same draws whenever it is run; what the threads make of them is up to the machine."""
        return Random(f"{self.seed} {self.number} {self.one.name} {self.other.name}")

    def plan(self) -> Plan:
        return Plan.draw(self.chance, {*self.one.wants, *self.other.wants})


@dataclass
class Result:
    """What became of a round; pairs of values are those of the two paths. `retries` are by SQLSTATE."""

    names: tuple[str, str]
    number: int
    operations: list[int] = field(default_factory=lambda: [0, 0])
    accepted: list[int] = field(default_factory=lambda: [0, 0])
    refused: tuple[Counter[str], Counter[str]] = field(default_factory=lambda: (Counter(), Counter()))
    retries: Counter[str] = field(default_factory=Counter)
    looks: int = 0
    violations: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    is_stuck: bool = False

    def count(self, side: int, answer: Answer) -> None:
        self.operations[side] += 1
        self.accepted[side] += answer.accepted
        if not answer.accepted:
            self.refused[side][answer.code] += 1


class Listener(logging.Handler):
    """Hears of every transaction that is begun again, and keeps what is logged as an error."""

    HEARD = ("eventhub.db.retry", "eventhub.errors", "django.request")

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.retries: Counter[str] = Counter()
        self.traces: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if (state := getattr(record, "sqlstate", None)) is not None:
            self.retries[state] += 1
        elif record.levelno >= logging.ERROR:
            self.traces.append(logging.Formatter().format(record))

    @contextmanager
    def listening(self) -> Iterator[None]:
        """In the place of whoever reads these logs otherwise."""
        loggers = [logging.getLogger(name) for name in self.HEARD]
        before = [(logger, logger.level, logger.propagate, logger.handlers) for logger in loggers]
        for logger in loggers:
            logger.level, logger.propagate, logger.handlers = logging.INFO, False, [self]
            logger.manager._clear_cache()
        try:
            yield
        finally:
            for logger, level, propagate, handlers in before:
                logger.level, logger.propagate, logger.handlers = level, propagate, handlers
                logger.manager._clear_cache()


class Crew:
    """Threads that wait for each other before each makes its call; for one round at a time."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.listener = Listener()
        self._threads = ThreadPoolExecutor(size + 1)

    @contextmanager
    def at_work(self) -> Iterator["Crew"]:
        with self.listener.listening():
            try:
                yield self
            finally:
                self._threads.shutdown(wait=False, cancel_futures=True)

    def run(self, round_: Round, scene: Scene, *, may_give_up: bool = False) -> Result:
        """Both paths race in this scene. With `may_give_up`, a 503 is no violation."""
        pair, chance = (round_.one, round_.other), round_.chance
        sides = [number % 2 for number in range(self.size)]
        calls = [pair[side].prepare(scene, chance) for side in sides]
        result = Result((pair[0].name, pair[1].name), round_.number)
        self.listener.retries.clear()
        self.listener.traces.clear()
        is_raw = any(path.is_raw for path in pair)
        before = notices.before(scene.event_ids)
        try:
            answers, (result.looks, seen) = self._race(calls, partial(_look_on, scene.event_ids, is_raw))
        except TimeoutError:
            result.is_stuck = True
            result.violations = [f"somebody had no answer after {SECONDS} s"]
            result.evidence = [
                text for frame in sys._current_frames().values() for text in traceback.format_stack(frame)
            ]
            return result
        result.retries.update(self.listener.retries)
        for side, answer in zip(sides, answers, strict=True):
            result.count(side, answer)
        failures = [answer.code for answer in answers if answer.is_failure]
        tolerated = {"unavailable"} if may_give_up else set()
        result.violations = [f"somebody was answered “{code}”" for code in failures if code not in tolerated]
        result.violations += [*seen, *_held(pair, scene, answers), *notices.untold(scene.event_ids, since=before)]
        if result.violations:
            result.evidence = [f"{pair[side].name}: {answer}" for side, answer in zip(sides, answers, strict=True)]
            result.evidence += [*rule_checks.rows_of(scene.event_ids), *self.listener.traces]
        return result

    def _race(self, calls: Sequence[Call], onlooker: Any) -> tuple[list[Answer], Any]:
        """The answers, in the order of the calls, and what the onlooker has seen until the last of them came."""
        gate, over = threading.Barrier(len(calls) + 1, timeout=SECONDS), threading.Event()
        looking = self._threads.submit(_with_a_connection, partial(onlooker, gate, over))
        racing = [self._threads.submit(_with_a_connection, partial(_answer, gate, call)) for call in calls]
        deadline = time.monotonic() + SECONDS
        try:
            answers = [future.result(max(0.0, deadline - time.monotonic())) for future in racing]
        finally:
            over.set()
        return answers, looking.result(SECONDS)


def _held(pair: tuple[Path, Path], scene: Scene, answers: Sequence[Answer]) -> list[str]:
    """What is wrong when all is done; what raw SQL left free has been given to the queue by the command for it."""
    is_raw = any(path.is_raw for path in pair)
    problems = rule_checks.look(scene.event_ids, is_raw=is_raw)
    if is_raw:
        problems += checked("--repair")
        problems += [
            f"after check_seats --repair: {problem}" for problem in rule_checks.look(scene.event_ids, is_raw=False)
        ]
    if not any(path.may_close for path in pair) and scene.plan.state not in CLOSED_BEFORE:
        problems += rule_checks.order(scene.event_ids)
    if not any(path.forgets for path in pair):
        problems += rule_checks.answered([answer.created for answer in answers if answer.created])
    return problems


def checked(*arguments: str) -> list[str]:
    """What `manage.py check_seats` says where it does not say that all is well."""
    said = io.StringIO()
    try:
        call_command("check_seats", *arguments, stdout=said)
    except CommandError as problem:
        return [f"check_seats: {line}" for line in (*said.getvalue().splitlines(), str(problem))]
    return []


def _answer(gate: threading.Barrier, call: Call) -> Answer:
    gate.wait()
    try:
        return call()
    except Exception as problem:
        answer = of_exception(problem)
        if answer.is_failure:
            logging.getLogger("eventhub.errors").error("".join(traceback.format_exception(problem)))
        return answer


def _look_on(event_ids: Sequence[int], is_raw: bool, gate: Any, over: threading.Event) -> tuple[int, list[str]]:
    """How often somebody who only reads has looked, and what was wrong then."""
    problems: list[str] = []
    looks = 0
    gate.wait()
    while not looks or not over.wait(PAUSE):
        try:
            problems += [f"meanwhile: {problem}" for problem in rule_checks.look(event_ids, is_raw=is_raw)]
            notices.read()
        except OperationalError as problem:
            if of_exception(problem).is_failure:  # where it could not be serialized, it looks again
                raise
        looks += 1
    return looks, sorted(set(problems))


def _with_a_connection(call: Any) -> Any:
    try:
        return call()
    finally:
        connection.close()
