"""Who is let in at a door. Every check-in ends here: by ticket, by name, by status, and its undoing.

A scan locks the registration, never the event: doors do not wait for each other, nor for people who register. The
upsert in presence.py decides. Locks are taken in the order event, registration, presence; `force` for somebody without
a seat needs the event, and locks it first.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import allowed
from checkin.models import Checkpoint, Reentry, Scan, ScanKind, ScanResult
from checkin.services import presence, walk_ins
from checkin.services.checkpoints import entrance_of
from checkin.services.judgement import Attempt, Door, Judgement, judge, person_of, require_event
from checkin.services.scan_log import (
    ACCEPTED,
    MOVED,
    UNDO_AT_GATES,
    DoorAnswer,
    already_in,
    first_answer,
    is_inside,
    is_used_nonce,
    note,
    write,
)
from eventhub import audit
from eventhub.db.retry import retried, violated
from eventhub.exceptions import (
    AlreadyRegistered,
    EventFull,
    EventNotFound,
    NothingToUndo,
    RegistrationClosed,
    TooLateToUndo,
    UndoneAlready,
)
from events.models import Event
from registrations.models import SEATED, Question, Registration, RegistrationStatus
from registrations.selectors.open_answers import owed_answers
from registrations.services import attendance, seats
from registrations.services.walk_ins import withdraw_walk_in

# Who is refused for one of these may be let in all the same.
FORCEABLE = {ScanResult.REVOKED, ScanResult.NOT_REGISTERED, ScanResult.ALREADY_IN, ScanResult.CLOSED}


def scan(door: Door, attempt: Attempt, *, now: datetime | None = None) -> DoorAnswer:
    """Let a person in or out, or say why not, and note it either way. The same nonce gets the first answer again.

    Raise EventNotFound, Forbidden, InsufficientScope, CheckpointNotFound, AttendeeNotFound, NonceReused.
    """
    door.require_may_scan(attempt)
    try:
        return _scan(door, attempt, now)
    except IntegrityError as problem:
        answer = answer_instead(problem, door, attempt)
        return replace(answer, owes_answers=_owed(answer.scan, answer.registration))


def answer_instead(problem: IntegrityError, door: Door, attempt: Attempt) -> DoorAnswer:
    """Return the first answer of a nonce. Raise EventNotFound where the event is gone, else the problem."""
    if is_used_nonce(problem):
        return first_answer(door, attempt, person_of(attempt))
    if not Event.objects.filter(pk=door.event_id).exists():
        raise EventNotFound() from None
    raise problem


@retried
def _scan(door: Door, attempt: Attempt, now: datetime | None) -> DoorAnswer:
    with transaction.atomic():
        if attempt.force:
            _lock_event_first(door, attempt)
        judgement = judge(door, attempt, now)
        result, columns = _act(door, attempt, judgement, judgement.at)
        line = note(door, attempt, judgement, result, judgement.at, **columns)
        registration = judgement.registration if result != ScanResult.WRONG_EVENT else None
        owed = _owed(line, registration)
        return DoorAnswer(line, registration, _inside(line), extra=judgement.extra, owes_answers=owed)


def _owed(line: Scan, registration: Registration | None) -> Sequence[Question] | None:
    """Return what to ask a person who may come in."""
    if registration is None or line.result not in ACCEPTED or line.kind == ScanKind.OUT:
        return None
    return owed_answers(registration)


def _act(door: Door, attempt: Attempt, judgement: Judgement, now: datetime) -> tuple[ScanResult, dict[str, Any]]:
    """Move the person if nothing speaks against it; return the result, and columns of the log."""
    if judgement.refusal is None:
        if attempt.kind == ScanKind.CHECK:
            return ScanResult.VALID, {}
        entries = move(judgement, attempt.kind, now)
        if entries is not None:
            return _done(attempt.kind), {"entries": entries}
        _not_moved(judgement, attempt.kind)
    refusal = judgement.refusal or ScanResult.UNKNOWN
    if not attempt.force or attempt.kind != ScanKind.IN or refusal not in FORCEABLE:
        return refusal, {}
    may_force = door.gate.may_force if door.gate else allowed(door.by, "event", "manage", judgement.event)
    if not may_force:
        return ScanResult.FORCE_NOT_ALLOWED, {}
    return _force(door, judgement, refusal, now)


def move(judgement: Judgement, kind: str, now: datetime, *, reentry: str | None = None) -> int | None:
    """Let the person in or out; return how often they came in, or None where the rule of the checkpoint refuses."""
    registration, checkpoint = judgement.registration, judgement.checkpoint
    assert registration is not None  # noqa: S101  (for the type checker)
    is_attended = checkpoint.is_entrance and judgement.was == RegistrationStatus.ATTENDED
    if kind == ScanKind.OUT:
        entries = presence.leave(checkpoint, registration.pk, now)
        if entries is None and is_attended and note_earlier_check_in(registration, checkpoint):
            entries = presence.leave(checkpoint, registration.pk, now)
        return entries
    entries = presence.enter(checkpoint, registration.pk, now, reentry=reentry)
    if entries == 1 and is_attended:
        note_earlier_check_in(registration, checkpoint)
        entries = presence.enter(checkpoint, registration.pk, now, reentry=reentry)
    elif checkpoint.is_entrance and registration.status == RegistrationStatus.REGISTERED:
        # Also whom the rule refuses: they were in before they lost the seat and got it again.
        attendance.mark_attended(registration, now=now)
    return entries


def _done(kind: str) -> ScanResult:
    return ScanResult.LEFT if kind == ScanKind.OUT else ScanResult.ADMITTED


def _not_moved(judgement: Judgement, kind: str) -> None:
    assert judgement.registration is not None  # noqa: S101
    judgement.refusal = ScanResult.NOT_INSIDE if kind == ScanKind.OUT else ScanResult.ALREADY_IN
    if kind != ScanKind.OUT:
        judgement.extra = already_in(judgement.checkpoint.pk, judgement.registration.pk)


def _inside(line: Scan) -> bool | None:
    if line.registration_id is None:
        return None
    if line.result in MOVED:
        return bool(line.result == ScanResult.ADMITTED)
    return is_inside(line.checkpoint_id, line.registration_id)


# In spite of a refusal ------------------------------------------------------------------------------------------------


def _lock_event_first(door: Door, attempt: Attempt) -> None:
    """Lock the event of a door for people who may scan there, if the attempt is of one of its registrations."""
    pk = person_of(attempt)
    if pk and Registration.objects.filter(pk=pk, event=door.event_id).exists():
        require_event(door)
        seats.lock_event(door.event_id)


def _force(door: Door, judgement: Judgement, refusal: ScanResult, now: datetime) -> tuple[ScanResult, dict[str, Any]]:
    registration = judgement.registration
    assert registration is not None  # noqa: S101
    if registration.status not in SEATED:
        try:
            judgement.registration = seats.update(
                registration=registration, by=door.by, status=RegistrationStatus.ATTENDED, is_followed=False, now=now
            )
        except EventFull:
            judgement.extra = {}
            return ScanResult.FULL, {}
        except (AlreadyRegistered, RegistrationClosed):
            return refusal, {}
    entries = move(judgement, ScanKind.IN, now, reentry=Reentry.ALWAYS)
    if entries is None:
        return refusal, {}
    return ScanResult.ADMITTED, {"entries": entries, "forced": True, "despite": refusal}


# By status ------------------------------------------------------------------------------------------------------------


def follow_status(registration: Registration, by: User, now: datetime) -> None:
    """Note in the log of the doors what a button or the API's `status` did, in its transaction."""
    entrance = entrance_of(registration.event_id)
    # `now` was read before the lock; a door may have been quicker.
    now = max(now, timezone.now())
    line = _line(registration, entrance, now, by_id=by.pk, through=audit.channel())
    if registration.status == RegistrationStatus.ATTENDED:
        # Somebody who was inside, and lost the seat and got it again, did not come in once more.
        entries = presence.enter(entrance, registration.pk, now, reentry=Reentry.AFTER_EXIT)
        if entries is None:
            return
        line.kind, line.result, line.entries = ScanKind.IN, ScanResult.ADMITTED, entries
        write(line)
    else:
        line.kind, line.result = ScanKind.UNDO, ScanResult.UNDONE
        write(line)
        presence.replay(entrance, registration.pk)


