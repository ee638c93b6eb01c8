"""Rule 5: every change of a status is told to its person, once. The reader of the log works all through the race."""

import time
from collections import Counter

from django.db.models import Max

from notifications.models import Notice
from notifications.services import log_reader
from notifications.services.notices import kind_of
from registrations.models import Transition

# Transactions of other processes on the same server hold the reader back.
SECONDS = 60


def read() -> int:
    return sum(log_reader.read(log) for log in log_reader.LOGS)


def last_line() -> int:
    """Read the log to its end, and return its last line."""
    while read():
        pass
    return Transition.objects.aggregate(last=Max("pk"))["last"] or 0


def untold(event_ids: list[int], *, after: int) -> list[str]:
    """What is wrong with the notices of these events; registrations that are gone or nobody's are left out."""
    deadline = time.monotonic() + SECONDS
    while (problems := _problems(event_ids, after)) and time.monotonic() < deadline:
        read()
        time.sleep(0.02)
    return problems


def _problems(event_ids: list[int], after: int) -> list[str]:
    lines = Transition.objects.filter(pk__gt=after, registration__event__in=event_ids)
    lines = lines.exclude(registration__user=None)
    found = lines.values_list("pk", "registration", "registration__user", "was", "becomes")
    causes = {pk: (*about, kind_of(was, becomes)) for pk, *about, was, becomes in found if kind_of(was, becomes)}
    notices = Notice.objects.filter(transition__in=causes)
    told = Counter(notices.values_list("transition", flat=True))
    facts = dict(notices.values_list("transition", "kind"))
    return [
        f"rule 5: line {pk} of the log, {kind} of registration {row}, made {told[pk]} notices"
        for pk, (row, _, kind) in causes.items()
        if told[pk] != 1 or facts[pk] != kind
    ]
