"""Retry transactions after a deadlock, and name the constraint that was violated."""

import functools
import logging
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import ParamSpec, TypeVar

from django.db import IntegrityError, OperationalError, connection, transaction

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger(__name__)

ATTEMPTS = 6
DEADLOCK_OR_SERIALIZATION_FAILURE = {"40P01", "40001"}  # SQLSTATE, PostgreSQL's appendix A


def retried(rule: Callable[P, R]) -> Callable[P, R]:
    """Run `rule` up to ATTEMPTS times while the database picks it as a deadlock's victim.

    Inside a caller's transaction nothing is repeated, since what was read there may be stale: the outermost rule starts
    again. After the last attempt the OperationalError becomes a 503.
    """

    @functools.wraps(rule)
    def attempts(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            return rule(*args, **kwargs)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return rule(*args, **kwargs)
            except OperationalError as problem:
                state = getattr(problem.__cause__, "sqlstate", None)
                if state not in DEADLOCK_OR_SERIALIZATION_FAILURE or attempt == ATTEMPTS:
                    raise
            logger.info("retrying %s (%s)", rule.__qualname__, state, extra={"sqlstate": state})
            time.sleep(random.uniform(0, 0.005 * 2**attempt))  # noqa: S311  (jitter)
        raise AssertionError("unreachable")

    return attempts


def one_statement() -> AbstractContextManager[None]:
    """Return a savepoint inside a transaction and nothing in autocommit, for one statement that may fail."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


def violated(problem: IntegrityError) -> str:
    """Return the violated constraint's name (PostgreSQL), or the message that contains it (SQLite)."""
    diagnosis = getattr(problem.__cause__, "diag", None)
    return (diagnosis and diagnosis.constraint_name) or str(problem)