def note_earlier_check_in(registration: Registration, entrance: Checkpoint) -> bool:
    """Write down that a person was checked in by an import, or before there was a log of the doors.

    Return whether nobody had.
    """
    if Scan.objects.filter(checkpoint=entrance, registration=registration, result=ScanResult.ADMITTED).exists():
        return False
    line = _line(
        registration,
        entrance,
        registration.status_since,
        by_id=registration.status_by_id,
        through=registration.status_through,
    )
    line.kind, line.result, line.entries = ScanKind.IN, ScanResult.ADMITTED, 1
    write(line)
    presence.replay(entrance, registration.pk)
    return True


def _line(registration: Registration, checkpoint: Checkpoint, at: datetime, **columns: Any) -> Scan:
    return Scan(
        event_id=registration.event_id,
        checkpoint=checkpoint,
        nonce=uuid.uuid4(),
        registration=registration,
        at=at,
        received_at=at,
        **columns,
    )


# Undoing --------------------------------------------------------------------------------------------------------------


def undo(door: Door, undone: Scan, *, nonce: uuid.UUID | None = None, now: datetime | None = None) -> DoorAnswer:
    """Undo a scan that let somebody in or out. At a gate that works for a day.

    A walk-in whom nothing but that scan knows loses the seat, too.
    Raise NothingToUndo, UndoneAlready, TooLateToUndo, NonceReused.
    """
    now = now or timezone.now()
    attempt = Attempt(registration_id=undone.registration_id, kind=ScanKind.UNDO, nonce=nonce or uuid.uuid4())
    if undone.result not in MOVED or undone.registration_id is None:
        raise NothingToUndo()
    if door.gate is not None and now - undone.received_at > UNDO_AT_GATES:
        raise TooLateToUndo()
    try:
        return _undo(door, attempt, undone, now)
    except IntegrityError as problem:
        constraint = violated(problem)
        if "scan_undone_once" in constraint or "checkin_scan.undoes_id" in constraint:
            return _undone_already(door, attempt, undone)
        return answer_instead(problem, door, attempt)


