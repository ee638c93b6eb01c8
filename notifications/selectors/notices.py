"""What became of notices, as far as its reader may know."""

from collections import Counter
from typing import NamedTuple

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When

from accounts.models import User
from events.models import Event
from notifications.models import Kind, Notice, State
from notifications.services.truth import ABOUT_THE_ACCOUNT


def shown_to(reader: User, notices: QuerySet[Notice]) -> QuerySet[Notice]:
    """Annotate `shown_state` and `shown_why`.

    A notice that the account prevented is shown as sent to organizers if the person was added by address: it would
    tell whether there is an account of their own, as `account_shown` in registrations/models.py does not.
    """
    if reader.is_admin:
        return notices.annotate(shown_state=F("state"), shown_why=F("why"))
    hidden = hidden_from(reader)
    return notices.annotate(
        shown_state=Case(When(hidden, then=Value(State.SENT.value)), default=F("state"), output_field=CharField()),
        shown_why=Case(When(hidden, then=Value("")), default=F("why"), output_field=CharField()),
    )


def hidden_from(reader: User) -> Q:
    """Return the condition for notices of which an organizer must not learn why they were not sent.

    Whether the person was added by address cannot be told of a registration that has been removed.
    """
    was_added = Q(registration__added_by_address=True) | Q(registration__added_by_address=None)
    return Q(state=State.SKIPPED, why__in=ABOUT_THE_ACCOUNT) & ~Q(user=reader.pk) & was_added


class Outcome(NamedTuple):
    """How many emails came to that, and how many of them for which reason, the most frequent first."""

    number: int
    reasons: list[tuple[str, int]]


class KindNumbers(NamedTuple):
    kind: Kind
    sent: Outcome
    waiting: Outcome
    failed: Outcome
    skipped: Outcome


def count_by_kind(event: Event, reader: User) -> list[KindNumbers]:
    """Count what became of the emails about an event, in at most two queries."""
    notices = Notice.objects.filter(event=event).order_by()
    numbers: Counter[tuple[str, str, str]] = Counter()
    for kind, state, why, number in notices.values_list("kind", "state", "why").annotate(Count("pk")):
        numbers[kind, State.QUEUED if state == State.SENDING else state, why] += number
    if not reader.is_admin:
        hidden = notices.filter(hidden_from(reader)).values_list("kind", "why").annotate(Count("pk"))
        for kind, why, number in hidden:
            numbers[kind, State.SKIPPED, why] -= number
            numbers[kind, State.SENT, ""] += number
    kinds = [kind for kind in Kind if any(key[0] == kind for key in numbers)]
    states = (State.SENT, State.QUEUED, State.FAILED, State.SKIPPED)
    return [KindNumbers(kind, *(_outcome(numbers, kind, state) for state in states)) for kind in kinds]


def _outcome(numbers: Counter[tuple[str, str, str]], kind: str, state: str) -> Outcome:
    by_reason = {why: number for (of, its, why), number in numbers.items() if (of, its) == (kind, state) and number}
    reasons = sorted(((why, number) for why, number in by_reason.items() if why), key=lambda each: (-each[1], each[0]))
    return Outcome(sum(by_reason.values()), reasons)
