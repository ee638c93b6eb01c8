"""Checkpoints of an event. The entrance is made when it is first needed."""

from datetime import datetime
from typing import TypedDict

from django.db import IntegrityError, transaction

from checkin.models import Checkpoint, Scan
from eventhub.api.etags import UNCONDITIONAL, Precondition
from eventhub.db.compiled_queries import CompiledQuery
from eventhub.db.retry import retried
from eventhub.exceptions import (
    CheckpointNameTaken,
    CheckpointNotFound,
    EntranceStays,
    HasScans,
    Invalid,
    TooManyCheckpoints,
)
from events.services.events import note_in_history
from registrations.services.seats import lock_event

ENTRANCE = "Entrance"
MAX_CHECKPOINTS = 100  # of an event
_ENTRANCE = CompiledQuery(lambda event_id: Checkpoint.objects.order_by().filter(event=event_id, is_entrance=True))


class CheckpointValues(TypedDict, total=False):
    name: str
    reentry: str
    opens: datetime | None
    closes: datetime | None


def entrance_of(event_id: int) -> Checkpoint:
    """Return the entrance of an event. Make it where there is none."""
    found: Checkpoint | None = _ENTRANCE.first(event_id)
    if found is not None:
        return found
    # Another door may be quicker. An event that is deleted meanwhile violates the foreign key, at the latest at COMMIT.
    with transaction.atomic():
        Checkpoint.objects.bulk_create(
            [Checkpoint(event_id=event_id, name=ENTRANCE, is_entrance=True)], ignore_conflicts=True
        )
    return Checkpoint.objects.get(event=event_id, is_entrance=True)


@retried
def create_checkpoint(*, event_id: int, values: CheckpointValues) -> Checkpoint:
    """Add a checkpoint beside the entrance.

    Raise EventNotFound, CheckpointNameTaken, TooManyCheckpoints, and a 400 where it closes before it opens.
    """
    with transaction.atomic():
        event = lock_event(event_id)
        entrance_of(event_id)  # before another checkpoint takes its name
        checkpoint = Checkpoint(event=event, **values)
        _require_fit(checkpoint)
        if Checkpoint.objects.filter(event=event_id).count() >= MAX_CHECKPOINTS:
            raise TooManyCheckpoints()
        checkpoint.save(force_insert=True)
        note_in_history(event, f"Checkpoint “{checkpoint}” added")
        return checkpoint


@retried
def update_checkpoint(
    *, checkpoint: Checkpoint, values: CheckpointValues, condition: Precondition = UNCONDITIONAL
) -> Checkpoint:
    """Change a checkpoint. Absent values stay. Raise PreconditionFailed and what `create_checkpoint` does."""
    with transaction.atomic():
        present = _lock(checkpoint)
        changed = [name for name, value in values.items() if getattr(present, name) != value]
        for name in changed:
            setattr(present, name, values[name])  # type: ignore[literal-required]
        _require_fit(present)
        condition.require(Checkpoint.objects.get(pk=present.pk))
        if changed:
            present.save(update_fields=changed)
            note_in_history(present.event, f"Checkpoint “{present}” changed")
        return present


@retried
def delete_checkpoint(*, checkpoint: Checkpoint, condition: Precondition = UNCONDITIONAL) -> None:
    """Delete a checkpoint, with the gate tokens that are for it alone. Raise EntranceStays, HasScans."""
    try:
        with transaction.atomic():
            present = _lock(checkpoint)
            condition.require(present)
            if present.is_entrance:
                raise EntranceStays()
            if Scan.objects.filter(event=present.event_id, checkpoint=present.pk).exists():
                raise HasScans()
            name = str(present)
            present.delete()
            note_in_history(present.event, f"Checkpoint “{name}” deleted")
    except IntegrityError:  # a ticket was scanned meanwhile
        raise HasScans() from None


def _lock(checkpoint: Checkpoint) -> Checkpoint:
    """Lock the event, and so all its checkpoints; read the checkpoint again. Raise CheckpointNotFound."""
    event = lock_event(checkpoint.event_id)
    present: Checkpoint | None = Checkpoint.objects.filter(pk=checkpoint.pk).first()
    if present is None:
        raise CheckpointNotFound()
    present.event = event
    return present


def _require_fit(checkpoint: Checkpoint) -> None:
    if checkpoint.opens and checkpoint.closes and checkpoint.closes <= checkpoint.opens:
        raise Invalid({"closes": ["The checkpoint must close after it opens."]})
    others = Checkpoint.objects.filter(event=checkpoint.event_id).exclude(pk=checkpoint.pk)
    if others.filter(name=checkpoint.name).exists():
        raise CheckpointNameTaken()