@retried
def _undo(door: Door, attempt: Attempt, undone: Scan, now: datetime) -> DoorAnswer:
    with transaction.atomic():
        is_walk_in = walk_ins.made_all(undone)
        if is_walk_in:  # its seat is free again
            seats.lock_event(undone.event_id)
        judgement = judge(door, attempt, now)
        registration, checkpoint = judgement.registration, judgement.checkpoint
        assert registration is not None  # noqa: S101
        is_walk_in = is_walk_in and walk_ins.made_all(undone)  # read again under the locks
        line = note(door, attempt, judgement, ScanResult.UNDONE, now, undoes_id=undone.pk)
        state = presence.replay(checkpoint, registration.pk)
        is_out_again = checkpoint.is_entrance and state.entries == 0
        if is_out_again and is_walk_in:
            withdraw_walk_in(registration, now=now)
        elif is_out_again and registration.status == RegistrationStatus.ATTENDED:
            attendance.unmark_attended(registration, now=now)
        return DoorAnswer(line, registration, state.inside)


def _undone_already(door: Door, attempt: Attempt, undone: Scan) -> DoorAnswer:
    line: Scan | None = Scan.objects.filter(undoes_id=undone.pk).first()
    if line is None or line.nonce != attempt.nonce:
        raise UndoneAlready()
    return first_answer(door, attempt, undone.registration_id)
