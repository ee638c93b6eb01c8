"""Import events: create or update each, in one transaction."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple, cast

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import connection, transaction

from accounts.models import User
from accounts.permissions import require
from eventhub import audit
from eventhub.db.retry import retried
from eventhub.exceptions import EventNotFound, Invalid, Refusal, UserNotFound, invalid
from eventhub.spreadsheets.cells import as_read_again
from events.imports.row_validation import ImportedEvent
from events.models import Event, EventQuerySet
from events.services.events import EventValues, create_event
from events.services.tags import are_tags
from registrations.services.event_changes import edit_event
from registrations.services.import_revisions import check_sequence, is_revised
from registrations.services.seats import lock_event
from registrations.services.series_import import cancel_series, import_date, import_series, uids_of_series

LACKING = {
    "title": "The file gives no title, and there is no default.",
    "location": "The file gives no location, and there is no default.",
    "max_capacity": "The file gives no capacity, and there is no default.",
}


SAME_EVENT = "{} is the same event with other values. Keep one of them."
OTHER_EVENT = (
    "Your event {} has another title and another start. Change one of them at a time, or leave the number out to "
    "create a new event."
)


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
    defaults: EventValues | None = None,
    skip_errors: bool = False,
    dry_run: bool = False,
    now: datetime | None = None,
) -> EventImportReport:
    """Create the organizer's events, or update those that exist.

    An event is recognized by its number in an export or by UID, or else by title, start and place, or else by title
    and start. It keeps the fields that its row lacks; new events take them from `defaults`. Invalid and refused rows
    are reported; without `skip_errors` they prevent every write. Raise UserNotFound, and Forbidden for an account that
    is no organizer.
    """
    counts: Counter[str] = Counter()
    problems = []
    with audit.acting_through(audit.Channel.IMPORT, audit.actor_id()), transaction.atomic():
        single = [row for row in rows if row.series is None and row.recurrence is None]
        _lock_changing(single, EventMatches(organizer, single, defaults))
        matches = EventMatches(_lock_organizer(organizer.pk), single, defaults)
        for row in sorted(rows, key=_turn):
            try:
                counts[_import_row(row, matches, now)] += 1
            except (Refusal, DjangoValidationError) as refusal:
                reason = refusal if isinstance(refusal, Refusal) else invalid(refusal)
                problems.append(f"{row.place}: {reason.msg}")
        refused = bool(problems) and not skip_errors
        if refused or dry_run:
            transaction.set_rollback(True)
    if refused:
        counts.clear()
    return EventImportReport(counts["created"], counts["updated"], counts["unchanged"], problems)


class EventMatches:
    """Finds the organizer's event of each row. Rows that differ only in their place are different events."""

    def __init__(self, organizer: User, rows: Sequence[ImportedEvent], defaults: EventValues | None) -> None:
        self.organizer = organizer
        self.defaults = defaults or EventValues()
        self._taken: set[int] = set()
        self._imported: dict[int, str] = {}  # the place of the row, for each event
        self._series_uids = uids_of_series(organizer)
        self._reserve([row for row in rows if not row.problem])

    def find(self, row: ImportedEvent) -> Event | None:
        event = self._find(row, exactly=False)
        if event is not None:
            self._taken.add(event.pk)
        return event

    def is_series(self, row: ImportedEvent) -> bool:
        return row.values.get("uid", "") in self._series_uids

    def create(self, row: ImportedEvent) -> None:
        complete: EventValues = {**self.complete(row), "imported_sequence": row.sequence}
        event = create_event(organizer=self.organizer, values=complete)
        self._taken.add(event.pk)
        self.note(event, row)

    def complete(self, row: ImportedEvent) -> EventValues:
        """Return the values of a new event. Raise a 400 where one is missing."""
        complete = self._complete(row.values)
        for name, lacking in LACKING.items():
            if name not in complete:
                raise Invalid({name: [lacking]})
        return complete

    def _complete(self, values: EventValues) -> EventValues:
        return {**self.defaults, **values}

    def note(self, event: Event, row: ImportedEvent) -> None:
        self._imported.setdefault(event.pk, row.place)

    def check_first(self, event: Event) -> None:
        """Raise a 400 where another row was the same event."""
        if event.pk in self._imported:
            raise Invalid({"non_field_errors": [SAME_EVENT.format(self._imported[event.pk])]})

    def check_number(self, row: ImportedEvent) -> None:
        """Raise a 400 where the row has the number of an event that it cannot be about."""
        event = self._numbered(row)
        if event is not None and not _is_alike(event, row.values):
            raise Invalid({"event_id": [OTHER_EVENT.format(event.pk)]})

    def _numbered(self, row: ImportedEvent) -> Event | None:
        """Return the organizer's event with the row's number; another organizer's says nothing about the row."""
        if row.event_id is None:
            return None
        return Event.objects.filter(organizer=self.organizer, pk=row.event_id).first()  # type: ignore[no-any-return]

    def _reserve(self, rows: list[ImportedEvent]) -> None:
        """Keep what rows match exactly from other rows of the same title and start."""
        slots = Counter(self._slot(row) for row in rows)
        for row in rows:
            if slots[self._slot(row)] > 1:
                event = self._find(row, exactly=True)
                self._taken |= {event.pk} if event is not None else set()

    def _slot(self, row: ImportedEvent) -> tuple[object, object]:
        complete = self._complete(row.values)
        return complete.get("title"), complete.get("date_time")

    def _find(self, row: ImportedEvent, *, exactly: bool) -> Event | None:
        """Find by number or UID, else by title, start and place, else by title and start one that no other row matches.

        An event with another UID is another event, however similar. A series is no event.
        """
        numbered = self._numbered(row)
        if numbered is not None and _is_alike(numbered, row.values):
            return numbered
        if self.is_series(row):
            return None
        values = self._complete(row.values)
        own: EventQuerySet = Event.objects.filter(organizer=self.organizer)
        uid = values.get("uid", "")
        # `exclude` lets SQLite use the partial index of UIDs.
        by_uid = own.filter(uid=uid).exclude(uid="").first() if uid else None
        if by_uid is not None or "date_time" not in values:
            return by_uid
        in_slot = own.filter(title=values.get("title", ""), date_time=values["date_time"])
        similar: list[Event] = list(in_slot.filter(uid="") if uid else in_slot)
        same_place = (event for event in similar if event.location == values.get("location", ""))
        free = (event for event in similar if not exactly and event.pk not in self._taken)
        return next(same_place, None) or next(free, None)


