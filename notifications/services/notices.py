"""Which changes of a registration make a notice, and of which kind."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from eventhub.audit import Channel
from events.models import Event, Telling
from notifications.models import PRIORITIES, Kind, Notice, Priority
from registrations.models import SEATED, RegistrationStatus, Removal

# After an interruption, older changes send no emails.
TOLD_WITHIN = timedelta(days=3)
BY_PEOPLE = (Channel.API, Channel.ADMIN)
COLUMNS = (
    *("pk", "transaction_id", "registration_id", "was", "becomes", "at", "through"),
    *("registration__user_id", "registration__event_id", "registration__event__notifications", "registration__issue"),
)
REGISTERED, WAITLISTED, CANCELLED = (
    RegistrationStatus.REGISTERED,
    RegistrationStatus.WAITLISTED,
    RegistrationStatus.CANCELLED,
)


def kind_of(was: str, becomes: str, *, issue: int = 1) -> Kind | None:
    """Return the notice that a change of status makes; `was` is empty for a new registration.

    Checking in makes none, nor does undoing it: the person is there. Who keeps a seat got another ticket, or has
    confirmed the seat while there is but the first `issue` of it.
    """
    if was == becomes:
        return (Kind.TICKET if issue else Kind.REGISTERED) if becomes in SEATED else None
    if becomes == REGISTERED:
        return {"": Kind.REGISTERED, CANCELLED: Kind.REGISTERED, WAITLISTED: Kind.SEATED}.get(was)
    return {WAITLISTED: Kind.QUEUED, CANCELLED: Kind.CANCELLED}.get(becomes)  # type: ignore[call-overload,no-any-return]


def is_told(through: str, telling: str) -> bool:
    """Return whether an event tells of a change through this channel."""
    return telling == Telling.ALL or (telling == Telling.USUAL and through in BY_PEOPLE)


def priority_of(kind: str) -> int:
    return PRIORITIES.get(Kind(kind), Priority.OWN)


def make_notices(transitions: Iterable[dict[str, Any]], *, now: datetime | None = None) -> None:
    """Make the notices of lines in the log of registrations. A line that has its notice gets no second."""
    oldest = (now or timezone.now()) - TOLD_WITHIN
    notices = []
    for row in transitions:
        kind = kind_of(row["was"], row["becomes"], issue=row["registration__issue"])
        if kind is None or row["registration__user_id"] is None or row["at"] < oldest:
            continue
        if not is_told(row["through"], row["registration__event__notifications"]):
            continue
        notices.append(
            Notice(
                kind=kind,
                priority=priority_of(kind),
                user_id=row["registration__user_id"],
                event_id=row["registration__event_id"],
                registration_id=row["registration_id"],
                transition_id=row["pk"],
            )
        )
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


def make_removal_notices(removals: Iterable[Removal], *, now: datetime | None = None) -> None:
    """Make the notices of deleted registrations. If the event is deleted, too, it has been cancelled for its people."""
    oldest = (now or timezone.now()) - TOLD_WITHIN
    # Who has not confirmed may never have asked for a seat.
    removals = [row for row in removals if row.at >= oldest and row.was != Removal.ON_HOLD]
    events = Event.objects.in_bulk({row.event_id for row in removals})
    former = {pk: former_event(pk) for pk in {row.event_id for row in removals} - events.keys()}
    notices = []
    for row in removals:
        event = events.get(row.event_id) or former[row.event_id]
        if event is None or not is_told(row.through, event.notifications):
            continue
        kind = Kind.CANCELLED if row.event_id in events else Kind.EVENT_CANCELLED
        about = {"user_id": row.user_id, "event_id": row.event_id, "removal": row}
        notices.append(Notice(kind=kind, priority=priority_of(kind), **about))
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


def former_event(event_id: int) -> Event | None:
    """Return an event that has been deleted as it was at last, from its history. None for one that has none."""
    line = Event.history.filter(id=event_id).order_by("-history_id").first()
    if line is None:
        return None
    event: Event = line.instance
    event.updated_at = line.history_date
    return event
