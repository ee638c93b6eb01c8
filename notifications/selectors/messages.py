from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.db.models import Count, QuerySet

from accounts.models import User
from notifications.models import Notice, State
from notifications.selectors.notices import shown_to

SHOWN = (State.QUEUED.value, State.SENT.value, State.FAILED.value, State.SKIPPED.value)


def count_by_state(ids: Collection[int], *, reader: User) -> dict[int, dict[str, int]]:
    """Return how many mails of each message wait (`queued`), are sent, failed or skipped, as far as they are kept."""
    rows: QuerySet[Any, Any] = shown_to(reader, Notice.objects.filter(fan_out__message__in=ids)).order_by()
    numbers: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(SHOWN, 0))
    for message_id, state, number in rows.values_list("fan_out__message", "shown_state").annotate(n=Count("pk")):
        shown = State.QUEUED.value if state == State.SENDING else state
        numbers[message_id][shown] += number
    return numbers
