from datetime import datetime, timedelta

from django.utils import timezone

from events.models import ANNOUNCED, MAX_REMIND_HOURS, Event, Telling
from notifications.models import FanOut, Kind

# After an interruption a reminder is sent late, but by no more than this, nor than half of its time.
LATE_HOURS = 6


def key_of(event_id: int, begins: datetime, before: int) -> str:
    return f"{Kind.REMINDER}:{event_id}:{int(begins.timestamp())}:{before}"


def start_reminders(*, now: datetime | None = None) -> int:
    """Start the reminders that are due by the events' present times; return how many."""
    now = now or timezone.now()
    events = Event.objects.filter(date_time__gt=now, date_time__lte=now + timedelta(hours=MAX_REMIND_HOURS))
    events = events.filter(status__in=ANNOUNCED).exclude(notifications=Telling.NONE)
    due = {}
    for event_id, begins, hours in events.order_by().values_list("pk", "date_time", "remind_hours"):
        for before in hours:
            moment = begins - timedelta(hours=before)
            if moment <= now < moment + timedelta(hours=min(LATE_HOURS, before / 2)):
                due[key_of(event_id, begins, before)] = FanOut(
                    key=key_of(event_id, begins, before),
                    kind=Kind.REMINDER,
                    event_id=event_id,
                    begins=begins,
                    registered_before=moment,
                    not_before=now,
                )
    known = set(FanOut.objects.filter(key__in=due).values_list("key", flat=True))
    new = [fan_out for key, fan_out in due.items() if key not in known]
    FanOut.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)