def _lock_changing(rows: Sequence[ImportedEvent], matches: EventMatches) -> None:
    """Lock the events that will change, in ascending order as everywhere; unchanged ones stay unlocked."""
    if not connection.features.has_select_for_update:
        return  # SQLite: the transaction holds the only lock
    known = [(matches.find(row), row) for row in rows if not row.problem]
    changing = {
        event.pk
        for event, row in known
        if event and (_is_changed(event, row) or is_revised(row, imported=event.imported_sequence))
    }
    for event_id in sorted(changing):
        with suppress(EventNotFound):
            lock_event(event_id)


def _turn(row: ImportedEvent) -> tuple[int, object]:
    """Let changed dates come after their series, and before them those that change all after them, in their order."""
    if row.recurrence is None:
        return 0, 0
    return (1, row.recurrence) if row.changes_following else (2, 0)


def _lock_organizer(organizer_id: int) -> User:
    """Lock the organizer, so that two imports at once do not both create an event."""
    try:
        organizer = User.objects.select_for_update(no_key=True).get(pk=organizer_id)
    except User.DoesNotExist:
        raise UserNotFound() from None
    require(organizer, "event", "create")
    return organizer


def _import_row(row: ImportedEvent, matches: EventMatches, now: datetime | None) -> str:
    if row.problem:
        raise Invalid({"non_field_errors": [row.problem]})
    if row.recurrence is not None:
        return import_date(row, matches.organizer, now)
    if row.series is not None and row.is_cancellation:
        return cancel_series(row, matches.organizer, now)
    if row.series is not None:
        return import_series(row, matches.organizer, matches.complete(row), now)
    matches.check_number(row)
    event = matches.find(row)
    if event is None:
        if row.is_cancellation or matches.is_series(row):
            return cancel_series(row, matches.organizer, now)
        matches.create(row)
        return "created"
    check_sequence(row, imported=event.imported_sequence, status=event.status)
    is_changed = _is_changed(event, row)
    if is_changed:
        matches.check_first(event)
        edit_event(event_id=event.pk, values=_said(event, row), now=now)
    matches.note(event, row)
    if is_revised(row, imported=event.imported_sequence):
        Event.objects.filter(pk=event.pk).update(imported_sequence=row.sequence)
    return "updated" if is_changed else "unchanged"


def _is_changed(event: Event, row: ImportedEvent) -> bool:
    values: dict[str, Any] = dict(_said(event, row))
    tags = values.pop("tags", None)
    if tags is not None and not are_tags(event, tags):
        return True
    return any(not _is_same(getattr(event, name), value) for name, value in values.items())


def _said(event: Event, row: ImportedEvent) -> EventValues:
    """Return the row's values. A calendar of ours has venue and address in the location: that one stays."""
    if not _is_same(event.place, row.values.get("location")):
        return row.values
    return cast(EventValues, {**row.values, "location": event.location})


def _is_same(kept: object, read: object) -> bool:
    """Compare two values; texts and times as a file would return them."""
    if isinstance(kept, str) and isinstance(read, str):
        return as_read_again(kept) == as_read_again(read)
    if isinstance(kept, datetime) and isinstance(read, datetime) and not read.microsecond:
        return kept.replace(microsecond=0) == read  # calendars have no fractions
    return kept == read


def _is_alike(event: Event, values: EventValues) -> bool:
    """Return whether a row with the event's number means it: another database numbers other events."""
    if event.uid and values.get("uid"):
        return event.uid == values["uid"]
    named = {name: value for name, value in values.items() if name in ("title", "date_time")}
    return not named or any(_is_same(getattr(event, name), value) for name, value in named.items())
