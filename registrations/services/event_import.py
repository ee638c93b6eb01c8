"""Brings the events of a file in: makes, changes or leaves each, all in one transaction."""

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
    """What an import did, or would do. `problems` names each bad row, with its reason."""

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
    """Makes the organizer's events of `rows`, or brings those that are known up to date, by the rules of any change.

    An event is known by its UID, or else by title and start, and keeps what its row does not say. `default_capacity`
    is for new ones. A bad row, or one that the rules refuse, is a problem of the report; without `skip_errors` nothing
    is written then. Forbidden or UserNotFound where the organizer is none.
    """
    done: Counter[str] = Counter()
    problems = []
    with audit.acting_through(audit.Channel.IMPORT, audit.actor_id()), transaction.atomic():
        _lock_what_changes(rows, organizer)
        owner = _lock_organizer(organizer.pk)
        for row in rows:
            try:
                done[_bring_in(row, owner, default_capacity, now)] += 1
            except (Refusal, DjangoValidationError) as refusal:
                problems.append(f"{row.place}: {_reason(refusal)}")
        refused = bool(problems) and not skip_errors
        if refused or dry_run:
            transaction.set_rollback(True)
    if refused:
        done.clear()
    return EventImportReport(done["created"], done["updated"], done["unchanged"], problems)


def _lock_what_changes(rows: Sequence[ImportedEvent], organizer: User) -> None:
    """In ascending order, as everybody who locks several events. Those that stay as they are are not locked, so that
    a daily import is in nobody's way."""
    if not connection.features.has_select_for_update:
        return  # SQLite: the transaction has the one lock that there is
    known = [(_known(organizer, row.values), row.values) for row in rows if not row.problem]
    for event_id in sorted({event.pk for event, values in known if event and _differs(event, values)}):
        with suppress(EventNotFound):
            lock_event(event_id)


def _lock_organizer(organizer_id: int) -> User:
    """Two imports for one organizer take turns: otherwise both would make the event that neither finds."""
    try:
        organizer = User.objects.select_for_update(no_key=True).get(pk=organizer_id)
    except User.DoesNotExist:
        raise UserNotFound() from None
    require(organizer, "event", "create")
    return organizer


def _bring_in(row: ImportedEvent, organizer: User, default_capacity: int | None, now: datetime | None) -> str:
    if row.problem:
        raise Invalid({"non_field_errors": [row.problem]})
    event = _known(organizer, row.values)
    if event is None:
        _create(organizer, row.values, default_capacity)
        return "created"
    if not _differs(event, row.values):
        return "unchanged"
    edit_event(event_id=event.pk, values=row.values, now=now)
    return "updated"


def _known(organizer: User, values: EventValues) -> Event | None:
    own: EventQuerySet = Event.objects.filter(organizer=organizer)
    alike = own.filter(title=values["title"], date_time=values["date_time"])
    uid = values.get("uid", "")
    if not uid:
        return alike.first()
    # SQLite uses the index of UIDs, which has no empty ones, only where told that none is sought. And an event with
    # another UID is another event, however alike.
    return own.filter(uid=uid).exclude(uid="").first() or alike.filter(uid="").first()


def _differs(event: Event, values: EventValues) -> bool:
    return any(getattr(event, name) != value for name, value in values.items())


def _create(organizer: User, values: EventValues, default_capacity: int | None) -> None:
    if "max_capacity" not in values:
        if default_capacity is None:
            raise Invalid({"max_capacity": ["The file brings none, and there is no default."]})
        values = {**values, "max_capacity": default_capacity}
    create_event(organizer=organizer, values=values)


def _reason(refusal: Refusal | DjangoValidationError) -> str:
    return invalid(refusal).msg if isinstance(refusal, DjangoValidationError) else refusal.msg
