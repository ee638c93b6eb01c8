"""The emails of one event of the demo: all sent but one, whose address was refused."""

from datetime import timedelta

from events.models import Event
from notifications.models import Notice, State
from notifications.services.notices import kind_of, priority_of
from registrations.models import Transition

SECONDS_LATER = timedelta(seconds=3)


def write(event: Event) -> None:
    """Write a notice for each line in the log of the event's registrations."""
    log = Transition.objects.filter(registration__event=event).select_related("registration").order_by("pk")
    notices = [
        Notice(
            kind=kind,
            priority=priority_of(kind),
            user_id=line.registration.user_id,
            event=event,
            registration=line.registration,
            transition=line,
            state=State.SENT,
            created_at=line.at,
            not_before=line.at,
            done_at=line.at + SECONDS_LATER,
        )
        for line in log
        if line.registration.user_id is not None and (kind := kind_of(line.was, line.becomes))
    ]
    notices[-1].state, notices[-1].why, notices[-1].attempts = State.FAILED, "SMTPRecipientsRefused 550", 1
    Notice.objects.bulk_create(notices)
