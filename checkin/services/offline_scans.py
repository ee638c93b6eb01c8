"""Scans that a device made without network, and sends later.

They are facts: whom a helper let in is inside, whatever would have refused them here, and `despite` says what that was.
They give nobody a seat, but check in people with one. Presence follows from all scans of a person, by the time on the
device (presence.replay), so that the order of uploads does not matter. Only walk-ins need a seat that is free
when they are sent, and are refused where none is.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from checkin.models import ScanKind, ScanResult
from checkin.services import presence
from checkin.services.admission import answer_instead, note_earlier_check_in
from checkin.services.judgement import Attempt, Door, Judgement, judge, require_event
from checkin.services.scan_log import DoorAnswer, note
from checkin.services.walk_ins import admit_walk_in
from eventhub.db.retry import retried
from eventhub.exceptions import Refusal
from registrations.models import RegistrationStatus
from registrations.services import attendance

# A clock that is further ahead is wrong, and one that is further behind is not believed.
AHEAD = timedelta(minutes=5)
LONGEST_OFFLINE = timedelta(days=7)
MOST_SCANS = 500  # of a batch


@dataclass(frozen=True)
class OfflineScan:
    attempt: Attempt
    at: datetime  # by the device's clock
    checkpoint_id: int | None = None
    refused: str = ""  # how the device refused the person
    name: str = ""  # of a walk-in


@dataclass(frozen=True)
class BatchResult:
    nonce: uuid.UUID
    result: str  # of the log, or the code of an error
    despite: str = ""
    scan_id: int | None = None


def record(door: Door, scans: Iterable[OfflineScan], *, now: datetime | None = None) -> list[BatchResult]:
    """Note scans, each as if alone. A nonce that is known gets its first answer.

    Raise EventNotFound or Forbidden.
    """
    require_event(door)
    return [_record(door, scan, now or timezone.now()) for scan in scans]


def _record(door: Door, scan: OfflineScan, now: datetime) -> BatchResult:
    there = door.at(scan.checkpoint_id or door.checkpoint_id)
    try:
        there.require_may_scan(scan.attempt)
        answer = _note_walk_in(there, scan, now) if scan.name else _note(there, scan, now)
    except Refusal as refusal:
        return BatchResult(scan.attempt.nonce, refusal.code)
    line = answer.scan
    return BatchResult(line.nonce, line.result, line.despite, line.pk)


def _note_walk_in(door: Door, scan: OfflineScan, now: datetime) -> DoorAnswer:
    """Give a walk-in a seat that is free now. Raise what walk_ins.admit_walk_in raises."""
    return admit_walk_in(door, name=scan.name, nonce=scan.attempt.nonce, now=now, offline=True, **_times(scan, now))


def _times(scan: OfflineScan, now: datetime) -> dict[str, datetime | None]:
    """Return when it was, and what the device's clock said if that cannot be right."""
    at = scan.at if now - LONGEST_OFFLINE <= scan.at <= now + AHEAD else now
    return {"at": min(at, now), "reported_at": None if at == scan.at else scan.at}


def _note(door: Door, scan: OfflineScan, now: datetime) -> DoorAnswer:
    try:
        return _write(door, scan, now)
    except IntegrityError as problem:
        return answer_instead(problem, door, scan.attempt)


@retried
def _write(door: Door, scan: OfflineScan, now: datetime) -> DoorAnswer:
    times = _times(scan, now)
    at = scan.at if times["reported_at"] is None else now
    with transaction.atomic():
        judgement = judge(door, scan.attempt, at)
        _judge_again(judgement, scan.attempt.kind, at)
        result, despite = _result(scan, judgement)
        line = note(
            door,
            scan.attempt,
            judgement,
            result,
            now,
            offline=True,
            despite=despite,
            **times,
        )
        if result in (ScanResult.ADMITTED, ScanResult.LEFT) and line.registration_id is not None:
            _apply(judgement, now)
        return DoorAnswer(line, judgement.registration)


def _judge_again(judgement: Judgement, kind: str, at: datetime) -> None:
    """Find out what the upsert decides at a door with network: whether the person is in already."""
    registration, checkpoint = judgement.registration, judgement.checkpoint
    if registration is None or registration.event_id != checkpoint.event_id:
        return
    if checkpoint.is_entrance and judgement.was == RegistrationStatus.ATTENDED:
        note_earlier_check_in(registration, checkpoint)
    if judgement.refusal is None and kind == ScanKind.IN and presence.would_refuse(checkpoint, registration.pk, at):
        judgement.refusal = ScanResult.ALREADY_IN


def _result(scan: OfflineScan, judgement: Judgement) -> tuple[ScanResult, str]:
    if scan.refused:
        return ScanResult(scan.refused), ""
    result = ScanResult.LEFT if scan.attempt.kind == ScanKind.OUT else ScanResult.ADMITTED
    return result, judgement.refusal or ""


def _apply(judgement: Judgement, now: datetime) -> None:
    registration, checkpoint = judgement.registration, judgement.checkpoint
    assert registration is not None  # noqa: S101  (for the type checker)
    state = presence.replay(checkpoint, registration.pk)
    is_registered = registration.status == RegistrationStatus.REGISTERED
    may = judgement.refusal in (None, ScanResult.ALREADY_IN)
    if checkpoint.is_entrance and is_registered and state.entries and may:
        attendance.mark_attended(registration, now=now)
