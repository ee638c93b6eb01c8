from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count
from django.utils import timezone

from eventhub.observability.metrics import Reading
from notifications.models import LogPosition, Notice, State
from notifications.services import log_reader

DAY = timedelta(days=1)


def gauges() -> Iterator[Reading]:
    waiting = Notice.objects.filter(state__in=(State.QUEUED, State.SENDING))
    yield "notices_waiting", "Mails to attendees that wait to be sent.", waiting.count()
    now = timezone.now()
    # By the index of their age: `done_at` alone has none, and a mail rarely waits for days.
    ended = Notice.objects.filter(done_at__gt=now - DAY, created_at__gt=now - 4 * DAY).order_by().values("state")
    numbers = dict(ended.annotate(n=Count("pk")).values_list("state", "n"))
    yield "notices_sent_24h", "Mails to attendees sent within a day.", numbers.get(State.SENT, 0)
    yield "notices_failed_24h", "Mails to attendees given up within a day.", numbers.get(State.FAILED, 0)
    yield "log_lag_seconds", "Age of the oldest change that nobody was told yet.", _lag()


def _lag() -> float:
    ages = [0.0]
    for position in LogPosition.objects.all():
        log = next(each for each in log_reader.LOGS if each.name == position.log)
        oldest = log_reader.unread(log, position).values_list("at", flat=True).first()
        if oldest:
            ages.append((timezone.now() - oldest).total_seconds())
    return max(ages)
