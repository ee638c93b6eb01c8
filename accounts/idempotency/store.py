"""Do a retried request once, and repeat its first response.

The work and its stored response are one transaction. So a refusal leaves the key free, a crash leaves nothing, and a
concurrent retry waits for the first. The key is claimed before any other lock.
"""

import hashlib
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import StoredAnswer, User
from eventhub.db.batches import AT_ONCE, batches
from eventhub.db.retry import ATTEMPTS, retried
from eventhub.exceptions import IdempotencyKeyReused, Unavailable

KEPT = timedelta(hours=24)


class Answer(NamedTuple):
    """A stored response; `about` is the account that it describes, `people` are all that it names."""

    status: int
    body: str
    etag: str = ""
    about: int | None = None
    people: Collection[int] = ()


def fingerprint(method: str, path: str, body: bytes) -> str:
    return hashlib.sha256(b"\0".join([method.encode(), path.rstrip("/").encode(), body])).hexdigest()


@retried
def answer_once(
    *, user: User, key: str, fingerprint: str, act: Callable[[], Answer], now: datetime | None = None
) -> tuple[Answer, bool]:
    """Return the response of `act` and False, or the one stored within a day and True.

    Raise IdempotencyKeyReused for another request under the key. An exception of `act` stores nothing.
    """
    now = now or timezone.now()
    with transaction.atomic():
        for _ in range(ATTEMPTS):
            claim = StoredAnswer(user=user, key=key, fingerprint=fingerprint, created_at=now)
            StoredAnswer.objects.bulk_create([claim], ignore_conflicts=True)
            stored = StoredAnswer.objects.filter(user=user, key=key).first()
            if stored is None:  # it was somebody else's a moment ago, and is forgotten
                continue
            if stored.status is None:  # our own claim: others see it only with its answer
                return _keep(stored, act()), False
            if stored.created_at <= now - KEPT:
                stored.delete()
                continue
            if stored.fingerprint != fingerprint:
                raise IdempotencyKeyReused()
            return Answer(stored.status, stored.body, stored.etag, stored.about_id), True
    raise Unavailable()


def forget_answers(*, now: datetime, dry_run: bool) -> int:
    old = StoredAnswer.objects.filter(created_at__lte=now - KEPT)
    if dry_run:
        return old.count()
    forgotten = 0
    while some := StoredAnswer.objects.filter(pk__in=old.values("pk")[:AT_ONCE]).delete()[0]:
        forgotten += some
    return forgotten


def forget_people(ids: Collection[int]) -> None:
    """Delete stored responses that name one of these accounts. The table holds one day of them."""
    for some in batches(list(ids), 100):
        named = (Q(people__contains=f",{account_id},") for account_id in some)
        StoredAnswer.objects.filter(reduce(or_, named)).delete()


def _keep(stored: StoredAnswer, answer: Answer) -> Answer:
    stored.status, stored.body, stored.etag, stored.about_id = answer[:4]
    stored.people = "".join(f",{account_id}" for account_id in sorted(answer.people)) + ","
    stored.save(update_fields=["status", "body", "etag", "about", "people"])
    return answer
