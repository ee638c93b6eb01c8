"""What has to be done now and then, and may be done at any time: beside the service, again, by two at once.

Each chore is a function `chore(*, now, dry_run) -> int` that says how many rows it concerned, or would concern. To add
one, write it where its rows are decided, and a line in CHORES.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from accounts.idempotency import store
from accounts.services import api_tokens, jwt
from eventhub import tasks
from eventhub.db import expired_rows
from registrations.services import event_lifecycle, retention

logger = logging.getLogger(__name__)


class Chore(NamedTuple):
    what: str
    do: Callable[..., int]


class ChoreResult(NamedTuple):
    """How many rows a chore concerned; or the problem with which it ended."""

    what: str
    rows: int
    problem: Exception | None = None


CHORES = (
    Chore("events brought up to date", event_lifecycle.update_due_events),
    Chore("registrations past RETENTION_DAYS that lost their person", retention.anonymize_past_retention),
    Chore("unclaimed accounts past RETENTION_DAYS", retention.delete_unclaimed_past_retention),
    Chore("expired refresh tokens", jwt.delete_expired),
    Chore("service tokens that expired a month ago", api_tokens.delete_expired),
    Chore("expired entries of the cache", expired_rows.drop_expired_cache),
    Chore("expired sessions of the back office", expired_rows.drop_expired_sessions),
    Chore("background tasks of workers that are gone", tasks.take_up_lost),
    Chore("background tasks that are finished", tasks.forget_finished),
    Chore("answers kept for requests that are sent again", store.forget_answers),
)


def run_chores(*, now: datetime, dry_run: bool) -> Iterator[ChoreResult]:
    """Does one chore after the other. One that fails, whatever it fails of, does not stop the next."""
    for chore in CHORES:
        try:
            outcome = ChoreResult(chore.what, chore.do(now=now, dry_run=dry_run))
        except Exception as problem:
            logger.exception("housekeeping: %s", chore.what)
            outcome = ChoreResult(chore.what, 0, problem)
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()  # the next one gets a connection that works
        yield outcome
