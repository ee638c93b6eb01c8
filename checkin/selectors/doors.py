"""Numbers of an event's doors: entries, people inside, refusals.

Some people are checked in without a presence: imported ones, and those from before the log of the doors. They count as
inside.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from checkin.models import Checkpoint, Presence, Reentry, Scan, ScanKind, ScanResult
from checkin.selectors.undone import undone_by
from eventhub.api.etags import edition_of
from events.models import Event
from registrations.models import SEATED, Registration, RegistrationStatus
from registrations.selectors.statistics import SLOT

WINDOW = timedelta(hours=2)
NO_REFUSALS = (ScanResult.ADMITTED, ScanResult.LEFT, ScanResult.VALID, ScanResult.UNDONE)
NO_SEAT = [status for status in RegistrationStatus if status not in SEATED]
# Transactions end in another order than their scans are numbered: a late one is among the newest.
NEWEST_SCANS = 50


@dataclass(frozen=True)
class DoorState:
    """What the numbers follow from, read without counting: the same state has the same numbers."""

    event: Event
    checkpoints: list[Checkpoint]  # the entrance first, if there is one
    newest_scans: list[int]
    slot: datetime  # the five minutes that it is; the entries of the last hours move with them

    @property
    def edition(self) -> str:
        counts = (self.event.seats_taken, self.event.waitlisted)
        editions = [(checkpoint.pk, checkpoint.edition) for checkpoint in self.checkpoints]
        return edition_of((self.event.pk, counts, editions, self.newest_scans, self.slot))


@dataclass(frozen=True)
class SlotEntries:
    """How often somebody came in at the entrance in the SLOT that begins then."""

    at: datetime
    entries: int


@dataclass(frozen=True)
class CheckpointCounts:
    """`came`: people who came in at least once."""

    checkpoint_id: int
    name: str
    came: int
    inside: int


@dataclass(frozen=True)
class Doors:
    """`registered`: all who have a seat. `double_entries`: people, once for each checkpoint."""

    registered: int
    attended: int
    inside: int
    entries_5min: list[SlotEntries]
    by_checkpoint: list[CheckpointCounts]
    refused: dict[str, int]
    double_entries: int
    without_seat: int


def state_of(event: Event, *, now: datetime) -> DoorState:
    scans = Scan.objects.filter(event=event).order_by("-id").values_list("id", flat=True)
    return DoorState(event, list(Checkpoint.objects.filter(event=event)), list(scans[:NEWEST_SCANS]), slot_of(now))


def slot_of(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute - moment.minute % (SLOT.seconds // 60), second=0, microsecond=0)


def numbers_of(state: DoorState) -> Doors:
    """Count, in six statements at most."""
    event, counts = state.event, _presences(state)
    entrance = next((each for each in state.checkpoints if each.is_entrance), None)
    statuses = dict(
        Registration.objects.filter(event=event, status__in=SEATED)
        .order_by()
        .values_list("status")
        .annotate(Count("pk"))
    )
    attended = statuses.get(RegistrationStatus.ATTENDED, 0)
    at_entrance = _at_entrance(entrance)
    unnoted = attended - at_entrance["attended"]
    by_checkpoint = [
        CheckpointCounts(
            checkpoint.pk,
            str(checkpoint),
            counts[checkpoint.pk, "came"] + (unnoted if checkpoint.is_entrance else 0),
            counts[checkpoint.pk, "inside"] + (unnoted if checkpoint.is_entrance else 0),
        )
        for checkpoint in state.checkpoints
    ]
    return Doors(
        registered=sum(statuses.values()),
        attended=attended,
        inside=next((each.inside for each in by_checkpoint if entrance and each.checkpoint_id == entrance.pk), unnoted),
        entries_5min=_entries(event, entrance, state.slot),
        by_checkpoint=by_checkpoint,
        refused=_refused(event),
        double_entries=sum(counts[each.pk, "twice"] for each in state.checkpoints if each.reentry == Reentry.NEVER),
        without_seat=at_entrance["without_seat"],
    )


def double_entries(event: Event) -> QuerySet[Presence]:
    """Return the presences of people who came in more than once where nobody may."""
    rows = Presence.objects.filter(checkpoint__event=event, checkpoint__reentry=Reentry.NEVER, entries__gt=1)
    return rows.select_related("checkpoint", "registration").order_by("-last_in")


def without_seat(event: Event) -> QuerySet[Presence]:
    """Return the presences of people who are inside and have no seat, or no longer."""
    rows = Presence.objects.filter(checkpoint__event=event, checkpoint__is_entrance=True, inside=True)
    return (
        rows.filter(registration__status__in=NO_SEAT).select_related("checkpoint", "registration").order_by("-last_in")
    )


def _presences(state: DoorState) -> Counter[tuple[int, str]]:
    rows = Presence.objects.filter(checkpoint__in=[each.pk for each in state.checkpoints]).order_by()
    grouped = rows.values("checkpoint_id").annotate(
        came=Count("checkpoint_id", filter=Q(entries__gt=0)),
        now_inside=Count("checkpoint_id", filter=Q(inside=True)),
        twice=Count("checkpoint_id", filter=Q(entries__gt=1)),
    )
    counts: Counter[tuple[int, str]] = Counter()
    for row in grouped:
        pk = row["checkpoint_id"]
        counts.update({(pk, "came"): row["came"], (pk, "inside"): row["now_inside"], (pk, "twice"): row["twice"]})
    return counts


def _at_entrance(entrance: Checkpoint | None) -> dict[str, int]:
    """Count those who are noted at the entrance by the status of their registration."""
    if entrance is None:
        return {"attended": 0, "without_seat": 0}
    rows = Presence.objects.filter(checkpoint=entrance)
    counted: dict[str, int] = rows.aggregate(
        attended=Count("checkpoint_id", filter=Q(registration__status=RegistrationStatus.ATTENDED)),
        without_seat=Count("checkpoint_id", filter=Q(inside=True, registration__status__in=NO_SEAT)),
    )
    return counted


def _refused(event: Event) -> dict[str, int]:
    rows = Scan.objects.filter(event=event).exclude(result__in=NO_REFUSALS).order_by()
    return dict(rows.values_list("result").annotate(number=Count("pk")).order_by("-number", "result"))


def _entries(event: Event, entrance: Checkpoint | None, slot: datetime) -> list[SlotEntries]:
    """Count the entries of the last two hours, without those that were undone, from the first slot with any."""
    first = slot - WINDOW + SLOT
    slots: Counter[datetime] = Counter()
    if entrance is not None:
        at_entrance = Scan.objects.filter(event=event, checkpoint=entrance).order_by()
        undone = at_entrance.filter(kind=ScanKind.UNDO, registration__isnull=False).values("registration_id")
        admitted = at_entrance.filter(result=ScanResult.ADMITTED, at__gte=first, registration__isnull=False)
        numbered = admitted.exclude(registration_id__in=undone).annotate(slot=_slot_number(first))
        for number, entries in numbered.values_list("slot").annotate(Count("pk")):
            slots[first + number * SLOT] += entries
        beside = _entries_beside_an_undo(at_entrance.filter(registration_id__in=undone), first)
        slots.update(min(at, slot) for at in beside)
    return [SlotEntries(at, slots[at]) for at in sorted(slots)]


def _slot_number(first: datetime) -> Case:
    """Number the slots from 0. Comparing is quicker than any function on times is in SQLite."""
    ends = [(number, first + (number + 1) * SLOT) for number in range(WINDOW // SLOT)]
    # Who comes in meanwhile is counted in the last one.
    cases = [When(at__lt=end, then=Value(number)) for number, end in ends]
    return Case(*cases, default=Value(ends[-1][0]), output_field=IntegerField())


def _entries_beside_an_undo(scans: QuerySet[Scan], first: datetime) -> Iterable[datetime]:
    """Return the slots of the entries that stand, of the few people with a scan that was undone."""
    lines = list(scans)
    undone = undone_by(lines)
    stand = [line for line in lines if line.result == ScanResult.ADMITTED and line.pk not in undone]
    return [slot_of(line.at) for line in stand if line.at >= first]
