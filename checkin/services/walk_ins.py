"""People who come to the door without a registration: a name gets them a seat, if one is free."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from checkin.models import Scan, ScanResult
from checkin.services import presence
from checkin.services.checkpoints import entrance_of
from checkin.services.judgement import Attempt, Door, Judgement, find_checkpoint
from checkin.services.scan_log import MOVED, DoorAnswer, find_line, is_used_nonce, note
from eventhub.db.retry import retried
from eventhub.exceptions import AttendeeNotFound, EventFull, InsufficientScope, NonceReused, RegistrationClosed
from registrations.models import Answers, Registration
from registrations.selectors.open_answers import owed_answers
from registrations.services.walk_ins import register_walk_in


def admit_walk_in(
    door: Door, *, name: str, nonce: uuid.UUID | None = None, now: datetime | None = None, **offline: Any
) -> DoorAnswer:
    """Register somebody by name alone and let them in. The same nonce gets the first answer again.

    `offline`: columns of the log, `at` among them, of a device that had no network then.
    Raise EventNotFound, Forbidden, CheckpointNotFound, RegistrationClosed, EventFull, NonceReused, and
    InsufficientScope at the gate of another checkpoint than the entrance.
    """
    if not _leads_in(door):
        raise InsufficientScope()
    if door.checkpoint_id is not None:
        find_checkpoint(door)
    attempt = Attempt(nonce=nonce or uuid.uuid4())
    try:
        return _admit(door, attempt, name, now or timezone.now(), offline)
    except IntegrityError as problem:
        if not is_used_nonce(problem):
            raise
    except (EventFull, RegistrationClosed):  # it may be their own seat that was the last
        if nonce is None or find_line(door, attempt) is None:
            raise
    return _first_answer(door, attempt, name)


def _leads_in(door: Door) -> bool:
    own = None if door.gate is None else door.gate.checkpoint
    return own is None or own.is_entrance


@retried
def _admit(door: Door, attempt: Attempt, name: str, now: datetime, offline: Mapping[str, Any]) -> DoorAnswer:
    at = offline.get("at", now)
    with transaction.atomic():
        registration = register_walk_in(event_id=door.event_id, name=name, by=door.by, came_at=at, now=now)
        entrance = entrance_of(door.event_id)
        entrance.event = registration.event
        entries = presence.enter(entrance, registration.pk, at) or 0
        judgement = Judgement(entrance, registration.event, now, registration)
        # Received when the row was written: `made_all` tells by it.
        times = {**offline, "at": at}
        line = note(door, attempt, judgement, ScanResult.ADMITTED, registration.updated_at, entries=entries, **times)
        return DoorAnswer(line, registration, inside=True, owes_answers=owed_answers(registration))


def made_all(scan: Scan) -> bool:
    """Return whether a scan made its registration, and nothing has changed since.

    Nobody edited it, no other scan let the person in or out, and no question was answered.
    """
    as_made = Registration.objects.filter(scans=scan, user=None, updated_at=scan.received_at)
    others = Scan.objects.filter(registration=scan.registration_id, result__in=MOVED).exclude(pk=scan.pk)
    answered = Answers.objects.filter(registration=scan.registration_id)
    return as_made.exists() and not others.exists() and not answered.exists()


def _first_answer(door: Door, attempt: Attempt, name: str) -> DoorAnswer:
    line = find_line(door, attempt)
    if line is None:
        raise AttendeeNotFound()
    registration = line.registration
    if registration is None or registration.name != name or line.result != ScanResult.ADMITTED:
        raise NonceReused()
    owed = owed_answers(registration)
    return DoorAnswer(line, registration, inside=True, is_replayed=True, owes_answers=owed)
