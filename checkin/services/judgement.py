"""What speaks against letting a person in: reads and decides, and writes nothing.

The first that applies: the ticket is not ours, it is for another event, nobody is let in here now, it was replaced, its
person has no seat. Whether they are in already is left to the upsert in presence.py.
"""

import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import F, FilteredRelation, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.permissions import allowed, require
from checkin.models import Checkpoint, GateToken, ScanKind, ScanResult
from checkin.services import ticket_codes
from checkin.services.checkpoints import entrance_of
from eventhub.db.compiled_queries import CompiledQuery
from eventhub.exceptions import AttendeeNotFound, CheckpointNotFound, InsufficientScope
from events.models import Event, EventStatus
from registrations.models import SEATED, Registration

_COLUMNS = ("id", "event_id", "name", "is_entrance", "reentry", "opens", "closes")


@dataclass(frozen=True)
class Door:
    """Who scans, and where. `checkpoint_id` is None for the entrance."""

    event_id: int
    by: User
    gate: GateToken | None = None
    checkpoint_id: int | None = None
    device: str = ""

    def at(self, checkpoint_id: int | None) -> "Door":
        """Return the door at a checkpoint, or at the gate's own, which it cannot leave."""
        own = None if self.gate is None else self.gate.checkpoint_id
        return replace(self, checkpoint_id=own or checkpoint_id)

    def require_may_scan(self, attempt: "Attempt") -> None:
        """Raise InsufficientScope where a gate names a person and may not search: ids would give it all names."""
        if attempt.code is None and self.gate is not None and not self.gate.may_search:
            raise InsufficientScope()


@dataclass(frozen=True)
class Attempt:
    """A ticket, or a person chosen by name, in front of a door. One of `code` and `registration_id` is given."""

    code: str | None = None
    registration_id: int | None = None
    kind: str = ScanKind.IN
    nonce: uuid.UUID = field(default_factory=uuid.uuid4)
    force: bool = False


@dataclass
class Judgement:
    """What was read, and what speaks against it: `refusal` is None where nothing does."""

    checkpoint: Checkpoint
    event: Event
    at: datetime
    registration: Registration | None = None  # locked; of another event for WRONG_EVENT
    refusal: ScanResult | None = None
    extra: dict[str, Any] = field(default_factory=dict)  # of the refusal's body
    was: str = ""  # the status that was read


def person_of(attempt: Attempt) -> int | None:
    """Return the id of the registration, or None for a code that is not ours."""
    contents = None if attempt.code is None else ticket_codes.read(attempt.code)
    return contents.registration_id if contents else attempt.registration_id


def judge(door: Door, attempt: Attempt, now: datetime | None) -> Judgement:
    """Lock and read the registration, and decide. Call it in a transaction.

    Without `now` the clock is read under the lock, so that the times of a person's scans have the order of their moves.
    Raise EventNotFound, Forbidden, CheckpointNotFound, AttendeeNotFound for an id of another event.
    """
    contents = None if attempt.code is None else ticket_codes.read(attempt.code)
    pk = contents.registration_id if contents else attempt.registration_id
    registration = None if pk is None else _read(door, pk)
    now = now or timezone.now()
    if registration is None or registration.event_id != door.event_id:
        if attempt.code is None:
            require_event(door)
            raise AttendeeNotFound()
        return _not_of_this_event(door, registration, now)
    event = _allowed_event(door, registration.event)
    judgement = Judgement(_checkpoint_of(registration, door), event, now, registration, was=registration.status)
    issue = contents.issue if contents else registration.issue
    _decide(judgement, issue, attempt.kind)
    return judgement


def _decide(judgement: Judgement, issue: int, kind: str) -> None:
    registration, checkpoint, now = judgement.registration, judgement.checkpoint, judgement.at
    assert registration is not None  # noqa: S101  (for the type checker)
    is_early = checkpoint.opens is not None and now < checkpoint.opens
    is_late = checkpoint.closes is not None and now >= checkpoint.closes
    is_cancelled = judgement.event.status == EventStatus.CANCELLED
    if kind != ScanKind.OUT and (is_early or is_late or is_cancelled):
        judgement.refusal = ScanResult.CLOSED
        judgement.extra = {"opens": checkpoint.opens, "closes": checkpoint.closes}
    elif issue < registration.issue:
        # A later issue than the row knows is ours too: the database was restored from before it.
        judgement.refusal = ScanResult.REVOKED
    elif registration.status not in SEATED and kind != ScanKind.OUT:
        judgement.refusal = ScanResult.NOT_REGISTERED
        judgement.extra = {"status": registration.status}


def _with_checkpoint(condition: Q, pk: int) -> QuerySet[Registration]:
    columns = {f"checkpoint_{name}": F(f"checkpoint__{name}") for name in _COLUMNS}
    return (  # type: ignore[no-any-return]
        Registration.objects.with_event()
        .order_by()
        .select_for_update(of=("self",), no_key=True)
        .annotate(checkpoint=FilteredRelation("event__checkpoints", condition=condition), **columns)
        .filter(pk=pk)
    )


_AT_ENTRANCE = CompiledQuery(lambda pk: _with_checkpoint(Q(event__checkpoints__is_entrance=True), pk))
_AT_CHECKPOINT = CompiledQuery(lambda pk, checkpoint: _with_checkpoint(Q(event__checkpoints__id=checkpoint), pk))


def _read(door: Door, pk: int) -> Registration | None:
    """Lock a registration; read its event and the checkpoint with it, in one query."""
    found: Registration | None = (
        _AT_ENTRANCE.first(pk) if door.checkpoint_id is None else _AT_CHECKPOINT.first(pk, door.checkpoint_id)
    )
    return found


def _checkpoint_of(registration: Registration, door: Door) -> Checkpoint:
    values = {name: getattr(registration, f"checkpoint_{name}") for name in _COLUMNS}
    checkpoint = Checkpoint(**values) if values["id"] is not None else find_checkpoint(door)
    checkpoint.event = registration.event
    return checkpoint


def find_checkpoint(door: Door) -> Checkpoint:
    """Return the checkpoint of a door. Raise CheckpointNotFound for one of another event."""
    if door.checkpoint_id is None:
        return entrance_of(door.event_id)
    found: Checkpoint | None = Checkpoint.objects.filter(pk=door.checkpoint_id, event=door.event_id).first()
    if found is None:
        raise CheckpointNotFound()
    return found


def require_event(door: Door) -> Event:
    """Return the event of a door. Raise EventNotFound, or Forbidden where `by` may not scan there."""
    return _allowed_event(door, Event.objects.find(door.event_id, door.by))


def _allowed_event(door: Door, event: Event) -> Event:
    if not event.is_visible_to(door.by):
        Event.objects.find(event.pk, door.by)
    require(door.by, "event", "scan", event)
    return event


def _not_of_this_event(door: Door, registration: Registration | None, now: datetime) -> Judgement:
    """Say which other event a ticket is for only to people who run that one, too."""
    event = require_event(door)
    judgement = Judgement(find_checkpoint(door), event, now, refusal=ScanResult.UNKNOWN)
    if registration is not None:
        judgement.refusal = ScanResult.WRONG_EVENT
        if door.gate is None and allowed(door.by, "event", "scan", registration.event):
            judgement.extra = {"event": {"event_id": registration.event_id, "title": registration.event.title}}
    return judgement
