"""Ask the people of an event by email for the answers that they owe."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.permissions import require
from eventhub import tasks
from eventhub.exceptions import Refusal
from events.models import Event
from notifications.models import FanOut, Kind
from registrations.selectors.open_answers import people_owing


class AskedToday(Refusal):
    msg, code = "They were asked today already", "asked_today"


def ask_for_answers(*, event: Event, by: User, now: datetime | None = None) -> int:
    """Let everybody who owes answers get an email, at most once a day. Return how many. Raise AskedToday."""
    require(by, "event", "manage", event)
    now = now or timezone.now()
    people = int(people_owing(event).filter(~Q(user=None)).count())
    if not people:
        return 0
    with transaction.atomic():
        key = f"{Kind.ANSWERS}:{event.pk}:{timezone.localdate(now):%Y-%m-%d}"
        about = {"kind": Kind.ANSWERS, "event": event, "not_before": now}
        if not FanOut.objects.get_or_create(key=key, defaults=about)[1]:
            raise AskedToday()
        transaction.on_commit(tasks.work_waits.set)
    return people
