from collections import defaultdict
from collections.abc import Collection

from django.db.models import Count

from accounts.models import User
from notifications.models import FanOut, Kind, Notice, State
from notifications.selectors.notices import UNSENT, counted_as, hidden_from

SHOWN = (State.QUEUED.value, State.SENT.value, State.FAILED.value, State.SKIPPED.value)


def count_by_state(event_id: int, ids: Collection[int], *, reader: User) -> dict[int, dict[str, int]]:
    """Return how many mails of each message wait (`queued`), are sent, failed or skipped, as far as they are kept.

    The numbers come from an index. Rows are read only for emails that were not sent, which may have to be hidden.
    """
    message_of = dict(FanOut.objects.filter(message__in=ids).values_list("pk", "message"))
    notices = Notice.objects.filter(event=event_id, kind=Kind.MESSAGE, fan_out__in=message_of).order_by()
    numbers: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(SHOWN, 0))
    # With all states named, the rows of the index follow each other.
    counted = notices.filter(state__in=State.values).values_list("fan_out", "state").annotate(n=Count("*"))
    for fan_out, state, number in counted:
        numbers[message_of[fan_out]][counted_as(state)] += number
    if not reader.is_admin:
        hidden = notices.filter(hidden_from(reader), state__in=UNSENT)
        for fan_out, state, number in hidden.values_list("fan_out", "state").annotate(n=Count("*")):
            numbers[message_of[fan_out]][counted_as(state)] -= number
            numbers[message_of[fan_out]][State.SENT] += number
    return numbers
