"""The log of the doors: a line for each scan, refusals included. Lines are added and never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection

from checkin.models import Presence, Scan, ScanKind, ScanResult
from checkin.services.judgement import Attempt, Door, Judgement
from eventhub import audit
from eventhub.db.compiled_queries import planned_once
from eventhub.db.retry import violated
from eventhub.exceptions import AttendeeNotFound, NonceReused, ScanRefused
from registrations.models import Question, Registration

MOVED = {ScanResult.ADMITTED, ScanResult.LEFT}
ACCEPTED = MOVED | {ScanResult.VALID, ScanResult.UNDONE}
UNDO_AT_GATES = timedelta(hours=24)


@dataclass(frozen=True)
class DoorAnswer:
    """A line of the log as a door hears it. `extra`: further keys of a refusal's body."""

    scan: Scan
    registration: Registration | None = None
    inside: bool | None = None
    is_replayed: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
    # What to ask the person; None where the event asks nothing.
    owes_answers: Sequence[Question] | None = None

    @property
    def is_accepted(self) -> bool:
        return self.scan.result in ACCEPTED

    @property
    def undo_until(self) -> datetime | None:
        return self.scan.received_at + UNDO_AT_GATES if self.scan.result in MOVED else None

    def refusal(self, **shown: Any) -> ScanRefused:
        return ScanRefused(self.scan.result, scan_id=self.scan.pk, **self.extra, **shown)


def note(door: Door, attempt: Attempt, judgement: Judgement, result: ScanResult, now: datetime, **columns: Any) -> Scan:
    """Write a line. Raise IntegrityError for a nonce that was used."""
    of_here = judgement.refusal != ScanResult.WRONG_EVENT
    line = Scan(
        event_id=door.event_id,
        checkpoint=judgement.checkpoint,
        nonce=attempt.nonce,
        registration=judgement.registration if of_here else None,
        kind=attempt.kind,
        result=result,
        received_at=now,
        by_id=door.by.pk,
        gate=door.gate,
        through=audit.channel(),
        device=door.device,
        **{"at": now, **columns},
    )
    write(line)
    return line


def write(line: Scan) -> None:
    """Insert a line. `save` takes several times as long. Raise IntegrityError."""
    fields = [field for field in Scan._meta.concrete_fields if not field.primary_key]
    values = [field.get_db_prep_save(getattr(line, field.attname), connection) for field in fields]
    columns, places = ", ".join(str(field.column) for field in fields), ", ".join(["%s"] * len(fields))
    with planned_once(connection) as cursor:
        cursor.execute(
            f"INSERT INTO checkin_scan ({columns}) VALUES ({places}) RETURNING id",
            [str(value) if isinstance(value, str) else value for value in values],
        )
        line.pk = cursor.fetchone()[0]
    line._state.adding = False


def is_used_nonce(problem: IntegrityError) -> bool:
    constraint = violated(problem)
    # SQLite names the columns of a unique index, not the index.
    return "scan_nonce_unique" in constraint or "checkin_scan.nonce" in constraint


def find_line(door: Door, attempt: Attempt) -> Scan | None:
    """Return the line of a nonce, or None."""
    lines = Scan.objects.select_related("registration").filter(event=door.event_id, nonce=attempt.nonce)
    return lines.first()


def first_answer(door: Door, attempt: Attempt, registration_id: int | None) -> DoorAnswer:
    """Return the answer that a nonce got at first.

    Raise NonceReused where it was another scan, AttendeeNotFound where it has just gone with its person.
    """
    line = find_line(door, attempt)
    if line is None:
        raise AttendeeNotFound()
    same_person = line.registration_id == registration_id or line.result == ScanResult.WRONG_EVENT
    if line.kind != attempt.kind or not same_person:
        raise NonceReused()
    registration = line.registration
    inside = None if registration is None else is_inside(line.checkpoint_id, registration.pk)
    return DoorAnswer(line, registration, inside, is_replayed=True, extra=extra_of(line))


def extra_of(line: Scan) -> dict[str, Any]:
    """Return the further keys of a refusal's body, as they are now."""
    if line.result == ScanResult.ALREADY_IN:
        return already_in(line.checkpoint_id, line.registration_id)
    if line.result == ScanResult.NOT_REGISTERED and line.registration is not None:
        return {"status": line.registration.status}
    return {}


def already_in(checkpoint_id: int, registration_id: int | None) -> dict[str, Any]:
    """Say where, when and by whom a person was let in. Of accounts, only the organizer of the event is named."""
    there = Presence.objects.filter(checkpoint=checkpoint_id, registration=registration_id)
    first_in = there.values_list("first_in", flat=True).first()
    lines = Scan.objects.filter(registration=registration_id, checkpoint=checkpoint_id, kind=ScanKind.IN)
    line = (
        lines.filter(result=ScanResult.ADMITTED)
        .select_related("gate", "checkpoint", "event__organizer")
        .order_by("-id")
        .first()
    )
    if line is None:
        return {"first_in": first_in, "checkpoint": None, "by": None}
    organizer = line.event.organizer
    by = line.gate.name if line.gate else organizer.username if line.by_id == organizer.pk else None
    return {"first_in": first_in, "checkpoint": line.checkpoint.name, "by": by}


def is_inside(checkpoint_id: int, registration_id: int) -> bool:
    there = Presence.objects.filter(checkpoint=checkpoint_id, registration=registration_id)
    return bool(there.values_list("inside", flat=True).first())
