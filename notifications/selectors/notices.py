"""What became of notices, as far as its reader may know."""

from collections import Counter
from typing import Any, NamedTuple

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When

from accounts.models import User
from events.models import Event
from notifications.models import Kind, Notice, State
from notifications.services.truth import TRIED

UNSENT = [state for state in State if state != State.SENT]


def shown_to(reader: User, notices: QuerySet[Notice]) -> QuerySet[Any, Any]:
    """Annotate `shown_state`, `shown_why` and `shown_done_at`.

    Of people who were added by address, organizers see a notice as sent once it was its turn, whatever the account or
    the mail server made of it, and not when: mails are tried only where the account allows them, so anything else would
    tell whether there is an account of their own, as `account_shown` in registrations/models.py does not.
    """
    if reader.is_admin:
        return notices.annotate(shown_state=F("state"), shown_why=F("why"), shown_done_at=F("done_at"))
    hidden = hidden_from(reader)
    return notices.annotate(
        shown_state=Case(When(hidden, then=Value(State.SENT.value)), default=F("state"), output_field=CharField()),
        shown_why=Case(When(hidden, then=Value("")), default=F("why"), output_field=CharField()),
        shown_done_at=Case(When(_of_hidden_accounts(reader), then=None), default=F("done_at")),
    )


def hidden_from(reader: User) -> Q:
    """Return the condition for notices whose outcome is hidden from the reader."""
    return TRIED & _of_hidden_accounts(reader)


def _of_hidden_accounts(reader: User) -> Q:
    """Whether the person was added by address cannot be told of a registration that has been removed."""
    was_added = Q(registration__added_by_address=True) | Q(registration__added_by_address=None)
    return was_added & ~Q(user=reader.pk)


def counted_as(state: str) -> str:
    """Return the state that a notice is counted under."""
    return {State.SENDING: State.QUEUED, State.STOPPED: State.SKIPPED}.get(State(state), State(state))


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
    """Count what became of the emails about an event, in at most three queries.

    An index has all that the first one needs, for nearly all rows; the others read those that were not sent.
    """
    notices = Notice.objects.filter(event=event).order_by()
    numbers: Counter[tuple[str, str, str]] = Counter()
    for kind, state, number in notices.values_list("kind", "state").annotate(n=Count("*")):
        numbers[kind, counted_as(state), ""] += number
    with_reasons = notices.filter(state__in=UNSENT).values_list("kind", "state", "why").annotate(n=Count("*"))
    for kind, state, why, number in with_reasons.exclude(why=""):
        numbers[kind, counted_as(state), ""] -= number
        numbers[kind, counted_as(state), why] += number
    if not reader.is_admin:
        for kind, state, why, number in with_reasons.filter(hidden_from(reader)):
            numbers[kind, counted_as(state), why] -= number
            numbers[kind, State.SENT, ""] += number
    kinds = [kind for kind in Kind if any(key[0] == kind for key in numbers)]
    states = (State.SENT, State.QUEUED, State.FAILED, State.SKIPPED)
    return [KindNumbers(kind, *(_outcome(numbers, kind, state) for state in states)) for kind in kinds]


def _outcome(numbers: Counter[tuple[str, str, str]], kind: str, state: str) -> Outcome:
    by_reason = {why: number for (of, its, why), number in numbers.items() if (of, its) == (kind, state) and number}
    reasons = sorted(((why, number) for why, number in by_reason.items() if why), key=lambda each: (-each[1], each[0]))
    return Outcome(sum(by_reason.values()), reasons)
