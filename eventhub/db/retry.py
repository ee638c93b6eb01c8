"""Transactions that are begun again after a deadlock, and which constraint it was that refused."""

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
    """Runs `rule` again, at most ATTEMPTS times in all, when the database chose it as a deadlock's victim.

    Inside a transaction of the caller nothing is repeated: what the rule read there may be stale, so the outermost
    rule begins again. After the last attempt the OperationalError goes on and is answered as a 503.
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
            logger.info("%s begins again (%s)", rule.__qualname__, state, extra={"sqlstate": state})
            time.sleep(random.uniform(0, 0.005 * 2**attempt))  # noqa: S311  (jitter)
        raise AssertionError("unreachable")

    return attempts


def one_statement() -> AbstractContextManager[None]:
    """For a single statement that may be refused: nothing in autocommit, a savepoint inside a caller's transaction."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


def violated(problem: IntegrityError) -> str:
    """The name of the constraint that refused (PostgreSQL), or the message, which contains the name (SQLite)."""
    diagnosis = getattr(problem.__cause__, "diag", None)
    return (diagnosis and diagnosis.constraint_name) or str(problem)
