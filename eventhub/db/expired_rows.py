"""Delete expired rows in Django's own tables."""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.cache.backends.db import BaseDatabaseCache
from django.db import connection

from eventhub.db.retry import retried


@retried
def drop_expired_cache(*, now: datetime, dry_run: bool) -> int:
    rows = 0
    # In whole seconds, as the cache itself compares.
    by_now = connection.ops.adapt_datetimefield_value(now.astimezone(UTC).replace(microsecond=0))
    for table in _cache_tables():
        expired = f"FROM {connection.ops.quote_name(table)} WHERE expires < %s"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) {expired}" if dry_run else f"DELETE {expired}", [by_now])
            rows += cursor.fetchone()[0] if dry_run else cursor.rowcount
    return rows


@retried
def drop_expired_sessions(*, now: datetime, dry_run: bool) -> int:
    expired = Session.objects.filter(expire_date__lt=now)
    return expired.count() if dry_run else expired.delete()[0]


def _cache_tables() -> Iterator[str]:
    for name in settings.CACHES:
        cache = caches[name]
        if isinstance(cache, BaseDatabaseCache):
            yield cache._table  # type: ignore[attr-defined]
