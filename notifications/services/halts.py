from datetime import datetime

from django.db import transaction
from django.utils import timezone

from eventhub.db.retry import retried
from notifications.models import FanOut, Message, MessageState, Notice, State
from notifications.services import log_reader

BY_ADMIN = "an admin stopped it"


@retried
def stop_emails(*, event_id: int, now: datetime | None = None) -> int:
    """Stop all that waits for one event, and return how many emails. What happens later is told as ever.

    An email that is being sent goes out. Of a cause whose emails were not made yet, none is made, nor counted.
    """
    for log in log_reader.LOGS:  # or what was not read yet would be told later
        while log_reader.read(log) == log_reader.READ_AT_ONCE:
            pass
    now = now or timezone.now()
    with transaction.atomic():
        # In this order, as when a fan-out expands: it cannot make more notices after this.
        under_way = FanOut.objects.filter(event=event_id, done_at=None)
        list(under_way.select_for_update().order_by("pk"))
        going_on = (MessageState.QUEUED, MessageState.SENDING)
        Message.objects.filter(event=event_id, state__in=going_on).update(state=MessageState.STOPPED)
        under_way.update(done_at=now)
        waiting = Notice.objects.filter(event=event_id, state=State.QUEUED)
        return waiting.update(state=State.STOPPED, done_at=now, why=BY_ADMIN)
