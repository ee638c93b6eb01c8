"""Regular maintenance, safe at any time, repeatedly and concurrently."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from accounts.idempotency import store
from accounts.services import api_tokens, jwt
from eventhub import tasks
from eventhub.db import expired_rows
from events.services import series, slugs, tags, team
from registrations.services import event_lifecycle, guests, holds, retention

logger = logging.getLogger(__name__)


class Chore(NamedTuple):
    what: str
    do: Callable[..., int]


class ChoreResult(NamedTuple):
    what: str
    rows: int
    problem: Exception | None = None


# Apps above this one append theirs.
CHORES = [
    Chore("event statuses updated", event_lifecycle.update_due_events),
    Chore("events of series made", series.extend_due),
    Chore("registrations past RETENTION_DAYS anonymized", retention.anonymize_past_retention),
    Chore("unclaimed accounts past RETENTION_DAYS deleted", retention.delete_unclaimed_past_retention),
    Chore("addresses given to events of former releases", slugs.fill_slugs),
    Chore("tags without an event deleted", tags.delete_unused),
    Chore("expired refresh tokens deleted", jwt.delete_expired),
    Chore("service tokens deleted a month after expiry", api_tokens.delete_expired),
    Chore("expired invitations to teams deleted", team.delete_expired),
    Chore("expired cache entries deleted", expired_rows.drop_expired_cache),
    Chore("expired back office sessions deleted", expired_rows.drop_expired_sessions),
    Chore("background tasks of lost workers restarted", tasks.take_up_lost),
    Chore("finished background tasks deleted", tasks.forget_finished),
    Chore("expired idempotency keys deleted", store.forget_answers),
    Chore("seats freed that guests did not confirm", holds.remove_overdue),
    Chore("expired requests of guests deleted", guests.delete_expired),
]


def run_chores(*, now: datetime, dry_run: bool) -> Iterator[ChoreResult]:
    """Run all chores. A failure does not stop the next."""
    for chore in CHORES:
        try:
            outcome = ChoreResult(chore.what, chore.do(now=now, dry_run=dry_run))
        except Exception as problem:
            logger.exception("housekeeping: %s", chore.what)
            outcome = ChoreResult(chore.what, 0, problem)
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()  # the next chore gets a new connection
        yield outcome
