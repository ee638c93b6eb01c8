"""Exact counts of attempts, in the cache that all workers share.

An attempt is one atomic step, a statement or a Redis command. A count that is read and then written would let through
as many at once as there are threads.
"""

import logging
import math
import time
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.core.cache import caches
from django.core.cache.backends.db import BaseDatabaseCache
from django.db import connections, router

from eventhub.exceptions import Unavailable

logger = logging.getLogger("eventhub.attempts")

SWEEP_ROWS = 5000
# The window of a subject begins with its first attempt, and again with the first after it has ended.
_COUNT = """
INSERT INTO {table} AS kept (cache_key, value, expires) VALUES (%s, '1', %s)
    ON CONFLICT (cache_key) DO UPDATE SET
        value = CASE WHEN kept.expires > %s THEN CAST(CAST(kept.value AS bigint) + 1 AS text) ELSE '1' END,
        expires = CASE WHEN kept.expires > %s THEN kept.expires ELSE excluded.expires END
    RETURNING value, expires"""
_SWEEP = """
DELETE FROM {table} WHERE cache_key IN
    (SELECT cache_key FROM {table} WHERE expires <= %s ORDER BY expires LIMIT {rows})"""


class Attempts(NamedTuple):
    so_far: int
    ends: float

    @property
    def wait(self) -> int:
        return max(1, math.ceil(self.ends - time.time()))


def count(subject: str, *, seconds: int) -> Attempts:
    """Count an attempt at `subject`, a short ASCII text. Raise Unavailable if the cache does not answer."""
    cache: Any = caches["default"]
    ends = time.time() + seconds
    if isinstance(cache, BaseDatabaseCache):
        return _in_database(cache, subject, ends)
    try:
        return _in_memory(cache, subject, ends, seconds)
    except Exception as problem:  # each kind of cache has its own errors; an attacker must not gain by them
        logger.warning("The cache did not answer: %s", type(problem).__name__)
        raise Unavailable() from problem


def _in_database(cache: Any, subject: str, ends: float) -> Attempts:
    connection = connections[router.db_for_write(cache.cache_model_class)]
    quoted = connection.ops.quote_name
    now, then = (
        connection.ops.adapt_datetimefield_value(datetime.fromtimestamp(moment, UTC)) for moment in (time.time(), ends)
    )
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(table=quoted(cache._table)), [cache.make_key(subject), then, now, now])
        value, expires = cursor.fetchone()
        # One in 256 first attempts deletes expired rows, so that a flood of names does not fill the disk.
        if value == "1" and subject.endswith("00"):
            cursor.execute(_SWEEP.format(table=quoted(cache._table), rows=SWEEP_ROWS), [now])
    return Attempts(int(value), _moment(connection, expires))


def _moment(connection: Any, expires: Any) -> float:
    if isinstance(expires, str):  # SQLite's
        expires = datetime.fromisoformat(expires)
    moment: datetime = expires if expires.tzinfo else expires.replace(tzinfo=UTC)
    return moment.timestamp()


def _in_memory(cache: Any, subject: str, ends: float, seconds: int) -> Attempts:
    """Keep the window's end under one key, and the count under another, which outlives it."""
    while not (cache.add(subject, ends, timeout=seconds) or (ends := cache.get(subject))):
        ends = time.time() + seconds  # the window has just ended
    counted = f"{subject}:{ends}"
    cache.add(counted, 0, timeout=2 * seconds)
    return Attempts(cache.incr(counted), ends)
