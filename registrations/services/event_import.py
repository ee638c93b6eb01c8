"""Import events: create or update each, in one transaction."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import connection, transaction

from accounts.models import User
from accounts.permissions import require
from eventhub import audit
from eventhub.db.retry import retried
from eventhub.exceptions import EventNotFound, Invalid, Refusal, UserNotFound, invalid
from events.imports.row_validation import ImportedEvent
from events.models import Event, EventQuerySet
from events.services.events import EventValues, create_event
from registrations.services.event_changes import edit_event
from registrations.services.seats import lock_event


class EventImportReport(NamedTuple):
    """Numbers of events, and a sentence for each invalid row."""

    created: int
    updated: int
    unchanged: int
    problems: list[str]


@retried
def import_events(
    *,
    rows: Sequence[ImportedEvent],
    organizer: User,
    default_capacity: int | None = None,
    skip_errors: bool = False,
    dry_run: bool = False,
    now: datetime | None = None,
) -> EventImportReport:
    """Create the organizer's events, or update those that exist.

    An event is recognized by UID, or else by title and start, and keeps the fields that its row lacks.
    `default_capacity` is for new events. Invalid and refused rows are reported; without `skip_errors` they prevent
    every write. Raise UserNotFound, and Forbidden for an account that is no organizer.
    """
    counts: Counter[str] = Counter()
    problems = []
    with audit.acting_through(audit.Channel.IMPORT, audit.actor_id()), transaction.atomic():
        _lock_changing(rows, organizer)
        owner = _lock_organizer(organizer.pk)
        for row in rows:
            try:
                counts[_import_row(row, owner, default_capacity, now)] += 1
            except (Refusal, DjangoValidationError) as refusal:
                reason = refusal if isinstance(refusal, Refusal) else invalid(refusal)
                problems.append(f"{row.place}: {reason.msg}")
        refused = bool(problems) and not skip_errors
        if refused or dry_run:
            transaction.set_rollback(True)
    if refused:
        counts.clear()
    return EventImportReport(counts["created"], counts["updated"], counts["unchanged"], problems)


def _lock_changing(rows: Sequence[ImportedEvent], organizer: User) -> None:
    """Lock the events that will change, in ascending order as everywhere; unchanged ones stay unlocked."""
    if not connection.features.has_select_for_update:
        return  # SQLite: the transaction holds the only lock
    known = [(_find(organizer, row.values), row.values) for row in rows if not row.problem]
    for event_id in sorted({event.pk for event, values in known if event and _is_changed(event, values)}):
        with suppress(EventNotFound):
            lock_event(event_id)


def _lock_organizer(organizer_id: int) -> User:
    """Lock the organizer, so that two imports at once do not both create an event."""
    try:
        organizer = User.objects.select_for_update(no_key=True).get(pk=organizer_id)
    except User.DoesNotExist:
        raise UserNotFound() from None
    require(organizer, "event", "create")
    return organizer


def _import_row(row: ImportedEvent, organizer: User, default_capacity: int | None, now: datetime | None) -> str:
    if row.problem:
        raise Invalid({"non_field_errors": [row.problem]})
    event = _find(organizer, row.values)
    if event is None:
        _create(organizer, row.values, default_capacity)
        return "created"
    if not _is_changed(event, row.values):
        return "unchanged"
    edit_event(event_id=event.pk, values=row.values, now=now)
    return "updated"


def _find(organizer: User, values: EventValues) -> Event | None:
    own: EventQuerySet = Event.objects.filter(organizer=organizer)
    same_slot = own.filter(title=values["title"], date_time=values["date_time"])
    uid = values.get("uid", "")
    if not uid:
        return same_slot.first()
    # `exclude` lets SQLite use the partial index of UIDs. An event with another UID is another event, however similar.
    return own.filter(uid=uid).exclude(uid="").first() or same_slot.filter(uid="").first()


def _is_changed(event: Event, values: EventValues) -> bool:
    return any(getattr(event, name) != value for name, value in values.items())


def _create(organizer: User, values: EventValues, default_capacity: int | None) -> None:
    if "max_capacity" not in values:
        if default_capacity is None:
            raise Invalid({"max_capacity": ["The file gives no capacity, and there is no default."]})
        values = {**values, "max_capacity": default_capacity}
    create_event(organizer=organizer, values=values)
